"""A server under mixed load: soak_test.py BINARY. HEDGEROW_SOAK_SECONDS says how long (10).

Predictions, batches, erasures and learning come at constant rates by `hedgerow load`, and beside them HTTP, verification,
reloads and peers that leave early. At the end nothing has failed, the model is the one that grows anew, the server has
ended with 0 on SIGTERM, and no process has said anything that it should not: a sanitizer's report above all. Python's
standard library only.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

BINARY = None
SECONDS = int(os.environ.get("HEDGEROW_SOAK_SECONDS", "10"))
ROUND = 60  # seconds of load between two verifications
DEADLINE = 600
# Small, so that the sanitizers, which make everything many times slower, keep up.
RATES = ("--predict", "400", "--batch", "10", "--batch-rows", "200", "--forget", "40", "--learn", "40")
# Background work wherever there can be some, and the disk erased all the time.
SERVER = ("--erase-within", "2", "--hedge-horizon", "1000", "--hedge-min-records", "129", "--inline-counted", "256",
          "--verify-every", "15", "--log-level", "warning", "--slow", "3600000")
REPORT = ("Sanitizer", "runtime error", "level=error")


def run(*arguments, timeout=DEADLINE):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Beside(threading.Thread):
    """Runs `work` again and again until it is stopped; keeps the first exception."""

    def __init__(self, work, pause):
        super().__init__()
        self.work, self.pause, self.stop, self.failure, self.times = work, pause, threading.Event(), None, 0

    def run(self):
        try:
            while not self.stop.is_set():
                self.work()
                self.times += 1
                self.stop.wait(self.pause)
        except Exception as failure:  # told by end()
            self.failure = failure

    def end(self):
        self.stop.set()
        self.join()
        if self.failure is not None:
            raise self.failure


class SoakTest(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="hedgerow-soak-")
        self.addCleanup(shutil.rmtree, self.root, True)
        self.data, schema, store = (os.path.join(self.root, name) for name in ("p.csv", "p.json", "shop"))
        self.socket, self.tokens = os.path.join(self.root, "s"), os.path.join(self.root, "tokens")
        run("synthesize", "--out", self.data, "--schema", schema, "--records", 3000)
        run("train", "--store", store, "--data", self.data, "--schema", schema, "--trees", 30, "--json")
        token = json.loads(run("token", "--roles", "all", "--name", "soak", "--file", self.tokens, "--json"))["token"]
        self.header = {"Authorization": "Bearer " + token}
        self.server = subprocess.Popen(
            [BINARY, "serve", "--store", store, "--rpc", "unix:" + self.socket, "--http", "127.0.0.1:0", "--tokens",
             self.tokens, "--json", *SERVER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.server.kill)
        self.told = json.loads(self.server.stdout.readline())
        self.log = []
        self.reader = threading.Thread(target=lambda: self.log.extend(self.server.stderr), daemon=True)
        self.reader.start()
        self.at = ("--connect", "unix:" + self.socket)

    def http(self, path):
        request = urllib.request.Request("http://" + self.told["http"][0] + path, headers=self.header)
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.read().decode()

    def scrape(self):
        self.assertIn("hedgerow_requests_total", self.http("/metrics"))
        self.assertIn("ready", self.http("/v2/health/ready"))
        self.assertIn("probabilities", self.http("/v2/models/shop"))

    def leave_early(self):
        """Peers that say nothing, half a message, or a whole one, and are gone."""
        bootstrap = bytes.fromhex("00000000050000000000000001000100080000000000000000000000010001000000000000000000"
                                  "0000000000000000")
        for length in (0, 11, len(bootstrap)):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(DEADLINE)
                peer.connect(self.socket)
                peer.sendall(bootstrap[:length])

    def resident_kib(self):
        with open(f"/proc/{self.server.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * (os.sysconf("SC_PAGE_SIZE") // 1024)

    def test_mixed_load(self):
        beside = [Beside(self.scrape, 1.0), Beside(self.leave_early, 0.1),
                  Beside(lambda: self.server.send_signal(signal.SIGHUP), 2.0),
                  Beside(lambda: run("info", *self.at, "--json"), 5.0)]
        for thread in beside:
            thread.start()
        counts, memory, end = {}, [], time.monotonic() + SECONDS
        while (left := end - time.monotonic()) > 0 or not counts:
            seconds = max(1, min(ROUND, round(left)))
            told = json.loads(run("load", *self.at, "--data", self.data, *RATES, "--seconds", seconds, "--wait", "durable",
                                  "--json"))
            for phase in ("predict", "batch", "forget", "learn"):
                self.assertEqual(told[phase]["failed"], 0, (phase, told))
                counts[phase] = counts.get(phase, 0) + told[phase]["count"]
            self.assertTrue(json.loads(run("verify", *self.at, "--json"))["equal"])
            memory.append(self.resident_kib())
        for thread in beside:
            thread.end()
            self.assertGreater(thread.times, 0)
        self.server.terminate()
        code = self.server.wait(DEADLINE)
        self.reader.join()
        self.server.stdout.close()
        self.server.stderr.close()
        self.assertFalse([line for line in self.log if any(word in line for word in REPORT)], "".join(self.log))
        self.assertEqual(code, 0, "".join(self.log))
        print(f"{SECONDS} s: " + ", ".join(f"{count:,} {phase}" for phase, count in counts.items()) +
              f"; resident MiB after each round: {', '.join(str(kib // 1024) for kib in memory)}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: soak_test.py BINARY [unittest's arguments]")
    BINARY = os.path.abspath(sys.argv[1])
    unittest.main(argv=["soak_test.py"] + sys.argv[2:])
