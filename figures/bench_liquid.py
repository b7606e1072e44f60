"""Speed of a liquid: time for one sample by threads, and the phases that it goes to on one thread."""

import numpy as np

from neurosparse import plot

SOURCE = "bench_liquid"


def draw(record):
    """Every timing as a dot, with the median and its ratio to the first thread count; a bar for each phase."""
    a = record.arrays
    figure = plot.figure(8.0, 3.0)
    dots, bars = figure.subplots(1, 2, width_ratios=[1.1, 1])
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
    shares = 100 * a["phase_ms"] / a["phase_ms"].sum()
    places = np.arange(len(shares))[::-1]
    bars.barh(places, a["phase_ms"], height=0.6, color=plot.OURS)
    for y, value, share in zip(places, a["phase_ms"], shares):
        bars.annotate(f"{share:.0f} %", (value, y), (4, 0), textcoords="offset points", va="center")
    bars.set(yticks=places, yticklabels=["encode", "deliver", "step", "record"])
    bars.set(xlabel="ms a sample, one thread", xlim=(0, 1.18 * a["phase_ms"].max()))
    bars.set_title("Where the time goes", loc="left")
    return figure
