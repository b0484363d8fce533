"""backup, restore, audit residue, compact and status."""

import os
import shutil
import subprocess

import support
from support import CliTest, HEX_ROOT, run

REQUEST = "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11"


class BackupTest(CliTest):
    def setUp(self):
        super().setUp()
        self.backup, self.restored = self.store + "-backup", self.store + "-restored"

    def forget(self, *arguments):
        return self.succeed("forget", "--store", self.store, *arguments)

    def test_backup_and_restore(self):
        made = self.succeed("backup", "--store", self.store, "--to", self.backup)
        self.assertEqual((made["records"], made["sequence"]), (self.records, 0))
        root = self.forget("--record", 1, 2, 3)["root_after"]
        restored = self.succeed("restore", "--from", self.backup, "--store", self.restored, "--live", self.store)
        self.assertEqual((restored["erased"], restored["missing"], restored["root"]), (3, 0, root))
        self.assertTrue(self.succeed("verify", "--store", self.restored)["equal"])
        self.assertEqual(self.info(self.restored)["pending_erasures"], 0)

    def test_by_a_list(self):
        self.succeed("backup", "--store", self.store, "--to", self.backup)
        root = self.forget("--record", 4)["root_after"]
        path = self.path("list-" + self.id())
        listed = self.succeed("backup", "--store", self.store, "--erasures", "--out", path)
        self.assertEqual((listed["first"], listed["last"], listed["erased"]), (1, 1, 1))
        restored = self.succeed("restore", "--from", self.backup, "--store", self.restored, "--erasures", path)
        self.assertEqual(restored["root"], root)
        with open(path, "r+b") as file:
            file.seek(60)
            file.write(b"x")
        shutil.rmtree(self.restored)
        self.fail_with(3, "restore", "--from", self.backup, "--store", self.restored, "--erasures", path)
        self.assertFalse(os.path.exists(self.restored))

    def test_a_backup_is_no_store(self):
        self.succeed("backup", "--store", self.store, "--to", self.backup)
        self.assertIn("restore", self.fail_with(5, "info", "--store", self.backup)["remedy"])
        self.fail_with(5, "backup", "--store", self.store, "--to", self.backup)
        self.fail_with(5, "backup", "--store", self.backup, "--to", self.backup + "2")

    def test_restore_wants_to_know(self):
        self.succeed("backup", "--store", self.store, "--to", self.backup)
        self.assertIn("--live", self.fail_with(2, "restore", "--from", self.backup, "--store", self.restored)["remedy"])
        self.assertFalse(os.path.exists(self.restored))
        restored = self.succeed("restore", "--from", self.backup, "--store", self.restored, "--none-since")
        self.assertEqual((restored["none_since"], restored["missing"]), (True, None))
        with open(os.path.join(self.restored, "HEDGEROW"), encoding="ascii") as file:
            self.assertIn("none-since", file.read())
        self.fail_with(2, "restore", "--from", self.backup, "--store", self.restored, "--none-since", "--live", self.store)
        self.fail_with(5, "restore", "--from", self.store, "--store", self.restored + "2", "--none-since")
        self.fail_with(2, "backup", "--store", self.store)

    def test_a_backup_of_a_store_in_use(self):
        holder = subprocess.Popen([support.BINARY, "learn", "--store", self.store, "--data", "-"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        made = self.succeed("backup", "--store", self.store, "--to", self.backup)
        self.assertEqual(made["records"], self.records)
        holder.communicate(b"")

    def test_residue(self):
        subject, ids = max(self.ids_of_subjects().items(), key=lambda item: len(item[1]))
        balance = next(row[self.column("balance")] for row in self.rows[1:] if row[self.column("balance")]
                       and int(row[self.column("id")]) in ids)
        question = ["audit", "residue", "--store", self.store, "--record", ",".join(map(str, ids)), "--numeric=" + balance]
        done = run(*question)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("as record", done.stdout)
        self.assertNotIn(balance, done.stdout + done.stderr)
        self.succeed("backup", "--store", self.store, "--to", self.backup)
        self.forget("--subject", subject, "--wait", "durable")
        self.assertEqual(run(*question).returncode, 1)
        compacted = self.succeed("compact", "--store", self.store)
        self.assertEqual(compacted["erased"], len(ids))
        found = [hit for hit in self.succeed_or_not(*question)["found"] if hit["as"] == "record"]
        self.assertEqual(found, [])
        self.assertEqual(run("audit", "residue", "--store", self.backup, "--record", ids[0]).returncode, 1)

    def succeed_or_not(self, *arguments):
        import json
        return json.loads(run(*arguments, "--json").stdout)

    def test_residue_of_a_file_of_values(self):
        path = self.path("values.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("never-there-7391\n")
        result = self.succeed("audit", "residue", "--store", self.store, "--file", path)
        self.assertEqual((result["found"], result["found_count"]), ([], 0))
        self.assertGreater(result["files"], 3)

    def test_residue_that_cannot_be_told(self):
        self.fail_with(2, "audit", "residue", "--store", self.store)
        self.fail_with(2, "audit", "residue", "--store", self.store, "--subject", "P0")
        self.fail_with(2, "audit", "residue", "--store", self.store, "--numeric", "0")
        self.fail_with(2, "audit", "residue", "--store", self.store, "--numeric", "five")
        self.fail_with(5, "audit", "residue", "--store", self.path("absent"), "--value", "something")
        done = run("audit", "residue", "--store", self.store, "--numeric", "Jane Doe")
        self.assertNotIn("Jane", done.stdout + done.stderr)

    def test_status(self):
        self.fail_with(4, "status", "--store", self.store, REQUEST)
        self.forget("--record", 17, "--request-id", REQUEST, "--ground", "art17-1-b", "--wait", "unlearned")
        status = self.succeed("status", "--store", self.store, REQUEST.upper())
        self.assertEqual((status["kind"], status["stage"], status["records"], status["ground"], status["sequence"]),
                         ("forget", "exact", 1, "art17-1-b", 1))
        self.succeed("compact", "--store", self.store)
        self.assertEqual(self.succeed("status", "--store", self.store, REQUEST)["stage"], "erased")
        self.fail_with(2, "status", "--store", self.store, "Jane")

    def test_compact_grows_damaged_trees_anew(self):
        root = self.forget("--record", 5, "--wait", "durable")["root_after"]
        compacted = self.succeed("compact", "--store", self.store, "--regrow")
        self.assertEqual((compacted["root"], compacted["regrown"]), (root, True))
        self.assertRegex(self.root(), HEX_ROOT)
        self.assertEqual(self.root(), root)
        self.assertEqual(self.info()["pending_erasures"], 0)
        self.assertIn("pages", self.info()["table_bytes"])
