"""Malformed data: exit code 3, the place, a way out, no content in the message, and a store that is as it was."""

import os

from support import CliTest, run


class BadInputTest(CliTest):
    def good(self, line=1, record_id="5000"):
        row = list(self.rows[line])
        row[0] = record_id
        return row

    def text(self, *lines):
        return "\n".join([",".join(self.rows[0])] + [",".join(row) for row in lines]) + "\n"

    def check(self, name, content, place, word, columns=()):
        """Learns and trains from bad content; both must fail at that place."""
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        error = self.fail_with(3, "learn", "--store", self.store, "--data", path, *columns)
        self.assertEqual(error["code"], "bad_input")
        self.assertTrue(error["place"].startswith(path + place), error["place"])
        self.assertIn(word, error["message"] + error["remedy"])
        self.assertNotEqual(error["remedy"], "", error)
        self.assertNotIn("SECRET", str(error))
        self.assertEqual(self.root(), self.trained["root"])
        self.assertEqual(self.info()["records"], self.records)
        new = self.path("new-" + name)
        self.fail_with(3, "train", "--store", new, "--data", path, "--schema", self.schema, *columns)
        self.assertFalse(os.path.exists(new) and os.listdir(new), "no store is left behind")
        return error

    def test_a_quoted_field_that_is_never_closed(self):
        row = self.good()
        row[3] = '"SECRET'
        self.check("unclosed.csv", self.text(self.good(2, "5001"), row), ":3:4", "quote")

    def test_a_ragged_row(self):
        self.check("short.csv", self.text(self.good()[:-1]), ":2", "field")
        self.check("long.csv", self.text(self.good() + ["SECRET"]), ":2", "field")

    def test_a_number_that_is_none(self):
        age = self.column("age")
        for i, word in enumerate(("SECRET", "nan", "inf", "0x10", "1e99", "1,5")):
            row = self.good()
            row[age] = '"' + word + '"'
            error = self.check(f"number{i}.csv", self.text(row), f":2:{age + 1}", "number")
            self.assertIn("'age'", error["message"])

    def test_a_class_that_is_not_in_the_schema(self):
        row = self.good()
        row[self.column("label")] = "SECRET"
        self.check("class.csv", self.text(row), f":2:{self.column('label') + 1}", "class-0")

    def test_a_missing_label(self):
        row = self.good()
        row[self.column("label")] = ""
        self.check("no-class.csv", self.text(row), f":2:{self.column('label') + 1}", "class")

    def test_ids_twice_in_the_file(self):
        error = self.check("twice.csv", self.text(self.good(1, "5000"), self.good(2, "5001"), self.good(3, "5000")), ":4:1", "id")
        self.assertIn("line 2", error["message"])

    def test_ids_that_are_in_the_store(self):
        path = self.file_of("there.csv", [self.good(), self.rows[7]])
        error = self.fail_with(3, "learn", "--store", self.store, "--data", path)
        self.assertIn("1 of 2 records is already", error["message"])
        self.assertEqual((error["place"], error["known"]), (path + ", record 2", [int(self.rows[7][0])]))
        self.assertIn("correct", error["remedy"])
        self.assertEqual(self.root(), self.trained["root"])

    def test_ids_that_are_none(self):
        for i, word in enumerate(("SECRET", "", "-1", "1.5", "18446744073709551616")):
            self.check(f"id{i}.csv", self.text(self.good(1, word)), ":2:1", "whole number")

    def test_an_empty_file(self):
        self.check("empty.csv", "", "", "")

    def test_a_header_only(self):
        self.check("header.csv", self.text(), "", "no record")
        for verb in ("evaluate",):
            self.fail_with(3, verb, "--store", self.store, "--data", self.path("header.csv"))

    def test_a_header_only_is_nothing_to_predict(self):
        with open(self.path("header2.csv"), "w", encoding="utf-8") as file:
            file.write(self.text())
        out = self.path("nothing.csv")
        self.assertEqual(self.succeed("predict", "--store", self.store, "--data", self.path("header2.csv"), "--out", out)["records"], 0)

    def test_a_feature_that_is_not_there(self):
        lines = self.text(self.good()).replace("income", "incme", 1)
        error = self.check("feature.csv", lines, ":1", "income")
        self.assertIn("did you mean 'incme'?", error["remedy"])

    def test_a_column_that_is_not_there(self):
        path = self.file_of("columns.csv", [self.good()])
        for option in ("--id", "--subject"):
            error = self.fail_with(3, "learn", "--store", self.store, "--data", path, option, "subjet")
            self.assertIn("subject", error["remedy"])
        self.fail_with(2, "learn", "--store", self.store, "--data", path, "--id", "age")

    def test_a_very_long_field(self):
        row = self.good()
        row[self.column("region")] = "x" * 1_000_000
        error = self.check("long-field.csv", self.text(row), f":2:{self.column('region') + 1}", "64 KiB")
        self.assertLess(len(str(error)), 1000)

    def test_bytes_that_are_no_utf8(self):
        row = self.good()
        row[self.column("region")] = "SECRET@"
        content = self.text(row).encode().replace(b"@", b"\xff\xfe")
        self.check("latin.csv", content, f":2:{self.column('region') + 1}", "UTF-8")

    def test_a_nul_byte(self):
        row = self.good()
        row[self.column("region")] = "SECRET\0"
        self.check("nul.csv", self.text(row), f":2:{self.column('region') + 1}", "zero byte")

    def test_a_file_that_does_not_exist(self):
        for verb in ("learn", "correct", "predict", "evaluate"):
            done = run(verb, "--store", self.store, "--data", self.path("absent.csv"))
            self.assertEqual(done.returncode, 8, done.stderr)
            self.assertIn("absent.csv", done.stderr)
        self.fail_with(8, "schema", "infer", self.path("absent.csv"))

    def test_predicting_bad_data_leaves_no_file(self):
        row = self.good()
        row[self.column("age")] = "SECRET"
        with open(self.path("half.csv"), "w", encoding="utf-8") as file:
            file.write(self.text(self.good(2, "5001"), row))
        out = self.path("half-out.csv")
        error = self.fail_with(3, "predict", "--store", self.store, "--data", self.path("half.csv"), "--out", out)
        self.assertIn("half.csv:3", error["place"])
        self.assertFalse(os.path.exists(out))
        self.assertEqual([name for name in os.listdir(self.directory) if name.startswith("half-out")], [])


