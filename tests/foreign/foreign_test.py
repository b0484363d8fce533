"""Another implementation of Cap'n Proto RPC against a real server: foreign_test.py BINARY SOURCE BUILD.

Builds examples/rust offline with the crates of Debian's librust-capnp-rpc-dev and lets it do what it says. Ends with 77,
which ctest counts as skipped, where cargo or the crates are missing. Python's standard library only.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

BINARY = SOURCE = BUILD = None
SKIPPED = 77
CRATES = "/usr/share/cargo/registry"


def run(*arguments, code=0, **more):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=600, check=False, **more)
    if done.returncode != code:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def missing():
    if shutil.which("cargo") is None:
        return "there is no cargo (Debian: apt-get install cargo)"
    if not os.path.isdir(CRATES) or not any(name.startswith("capnp-rpc-") for name in os.listdir(CRATES)):
        return f"no crate capnp-rpc in {CRATES} (Debian: apt-get install librust-capnp-rpc-dev)"
    return None


class ForeignTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="hedgerow-foreign-")
        cls.addClassCleanup(scratch.cleanup)
        cls.root = scratch.name
        # A copy, since cargo leaves a lock file beside the sources.
        example = os.path.join(cls.root, "example")
        shutil.copytree(os.path.join(SOURCE, "examples", "rust"), example)
        target = os.path.join(BUILD, "target")
        run("cargo", "build", "--offline", "--quiet", "--target-dir", target, cwd=example)
        cls.client = os.path.join(target, "debug", "hedgerow-client")
        cls.store, cls.socket = os.path.join(cls.root, "shop"), os.path.join(cls.root, "s")
        data, schema = os.path.join(cls.root, "p.csv"), os.path.join(cls.root, "p.json")
        run(BINARY, "synthesize", "--out", data, "--schema", schema, "--records", 500)
        run(BINARY, "train", "--store", cls.store, "--data", data, "--schema", schema, "--trees", 10)
        with open(data, encoding="utf-8") as file:
            cls.record = file.readlines()[1].split(",")[0]

    def serve(self, *stores):
        server = subprocess.Popen([BINARY, "serve", "--rpc", "unix:" + self.socket, "--json", "--log-level", "off",
                                   *[word for store in stores for word in ("--store", store)]],
                                  stdout=subprocess.PIPE, text=True)

        def end():
            server.terminate()
            self.assertEqual(server.wait(60), 0)
            server.stdout.close()

        self.addCleanup(end)
        json.loads(server.stdout.readline())

    def test_predicts_forgets_and_waits(self):
        self.serve(self.store)
        told = run(self.client, self.socket, self.record)
        probability = r"P\(class-1\) = 0\.\d{3}"
        self.assertRegex(told, rf"^{probability}\nforgot 1 record, update 1, durable\n{probability} as of update 1\n$")
        at = ("--connect", "unix:" + self.socket, "--json")
        self.assertEqual(json.loads(run(BINARY, "info", *at))["records"], 499)
        self.assertTrue(json.loads(run(BINARY, "verify", *at))["equal"])
        self.assertIn("forgot 0 record", run(self.client, self.socket, self.record))
        self.assertIn("no such record", run(self.client, self.socket, 424242, code=1))

    def test_is_told_what_is_wrong(self):
        other = self.store + "-other"
        shutil.copytree(self.store, other)
        self.serve(self.store, other)
        self.assertRegex(run(self.client, self.socket, self.record, code=1), r"store.*code 1\)")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: foreign_test.py BINARY SOURCE BUILD [unittest's arguments]")
    BINARY, SOURCE, BUILD = (os.path.abspath(path) for path in sys.argv[1:4])
    if missing():
        print("Skipped: " + missing())
        sys.exit(SKIPPED)
    unittest.main(argv=["foreign_test.py"] + sys.argv[4:])
