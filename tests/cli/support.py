"""What the tests share: running the binary, and a small trained store to copy."""

import csv
import json
import os
import shutil
import subprocess
import tempfile
import unittest

BINARY = None  # set by cli_test.py

HEX_ROOT = r"^[0-9a-f]{64}$"
UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


def run(*arguments, stdin=None):
    """Runs the binary; stdout and stderr come back as text."""
    return subprocess.run(
        [BINARY, *map(str, arguments)], input=stdin, capture_output=True, timeout=300, check=False, encoding="utf-8",
        errors="surrogateescape", stdin=subprocess.DEVNULL if stdin is None else None)


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def write_csv(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


class CliTest(unittest.TestCase):
    """A temporary directory a class, with people.csv, people.schema.json and a store trained on them."""

    records = 600
    train_options = ("--trees", "20", "--occupancy", "10", "--seed", "3")

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="hedgerow-cli-test-")
        cls.addClassCleanup(shutil.rmtree, cls.directory, True)
        cls.data, cls.schema = cls.path("people.csv"), cls.path("people.schema.json")
        done = run("synthesize", "--out", cls.data, "--schema", cls.schema, "--records", cls.records)
        assert done.returncode == 0, done.stderr
        cls.template = cls.path("template")
        done = run("train", "--store", cls.template, "--data", cls.data, "--schema", cls.schema, *cls.train_options, "--json")
        assert done.returncode == 0, done.stderr
        cls.trained = json.loads(done.stdout)
        cls.rows = read_csv(cls.data)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory, name)

    def setUp(self):
        self.store = self.path("store-" + self.id())
        shutil.copytree(self.template, self.store)

    def succeed(self, *arguments, stdin=None):
        """Runs the binary with --json and returns its object."""
        done = run(*arguments, "--json", stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("\n"), 1, "one object on one line")
        return json.loads(done.stdout)

    def say(self, *arguments):
        """Runs the binary for people and returns what it prints."""
        done = run(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fail_with(self, code, *arguments, stdin=None):
        """Runs the binary twice, for people and for machines; both must fail alike. Returns the error object."""
        done = run(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r"(?m)^hedgerow: error: \S")
        machine = run(*arguments, "--json", stdin=stdin)
        self.assertEqual(machine.returncode, code, machine.stdout + machine.stderr)
        self.assertEqual(machine.stdout, "")
        error = json.loads(machine.stderr)["error"]
        for key in ("code", "message", "place", "remedy"):
            self.assertIn(key, error)
        self.assertNotEqual(error["message"], "")
        return error

    def info(self, store=None):
        return self.succeed("info", "--store", store or self.store)

    def root(self, store=None):
        return self.info(store)["root"]

    def file_of(self, name, rows):
        """A CSV file with the header and these of the people's rows."""
        path = self.path(name)
        write_csv(path, [self.rows[0]] + rows)
        return path

    def column(self, name):
        return self.rows[0].index(name)

    def ids_of_subjects(self):
        """Subject to record ids."""
        subjects = {}
        for row in self.rows[1:]:
            subjects.setdefault(row[self.column("subject")], []).append(int(row[self.column("id")]))
        return subjects