class BadSchemaTest(CliTest):
    records = 100

    def check(self, name, text, word):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        error = self.fail_with(3, "train", "--store", self.path("new"), "--data", self.data, "--schema", path)
        self.assertIn(name, error["place"])
        self.assertIn(word, error["message"] + error["remedy"])

    def test_schemas(self):
        self.check("no.json", "{", "JSON")
        self.check("empty.json", "", "JSON")
        self.check("list.json", "[]", "object")
        self.check("features.json", '{"label":"label","classes":["a","b"]}', "features")
        self.check("type.json", '{"features":[{"name":"age","type":"numerik"}],"label":"label","classes":["a","b"]}', "numeric")
        self.check("classes.json", '{"features":[{"name":"age","type":"numeric"}],"label":"label","classes":["a"]}', "classes")

    def test_an_unknown_feature(self):
        path = self.path("unknown.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"features":[{"name":"agee","type":"numeric"}],"label":"label","classes":["class-0","class-1"]}')
        error = self.fail_with(3, "train", "--store", self.path("new"), "--data", self.data, "--schema", path)
        self.assertIn("agee", error["message"])
        self.assertIn("'age'", error["remedy"])

    def test_inference(self):
        for name, text in (("one.csv", "a,label\n1,x\n2,x\n"), ("none.csv", "a,label\n1,x\n2,\n"), ("only.csv", "label\nx\ny\n"),
                           ("header.csv", "a,label\n"), ("same.csv", "a,a\n1,x\n")):
            with self.subTest(name=name):
                with open(self.path(name), "w", encoding="utf-8") as file:
                    file.write(text)
                self.assertIn(name, self.fail_with(3, "schema", "infer", self.path(name))["place"])
