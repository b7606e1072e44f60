"""Speed of a liquid: time for one sample by threads, and where it goes on one thread."""

import numpy as np

from neurosparse import plot

SOURCE = "bench_liquid"


def draw(record):
    """Every timing as a dot with its median, and the phases as one bar."""
    a = record.arrays
    figure = plot.figure(8.0, 3.0)
    dots, bar = figure.subplots(1, 2, width_ratios=[1.1, 1])
    timed = 1e3 * a["seconds"]
    for x, column in enumerate(timed.T):
        spread = x + np.linspace(-0.12, 0.12, len(column))
        dots.plot(spread, column, "o", color=plot.OURS, alpha=0.5, markersize=4)
        dots.hlines(np.median(column), x - 0.25, x + 0.25, color=plot.OURS)
        label = f"{np.median(column):.2f} ms\n{record.rows[x]['ratio_median']:.2f}x"
        dots.annotate(label, (x + 0.28, np.median(column)), va="center")
    dots.set(xticks=range(len(a["threads"])), xticklabels=[f"{t}" for t in a["threads"]], xlabel="threads")
    dots.set(ylabel="ms a sample", xlim=(-0.5, len(a["threads"]) - 0.2), ylim=(0, 1.15 * timed.max()))
    dots.set_title(record.rows[0]["case"], loc="left")
    left, whole = 0.0, float(np.median(timed[:, 0]))
    names = ["encode", "deliver", "step", "collect and record"]
    for name, value, shade in zip(names, a["phase_ms"], (0.35, 1.0, 0.7, 0.5)):
        bar.barh(0, value, left=left, color=plot.OURS, alpha=shade, edgecolor="white")
        bar.annotate(f"{name}, {100 * value / whole:.0f} %", (left + value / 2, 0.45), rotation=40, fontsize=7)
        left += value
    bar.set(yticks=[], ylim=(-0.6, 1.4), xlabel="ms a sample, one thread")
    bar.spines["left"].set_visible(False)
    return figure
