#!/usr/bin/python3
"""Puts what bench/run --out DIR has measured into docs/benchmarks.md, docs/parameters.md and docs/plots.

A page has blocks "<!-- begin NAME -->" ... "<!-- end NAME -->"; what stands between is replaced, where DIR has the
figures for it. Everything else on the page is written by hand.
"""

import json
import os
import re
import shutil
import statistics
import sys

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs")
MACHINE = ("processor", "cores", "memory", "random read", "kernel", "compiler", "build", "commit", "python", "scikit-learn",
           "XGBoost")


def read(folder, name):
    path = os.path.join(folder, name + ".jsonl")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def show(value, places=None):
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if places is not None:
        return f"{value:.{places}f}"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(columns, rows):
    """`columns`: heading to how a row shows it."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(cell(row) for cell in columns.values()) + " |" for row in rows])


def of(key, places=None):
    return lambda row: show(row[key], places)


def slash(*keys):
    return lambda row: " / ".join(show(row[key]) for key in keys) if row[keys[0]] is not None else ""


def machine(rows):
    return "\n".join(f"- {key}: {rows[-1][key]}" for key in MACHINE if key in rows[-1])


def model(rows):
    return table({"data": of("data"), "records": of("records"), "occupancy": of("occupancy"),
                  "min_split": of("min_split"), "accuracy": of("accuracy", 4), "AUC": of("AUC", 4),
                  "log loss": of("log loss", 4), "train, s": of("train s"), "forest, MB": of("forest MB"),
                  "predict, us: p50 / p99": slash("predict p50 us", "predict p99"), "batch, rows/s": of("batch rows/s"),
                  "equal": of("equal")}, rows)


def forget(rows):
    return table({"data": of("data"), "occupancy": of("occupancy"), "p50, us": of("forget p50 us"),
                  "p90": of("p90"), "p99": of("p99"), "p99.9": of("p99.9"), "slowest": of("max"),
                  "flips a forget": of("flips a forget")}, rows)


def scaling(rows):
    return table({"records": of("records"), "AUC": of("AUC", 4), "train, s": of("train s"),
                  "forget, us: p50 / p99 / slowest": slash("forget p50 us", "p99", "max"),
                  "predict, us: p50 / p99": slash("predict p50 us", "predict p99"), "batch, rows/s": of("batch rows/s"),
                  "forest, MB": of("forest MB"), "records, MB": of("records MB"),
                  "forest, bytes a record": of("forest bytes a record"), "peak, MB": of("peak MB")}, rows)


def csv(rows):
    return table({"data": of("data"), "into": of("into"), "threads": of("threads"), "records": of("records"),
                  "columns": of("columns"),
                  "million fields/s: fastest / median": slash("million fields/s", "median"), "MB/s": of("MB/s")}, rows)


def libraries(rows):
    parts = []
    for name in dict.fromkeys(row["data"] for row in rows):
        of_data = [row for row in rows if row["data"] == name]
        threads = [key for key in of_data[0] if key.startswith("rows/s")]
        parts.append(f"### {name}\n\n" + table(
            {"model": of("model"), "train, s": of("train s"), "accuracy": of("accuracy", 4), "AUC": of("AUC", 4)} |
            {key: of(key) for key in threads} |
            {"x ExtraTrees: training / batch": slash("training, x ExtraTrees", "batch, x ExtraTrees"),
             "batch, x XGBoost": of("batch, x XGBoost"),
             "single row, us: p50 / p99": slash("single row p50 us", "p99 us"),
             "change one record": of("change one record")},
            of_data))
    return "\n\n".join(parts)


def quality(row):
    """Letters are told apart so well that their AUC is 1 in all rows."""
    return row["accuracy"] if row["data"] == "letter" else row["AUC"]


def sweep(rows, knob):
    """A row a data set, a column a value; each cell: quality, microseconds to forget, megabytes."""
    defaults = {row["data"]: row for row in rows if row["varied"] == "defaults"}
    varied = {(row["data"], row["value"]): row for row in rows if row["varied"] == knob}
    values = sorted({value for _, value in varied})
    if not values:
        return None

    def cell(row):
        return f"{quality(row):.4f}, {show(row['forget p50 us'])} us, {show(row['forest MB'])} MB"

    def default(row):  # of parameters that are chosen by the number of records, with the choice
        return cell(row) + (f" ({row[knob]})" if knob in row else "")

    def at(value):
        def show_value(row):
            if (row["data"], value) in varied:
                return cell(varied[row["data"], value])
            return "(default)" if row.get(knob) == value else ""
        return show_value

    columns = {"data": of("data"), "default": default} | {f"{value:g}": at(value) for value in values}
    return table(columns, list(defaults.values()))


def spread(rows):
    spreads = [row["+- accuracy" if row["data"] == "letter" else "+- AUC"] for row in rows]
    return (f"Means over {rows[0]['seeds']} seeds. Over the seeds a figure's standard deviation is "
            f"{statistics.median(spreads):.4f} in the median and {max(spreads):.4f} at most.")


def blocks(folder):
    found = {}
    for name, make in (("model", model), ("scaling", scaling), ("csv", csv), ("libraries", libraries)):
        if rows := read(folder, name):
            found[name] = make(rows)
    if rows := read(folder, "model"):
        found["forget"] = forget(rows)
        found["machine"] = machine(read(folder, "libraries") or rows)
    if rows := read(folder, "parameters"):
        found["parameters machine"] = machine(rows)
        found["spread"] = spread(rows)
        for knob in dict.fromkeys(row["varied"] for row in rows):
            if text := sweep(rows, knob) if knob != "defaults" else None:
                found[knob] = text
    return found


def fill(page, found):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for name in re.findall(r"<!-- begin (.+?) -->", text):
        if name not in found:
            print(f"bench: {page}: '{name}' stays as it is: it was not measured", file=sys.stderr)
            continue
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        head, rest = text.split(begin)
        text = head + begin + "\n" + found[name] + "\n" + end + rest.split(end)[1]
    with open(page, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: bench/pages.py DIR, which bench/run --out DIR has filled")
    found = blocks(sys.argv[1])
    for page in ("benchmarks.md", "parameters.md"):
        fill(os.path.join(DOCS, page), found)
    os.makedirs(os.path.join(DOCS, "plots"), exist_ok=True)
    for name in ("scaling.svg", "forget.svg", "budget.svg"):
        if os.path.exists(os.path.join(sys.argv[1], name)):
            shutil.copy(os.path.join(sys.argv[1], name), os.path.join(DOCS, "plots", name))


if __name__ == "__main__":
    main()
