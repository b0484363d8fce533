"""Installs the build into a fresh folder and builds the examples against it: install_test.py BUILD SOURCE.

The examples then do what they say: one with the engine inside, one against a server. Python's standard library only.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

BUILD = SOURCE = None


def run(*arguments, **more):
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=900, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="hedgerow-install-")
        cls.addClassCleanup(scratch.cleanup)
        cls.root = scratch.name
        cls.prefix = os.path.join(cls.root, "prefix")
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.hedgerow = os.path.join(cls.prefix, "bin", "hedgerow")

    def build(self, name):
        at = os.path.join(self.root, name)
        run("cmake", "-S", os.path.join(SOURCE, "examples", name), "-B", at, "-DCMAKE_BUILD_TYPE=Release",
            "-DCMAKE_PREFIX_PATH=" + self.prefix)
        run("cmake", "--build", at)
        return os.path.join(at, name)

    def test_the_engine_in_another_program(self):
        self.assertIn("erased, exact", run(self.build("embedded"), os.path.join(self.root, "store")))

    def test_a_client_in_another_program(self):
        example = self.build("client")
        data, schema, store = (os.path.join(self.root, name) for name in ("p.csv", "p.json", "shop"))
        run(self.hedgerow, "synthesize", "--out", data, "--schema", schema, "--records", 500)
        run(self.hedgerow, "train", "--store", store, "--data", data, "--schema", schema, "--trees", 10)
        with open(data, encoding="utf-8") as file:
            record = file.readlines()[1].split(",")[0]
        server = subprocess.Popen([self.hedgerow, "serve", "--store", store, "--rpc", "unix:" + self.root + "/s",
                                   "--json", "--log-level", "off"], stdout=subprocess.PIPE, text=True)
        try:
            json.loads(server.stdout.readline())
            self.assertIn("forgot 1 record, update 1", run(example, "unix:" + self.root + "/s", record))
        finally:
            server.terminate()
            self.assertEqual(server.wait(60), 0)
            server.stdout.close()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: install_test.py BUILD SOURCE [unittest's arguments]")
    BUILD, SOURCE = (os.path.abspath(path) for path in sys.argv[1:3])
    unittest.main(argv=["install_test.py"] + sys.argv[3:])
