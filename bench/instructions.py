#!/usr/bin/python3
"""Counts the instructions of the main paths with callgrind: figures that other work on the machine does not change.

    bench/instructions.py BUILD [--data NAME] [--out FILE] [--against FILE]

Compare with `--against` what an earlier commit wrote with `--out`. Callgrind knows no AVX-512, so it is the AVX2 forms
that run, and it counts instructions, not the time that they wait for memory: a guard against regressions, no substitute
for the other benchmarks. Takes a minute or two.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

PATHS = {"train": "training, the whole", "predict": "a single row", "batch": "a row of a batch",
         "forget": "forgetting one record", "learn": "learning one record"}


def count(program, path, data):
    """The instructions of one operation."""
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "out"
        run = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=CountedWork", "--collect-atstart=no",
                              f"--callgrind-out-file={out}", program, path, "--data", data],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if run.returncode != 0:
            sys.exit(f"bench: error: {path}: {run.stderr[-1000:]}")
        total = next(int(line.split()[1]) for line in out.read_text().splitlines()
                     if line.startswith(("summary:", "totals:")))
    if total == 0:
        sys.exit(f"bench: error: nothing of {path} was counted")
    return total / json.loads(run.stdout)["operations"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--data", default="people:20000x14", help="data set, or people:RECORDSxFEATURES (default: %(default)s)")
    parser.add_argument("--out", help="write the counts there, as JSON")
    parser.add_argument("--against", help="counts that an earlier commit wrote")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("bench: error: valgrind is not installed: make deps")
    program = pathlib.Path(options.build) / "bench" / "bench_instructions"
    if not program.exists():
        sys.exit(f"bench: error: there is no {program}: make bench builds it")
    before = json.loads(pathlib.Path(options.against).read_text()) if options.against else None
    if before is not None and before["data"] != options.data:
        sys.exit(f"bench: error: {options.against} is of other data: {before['data']}")
    print(f"Instructions by callgrind, {options.data}, 10 of 100 trees a record, one thread\n")
    print("| path | instructions |" + (" before | ratio |" if before else ""))
    print("|---|---|" + ("---|---|" if before else ""))
    counts = {}
    for path, what in PATHS.items():
        counts[path] = count(program, path, options.data)
        line = f"| {what} | {counts[path]:,.0f} |"
        if before:
            line += f" {before['counts'][path]:,.0f} | {counts[path] / before['counts'][path]:.3f} |"
        print(line, flush=True)
    if options.out:
        pathlib.Path(options.out).write_text(json.dumps({"data": options.data, "counts": counts}, indent=1) + "\n")


if __name__ == "__main__":
    main()
