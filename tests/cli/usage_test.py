"""Wrong command lines end with exit code 2, a reason and a way out; --help has examples for every verb."""

import json
import re

from support import CliTest, run

VERBS = ["schema", "schema infer", "train", "predict", "evaluate", "forget", "learn", "correct", "verify", "info",
         "status", "audit", "audit list", "audit show", "audit verify", "audit export", "audit prove", "audit check",
         "audit consistency", "audit report", "audit rotate-key", "audit residue", "backup", "restore", "compact",
         "synthesize", "demo"]


class UsageTest(CliTest):
    records = 100

    def test_version(self):
        self.assertRegex(self.say("--version"), r"^hedgerow \d+\.\d+\.\d+\n$")

    def test_help_of_all(self):
        text = self.say("--help")
        for verb in VERBS:
            self.assertIn(verb.split()[0], text)

    def test_help_has_examples_that_belong_to_the_verb(self):
        for verb in VERBS:
            with self.subTest(verb=verb):
                text = self.say(*verb.split(), "--help")
                self.assertIn("Examples:\n", text)
                self.assertIn("hedgerow " + verb, text.split("Examples:")[1])
                if verb not in ("schema", "audit"):
                    self.assertIn("--json", text)

    def test_examples_name_options_that_exist(self):
        for verb in VERBS:
            if verb in ("schema", "audit"):
                continue
            text, examples = self.say(*verb.split(), "--help").split("Examples:")
            ours = "\n".join(line for line in examples.splitlines() if line.startswith("  hedgerow "))
            for option in re.findall(r"--[a-z-]+", ours):
                with self.subTest(verb=verb, option=option):
                    self.assertIn(option, text)

    def test_no_verb(self):
        error = self.fail_with(2)
        self.assertIn("a verb is missing", error["message"])
        self.assertIn("train", error["remedy"])

    def test_wrong_verb_is_corrected(self):
        error = self.fail_with(2, "trian", "--store", "x")
        self.assertIn("trian", error["message"])
        self.assertIn("'train'", error["remedy"])

    def test_json_may_stand_before_the_verb(self):
        done = run("--json", "info", "--store", self.store)
        self.assertEqual(json.loads(done.stdout)["root"], self.trained["root"])

    def test_wrong_option_without_a_verb(self):
        self.assertIn("'--json'", self.fail_with(2, "--jsn")["remedy"])
        self.assertEqual(run("--xyz", "info", "--store", self.store).returncode, 2)

    def test_wrong_verb_far_from_all(self):
        self.assertIn("forget", self.fail_with(2, "xylophone")["remedy"])

    def test_wrong_verb_of_schema(self):
        self.assertIn("'infer'", self.fail_with(2, "schema", "infr", "x.csv")["remedy"])
        self.assertIn("infer", self.fail_with(2, "schema")["remedy"])

    def test_wrong_option_is_corrected(self):
        error = self.fail_with(2, "train", "--store", "s", "--data", "d", "--tres", "5")
        self.assertEqual(error["message"], "there is no option '--tres'")
        self.assertIn("'--trees'", error["remedy"])
        self.assertEqual(error["place"], "hedgerow train")

    def test_values_are_never_repeated(self):
        for arguments in (["--subjct", "Jane Doe"], ["--subjct=Jane Doe"], ["--subject", "x", "Jane Doe"],
                          ["--record", "Jane Doe"], ["--request-id", "Jane Doe", "--record", "1"],
                          ["--ground", "Jane Doe", "--record", "1"]):
            with self.subTest(arguments=arguments):
                done = run("forget", "--store", self.store, *arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertNotIn("Jane", done.stderr + done.stdout)

    def test_missing_option(self):
        error = self.fail_with(2, "verify")
        self.assertIn("--store is required", error["message"])
        self.assertIn("hedgerow verify --help", error["remedy"])

    def test_missing_value(self):
        self.assertIn("its value is missing", self.fail_with_plain(2, "verify", "--store"))

    def test_option_given_twice(self):
        self.assertIn("more than once", self.fail_with(2, "verify", "--store", "a", "--store", "b")["message"])

    def test_options_that_exclude_each_other(self):
        error = self.fail_with(2, "train", "--store", "s", "--data", self.data, "--schema", self.schema, "--label", "y")
        self.assertIn("cannot be used together", error["message"])

    def test_numbers(self):
        for option, value in (("--trees", "0"), ("--trees", "ten"), ("--trees", "10001"), ("--trees", "-5"),
                              ("--trees", "0x10"), ("--trees", "5.5"), ("--max-depth", "61"), ("--min-split", "1"),
                              ("--min-leaf", "0"), ("--max-features", "5000"), ("--thresholds", "65"),
                              ("--thresholds", "0"), ("--smoothing", "-1"), ("--smoothing", "nan"),
                              ("--smoothing", "much"), ("--occupancy", "101"), ("--occupancy", "some"),
                              ("--seed", "18446744073709551616"), ("--threads", "-1")):
            with self.subTest(option=option, value=value):
                error = self.fail_with(2, "train", "--store", self.path("new"), "--data", self.data, option, value)
                self.assertIn(option.strip("-").replace("-", "_"), error["message"].replace("-", "_"))

    def test_a_leading_zero_is_no_octal_number(self):
        store = self.path("decimal")
        self.succeed("train", "--store", store, "--data", self.data, "--trees", "010", "--seed", "010")
        parameters = self.info(store)["parameters"]
        self.assertEqual((parameters["trees"], parameters["seed"]), (10, 10))

    def test_forget_nobody(self):
        self.assertIn("--record", self.fail_with(2, "forget", "--store", self.store)["remedy"])

    def test_forget_with_wrong_values(self):
        self.fail_with(2, "forget", "--store", self.store, "--record", "1", "--request-id", "1234")
        self.fail_with(2, "forget", "--store", self.store, "--record", "1", "--ground", "art17-1-g")
        self.fail_with(2, "forget", "--store", self.store, "--record", "1.5")
        self.fail_with(2, "forget", "--store", self.store, "--subject", "")

    def test_predictions_and_json_do_not_mix(self):
        done = run("predict", "--store", self.store, "--data", self.data, "--json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--out", json.loads(done.stderr)["error"]["remedy"])

    def test_standard_input_without_schema(self):
        self.fail_with(2, "train", "--store", self.path("new"), "--data", "-", stdin="a,label\n1,x\n2,y\n")

    def fail_with_plain(self, code, *arguments):
        done = run(*arguments)
        self.assertEqual(done.returncode, code)
        return done.stderr
