"""Proves that nothing that a store acknowledged is undone by the end of its process, however it comes.

First it kills a process that makes a store, again and again: what is left opens and is whole, or is refused with what
to do about it, and after that another attempt succeeds.

Then it starts crash_client, kills it with SIGKILL at a random moment (also while it opens the store), starts it again, and
judges what it found: every acknowledged update is there; one that was under way is there wholly or not at all; the
model equals the one grown anew; stages do not go back; a request that is asked for again is carried out once; the log
tells of each update once, and continues the checkpoint that was seen after the kill before.

The only times in it are the random moments of the kills; nothing is asserted about them.

    crash_test.py CRASH_CLIENT        HEDGEROW_SOAK_KILLS=300 HEDGEROW_TEST_SEED=1
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

STAGES = ["none", "unlearned", "durable", "exact", "erased"]
FIRST_IDS = 150


class Judge:
    """What must be in the store: follows the log that the client writes."""

    def __init__(self):
        self.live = {i: 1 for i in range(FIRST_IDS)}
        self.sequence = self.forgotten = 0
        self.stages = {}  # of acknowledged requests: the least stage
        self.doubt = None  # the intent without an outcome, as it stands in the log
        self.lines = 0
        self.counts = {"updates": 0, "in doubt": 0, "of them there": 0, "asked again": 0, "killed while opening": 0}

    def follow(self, path):
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
        for line in lines[self.lines:]:
            words = line.split()
            if words[0] == "I":
                self.doubt = line if words[2] != "-" else None
            elif words[0] == "O" and words[1] != "-":
                name = words[1]
                if name not in self.stages:
                    self.apply(self.doubt)
                    self.counts["updates"] += 1
                    assert int(words[2]) == self.sequence, f"{line}: the sequence number should be {self.sequence}"
                self.doubt = None
            elif words[0] == "S":
                self.stages[words[1]] = max(self.stages[words[1]], words[2], key=STAGES.index)
        self.lines = len(lines)

    @staticmethod
    def records(intent):
        return [tuple(map(int, word.split(":"))) for word in intent.split()[3:]]

    def after(self, intent):
        live = dict(self.live)
        for record, version in self.records(intent):
            if intent[2] == "F":
                assert live.pop(record) == version
            else:
                assert (record in live) == (intent[2] == "C")
                live[record] = version
        return live

    def apply(self, intent):
        self.live = self.after(intent)
        self.sequence += 1
        self.forgotten += len(self.records(intent)) if intent[2] == "F" else 0
        self.stages[intent.split()[2]] = "unlearned"

    def judge(self, found):
        live = {int(w[1]): int(w[2]) for w in found if w[0] == "live"}
        requests = {w[1]: w[2] for w in found if w[0] == "request"}
        counts = next(tuple(map(int, w[1:])) for w in found if w[0] == "counts")
        assert ["root", "equal"] in found, "the model is not the one that grows from its records"
        assert ["log", "right"] in found, [words for words in found if words[0] == "log"]
        if self.doubt is not None:
            name = self.doubt.split()[2]
            self.counts["in doubt"] += name not in self.stages
            if name not in self.stages and requests[name] != "none":
                self.apply(self.doubt)
                self.counts["of them there"] += 1
        assert live == self.live, f"live: {sorted(live.items() ^ self.live.items())}; in doubt: {self.doubt}"
        assert counts == (self.sequence, self.forgotten), f"counts {counts}, not {self.sequence}, {self.forgotten}"
        for name, stage in requests.items():
            least = self.stages.get(name, "none")
            assert STAGES.index(stage) >= STAGES.index(least), f"request {name}: {stage}, and once {least}"
            if name in self.stages:
                self.stages[name] = stage


def start(client, verb, store, log, seed, judge, rng):
    names = list(judge.stages)[-3:] + rng.sample(list(judge.stages), min(3, len(judge.stages)))
    retry = []
    if judge.doubt is not None:
        names.append(judge.doubt.split()[2])
        if verb == "work" and rng.random() < 0.5:
            retry = [judge.doubt]
            judge.counts["asked again"] += 1
    process = subprocess.Popen([client, verb, store, log, str(seed)] + retry, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdin.write("\n".join(names) + "\n" if names else "")
    process.stdin.close()
    return process


def keep_checkpoint(store, log):
    """What somebody outside may have seen of the log before the process ended."""
    path = os.path.join(store, "log", "checkpoint")
    if os.path.exists(path):
        shutil.copyfile(path, log + ".checkpoint")


def kill(process):
    process.kill()
    errors = process.stderr.read()
    assert process.wait() == -9, f"the client ended by itself with {process.returncode}: {errors}"
    process.stdout.close()
    process.stderr.close()


def check(client, store):
    return subprocess.run([client, "check", store, os.devnull, "0"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)


def whole(found):
    """Whether a new store is what was to be made."""
    lines = [line.split() for line in found.stdout.splitlines()]
    live = {int(w[1]): int(w[2]) for w in lines if w[0] == "live"}
    return (found.returncode == 0 and live == {i: 1 for i in range(FIRST_IDS)} and ["root", "equal"] in lines
            and ["counts", "0", "0"] in lines)


def kill_while_creating(client, folder, kills, rng):
    store = os.path.join(folder, "new")
    takes = float("inf")  # at the best: a busy machine may take much longer at times
    for _ in range(3):
        shutil.rmtree(store, ignore_errors=True)
        began = time.monotonic()
        subprocess.run([client, "create", store], check=True)
        takes = min(takes, time.monotonic() - began)
    counts = {"nothing there": 0, "refused": 0, "whole": 0}
    for _ in range(kills):
        shutil.rmtree(store, ignore_errors=True)
        process = subprocess.Popen([client, "create", store], stderr=subprocess.PIPE, text=True)
        try:
            process.wait(timeout=rng.random() * 1.2 * takes)
        except subprocess.TimeoutExpired:
            process.kill()
        errors = process.stderr.read()
        process.stderr.close()
        assert process.wait() in (0, -9), f"making a store failed: {errors}"
        found = check(client, store)
        if found.returncode == 0:
            assert whole(found), f"a store that was never finished opens: {found.stdout}"
            counts["whole"] += 1
            continue
        empty = not os.path.exists(store) or not os.listdir(store)
        remedy = "or make one with 'hedgerow train'" if empty else "remove it and train again"
        assert found.returncode == 3 and remedy in found.stderr, f"what is left: {found.returncode}, {found.stderr}"
        counts["nothing there" if empty else "refused"] += 1
        if not empty:
            again = subprocess.run([client, "create", store], capture_output=True, text=True, check=False)
            assert again.returncode == 3 and "remove this one" in again.stderr, f"made over what is left: {again.stderr}"
            shutil.rmtree(store)
        subprocess.run([client, "create", store], check=True)
        assert whole(check(client, store)), "the next attempt"
    shutil.rmtree(store)
    print(f"{kills} kills while a store was made: {counts}", flush=True)
    assert counts["refused"] > kills // 10, "the kills have hardly hit the making"


def main():
    client = os.path.abspath(sys.argv[1])
    kills = int(os.environ.get("HEDGEROW_SOAK_KILLS", "300"))
    seed = int(os.environ.get("HEDGEROW_TEST_SEED", "1"))
    print(f"{kills} kills, seed {seed} (HEDGEROW_SOAK_KILLS, HEDGEROW_TEST_SEED)", flush=True)
    rng = random.Random(seed)
    folder = tempfile.mkdtemp(prefix="hedgerow-crash-")
    kill_while_creating(client, folder, kills // 5, rng)
    store, log = os.path.join(folder, "store"), os.path.join(folder, "log")
    subprocess.run([client, "create", store], check=True)
    open(log, "w", encoding="ascii").close()
    judge = Judge()
    began = time.monotonic()
    for number in range(kills + 1):
        judge.follow(log)
        verb = "open" if number < kills and rng.random() < 0.2 else "work"
        process = start(client, verb, store, log, rng.getrandbits(32), judge, rng)
        try:
            if verb == "open":
                time.sleep(rng.random() * 0.04)
                judge.counts["killed while opening"] += 1
            else:
                found = []
                for line in process.stdout:
                    if line == "ready\n":
                        break
                    found.append(line.split())
                else:
                    raise AssertionError(f"it does not open: {process.stderr.read()}")
                judge.judge(found)
                time.sleep(rng.random() * 0.12)
            kill(process)
            keep_checkpoint(store, log)
        except AssertionError:
            process.kill()
            print(f"after {number} kills; the store and the log are in {folder}", flush=True)
            raise
    shutil.rmtree(folder)
    print(f"{time.monotonic() - began:.0f} s; {judge.counts}; {judge.sequence} updates, {judge.forgotten} records forgotten, "
          f"{len(judge.live)} left")
    assert judge.counts["updates"] > kills and judge.counts["in doubt"] > kills // 50, "the harness has hardly tried"


main()
