"""Real data, where it is there: HEDGEROW_DATA, or shared/datasets beside the repository."""

import os
import unittest

from support import CliTest

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get("HEDGEROW_DATA", os.path.join(os.path.dirname(REPOSITORY), "shared", "datasets"))


def files(name):
    return [os.path.join(FOLDER, name + end) for end in ("-train.csv", "-test.csv", ".schema.json")]


@unittest.skipUnless(os.path.exists(files("rand_visits")[0]), f"no real data in {FOLDER}: set HEDGEROW_DATA")
class RealDataTest(CliTest):
    records = 100

    def test_rand_visits(self):
        train, test, schema = files("rand_visits")
        store = self.path("rand_visits")
        self.assertEqual(self.succeed("train", "--store", store, "--data", train, "--schema", schema)["records"], 16152)
        result = self.succeed("evaluate", "--store", store, "--data", test)
        self.assertEqual(result["records"], 4038)
        self.assertGreaterEqual(result["auc"], 0.73)
        self.assertGreaterEqual(result["accuracy"], 0.73)
        self.assertEqual(self.succeed("forget", "--store", store, "--record", 1, 2, 5)["records"], 3)
        self.assertTrue(self.succeed("verify", "--store", store)["equal"])

    def test_persons_in_a_file_of_their_own(self):
        train, _, schema = files("diabetes130")
        if not os.path.exists(train):
            self.skipTest("no diabetes130")
        store = self.path("diabetes130")
        result = self.succeed("train", "--store", store, "--data", train, "--schema", schema, "--trees", 5, "--subjects",
                              os.path.join(FOLDER, "diabetes130-persons.csv"))
        self.assertEqual(result["with_subject"], result["records"])
        self.assertEqual(len(result["classes"]), 3)
