#!/usr/bin/python3
"""Hedgerow, scikit-learn and XGBoost in one run: the same data, the same splits, the same number of threads.

Needs Debian's python3-sklearn and python3-xgboost; Hedgerow is measured by bench_model. Prints a Markdown table a
data set, or with --json one object a row. What is measured, and what is not, is said under the tables.
"""

import argparse
import json
import os
import subprocess
import sys
import time

from pages import MACHINE

PACKAGES = {"numpy": "python3-numpy", "sklearn": "python3-sklearn", "xgboost": "python3-xgboost"}
ROWS = 10_000  # a batch
MAX_DEPTH = 20  # Hedgerow's default

REFERENCE = "ExtraTrees, as deep as Hedgerow"  # what Hedgerow is held against
XGBOOST = "XGBoost, 100 rounds, depth 6"
ENOUGH_S = 5  # of training a library's model again for a better time

NOTES = """Training is the fastest of {repeats} (of fewer where a library takes longer than {enough} s for them), on {threads}
threads, from records in memory, without encoding them. AUC: of the second class, or for more than two classes the mean
of each class against the rest. A batch has 10,000 rows in memory (the fastest of 5), for the libraries a C-ordered
float32 array, which they take without a copy; XGBoost predicts in place. Single rows are asked for on one
thread, one call a row. **The calls differ:** scikit-learn
and XGBoost are called from Python, as their users do, which for a single row costs more than their trees; Hedgerow is
called in C++. '{reference}' has Hedgerow's {trees} trees, depth and min_split; each of its trees has all the records,
where Hedgerow's occupancy is how many of the trees have one record. The ratios hold Hedgerow against it, and its
batches against XGBoost's; the aims are 10, 5 and 1. "change one record" is what it takes until the model is one that never saw a given record: median /
p99 of forgetting for Hedgerow, training again for the others. Hedgerow's memory is its forest with the statistics that
forgetting needs; the others' is not measured.

Settings that are not named are the libraries' own. XGBoost uses its histogram method, the fastest it has.
Encoding: {encoding}"""

ONE_HOT = """categories one-hot (dense), a missing one as a category of its own, one never seen in training as none of
them; missing numbers as the training median and a column that tells of it for scikit-learn, and as they are for
XGBoost. Hedgerow takes categories and missing values as they are."""
ORDINAL = """ordinal codes in alphabetical order instead of one-hot, because {columns} columns would be made of {values}
categories (missing is a category of its own, one never seen in training gets the code -1); that is kind to memory and
imposes an order on categories, which trees can cut up again. Missing numbers as the training median and a column
that tells of it for scikit-learn, and as they are for XGBoost. Hedgerow takes categories and missing values as they
are."""


def check_packages():
    missing = []
    for module, package in PACKAGES.items():
        try:
            __import__(module)
        except ImportError as error:
            print(f"bench: {module} cannot be loaded: {error}", file=sys.stderr)
            missing.append(package)
    if missing:
        print(f"bench: error: {sys.executable} lacks what the comparison needs. On Debian, with the system's "
              f"/usr/bin/python3:\n  apt-get install --no-install-recommends {' '.join(missing)}", file=sys.stderr)
        sys.exit(2)


