#!/usr/bin/python3
"""Compares this build with an own earlier commit: the same benchmark in turns, so that both meet the same machine.

    bench/against.py BUILD COMMIT [--program bench_model] [--rounds 5] [-- ARGUMENTS of the benchmark]

Builds the commit in a temporary worktree (minutes), runs both programs alternately, and prints for each number that
both tell the best of all rounds: the largest of what is better when it is more (rows/s), the smallest of all else.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEYS = ("data", "records", "features", "occupancy")  # what a row is of


def build(commit, directory, program):
    """The program of that commit."""
    print(f"bench: building {program} of {commit}", file=sys.stderr)
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", directory, commit], check=True)
    log = directory / "build.log"
    with open(log, "w", encoding="utf-8") as file:
        for command in (["cmake", "--preset", "release"],
                        ["cmake", "--build", "build/release", "-j2", "--target", program]):
            if subprocess.run(command, cwd=directory, stdout=file, stderr=file, check=False).returncode != 0:
                sys.exit(f"bench: error: {commit} does not build:\n{log.read_text()[-2000:]}")
    return directory / "build" / "release" / "bench" / program


def run(program, arguments, best):
    """Adds what one run tells to the best of each number."""
    lines = subprocess.run([program, "--json", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in lines.splitlines():
        row = json.loads(line)
        numbers = best.setdefault(tuple(str(row.get(key, "")) for key in KEYS), {})
        for name, value in row.items():
            if name in KEYS or isinstance(value, bool) or not isinstance(value, (int, float)):
                continue
            better = max if "/s" in name or name in ("accuracy", "AUC") else min
            numbers[name] = better(numbers.get(name, value), value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("commit")
    parser.add_argument("--program", default="bench_model")
    parser.add_argument("--rounds", type=int, default=5)
    given = sys.argv[1:]
    at = given.index("--") if "--" in given else len(given)
    options = parser.parse_args(given[:at])
    options.arguments = given[at + 1:]  # argparse would not take options behind positional arguments
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the worktree is taken away
    mine = pathlib.Path(options.build) / "bench" / options.program
    if not mine.exists():
        sys.exit(f"bench: error: there is no {mine}: make bench builds it")
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary) / "earlier"
        try:
            theirs = build(options.commit, directory, options.program)
            now, before = {}, {}
            for number in range(options.rounds):
                print(f"bench: round {number + 1} of {options.rounds}", file=sys.stderr)
                run(theirs, options.arguments, before)
                run(mine, options.arguments, now)
        finally:
            subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", directory], check=False,
                           stderr=subprocess.DEVNULL)
    print(f"{options.program}, the best of {options.rounds} rounds in turns, against {options.commit}\n")
    print("| row | figure | before | now | now / before |")
    print("|---|---|---|---|---|")
    for row, numbers in now.items():
        for name, value in numbers.items():
            earlier = before.get(row, {}).get(name)
            if earlier is None:
                continue
            ratio = f"{value / earlier:.3f}" if earlier else ""
            print(f"| {' '.join(filter(None, row))} | {name} | {earlier:,.6g} | {value:,.6g} | {ratio} |")


if __name__ == "__main__":
    main()
