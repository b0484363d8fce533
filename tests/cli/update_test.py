"""forget, learn and correct: what they answer, and that what fails changes nothing."""

import re

from support import CliTest, HEX_ROOT, UUID, run, write_csv

UPDATE_KEYS = ["request_id", "records", "unknown", "already_forgotten", "stage", "root_before", "root_after",
               "latency_us", "commit_us", "wait_us", "sequence", "repeated", "flips", "hedge_hits", "queued"]


class ForgetTest(CliTest):
    def forget(self, *arguments):
        return self.succeed("forget", "--store", self.store, *arguments)

    def test_a_record(self):
        result = self.forget("--record", 17)
        for key in UPDATE_KEYS:
            self.assertIn(key, result)
        self.assertEqual((result["records"], result["unknown"], result["already_forgotten"]), (1, [], []))
        self.assertEqual((result["stage"], result["hedge_hits"], result["queued"]), ("erased", 0, 0))
        self.assertEqual((result["sequence"], result["repeated"]), (1, False))
        self.assertEqual(result["root_before"], self.trained["root"])
        self.assertRegex(result["root_after"], HEX_ROOT)
        self.assertNotEqual(result["root_after"], result["root_before"])
        self.assertRegex(result["request_id"], UUID)
        self.assertGreater(result["latency_us"], 0)
        info = self.info()
        self.assertEqual((info["root"], info["records"], info["forgotten"]), (result["root_after"], self.records - 1, 1))

    def test_ways_to_name_several(self):
        write_csv(self.path("ids.csv"), [["record"], [1], [2], [3]])
        with open(self.path("ids.txt"), "w", encoding="ascii") as file:
            file.write("1\n2\n3\n")
        roots = set()
        for arguments in (["--record", 1, 2, 3], ["--record", "1,2,3"], ["--record", 3, "--record", 2, "--record", 1],
                          ["--record", 1, 1, 2, 3, 3], ["--file", self.path("ids.csv")],
                          ["--file", self.path("ids.txt")], ["--file", self.path("ids.csv"), "--record", 3]):
            with self.subTest(arguments=arguments):
                self.tearDownStore()
                result = self.forget(*arguments)
                self.assertEqual(result["records"], 3)
                roots.add(result["root_after"])
        self.assertEqual(len(roots), 1)

    def tearDownStore(self):
        import shutil
        shutil.rmtree(self.store)
        shutil.copytree(self.template, self.store)

    def test_a_person(self):
        subject, ids = max(self.ids_of_subjects().items(), key=lambda item: len(item[1]))
        result = self.forget("--subject", subject)
        self.assertEqual(result["records"], len(ids))
        self.assertGreater(len(ids), 1)
        done = run("forget", "--store", self.store, "--subject", subject)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn(subject, done.stdout + done.stderr)
        self.assertIn("already", done.stdout)

    def test_persons_by_file(self):
        subjects = list(self.ids_of_subjects().items())[:4]
        path = self.path("subjects.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\ufeff" + "\r\n".join(subject for subject, _ in subjects[1:]) + "\r\n\r\n")
        result = self.forget("--subjects-file", path, "--subject", subjects[0][0])
        self.assertEqual(result["records"], sum(len(ids) for _, ids in subjects))

    def test_an_id_in_brackets_is_no_list(self):
        rows = [list(row) for row in self.rows]
        subject = self.column("subject")
        rows[1][subject], rows[2][subject] = "[a,b]", "a"
        write_csv(self.path("brackets.csv"), rows)
        store = self.path("brackets")
        self.succeed("train", "--store", store, "--data", self.path("brackets.csv"), "--schema", self.schema, "--trees", 3)
        self.assertEqual(self.succeed("forget", "--store", store, "--subject", "[a,b]")["records"], 1)
        self.assertEqual(self.succeed("forget", "--store", store, "--subject", "a")["records"], 1)

    def test_twice(self):
        first = self.forget("--record", 17)
        again = self.forget("--record", 17)
        self.assertEqual((again["records"], again["already_forgotten"]), (0, [17]))
        self.assertEqual(again["root_after"], first["root_after"])
        self.assertIn("already", self.say("forget", "--store", self.store, "--record", 17))
        both = self.forget("--record", 17, 18)
        self.assertEqual((both["records"], both["already_forgotten"]), (1, [17]))

    def test_unknown_records_change_nothing(self):
        error = self.fail_with(4, "forget", "--store", self.store, "--record", 17, 999999, 18, 888888)
        self.assertEqual(error["code"], "unknown_record")
        self.assertEqual(sorted(error["unknown"]), [888888, 999999])
        self.assertIn("2 of 4 records", error["message"])
        self.assertEqual(error["place"], "--record number 2 and --record number 4")
        self.assertIn("nothing was changed", error["remedy"])
        self.assertEqual(self.root(), self.trained["root"])

    def test_an_unknown_person_is_not_named(self):
        known = next(iter(self.ids_of_subjects()))
        done = run("forget", "--store", self.store, "--subject", known, "--subject", "Jane Doe")
        self.assertEqual(done.returncode, 4)
        self.assertIn("1 of 2 data subjects", done.stderr)
        self.assertIn("--subject number 2", done.stderr)
        self.assertNotIn("Jane", done.stderr)
        self.assertEqual(self.root(), self.trained["root"])

    def test_unknown_in_a_file(self):
        with open(self.path("mixed.txt"), "w", encoding="ascii") as file:
            file.write("1\n999999\n")
        error = self.fail_with(4, "forget", "--store", self.store, "--file", self.path("mixed.txt"), "--record", 5)
        self.assertEqual(error["place"], self.path("mixed.txt") + " entry 2")

    def test_files_that_are_none(self):
        empty = self.path("empty.txt")
        open(empty, "w", encoding="ascii").close()
        self.fail_with(3, "forget", "--store", self.store, "--file", empty)
        self.fail_with(3, "forget", "--store", self.store, "--subjects-file", empty)
        self.fail_with(8, "forget", "--store", self.store, "--file", self.path("absent.txt"))
        self.fail_with(8, "forget", "--store", self.store, "--subjects-file", self.path("absent.txt"))
        with open(self.path("words.txt"), "w", encoding="ascii") as file:
            file.write("1\nJane\n")
        error = self.fail_with(3, "forget", "--store", self.store, "--file", self.path("words.txt"))
        self.assertIn("words.txt:2", error["place"])
        self.assertEqual(self.root(), self.trained["root"])

    def test_request_id_and_ground_come_back(self):
        request = "8C1F3A52-0c3e-4a44-9d43-2f6d1f0c8f11"
        result = self.forget("--record", 17, "--request-id", request, "--ground", "art17-1-b")
        self.assertEqual((result["request_id"], result["ground"]), (request.lower(), "art17-1-b"))

    def test_waits_for_the_stage_that_was_asked_for(self):
        for i, stage in enumerate(("unlearned", "durable", "exact", "erased")):
            result = self.forget("--record", 17 + i, "--wait", stage)
            self.assertEqual((result["stage"], result["sequence"]), (stage, i + 1))
            self.assertEqual(self.info()["pending_erasures"], 0 if stage == "erased" else i + 1)
            self.assertEqual(self.root(), result["root_after"])
        self.assertIn("erased", self.say("forget", "--store", self.store, "--record", 30))
        error = self.fail_with(2, "forget", "--store", self.store, "--record", 31, "--wait", "soon")
        self.assertIn("--wait", error["message"])

    def test_forgotten_before_is_erased_too_before_it_says_so(self):
        self.forget("--record", 17, "--wait", "unlearned")
        self.assertEqual(self.info()["pending_erasures"], 1)
        again = self.forget("--record", 17)
        self.assertEqual((again["already_forgotten"], again["stage"]), ([17], "erased"))
        self.assertEqual(self.info()["pending_erasures"], 0)

    def test_a_request_is_carried_out_once(self):
        request = ["--record", 17, 18, "--request-id", "8c1f3a52-0c3e-4a44-9d43-2f6d1f0c8f11"]
        first = self.forget(*request, "--wait", "unlearned")
        again = self.forget(*request)
        self.assertEqual((first["repeated"], again["repeated"]), (False, True))
        self.assertEqual((again["sequence"], again["records"], again["root_after"]),
                         (first["sequence"], 2, first["root_after"]))
        self.assertEqual(self.info()["pending_erasures"], 0, "a repeated request waits like the first")
        self.assertIn("earlier", self.say("forget", "--store", self.store, *request))
        error = self.fail_with(2, "forget", "--store", self.store, "--record", 19, *request[-2:])
        self.assertIn("something else", error["message"])
        self.assertEqual(self.root(), first["root_after"])

    def test_a_dry_run_changes_nothing(self):
        dry = self.forget("--record", 17, 18, "--dry-run")
        self.assertTrue(dry["dry_run"])
        for key in ("trees", "nodes", "flips", "flipped_records", "redraws", "collapses", "latency_us"):
            self.assertIn(key, dry)
        self.assertEqual((self.root(), self.info()["records"]), (self.trained["root"], self.records))
        self.assertIn("nothing was changed", self.say("forget", "--store", self.store, "--record", 17, "--dry-run"))
        self.assertEqual(self.root(), self.trained["root"])
        wet = self.forget("--record", 17, 18)
        for key in ("records", "trees", "nodes", "flips", "flipped_records", "redraws", "collapses", "root_after"):
            self.assertEqual(wet[key], dry[key], key)

    def test_all_records(self):
        with open(self.path("all.txt"), "w", encoding="ascii") as file:
            file.write("\n".join(row[0] for row in self.rows[1:]))
        self.assertEqual(self.forget("--file", self.path("all.txt"))["records"], self.records)
        self.assertTrue(self.succeed("verify", "--store", self.store)["equal"])
        lines = self.say("predict", "--store", self.store, "--data", self.data).splitlines()
        self.assertTrue(lines[1].endswith(",0.5,0.5,class-0"), lines[1])


