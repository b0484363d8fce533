"""The main job, each step in a process of its own: train, predict, evaluate, forget, verify, learn back."""

import json
import math
import os
import pty
import re
import subprocess

import support
from support import CliTest, HEX_ROOT, read_csv, run, write_csv


class StoryTest(CliTest):
    def predictions(self, store, data=None):
        out = store + ".predictions.csv"
        self.succeed("predict", "--store", store, "--data", data or self.data, "--out", out)
        return read_csv(out)

    def test_train(self):
        self.assertEqual(self.trained["records"], self.records)
        self.assertRegex(self.trained["root"], HEX_ROOT)
        self.assertGreater(self.trained["seconds"], 0)
        self.assertEqual(self.trained["with_subject"], self.records)
        self.assertFalse(self.trained["schema_inferred"])
        self.assertEqual(self.root(), self.trained["root"])

    def test_the_root_does_not_depend_on_threads_nor_on_the_order_of_records(self):
        shuffled = self.file_of("shuffled.csv", self.rows[:0:-1])
        result = self.succeed("train", "--store", self.path("again"), "--data", shuffled, "--schema", self.schema,
                              *self.train_options, "--threads", "1")
        self.assertEqual(result["root"], self.trained["root"])

    def test_training_on_less_equals_training_on_all_and_forgetting(self):
        kept = self.file_of("kept.csv", self.rows[11:])
        less = self.path("less")
        result = self.succeed("train", "--store", less, "--data", kept, "--schema", self.schema, *self.train_options)
        gone = [row[0] for row in self.rows[1:11]]
        forgot = self.succeed("forget", "--store", self.store, "--record", *gone)
        self.assertEqual(forgot["root_after"], result["root"])
        self.assertEqual(self.predictions(self.store), self.predictions(less))

    def test_predict(self):
        rows = self.predictions(self.store)
        self.assertEqual(rows[0], ["id", "p_class-0", "p_class-1", "predicted"])
        self.assertEqual([row[0] for row in rows[1:]], [row[0] for row in self.rows[1:]])
        for row in rows[1:]:
            p = [float(row[1]), float(row[2])]
            self.assertAlmostEqual(sum(p), 1, 9)
            self.assertEqual(row[3], "class-0" if p[0] >= p[1] else "class-1")
        out = self.path("classes.csv")
        self.succeed("predict", "--store", self.store, "--data", self.data, "--out", out, "--class-only")
        self.assertEqual(read_csv(out), [[row[0], row[3]] for row in rows], "the class alone is the same class")

    def test_predict_to_stdout_without_label_id_and_subject(self):
        features = [i for i, name in enumerate(self.rows[0]) if name not in ("id", "label", "subject")]
        write_csv(self.path("features.csv"), [[row[i] for i in features] for row in self.rows])
        lines = self.say("predict", "--store", self.store, "--data", self.path("features.csv")).splitlines()
        expected = [",".join([row[0] if i == 0 else str(i)] + row[1:])
                    for i, row in enumerate(self.predictions(self.store))]
        self.assertEqual(lines, expected)

    def test_predict_from_standard_input(self):
        with open(self.data, encoding="utf-8") as file:
            done = run("predict", "--store", self.store, "--data", "-", stdin=file.read())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), self.records + 1)

    def test_evaluate_agrees_with_a_slow_computation(self):
        for classes in (2, 4):
            with self.subTest(classes=classes):
                data, schema, store = (self.path(f"{classes}{end}") for end in (".csv", ".json", "-store"))
                self.succeed("synthesize", "--out", data, "--schema", schema, "--records", 400, "--classes", classes)
                self.succeed("train", "--store", store, "--data", data, "--schema", schema, "--trees", 5, "--max-depth", 3)
                result = self.succeed("evaluate", "--store", store, "--data", data)
                self.check_metrics(result, read_csv(data), self.predictions(store, data))

    def check_metrics(self, result, data, predictions):
        names = result["classes"]
        truth = [names.index(row[-1]) for row in data[1:]]
        self.assertEqual(data[0][-1], "label")
        p = [[float(x) for x in row[1:-1]] for row in predictions[1:]]
        predicted = [names.index(row[-1]) for row in predictions[1:]]
        self.assertEqual(result["records"], len(truth))
        self.assertAlmostEqual(result["accuracy"], sum(a == b for a, b in zip(truth, predicted)) / len(truth))
        self.assertAlmostEqual(result["log_loss"], -sum(math.log(max(row[y], 1e-15)) for row, y in zip(p, truth)) / len(truth))
        confusion = [[sum(t == y and q == x for t, q in zip(truth, predicted)) for x in range(len(names))]
                     for y in range(len(names))]
        self.assertEqual(result["confusion"], confusion)

        def area(y):
            positive = [row[y] for row, t in zip(p, truth) if t == y]
            negative = [row[y] for row, t in zip(p, truth) if t != y]
            if not positive or not negative:
                return None
            wins = sum((a > b) + 0.5 * (a == b) for a in positive for b in negative)
            return wins / (len(positive) * len(negative))

        areas = [area(1)] if len(names) == 2 else [a for a in map(area, range(len(names))) if a is not None]
        self.assertAlmostEqual(result["auc"], sum(areas) / len(areas))

    def test_evaluate_on_one_class_has_no_auc(self):
        label = self.column("label")
        one = self.file_of("one-class.csv", [row for row in self.rows[1:] if row[label] == "class-0"])
        self.assertIsNone(self.succeed("evaluate", "--store", self.store, "--data", one)["auc"])
        self.assertIn("undefined", self.say("evaluate", "--store", self.store, "--data", one))

    def test_verify(self):
        self.succeed("forget", "--store", self.store, "--record", self.rows[5][0])
        result = self.succeed("verify", "--store", self.store)
        self.assertEqual((result["equal"], result["records"]), (True, self.records - 1))
        self.assertEqual(result["root"], result["regrown_root"])
        self.assertIn("Equal", self.say("verify", "--store", self.store))
        quick = self.succeed("verify", "--store", self.store, "--quick")
        self.assertEqual((quick["root"], quick["equal"], quick["regrown_root"]), (result["root"], None, None))

    def test_info(self):
        result = self.info()
        for key in ("root", "records", "trees", "classes", "parameters", "memory_bytes", "robustness", "hedges", "queued",
                    "pending_erasures", "disk_bytes"):
            self.assertIn(key, result)
        self.assertEqual((result["records"], result["trees"], result["classes"]), (600, 20, ["class-0", "class-1"]))
        self.assertEqual(result["parameters"]["occupancy"], 10)
        memory, parts = result["memory_bytes"], result["memory_parts"]
        self.assertGreater(memory["records"], 0)
        self.assertEqual(sum(part["bytes"] for part in parts.values()), memory["total"])
        self.assertEqual(parts["records: rows"]["count"], result["records"])
        self.assertGreater(result["disk_bytes"]["total"], 0)
        text = self.say("info", "--store", self.store)
        self.assertIn(result["root"], text)
        self.assertIn("max depth 20", text)

    def test_schema_infer(self):
        schema = self.succeed("schema", "infer", self.data)
        with open(self.schema, encoding="utf-8") as file:
            made = json.load(file)
        self.assertEqual([f["name"] for f in schema["features"]], [f["name"] for f in made["features"]])
        for key in ("label", "classes", "id", "subject"):
            self.assertEqual(schema[key], made[key])
        self.assertEqual(schema["records"], self.records)
        out = self.path("inferred.json")
        done = run("schema", "infer", self.data, "--out", out)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertIn("600 records", done.stderr)
        self.succeed("train", "--store", self.path("from-inferred"), "--data", self.data, "--schema", out, "--trees", 3)

    def test_train_infers_a_schema_and_says_so(self):
        done = run("train", "--store", self.path("inferred"), "--data", self.data, "--trees", 3)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("inferred", done.stderr)

    def test_a_progress_bar_only_on_a_terminal(self):
        plain = run("train", "--store", self.path("quiet"), "--data", self.data, "--schema", self.schema, "--trees", 3)
        self.assertEqual(plain.stderr, "")
        master, slave = pty.openpty()
        with subprocess.Popen([support.BINARY, "train", "--store", self.path("loud"), "--data", self.data, "--schema",
                               self.schema], stdout=subprocess.PIPE, stderr=slave) as process:
            os.close(slave)
            seen = b""
            while True:
                try:
                    part = os.read(master, 4096)
                except OSError:  # how Linux tells that the other end is closed
                    break
                if not part:
                    break
                seen += part
            stdout = process.stdout.read()
        os.close(master)
        self.assertEqual(process.returncode, 0)
        self.assertRegex(seen, rb"reading .* \[[#-]+\] +\d+ %")
        self.assertTrue(seen.endswith(b"\r\x1b[K"), "the line is wiped")
        self.assertNotIn(b"\x1b", stdout)

    def test_a_full_disk_under_the_report(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([support.BINARY, "info", "--store", self.store], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, 8)
        self.assertIn(b"stdout", done.stderr)

    def test_demo_on_made_up_people(self):
        empty = self.path("no-data")
        done = run("demo", "--data", empty, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["data"], "people")
        self.assertTrue(result["verify"]["equal"])
        self.assertTrue(result["learned_back"]["equal"])
        self.assertEqual(result["learned_back"]["root"], result["root"])
        self.assertGreaterEqual(result["subject"]["records"], 5)
        for key in ("predict_us", "forget_us", "durable_us"):
            self.assertLessEqual(result[key]["median"], result[key]["p99"])
            self.assertLessEqual(result[key]["p99"], result[key]["max"])

    def test_demo_prepares_its_data(self):
        source = self.path("randhie.csv")
        header = ["mdvis", "lncoins", "idp", "lpi", "fmde", "physlm", "disea", "hlthg", "hlthf", "hlthp"]
        write_csv(source, [header] + [[i % 3, 4.6, 1, 6.9, 0, i // 3, 13.7, 1, 0, 0] for i in range(300)])
        folder = self.path("prepared")
        self.succeed("demo", "--prepare", source, "--data", folder)
        self.assertEqual(sorted(os.listdir(folder)),
                         ["rand_visits-test.csv", "rand_visits-train.csv", "rand_visits.schema.json"])
        text = self.say("demo", "--data", folder)
        self.assertIn("RAND", text)
        self.assertTrue(re.search(r"Equal: .*\n", text) and "first root again" in text, text)
