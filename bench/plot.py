#!/usr/bin/python3
"""Plots of what bench/run --out DIR has measured: DIR/scaling.svg, DIR/forget.svg and DIR/budget.svg. Needs python3-matplotlib."""

import json
import os
import re
import sys

try:
    import matplotlib
except ImportError:
    sys.exit(f"bench: error: {sys.executable} has no matplotlib: on Debian "
             "apt-get install --no-install-recommends python3-matplotlib")
matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402 (the backend comes first)

# Small files that are the same for the same figures: text stays text, ids do not vary, and there is no date.
matplotlib.rcParams.update({
    "svg.fonttype": "none", "svg.hashsalt": "hedgerow", "font.family": "sans-serif", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#dddddd",
    "grid.linewidth": 0.6, "legend.frameon": False, "lines.linewidth": 1.6,
    # Okabe and Ito's colours, which the colour-blind can tell apart.
    "axes.prop_cycle": matplotlib.cycler(color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]),
})


def read(folder, name):
    path = os.path.join(folder, name + ".jsonl")
    if not os.path.exists(path):
        print(f"bench: no plot of {name}: {path} is not there", file=sys.stderr)
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def save(figure, folder, name):
    for panel in figure.axes:
        panel.minorticks_off()
    figure.tight_layout()
    path = os.path.join(folder, name + ".svg")
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:  # a tenth of a point is enough
        file.write(re.sub(r"\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}", text))


def plot_scaling(folder):
    rows = read(folder, "scaling")
    if not rows:
        return
    panels = [("training, seconds", {"2 threads": "train s"}),
              ("forgetting a record, us", {"median": "forget p50 us", "p99": "p99", "slowest": "max"}),
              ("predicting a row, us", {"median": "predict p50 us", "p99": "predict p99"}),
              ("memory, MB", {"forest with statistics": "forest MB", "records": "records MB"})]
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.4))
    for panel, (title, lines) in zip(axes.flat, panels):
        for label, key in lines.items():
            panel.loglog([row["records"] for row in rows], [row[key] for row in rows], marker="o", markersize=4,
                         label=label)
        panel.set_title(title, loc="left", fontsize=9)
        panel.set_xlabel("records")
        panel.legend(fontsize=8)
    save(figure, folder, "scaling")


def plot_forget(folder):
    rows = read(folder, "model")
    if not rows:
        return
    names = list(dict.fromkeys(row["data"] for row in rows))
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), sharex=True, sharey=True)
    for name in names:
        # The first row of a data set is the default occupancy, the last one 10.
        of_data = [row for row in rows if row["data"] == name]
        for panel, row in ((axes[0], of_data[0]), (axes[1], of_data[-1])):
            label = f"{name} ({row['occupancy']})" if panel is axes[0] else name
            panel.loglog([point[0] for point in row["forget tail"]], [point[1] for point in row["forget tail"]],
                         label=label, linewidth=1.2)
    for panel, title in zip(axes, ("default occupancy (in brackets)", "occupancy 10")):
        panel.set_title(title, loc="left", fontsize=9)
        panel.set_xlabel("microseconds to forget a record")
        panel.legend(fontsize=7)
    axes[0].set_ylabel("share of records that took longer")
    save(figure, folder, "forget")


def plot_budget(folder):
    rows = read(folder, "budget")
    if not rows:
        return
    panels = [("forgetting a record, us", {"median": "forget p50 us", "p99": "p99", "slowest": "max"}, True),
              ("removals that large splits certainly survive", {"median": "p50 removals", "p10": "survive p10 removals"},
               False),
              ("accuracy", {"on the test set": "accuracy"}, False),
              ("memory, MB", {"forest": "forest MB", "prediction layout": "layout MB", "records": "records MB"}, False)]
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.0), sharex=True)
    for panel, (title, lines, logarithmic) in zip(axes.flat, panels):
        for label, key in lines.items():
            panel.plot([100 * row["share gone"] for row in rows], [row[key] for row in rows], label=label)
        if logarithmic:
            panel.set_yscale("log")
        panel.set_title(title, loc="left", fontsize=9)
        panel.legend(fontsize=8)
    for panel in axes[1]:
        panel.set_xlabel("% of the records forgotten")
    axes[1][0].set_ylim(0.5, 1)
    save(figure, folder, "budget")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: bench/plot.py DIR, which bench/run --out DIR has filled")
    plot_scaling(sys.argv[1])
    plot_forget(sys.argv[1])
    plot_budget(sys.argv[1])


if __name__ == "__main__":
    main()