class LearnTest(CliTest):
    def test_learning_back_restores_the_root(self):
        self.succeed("forget", "--store", self.store, "--record", *[row[0] for row in self.rows[1:21]])
        result = self.succeed("learn", "--store", self.store, "--data", self.file_of("back.csv", self.rows[1:21]))
        for key in UPDATE_KEYS:
            self.assertIn(key, result)
        self.assertEqual((result["records"], result["root_after"]), (20, self.trained["root"]))
        self.assertEqual(result["stage"], "durable")
        subject = self.rows[1][self.column("subject")]
        records = self.succeed("forget", "--store", self.store, "--subject", subject)["records"]
        self.assertEqual(records, len(self.ids_of_subjects()[subject]), "their person is known again")

    def test_learning_without_the_subject_column(self):
        subject = self.column("subject")
        rows = [[field for i, field in enumerate(row) if i != subject] for row in (self.rows[0], self.rows[1])]
        rows[1][0] = "5000"
        write_csv(self.path("no-subject.csv"), rows)
        arguments = ["learn", "--store", self.store, "--data", self.path("no-subject.csv")]
        self.assertIn("subject", self.fail_with(3, *arguments)["message"])
        write_csv(self.path("whose.csv"), [["id", "person"], ["5000", "P-new"]])
        self.succeed(*arguments, "--subjects", self.path("whose.csv"))
        self.assertEqual(self.succeed("forget", "--store", self.store, "--subject", "P-new")["records"], 1)

    def test_learning_into_a_store_without_ids(self):
        keep = [i for i, name in enumerate(self.rows[0]) if name not in ("id", "subject")]
        write_csv(self.path("no-ids.csv"), [[row[i] for i in keep] for row in self.rows])
        store = self.path("no-ids")
        self.assertIn("numbered from 1", self.say("train", "--store", store, "--data", self.path("no-ids.csv"), "--trees", 3))
        error = self.fail_with(3, "learn", "--store", store, "--data", self.path("no-ids.csv"))
        self.assertIn("--id", error["remedy"])
        self.assertEqual(self.succeed("forget", "--store", store, "--record", 1)["records"], 1)
        self.succeed("learn", "--store", store, "--data", self.file_of("first.csv", self.rows[1:2]))


