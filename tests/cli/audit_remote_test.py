"""The log and receipts over a socket: what an auditor sees from afar is what he would see in the store's folder, byte for
byte, and a receipt that came over the wire convinces both verifiers offline."""

import filecmp
import os
import re
import shutil

import receipt_verifier
from serve_test import Server
from support import CliTest, run

REQUEST = "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11"


class RemoteAuditTest(CliTest):
    records = 400
    train_options = ("--trees", "5", "--occupancy", "5", "--seed", "3", "--log-name", "example.com/shop")

    def setUp(self):
        super().setUp()
        self.keys = os.path.join(self.store, "log", "keys")
        self.key = self.key_of(self.store)
        self.address = "unix:" + self.path("s" + str(abs(hash(self.id())) % 10**8))
        self.at = ("--connect", self.address)

    @staticmethod
    def key_of(store):
        with open(os.path.join(store, "log", "keys"), encoding="utf-8") as file:
            return file.read().splitlines()[-1]

    def serve(self, *more):
        return Server("--store", "shop=" + self.store, "--rpc", self.address, *more)

    def forget(self, *arguments):
        return self.succeed("forget", *self.at, *arguments)

    def forget_signed(self, *arguments):
        """The same, and everything until now is in the signed log: a receipt is there only then."""
        receipt = self.path(f"signed-{self.id()}.tlog-proof")
        return receipt, self.forget("--wait", "exact", "--receipt", receipt, *arguments)

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def alike(self, *verb, code=0):
        """Runs it for people and for machines, here and from afar. Returns what it prints."""
        for more in ([], ["--json"]) if "--csv" not in verb else ([],):
            here, there = (run("audit", *verb, *where, *more) for where in (("--store", self.store), self.at))
            self.assertEqual((here.returncode, there.returncode), (code, code), here.stderr + there.stderr)
            self.assertEqual(there.stdout, here.stdout)
            text = text if more else here.stdout
        return text

    def test_the_same_from_afar(self):
        old = self.path("old.checkpoint")
        shutil.copyfile(os.path.join(self.store, "log", "checkpoint"), old)
        with self.serve("--erase-within", "3600") as server:
            self.forget("--record", "3", "--ground", "art17-1-b", "--role", "data-subject", "--request-id", REQUEST)
            for record in range(10, 150):  # more entries than a bundle has
                self.forget("--record", record, "--wait", "unlearned")
            first, done = self.forget_signed("--record", "4", "--request-id", "00000000-0000-4000-8000-000000000001")
            listed = self.alike("list")
            self.assertEqual(listed.count("\n"), 1 + 1 + 2 * 142)
            self.assertIn("data-subject", listed)
            self.assertEqual(self.alike("list", "--csv", "--stage", "exact", "--ground", "art17-1-b").count("\n"), 2)
            self.assertEqual(self.alike("list", "--to", "2000-01-01").count("\n"), 1)
            self.assertIn("stage exact", self.alike("show", REQUEST))
            self.assertIn("type start", self.alike("show", "0"))
            self.alike("show", "284")
            self.assertIn("Right", self.alike("consistency", old, "--key", self.key))
            self.assertEqual(self.say("audit", "prove", REQUEST, *self.at),
                             self.say("audit", "prove", REQUEST, "--store", self.store))
            bundles = [self.path("here"), self.path("there")]
            self.succeed("audit", "export", "--store", self.store, "--to", bundles[0])
            self.assertEqual(self.succeed("audit", "export", *self.at, "--to", bundles[1])["size"], 285)
            names = sorted(os.path.relpath(os.path.join(folder, name), bundles[0])
                           for folder, _, found in os.walk(bundles[0]) for name in found)
            self.assertEqual(filecmp.cmpfiles(*bundles, names, shallow=False)[0], names)
            self.assertTrue(self.succeed("audit", "verify", "--store", bundles[1], "--checkpoint", old)["ok"])
            reports = [self.succeed("audit", "verify", *where, "--key", self.key, "--checkpoint", first)
                       for where in (("--store", self.store), self.at)]
            self.assertEqual([report.pop("with_store") for report in reports], [True, False])
            for report in reports:
                del report["seconds"]
            self.assertEqual(*reports)
            self.assertIn("the log alone", self.say("audit", "verify", *self.at))
            # The second may come between the two, so when they were made is not compared.
            tables = [[re.sub(r"2\d\d\d-[\d-]+T[\d:]+Z", "TIME", line)
                       for line in self.say("audit", "report", *where).splitlines() if line.startswith("|")]
                      for where in (("--store", self.store), self.at)]
            differ = [line for line in tables[1] if line not in tables[0]]
            self.assertEqual(differ, ["| compared with the store | no: the log alone was at hand |"])
            self.assertEqual(len(tables[0]), len(tables[1]))
            self.assertEqual(server.end(), 0)
        # Drained, and gone on with: what was kept from afar still fits.
        self.assertTrue(self.succeed("audit", "consistency", first, "--store", self.store)["ok"])
        self.assertTrue(self.succeed("audit", "verify", "--store", self.store, "--checkpoint", first)["with_store"])

    def test_receipts_convince_their_holders(self):
        person, ids = next((s, ids) for s, ids in self.ids_of_subjects().items() if s)
        others = [int(row[0]) for row in self.rows[1:] if int(row[0]) not in ids][:2]
        path = self.path("many.tlog-proof")
        with self.serve("--erase-within", "1") as server:
            done = self.forget("--record", *others, "--subject", person, "--receipt", path, "--role", "data-subject",
                               "--wait", "erased", "--request-id", REQUEST)
            self.assertEqual(done["receipts"], [self.path(f"many-{i}.tlog-proof") for i in (1, 2, 3)])
            named = [("record", str(others[0])), ("record", str(others[1])), ("subject", person)]
            for name, identity in zip(done["receipts"], named):
                fields = receipt_verifier.verify(self.read(name), self.key, identity)
                self.assertEqual([fields[n] for n in ("stage", "role", "request", "root-after")],
                                 ["erased", "data-subject", REQUEST, done["root_after"]])
                self.assertTrue(self.succeed("audit", "check", name, "--key", self.key, "--" + identity[0], identity[1])["named"])
                self.assertRaises(receipt_verifier.Wrong, receipt_verifier.verify, self.read(name), self.key, ("record", "1"))
                self.assertEqual(os.stat(name).st_mode & 0o777, 0o600)
            self.assertTrue(self.succeed("audit", "check", name, *self.at, "--subject", person)["named"])
            early = self.path("early.tlog-proof")
            self.forget("--record", "20", "--receipt", early)
            self.assertEqual(receipt_verifier.verify(self.read(early), self.key, ("record", "20"))["stage"], "unlearned",
                             "the server erases later, and the command does not wait for that")
            later = self.path("later.tlog-proof")
            told = self.succeed("audit", "prove", REQUEST, *self.at, "--receipt", name, "--out", later)
            self.assertEqual((told["stage"], told["opening"]), ("erased", True))
            receipt_verifier.verify(self.read(later), self.key, ("subject", person))
            self.assertEqual(server.end(), 0)
            self.assertFalse([line for line in server.log if person in line], "nobody is named in the log of the server")

    def test_a_receipt_of_many_parts(self):
        """A large erasure is made in parts; the receipt has all of them, from the server, from its log, and from the folder."""
        ids = [int(row[0]) for row in self.rows[1:]][:100]
        path, later = self.path("large.tlog-proof"), self.path("later.tlog-proof")
        with self.serve("--erase-within", "1"):
            done = self.forget("--record", *ids, "--receipt", path, "--wait", "exact", "--request-id", REQUEST)
            self.assertEqual(len(done["receipts"]), 100)
            for i in (0, 57, 99):
                entries = receipt_verifier.verify_all(self.read(done["receipts"][i]), self.key, ("record", str(ids[i])))
                self.assertEqual([int(entry["records"]) for entry in entries], [32, 32, 32, 4])
                self.assertEqual({entry["stage"] for entry in entries}, {"exact"})
                self.assertEqual(len({entry["subjects"] for entry in entries}), 1, "who is named in one is named in all")
                found = self.succeed("audit", "check", done["receipts"][i], "--key", self.key, "--record", ids[i])
                self.assertEqual([found[name] for name in ("ok", "named", "parts", "opened_parts", "records", "stage")],
                                 [True, True, 4, 4, 100, "exact"])
            other = run("audit", "check", done["receipts"][0], "--key", self.key, "--record", ids[1])
            self.assertEqual(other.returncode, 1)
            self.assertIn("WRONG: part 4: it names somebody else", other.stdout)
            self.forget("--record", "301", "--wait", "erased", "--receipt", self.path("signed"))
            told = self.succeed("audit", "prove", REQUEST, *self.at, "--receipt", done["receipts"][57], "--out", later)
            self.assertEqual((told["stage"], told["opening"], told["parts"]), ("erased", True, 4))
            entries = receipt_verifier.verify_all(self.read(later), self.key, ("record", str(ids[57])))
            self.assertEqual([entry["stage"] for entry in entries], ["erased"] * 4)
            text = run("audit", "check", later, *self.at, "--record", ids[57])
            self.assertIn("4 parts of one request", text.stdout)
            self.assertTrue(self.succeed("audit", "consistency", later, *self.at)["ok"], "it has a checkpoint")
        again = self.path("again.tlog-proof")
        self.succeed("audit", "prove", REQUEST, "--store", self.store, "--receipt", later, "--out", again)
        self.assertEqual(len(receipt_verifier.verify_all(self.read(again), self.key, ("record", str(ids[57])))), 4)
        receipt = self.read(again)
        for i in range(0, len(receipt), 37):
            wrong = receipt[:i] + bytes([receipt[i] ^ 4]) + receipt[i + 1:]
            self.assertRaises(receipt_verifier.Wrong, receipt_verifier.verify_all, wrong, self.key)

    def test_receipts_that_cannot_be_given(self):
        path = self.path("none")
        with self.serve():
            error = self.fail_with(2, "forget", *self.at, "--record", *range(1, 258), "--receipt", path)
            self.assertIn("256", error["message"])
            self.assertEqual(self.succeed("info", *self.at)["records"], self.records, "nothing was changed")
            self.assertEqual(len(self.forget("--record", *range(1, 257), "--receipt", path)["receipts"]), 256)
            done = run("forget", *self.at, "--record", "1", "--receipt", path)
            self.assertEqual(done.returncode, 2)
            self.assertIn("no receipt", done.stderr)
            self.assertIn("had been forgotten already", done.stdout)
            self.fail_with(4, "forget", *self.at, "--record", "424242", "--receipt", path)

    def test_each_store_gives_its_own(self):
        other = self.store + "-other"
        done = run("train", "--store", other, "--data", self.data, "--schema", self.schema, "--trees", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        person = next(s for s in self.ids_of_subjects() if s)
        path = self.path("both.tlog-proof")
        with self.serve("--store", "other=" + other):
            done = self.forget("--subject", person, "--receipt", path)
            self.assertEqual(len(done["receipts"]), 2)
            for name, store in zip(done["receipts"], (self.store, other)):
                receipt_verifier.verify(self.read(name), self.key_of(store), ("subject", person))
            self.fail_with(2, "audit", "list", *self.at)
            self.assertIn("example.com/shop", self.say("audit", "verify", *self.at, "--name", "shop"))
            self.assertNotIn("example.com/shop", self.say("audit", "verify", *self.at, "--name", "other"))

    def test_roles(self):
        tokens = self.path("tokens")
        token = {role: self.succeed("token", "--roles", role, "--name", role, "--file", tokens)["token"]
                 for role in ("predict", "erase", "audit")}
        self.addCleanup(os.environ.pop, "HEDGEROW_TOKEN", None)
        with Server("--store", "shop=" + self.store, "--rpc", "127.0.0.1:0", "--tokens", tokens) as server:
            at = ("--connect", server.told["rpc"][0])
            receipt = self.path("by-token.tlog-proof")
            os.environ["HEDGEROW_TOKEN"] = token["erase"]
            self.succeed("forget", *at, "--record", "5", "--receipt", receipt)
            receipt_verifier.verify(self.read(receipt), self.key, ("record", "5"))
            for role in ("erase", "predict"):
                os.environ["HEDGEROW_TOKEN"] = token[role]
                for verb in (["list"], ["show", "0"], ["verify"], ["prove", REQUEST, "--out", self.path("x")],
                             ["report", "--out", self.path("x")], ["export", "--to", self.path("refused")], ["consistency", receipt], ["check", receipt]):
                    error = self.fail_with(7, "audit", *verb, *at)
                    self.assertEqual(error["code"], "unauthorised", (role, verb))
            self.assertFalse(os.path.exists(self.path("refused")))
            os.environ["HEDGEROW_TOKEN"] = token["audit"]
            self.assertEqual(self.say("audit", "list", *at).count("\n"), 4)
            self.fail_with(7, "forget", *at, "--record", "6", "--receipt", receipt)

    def test_what_is_not_there(self):
        newer = self.path("newer")
        shutil.copytree(self.store, newer)
        self.succeed("forget", "--store", newer, "--record", "1")
        with self.serve():
            self.assertEqual(self.fail_with(4, "audit", "show", "999", *self.at)["message"], "the log has 1 entries")
            self.fail_with(4, "audit", "show", REQUEST, *self.at)
            self.fail_with(4, "audit", "show", "no UUID", *self.at)
            self.fail_with(4, "audit", "prove", REQUEST, *self.at, "--out", self.path("x"))
            checkpoint = os.path.join(newer, "log", "checkpoint")
            self.assertIn("rolled back", self.alike("consistency", checkpoint, code=1))
            for verb in ("verify", "consistency"):
                done = run("audit", verb, *(["--checkpoint"] if verb == "verify" else []), checkpoint, *self.at)
                self.assertEqual(done.returncode, 1)
                self.assertIn("rolled back", done.stdout)
        self.fail_with(7, "audit", "list", *self.at)

    def test_what_cannot_be_done_from_afar(self):
        with self.serve():
            error = self.fail_with(2, "audit", "export", *self.at, "--to", self.path("whole"), "--with-data")
            self.assertIn("records", error["message"])
            for verb, why in ((["residue", "--value", "x"], "files"), (["rotate-key"], "key")):
                message = self.fail_with(2, "audit", *verb, *self.at)["message"]
                self.assertRegex(message, f"^--connect: .*{why}.*--store")
                self.assertNotIn("--connect", self.say("audit", verb[0], "--help"))
        for verb in (["list"], ["show", "0"], ["verify"], ["prove", REQUEST, "--out", "x"], ["report", "--out", "x"],
                     ["consistency", "x"], ["export", "--to", "x"]):
            self.assertIn("--store is required", self.fail_with(2, "audit", *verb)["message"])
            self.fail_with(2, "audit", *verb, *self.at, "--store", self.store)
