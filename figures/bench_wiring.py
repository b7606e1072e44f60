"""Synapses a second of each wiring rule, ours beside NEST and Brian2."""

import numpy as np

from neurosparse import plot

SOURCE = "bench_wiring"


def draw(record):
    """One group of bars for each rule, every repetition a dot; the text is the rival's time over ours."""
    rules = list(dict.fromkeys(row["case"] for row in record.rows))
    names = list(dict.fromkeys(row["rival"] for row in record.rows))
    greys = dict(zip(names[1:], (plot.BASELINE, plot.NEUTRAL, "#CCCCCC")))
    figure = plot.figure(8.4, 3.4)
    ax = figure.add_subplot()
    width = 0.8 / len(names)
    for row in record.rows:
        k = names.index(row["rival"])
        x = rules.index(row["case"]) + (k - 0.5 * (len(names) - 1)) * width
        colour = greys.get(row["rival"], plot.OURS)
        ax.bar(x, row["synapses_per_second"] / 1e6, 0.9 * width, color=colour, alpha=0.7, label=row["rival"])
        dots = record.arrays[f"per second {row['case']} {row['rival']}"] / 1e6
        ax.plot(x + 0.25 * width * np.linspace(-1, 1, len(dots)), dots, ".", color=plot.PUBLISHED, markersize=3)
        if k:
            ax.annotate(f"{row['ratio_median']:.1f}x", (x, dots.max()), (0, 3), textcoords="offset points", ha="center",
                        fontsize=7)  # fmt: skip
    ax.set(xticks=range(len(rules)), xticklabels=rules, ylabel="million synapses a second", yscale="log")
    handles, labels = ax.get_legend_handles_labels()
    shown = {label: handle for handle, label in zip(handles, labels)}
    ax.legend(shown.values(), shown.keys(), loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(shown))
    c = record.config
    ax.set_title(f"{c['n']:,} neurons, {c['in_degree']:,} synapses each", loc="left")
    return figure