class CorrectTest(CliTest):
    def test_a_correction_equals_training_on_the_corrected_record(self):
        rows = [list(row) for row in self.rows[1:]]
        rows[4][self.column("age")] = "99"
        result = self.succeed("correct", "--store", self.store, "--data", self.file_of("fix.csv", rows[4:5]))
        self.assertEqual(result["records"], 1)
        right = self.succeed("train", "--store", self.path("right"), "--data", self.file_of("right.csv", rows),
                             "--schema", self.schema, *self.train_options)
        self.assertEqual(result["root_after"], right["root"])
        self.assertEqual(self.root(), right["root"])

    def test_a_record_keeps_its_subject(self):
        subject = self.column("subject")
        drop = lambda row: [field for i, field in enumerate(row) if i != subject]
        write_csv(self.path("fix2.csv"), [drop(self.rows[0]), drop(self.rows[1])])
        self.succeed("correct", "--store", self.store, "--data", self.path("fix2.csv"))
        name = self.rows[1][subject]
        self.assertEqual(self.succeed("forget", "--store", self.store, "--subject", name)["records"],
                         len(self.ids_of_subjects()[name]))

    def test_unknown_records_change_nothing(self):
        rows = [list(row) for row in self.rows[1:4]]
        rows[1][0] = "999999"
        error = self.fail_with(4, "correct", "--store", self.store, "--data", self.file_of("unknown.csv", rows))
        self.assertEqual(error["unknown"], [999999])
        self.assertTrue(re.search(r"unknown\.csv, record 2$", error["place"]), error["place"])
        self.assertEqual(self.root(), self.trained["root"])