def measure_hedgerow(build, data, args, threads, forgets):
    """The rows of bench_model: one at the default occupancy, one at 10, if that is another."""
    command = [os.path.join(build, "bench", "bench_model"), data, "--json", "--threads", str(threads), "--trainings",
               str(args.repeats), "--forgets", str(forgets), "--seed", str(args.seed), "--trees", str(args.trees)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"bench: error: {' '.join(command)} failed:\n{run.stderr}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def hedgerow_rows(build, data, args):
    """Training and batches at the asked number of threads, batches once more on one thread."""
    rows = {}
    for row in measure_hedgerow(build, data, args, args.threads, args.forgets):
        rows.setdefault(row["occupancy"], row)
    single = {row["occupancy"]: row for row in measure_hedgerow(build, data, args, 1, 0)}
    for i, (occupancy, row) in enumerate(rows.items()):
        name = f"Hedgerow, occupancy {occupancy}" + (" (default)" if i == 0 else "")
        yield {"model": name, "train s": row["train s"], "accuracy": row["accuracy"], "AUC": row["AUC"],
               "rows/s, 1 thread": single[occupancy]["batch rows/s"],
               f"rows/s, {args.threads} threads": row["batch rows/s"],
               "single row p50 us": row["predict p50 us"], "p99 us": row["predict p99"],
               "change one record": f"{row['forget p50 us']:,.0f} / {row['p99']:,.0f} us",
               "forest MB": row["forest MB"]}, row


def library_models(args, parameters):
    import xgboost
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    common = {"n_estimators": args.trees, "n_jobs": args.threads, "random_state": args.seed}
    yield REFERENCE, ExtraTreesClassifier(max_depth=MAX_DEPTH, min_samples_split=parameters["min_split"], **common)
    yield "scikit-learn ExtraTrees, full depth", ExtraTreesClassifier(**common)
    yield "scikit-learn RandomForest, full depth", RandomForestClassifier(**common)
    yield "RandomForest, depth 20, min split 10", RandomForestClassifier(max_depth=20, min_samples_split=10, **common)
    yield XGBOOST, xgboost.XGBClassifier(
        n_estimators=100, max_depth=6, tree_method="hist", n_jobs=args.threads, random_state=args.seed)


def asking(model, threads):
    """The fastest way to ask the model for probabilities on so many threads."""
    if hasattr(model, "get_booster"):
        booster = model.get_booster()  # which has a number of threads of its own
        booster.set_param("nthread", threads)
        return lambda rows: booster.inplace_predict(rows, validate_features=False)
    model.set_params(n_jobs=threads)
    return model.predict_proba


def rows_a_second(model, batch, threads):
    ask = asking(model, threads)
    best = 0
    for _ in range(5):
        start = time.perf_counter()
        ask(batch)
        best = max(best, len(batch) / (time.perf_counter() - start))
    return round(best)


def single_rows(model, rows, seconds=2.0):
    """Microseconds of calls with one row each, for about so many seconds."""
    import numpy
    ask = asking(model, 1)
    latencies = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        i = len(latencies) % len(rows)
        row = rows[i:i + 1]
        start = time.perf_counter()
        ask(row)
        latencies.append((time.perf_counter() - start) * 1e6)
    return float(numpy.quantile(latencies, 0.5)), float(numpy.quantile(latencies, 0.99))


def measure_library(name, model, data, args):
    import numpy
    from sklearn.metrics import roc_auc_score
    train, test = (data.with_nan if "XGBoost" in name else data.filled)
    seconds = []
    for _ in range(args.repeats):
        model.set_params(n_jobs=args.threads)
        start = time.perf_counter()
        model.fit(train, data.train_labels)
        seconds.append(time.perf_counter() - start)
        if sum(seconds) > ENOUGH_S:
            break
    probabilities = model.predict_proba(test)
    auc = (roc_auc_score(data.test_labels, probabilities[:, 1]) if probabilities.shape[1] == 2 else
           roc_auc_score(data.test_labels, probabilities, multi_class="ovr", average="macro"))
    accuracy = float(numpy.mean(probabilities.argmax(axis=1) == data.test_labels))
    batch = numpy.ascontiguousarray(test[numpy.arange(ROWS) % len(test)], dtype=numpy.float32)
    row = {"model": name, "train s": min(seconds), "accuracy": accuracy, "AUC": float(auc),
           "rows/s, 1 thread": rows_a_second(model, batch, 1),
           f"rows/s, {args.threads} threads": rows_a_second(model, batch, args.threads)}
    row["single row p50 us"], row["p99 us"] = single_rows(model, test)
    row["change one record"] = f"{min(seconds) * 1e6:,.0f} us"
    row["forest MB"] = None
    return row


def add_ratios(rows, threads):
    """How many times as fast Hedgerow is: training and batches against ExtraTrees, batches against XGBoost."""
    by_name = {row["model"]: row for row in rows}
    reference, boosted = by_name[REFERENCE], by_name[XGBOOST]
    batch = f"rows/s, {threads} threads"
    for row in rows:
        mine = row["model"].startswith("Hedgerow")
        row["training, x ExtraTrees"] = reference["train s"] / row["train s"] if mine else None
        row["batch, x ExtraTrees"] = row[batch] / reference[batch] if mine else None
        row["batch, x XGBoost"] = row[batch] / boosted[batch] if mine else None


def show(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else value


def print_table(data, rows, machine, args):
    print(f"## libraries: {data.name}\n\n{len(data.train_labels):,} records to train with, "
          f"{len(data.test_labels):,} to test with, {data.features} features, {len(data.classes)} classes\n")
    for name, value in machine.items():
        print(f"- {name}: {value}")
    print("\n| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(show(value) for value in row.values()) + " |")
    print("\n" + NOTES.format(repeats=args.repeats, enough=ENOUGH_S, threads=args.threads, trees=args.trees,
                              reference=REFERENCE, encoding=data.note) + "\n", flush=True)


def describe_machine(row):
    import numpy
    import sklearn
    import xgboost
    machine = {key: row[key] for key in MACHINE if key in row}
    return machine | {"python": sys.version.split()[0], "numpy": numpy.__version__,
                      "scikit-learn": sklearn.__version__, "XGBoost": xgboost.__version__}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", help="build directory with bench/bench_model")
    parser.add_argument("data", nargs="*", help="data sets (default: all that are there)")
    parser.add_argument("--folder", default=os.environ.get("HEDGEROW_DATA"), help="where they are ($HEDGEROW_DATA)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trees", type=int, default=100, help="of Hedgerow's and scikit-learn's forests")
    parser.add_argument("--repeats", type=int, default=3, help="trainings, of which the fastest is told")
    parser.add_argument("--forgets", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one object a row instead of tables")
    parser.add_argument("--json-file", help="the same objects into a file, besides the tables")
    return parser.parse_args()


def main():
    args = parse_arguments()
    check_packages()
    import libraries_data  # needs numpy and scikit-learn, so only now
    names = args.data or libraries_data.names(args.folder)
    file = open(args.json_file, "w") if args.json_file else None
    for name in names:
        data = libraries_data.load(args.folder, name, ONE_HOT, ORDINAL)
        rows, machine = [], {}
        for row, measured in hedgerow_rows(args.build, name, args):
            machine = describe_machine(measured)
            machine["parameters"] = (f"{args.trees} trees, depth {MAX_DEPTH}, min_split {measured['min_split']}, "
                                     f"seed {args.seed}, {args.threads} threads")
            rows.append(row)
        for model_name, model in library_models(args, measured):
            rows.append(measure_library(model_name, model, data, args))
        add_ratios(rows, args.threads)
        for row in rows:
            head = {"benchmark": "libraries", "data": name, "records": len(data.train_labels)}
            line = json.dumps(head | machine | row)
            if args.json:
                print(line, flush=True)
            if file:
                print(line, file=file, flush=True)
        if not args.json:
            print_table(data, rows, machine, args)


if __name__ == "__main__":
    main()
