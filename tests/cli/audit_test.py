"""The log as officers, auditors and data subjects meet it: receipts, audits, exports, reports. Receipts are checked by the
program and by a second verifier that shares nothing with it (receipt_verifier.py)."""

import csv
import hashlib
import io
import json
import os
import random
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

import receipt_verifier
from support import CliTest, run

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")


class AuditTest(CliTest):
    records = 200
    train_options = ("--trees", "5", "--occupancy", "5", "--seed", "3", "--log-name", "example.com/shop")

    def setUp(self):
        super().setUp()
        self.keys = os.path.join(self.store, "log", "keys")
        with open(self.keys, encoding="utf-8") as file:
            self.key = file.read().splitlines()[-1]
        self.subject_column = self.rows[0].index("subject")

    def person(self, row):
        """A person with records, by where one of them stands."""
        return next(r[self.subject_column] for r in self.rows[row:] if r[self.subject_column])

    def forget(self, *arguments):
        return self.succeed("forget", "--store", self.store, *arguments)

    def receipt(self, *arguments):
        path = self.path(f"{self.id()}.tlog-proof")
        done = self.forget("--receipt", path, *arguments)
        self.assertEqual(done["receipts"], [path])
        with open(path, "rb") as file:
            return path, file.read(), done

    def test_a_receipt_convinces_its_holder(self):
        person = self.person(5)
        path, receipt, done = self.receipt("--subject", person, "--ground", "art17-1-b", "--role", "data-subject")
        fields = receipt_verifier.verify(receipt, self.key, ("subject", person))
        self.assertEqual([fields[name] for name in ("stage", "ground", "role", "request", "root-before", "root-after")],
                         ["erased", "art17-1-b", "data-subject", done["request_id"], done["root_before"], done["root_after"]])
        found = self.succeed("audit", "check", path, "--key", self.key, "--subject", person)
        self.assertTrue(found["ok"] and found["named"])
        self.assertEqual(found["entry"]["root_after"], done["root_after"])
        self.assertIn("It names this subject.", self.say("audit", "check", path, "--key", self.keys, "--subject", person))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        for arguments in (["--subject", person + "x"], ["--record", "1"]):
            done = run("audit", "check", path, "--key", self.keys, *arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn("somebody else", done.stdout)
        with self.assertRaises(receipt_verifier.Wrong):
            receipt_verifier.verify(receipt, self.key, ("subject", person + "x"))
        self.assertNotIn(person.encode(), receipt)

    def test_each_of_many_gets_a_receipt_of_his_own(self):
        path = self.path("many.tlog-proof")
        done = self.forget("--record", "3", "4", "--subject", self.person(150), "--receipt", path, "--wait", "exact")
        self.assertEqual(done["receipts"], [self.path(f"many-{i}.tlog-proof") for i in (1, 2, 3)])
        for name, identity in zip(done["receipts"], [("record", "3"), ("record", "4"), ("subject", self.person(150))]):
            with open(name, "rb") as file:
                receipt = file.read()
            self.assertEqual(receipt_verifier.verify(receipt, self.key, identity)["stage"], "exact")
            for other in [("record", "5"), ("subject", "3")]:
                self.assertRaises(receipt_verifier.Wrong, receipt_verifier.verify, receipt, self.key, other)

    def test_every_changed_byte_is_found_by_both(self):
        _, receipt, _ = self.receipt("--record", "7")
        receipt_verifier.verify(receipt, self.key)
        rng = random.Random(7)
        changed = self.path("changed.tlog-proof")
        for i in range(len(receipt)):
            wrong = receipt[:i] + bytes([receipt[i] ^ 1 << rng.randrange(8)]) + receipt[i + 1:]
            self.assertRaises(receipt_verifier.Wrong, receipt_verifier.verify, wrong, self.key)
            if i % 25 == 0:  # the program's own check has a test of every bit
                with open(changed, "wb") as file:
                    file.write(wrong)
                self.assertEqual(run("audit", "check", changed, "--key", self.key).returncode, 1, i)
        for wrong in (receipt[:-1], receipt + b"\n", receipt.replace(b"\n", b"\r\n"), b""):
            self.assertRaises(receipt_verifier.Wrong, receipt_verifier.verify, wrong, self.key)

    def test_proofs_later(self):
        path, _, done = self.receipt("--record", "9", "--wait", "unlearned")
        self.succeed("compact", "--store", self.store)
        out = self.path("later.tlog-proof")
        told = self.succeed("audit", "prove", done["request_id"], "--store", self.store, "--out", out)
        self.assertEqual((told["stage"], told["opening"]), ("erased", False))
        self.assertEqual(run("audit", "check", out, "--key", self.keys, "--record", "9").returncode, 1)
        told = self.succeed("audit", "prove", done["request_id"], "--store", self.store, "--receipt", path, "--out", out)
        self.assertTrue(told["opening"])
        with open(out, "rb") as file:
            self.assertEqual(receipt_verifier.verify(file.read(), self.key, ("record", "9"))["stage"], "erased")
        self.assertTrue(self.say("audit", "prove", done["request_id"], "--store", self.store, "--stage", "exact")
                        .startswith("c2sp.org/tlog-proof@v1\n"))
        other = self.receipt("--record", "10")[2]
        self.fail_with(3, "audit", "prove", other["request_id"], "--store", self.store, "--receipt", out, "--out", path)
        self.fail_with(4, "audit", "prove", "00000000-0000-4000-8000-000000000000", "--store", self.store, "--out", out)

    def test_nothing_to_do_gives_no_receipt(self):
        self.forget("--record", "11")
        done = run("forget", "--store", self.store, "--record", "11", "--receipt", self.path("none"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("no receipt", done.stderr)
        self.fail_with(2, "forget", "--store", self.store, "--record", "12", "--receipt", "x", "--dry-run")

    def test_list_and_show(self):
        done = self.forget("--record", "13", "--ground", "art17-1-c")
        self.forget("--record", "14", "--wait", "durable")
        lines = self.say("audit", "list", "--store", self.store, "--stage", "erased", "--csv")
        rows = list(csv.DictReader(io.StringIO(lines)))
        self.assertEqual([row["ground"] for row in rows], ["art17-1-c"])
        machine = run("audit", "list", "--store", self.store, "--json").stdout.splitlines()
        objects = [json.loads(line) for line in machine]
        self.assertEqual([o["index"] for o in objects], list(range(len(objects))))
        self.assertEqual(objects[0]["type"], "start")
        self.assertEqual(sum(o.get("stage") == "unlearned" for o in objects), 2)
        self.assertEqual(self.say("audit", "list", "--store", self.store, "--to", "2000-01-01").count("\n"), 1)
        self.assertGreater(self.say("audit", "list", "--store", self.store, "--from", "2000-01-01").count("\n"), 5)
        shown = self.succeed("audit", "show", done["request_id"], "--store", self.store)
        self.assertEqual([entry["stage"] for entry in shown["entries"]], ["unlearned", "exact", "erased"])
        self.assertIn("type start", self.say("audit", "show", "0", "--store", self.store))
        self.fail_with(4, "audit", "show", "999", "--store", self.store)
        self.fail_with(2, "audit", "list", "--store", self.store, "--from", "yesterday")

    def test_verify_and_consistency(self):
        old = self.path("old.checkpoint")
        shutil.copyfile(os.path.join(self.store, "log", "checkpoint"), old)
        older_store = self.path("older")
        shutil.copytree(self.store, older_store)
        self.forget("--record", "15")
        report = self.succeed("audit", "verify", "--store", self.store, "--key", self.key, "--checkpoint", old)
        self.assertEqual((report["ok"], report["earlier"], report["with_store"], report["erased"]), (True, 1, True, 1))
        proof = self.succeed("audit", "consistency", old, "--store", self.store, "--key", self.keys)
        self.assertTrue(proof["ok"])
        self.assertEqual((proof["old_size"], proof["size"]), (1, 4))
        new = os.path.join(self.store, "log", "checkpoint")
        for arguments in (["verify", "--checkpoint", new], ["consistency", new]):
            done = run("audit", *arguments, "--store", older_store)
            self.assertEqual(done.returncode, 1)
            self.assertIn("rolled back", done.stdout)
        with open(os.path.join(self.store, "log", "tile", "0", "000.p", "4"), "r+b") as file:
            file.write(b"x")
        done = run("audit", "verify", "--store", self.store)
        self.assertEqual(done.returncode, 1)
        self.assertIn("tile/0/000.p/4: hash 0", done.stdout)
        self.assertEqual(run("audit", "verify", "--store", self.store, "--json").returncode, 1)
        self.fail_with(5, "audit", "verify", "--store", self.path("nowhere"))

    def test_export(self):
        self.forget("--record", "16")
        bundle = self.path("bundle")
        self.succeed("audit", "export", "--store", self.store, "--to", bundle)
        self.assertFalse(os.path.exists(os.path.join(bundle, "db")))
        self.assertFalse(self.succeed("audit", "verify", "--store", bundle, "--key", self.key)["with_store"])
        self.assertGreater(self.say("audit", "list", "--store", bundle).count("\n"), 3)
        self.fail_with(5, "audit", "export", "--store", self.store, "--to", bundle)
        with open(os.path.join(bundle, "parameters.txt"), "rb") as file:
            start = self.succeed("audit", "show", "0", "--store", bundle)["entries"][0]
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), start["parameters"])
        whole = self.path("whole")
        self.succeed("audit", "export", "--store", self.store, "--to", whole, "--with-data")
        self.assertTrue(self.succeed("audit", "verify", "--store", whole)["with_store"])
        found = self.succeed("verify", "--store", whole, "--read-only")
        self.assertEqual((found["equal"], found["entered"], found["logged_root"]), (True, False, found["root"]))
        with open(os.path.join(whole, "seed.txt"), encoding="ascii") as file:
            seed = dict(line.split() for line in file)
        data = b"hedgerow seed v1" + bytes.fromhex(seed["nonce"]) + int(seed["seed"]).to_bytes(8, "little")
        self.assertEqual(hashlib.blake2b(data, digest_size=32).hexdigest(), start["seed"])
        for name in ("log.key", "log.key.previous"):
            self.assertFalse(os.path.exists(os.path.join(whole, name)))

    def test_rotation_and_a_key_elsewhere(self):
        path, _, _ = self.receipt("--record", "17")
        key = self.succeed("audit", "rotate-key", "--store", self.store)["key"]
        self.assertNotEqual(key, self.key)
        self.assertTrue(self.succeed("audit", "verify", "--store", self.store, "--key", self.key)["ok"])
        self.assertTrue(self.succeed("audit", "check", path, "--key", self.key)["ok"])
        path, receipt, _ = self.receipt("--record", "18")
        self.assertEqual(receipt_verifier.verify(receipt, key)["sequence"], "2")
        self.assertEqual(run("audit", "check", path, "--key", self.key).returncode, 1, "the new key signs receipts")
        elsewhere = self.path("elsewhere.key")
        shutil.move(os.path.join(self.store, "log.key"), elsewhere)
        done = run("forget", "--store", self.store, "--record", "19", "--receipt", self.path("r"))
        self.assertEqual(done.returncode, 5)
        self.assertIn("Forgot 1 record", done.stdout)
        os.environ["HEDGEROW_LOG_KEY"] = elsewhere
        self.addCleanup(os.environ.pop, "HEDGEROW_LOG_KEY")
        self.forget("--record", "20")
        self.assertEqual(self.succeed("audit", "verify", "--store", self.store)["accepted"], 4)

    def test_the_secret_key_is_for_its_owner(self):
        path = os.path.join(self.template, "log.key")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        store, key = self.path("other"), self.path("other.key")
        self.succeed("train", "--store", store, "--data", self.data, "--schema", self.schema, "--trees", "2", "--log-key", key)
        self.assertTrue(os.path.exists(key))
        self.assertFalse(os.path.exists(os.path.join(store, "log.key")))

    def test_report(self):
        self.forget("--record", "21", "--ground", "art17-1-a")
        self.forget("--record", "22", "--wait", "durable")
        self.succeed("verify", "--store", self.store)
        text = self.say("audit", "report", "--store", self.store, "--from", "2000-01-01")
        for words in ("Art. 12(3)", "| forget | art17-1-a | none | 1 | 1 | 1 | 1 | 0 |", "| forget | none | none | 1 | 1 | 1 | 0 | 1 |",
                      "Erased in time: 1. Late: 0. Waiting, and in time: 1.", "The oldest pending request is", "| equal |"):
            self.assertIn(words, text)
        page = self.path("report.html")
        self.succeed("audit", "report", "--store", self.store, "--out", page)
        with open(page, encoding="utf-8") as file:
            html = file.read()
        self.assertTrue(html.startswith("<!DOCTYPE html>"))
        self.assertNotRegex(html, r"(?i)(src|href)\s*=|https?://|<script|@import", "it needs nothing else")
        self.assertIn("<td>art17-1-a</td>", html)
        empty = self.say("audit", "report", "--store", self.store, "--to", "2000-01-01")
        self.assertIn("Erased in time: 0.", empty)

    def test_no_id_in_the_log(self):
        person = self.person(100)
        self.forget("--subject", person, "--role", "data-subject")
        for folder, _, names in os.walk(os.path.join(self.store, "log")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(person.encode(), file.read())
                self.assertNotIn(person, name)
        found = self.succeed("audit", "residue", "--store", self.store, "--subject", person)
        self.assertEqual(found["found"], [])


class DocumentedExampleTest(unittest.TestCase):
    """docs/evidence.md shows a receipt and commands: each prints what stands there."""

    def test_the_example(self):
        with open(os.path.join(DOCS, "evidence.md"), encoding="utf-8") as file:
            text = file.read()
        section = text[text.index("## A worked example"):]
        blocks = re.findall(r"((?:^    .*\n|^\n(?=    ))+)", section, re.MULTILINE)
        blocks = ["".join(line[4:] if line.strip() else "\n" for line in block.splitlines(True)).strip("\n") + "\n" for block in blocks]
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        receipt = next(block for block in blocks if block.startswith("c2sp.org/tlog-proof@v1"))
        with open(os.path.join(folder, "ann.tlog-proof"), "w", encoding="utf-8") as file:
            file.write(receipt)
        key = next(line for block in blocks for line in block.splitlines() if re.match(r"example\.com/tiny/[0-9a-f]{32}\+", line))
        self.assertEqual(receipt_verifier.verify(receipt.encode(), key, ("subject", "ann"))["stage"], "erased")
        commands = 0
        for block in blocks:
            if not block.startswith("$ "):
                continue
            for step in re.split(r"(?m)^\$ ", block)[1:]:
                lines = step.splitlines()
                command = lines.pop(0)
                while command.endswith("\\"):
                    command = command[:-1] + lines.pop(0)
                done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
                self.assertEqual(done.stdout.strip(), "\n".join(lines).strip(), command + "\n" + done.stderr)
                commands += 1
        self.assertGreater(commands, 5)
