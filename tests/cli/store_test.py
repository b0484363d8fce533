"""Stores that cannot be used: exit codes 5 and 6."""

import os
import shutil
import subprocess

import support
from support import CliTest, run

READERS = ["verify", "info"]


class StoreTest(CliTest):
    records = 200

    def test_no_store(self):
        absent = self.path("absent")
        for arguments in (["verify"], ["info"], ["predict", "--data", self.data, "--out", self.path("p.csv")], ["evaluate", "--data", self.data],
                          ["forget", "--record", 1], ["learn", "--data", self.data], ["correct", "--data", self.data]):
            with self.subTest(verb=arguments[0]):
                error = self.fail_with(5, *arguments, "--store", absent)
                self.assertEqual(error["code"], "store_unavailable")
                self.assertIn(absent, error["place"])
                self.assertNotEqual(error["remedy"], "")
        self.assertFalse(os.path.exists(absent), "looking for a store makes none")
        self.assertFalse(os.path.exists(self.path("p.csv")))

    def test_a_directory_that_is_no_store(self):
        other = self.path("other")
        os.makedirs(other, exist_ok=True)
        with open(os.path.join(other, "letter.txt"), "w", encoding="ascii") as file:
            file.write("hello")
        self.fail_with(5, "info", "--store", other)
        self.fail_with(5, "train", "--store", other, "--data", self.data, "--schema", self.schema)
        self.assertEqual(os.listdir(other), ["letter.txt"])

    def test_training_into_a_store(self):
        self.fail_with(5, "train", "--store", self.store, "--data", self.data, "--schema", self.schema)
        self.assertEqual(self.root(), self.trained["root"])

    def test_another_version(self):
        path = os.path.join(self.store, "HEDGEROW")
        with open(path, "rb") as file:
            content = file.read()
        with open(path, "wb") as file:
            file.write(content.replace(b"version ", b"version 9", 1))
        for verb in READERS:
            self.assertIn("version", self.fail_with(5, verb, "--store", self.store)["message"])
        with open(path, "wb") as file:
            file.write(content)
        self.assertEqual(self.root(), self.trained["root"])

    def hold(self):
        """A process that has the store open for writing: `learn` opens it before it reads, and here it waits for its
        standard input. None if it met the process that was to look for it and gave up."""
        holder = subprocess.Popen([support.BINARY, "learn", "--store", self.store, "--data", "-"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while holder.poll() is None:
            done = run("forget", "--store", self.store, "--record", 999999, "--json")
            if done.returncode != 4:
                self.assertEqual(done.returncode, 5, done.stderr)
                return holder
        holder.communicate()
        return None

    def test_a_store_in_use(self):
        holder = self.hold()
        while holder is None:
            holder = self.hold()
        self.assertEqual(self.root(), self.trained["root"], "readers get in all the same")
        holder.communicate(b"")
        self.assertEqual(holder.returncode, 3)
        self.succeed("forget", "--store", self.store, "--record", 1)

    def test_damage_is_noticed(self):
        noticed = 0
        for folder, _, names in os.walk(self.template):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.getsize(path) < 2000 or name.startswith("LOG"):
                    continue
                store = self.path("damaged-" + name)
                shutil.copytree(self.template, store)
                damaged = os.path.join(store, os.path.relpath(path, self.template))
                with open(damaged, "r+b") as file:
                    file.seek(os.path.getsize(path) // 3)
                    byte = file.read(1)
                    file.seek(-1, 1)
                    file.write(bytes([byte[0] ^ 0x40]))
                done = run("verify", "--store", store, "--quick")
                self.assertIn(done.returncode, (0, 6), done.stderr)
                noticed += done.returncode == 6
        self.assertGreater(noticed, 0)
