"""A server and its clients on the command line: every client verb over a socket, signals, and restarts under load."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import support
from support import CliTest, read_csv, run

DEADLINE = 60


class Server:
    """hedgerow serve as a process; what it prints first is in `told`."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([support.BINARY, "serve", *map(str, arguments), "--json"], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate()[1])
        self.told = json.loads(line)
        self.log = []
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def end(self, signum=signal.SIGTERM):
        self.process.send_signal(signum)
        code = self.process.wait(DEADLINE)
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()


class ServeTest(CliTest):
    def address(self):
        return "unix:" + os.path.join(self.directory, "s" + str(abs(hash(self.id())) % 10**8))

    def serve(self, *more):
        return Server("--store", "shop=" + self.store, "--rpc", self.address(), *more)

    def test_every_client_verb(self):
        at = ("--connect", self.address())
        here, there = self.path("here.csv"), self.path("there.csv")
        self.succeed("predict", "--store", self.store, "--data", self.data, "--out", here)
        metrics = self.succeed("evaluate", "--store", self.store, "--data", self.data)
        with self.serve() as server:
            self.assertEqual(server.told["stores"], ["shop"])
            self.succeed("predict", *at, "--data", self.data, "--out", there)
            self.assertEqual(read_csv(there), read_csv(here), "the same predictions, to the last digit")
            self.succeed("predict", *at, "--data", self.data, "--out", there, "--class-only")
            self.assertEqual(read_csv(there), [[row[0], row[-1]] for row in read_csv(here)])
            self.assertEqual(self.succeed("evaluate", *at, "--data", self.data), metrics)
            info = self.info_at(at)
            self.assertEqual((info["root"], info["records"]), (self.trained["root"], self.records))
            subject, ids = next(iter(self.ids_of_subjects().items()))
            request = "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11"
            forgot = self.succeed("forget", *at, "--subject", subject, "--request-id", request, "--ground", "art17-1-b")
            self.assertEqual((forgot["records"], forgot["stage"]), (len(ids), "durable"))
            self.assertEqual(forgot["root_before"], self.trained["root"])
            status = self.succeed("status", *at, request)
            self.assertEqual((status["records"], status["ground"]), (len(ids), "art17-1-b"))
            self.assertEqual(self.fail_with(4, "forget", *at, "--record", "424242")["unknown"], [424242])
            gone = self.file_of("gone.csv", [row for row in self.rows[1:] if int(row[0]) in ids])
            self.assertEqual(self.fail_with(4, "correct", *at, "--data", gone)["unknown"], ids)
            learned = self.succeed("learn", *at, "--data", gone)
            self.assertEqual(learned["root_after"], self.trained["root"], "the model is a function of its records")
            self.fail_with(3, "learn", *at, "--data", gone)
            self.succeed("correct", *at, "--data", gone)
            self.assertTrue(self.succeed("verify", *at)["equal"])
            self.assertIsNone(self.succeed("verify", *at, "--quick")["equal"])
            self.assertEqual(server.end(), 0)
            self.assertFalse(any(subject in line for line in server.log), "no person's id in the log")
        self.assertEqual(self.root(), self.trained["root"])

    def info_at(self, at):
        return self.succeed("info", *at)

    def test_a_server_that_is_not_there(self):
        self.assertEqual(self.fail_with(7, "info", "--connect", self.address())["code"], "unreachable")
        self.fail_with(2, "info", "--connect", "nonsense")
        self.assertIn("--store is required", self.fail_with(2, "info")["message"])
        self.fail_with(2, "info", "--store", self.store, "--connect", self.address())

    def test_two_stores_forget_together(self):
        other = self.store + "-other"
        shutil.copytree(self.template, other)
        subject, ids = next(iter(self.ids_of_subjects().items()))
        with self.serve("--store", "other=" + other) as server:
            at = ("--connect", self.address())
            self.assertEqual(server.told["stores"], ["shop", "other"])
            self.fail_with(2, "info", *at)
            forgot = self.succeed("forget", *at, "--subject", subject)
            self.assertEqual(forgot["records"], 2 * len(ids))
            for name in server.told["stores"]:
                self.assertEqual(self.succeed("info", *at, "--name", name)["records"], self.records - len(ids))

    def test_long_lists(self):
        """The bug: a list that was longer than a message may be ended the connection, and nobody was told why."""
        listed = self.path("list.txt")
        with open(listed, "w", encoding="utf-8") as file:
            file.write("".join(f"{10**9 + i}\n" for i in range(9_000)))
        with self.serve("--max-message", "64"):
            error = self.fail_with(2, "forget", "--connect", self.address(), "--file", listed)
            self.assertIn("the server takes 64 at once", error["message"])
            self.assertIn("--max-message", error["remedy"])
        with self.serve():
            self.assertEqual(len(self.fail_with(4, "forget", "--connect", self.address(), "--file", listed)["unknown"]), 9_000)
            with open(listed, "w", encoding="utf-8") as file:
                file.write("".join(row[0] + "\n" for row in self.rows[1:301]))
            self.assertEqual(self.succeed("forget", "--connect", self.address(), "--file", listed)["records"], 300)

    def test_tcp_wants_a_token(self):
        tokens = self.path("tokens")
        self.fail_with(2, "serve", "--store", self.store, "--rpc", "127.0.0.1:0")
        token = self.succeed("token", "--roles", "predict", "--name", "x", "--file", tokens)["token"]
        self.assertEqual(os.stat(tokens).st_mode & 0o777, 0o600)
        self.fail_with(2, "serve", "--store", self.store, "--rpc", "0.0.0.0:0", "--tokens", tokens)
        with Server("--store", "shop=" + self.store, "--rpc", "127.0.0.1:0", "--tokens", tokens) as server:
            at = ("--connect", server.told["rpc"][0])
            self.assertEqual(self.fail_with(7, "info", *at)["code"], "unauthorised")
            secret = self.path("token")
            with open(secret, "w", encoding="utf-8") as file:
                file.write(token + "\n")
            self.succeed("predict", *at, "--token-file", secret, "--data", self.data, "--out", self.path("p.csv"))
            self.assertEqual(self.fail_with(7, "forget", *at, "--token-file", secret, "--record", "1")["code"], "unauthorised")
            new = self.succeed("token", "--roles", "audit", "--name", "y", "--file", tokens)["token"]
            with open(secret, "w", encoding="utf-8") as file:
                file.write(new)
            server.process.send_signal(signal.SIGHUP)
            end = time.monotonic() + DEADLINE
            while run("info", *at, "--token-file", secret).returncode != 0:
                self.assertLess(time.monotonic(), end, "SIGHUP reads tokens again")
            self.assertEqual(server.end(), 0)
            self.assertFalse(any(token in line or new in line for line in server.log))

    def test_load(self):
        with self.serve() as server:
            result = self.succeed("load", "--connect", self.address(), "--data", self.data, "--predict", 200, "--batch", 20,
                                  "--batch-rows", 50, "--forget", 50, "--learn", 50, "--seconds", 1, "--throughput", 1,
                                  "--wait", "durable", "--sync-in", self.store)
            for phase in ("floor", "predict", "batch", "forget", "learn", "pipelined", "batch_rows"):
                self.assertGreater(result[phase]["count"], 0, phase)
                self.assertEqual(result[phase]["failed"], 0, phase)
                self.assertLessEqual(result[phase]["p50_us"], result[phase]["max_us"])
            self.assertEqual(result["predict"]["count"], 200, "a constant rate, whatever the answers do")
            self.assertGreater(result["fdatasync"]["count"], 0)
            for quantile, ratio in result["durable_ratio"].items():
                self.assertAlmostEqual(ratio, result["forget"][quantile + "_us"] / result["fdatasync"][quantile + "_us"])
            self.assertFalse([name for name in os.listdir(self.store) if name.startswith("hedgerow-load")])
            classes = self.succeed("load", "--connect", self.address(), "--data", self.data, "--predict", 200, "--batch", 20,
                                   "--batch-rows", 50, "--seconds", 1, "--class-only")
            for phase, count in (("predict", 200), ("batch", 20)):
                self.assertEqual((classes[phase]["count"], classes[phase]["failed"]), (count, 0), phase)
            for options in (["--forget", 10], ["--wait", "durable"], ["--wait", "erased", "--forget", 10]):
                self.fail_with(2, "load", "--connect", self.address(), "--data", self.data, "--sync-in", self.store, *options)
            self.assertTrue(self.succeed("verify", "--connect", self.address())["equal"])
            info = self.info_at(("--connect", self.address()))
            self.assertEqual(info["records"], self.records - result["missing"])
            self.assertEqual(server.end(), 0)
        self.fail_with(2, "load", "--store", self.store, "--data", self.data)

    def test_http(self):
        tokens = self.path("http-tokens")
        token = self.succeed("token", "--roles", "all", "--name", "x", "--file", tokens)["token"]
        with self.serve("--http", "127.0.0.1:0", "--tokens", tokens, "--cache-megabytes", 1) as server:
            at = "http://" + server.told["http"][0]
            with urllib.request.urlopen(at + "/v2/health/ready", timeout=DEADLINE) as answer:
                self.assertEqual(json.load(answer), {"ready": True})
            row = self.path("row.csv")
            with open(self.data, encoding="utf-8") as file, open(row, "w", encoding="utf-8") as one:
                one.writelines([file.readline(), file.readline()])
            answers = []
            for i in range(3):
                out = self.path(f"answer{i}.csv")
                self.succeed("predict", "--connect", self.address(), "--data", row, "--out", out)
                with open(out, encoding="utf-8") as file:
                    answers.append(file.read())
            self.assertEqual(answers[1:], answers[:1] * 2)
            self.succeed("predict", "--connect", self.address(), "--data", row, "--out", self.path("class.csv"), "--class-only")
            wanted = urllib.request.Request(at + "/metrics", headers={"Authorization": "Bearer " + token})
            with urllib.request.urlopen(wanted, timeout=DEADLINE) as answer:
                text = answer.read().decode()
            self.assertIn('hedgerow_records{store="shop"} 600\n', text)
            self.assertIn('hedgerow_pending_erasures{store="shop"} 0\n', text)
            self.assertIn('hedgerow_cache_lookups_total{store="shop",result="hit"} 2\n', text)
            self.assertIn('hedgerow_cache_lookups_total{store="shop",result="miss"} 1\n', text)
            self.assertIn('hedgerow_requests_total{transport="rpc",method="classify_batch",result="done"} 1\n', text)
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(at + "/metrics", timeout=DEADLINE)
            self.assertEqual(refused.exception.code, 401)
            refused.exception.close()

    def test_ending_a_server(self):
        with self.serve("--erase-within", "3600") as server:
            self.succeed("forget", "--connect", self.address(), "--record", self.rows[1][0])
            self.assertEqual(server.end(signal.SIGINT), 0)
        self.assertFalse(os.path.exists(self.address()[5:]), "the socket is gone")
        self.assertEqual(self.info()["pending_erasures"], 0, "draining erases what is pending")

    def newcomer(self, number):
        """A file with one record that was never there, and its id."""
        record = 10**6 + number
        return record, self.file_of("newcomer.csv", [[str(record)] + self.rows[1 + number % self.records][1:]])

    def restart_under_load(self, signum, times):
        """Who got an answer is forgotten or known for good, whatever happens to the server; predictions and batches go
        on all the while."""
        at = ("--connect", self.address())
        ids = [row[0] for row in self.rows[1:]]
        forgotten, learned = [], []
        for _ in range(times):
            with self.serve() as server:
                stop = threading.Event()

                def work():
                    while ids and not stop.is_set():
                        record = ids.pop()
                        if run("forget", *at, "--record", record, "--wait", "unlearned").returncode == 0:
                            forgotten.append(int(record))
                        record, file = self.newcomer(len(ids))
                        if run("learn", *at, "--data", file, "--wait", "unlearned").returncode == 0:
                            learned.append(record)

                def predict():
                    while not stop.is_set():
                        run("load", *at, "--data", self.data, "--predict", 300, "--batch", 20, "--batch-rows", 100, "--seconds", 1)

                worker, load = threading.Thread(target=work), threading.Thread(target=predict)
                before = len(forgotten), len(learned)
                load.start()
                worker.start()
                end = time.monotonic() + DEADLINE
                while worker.is_alive() and (len(forgotten) < before[0] + 3 or len(learned) < before[1] + 2):
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.01)
                code = server.end(signum)
                self.assertEqual(code, 0 if signum == signal.SIGTERM else -signal.SIGKILL)
                stop.set()
                worker.join()
                load.join()
        self.assertGreaterEqual(len(forgotten), 3 * times)
        self.assertGreaterEqual(len(learned), 2 * times)
        done = self.succeed("forget", "--store", self.store, *[x for i in forgotten for x in ("--record", i)])
        self.assertEqual(sorted(done["already_forgotten"]), sorted(forgotten))
        self.assertTrue(self.succeed("verify", "--store", self.store)["equal"])
        done = self.succeed("forget", "--store", self.store, *[x for i in learned for x in ("--record", i)])
        self.assertEqual((done["records"], done["already_forgotten"]), (len(learned), []))

    def test_sigterm_under_load(self):
        self.restart_under_load(signal.SIGTERM, int(os.environ.get("HEDGEROW_SOAK_RESTARTS", "2")))

    def test_sigkill_under_load(self):
        self.restart_under_load(signal.SIGKILL, int(os.environ.get("HEDGEROW_SOAK_RESTARTS", "2")))
