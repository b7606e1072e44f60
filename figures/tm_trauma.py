"""Cells die: accuracy of temporal memory over elements (after figure 6B). Marks: lowest values of its picture."""

import numpy as np

from neurosparse import plot

SOURCE = "tm_trauma"
COLOURS = (plot.OURS, plot.EXCITATORY, "#CC79A7", plot.INHIBITORY, plot.NEUTRAL, plot.BASELINE)


def draw(record):
    """Courses of every seed thin, their median thick; a mark for each share of dead cells, at our lowest point."""
    a, at = record.arrays, record.config["at"]
    figure = plot.figure(6.4, 4.2)
    ax = figure.add_subplot()
    begin = max(at - 1000, 0)
    steps = np.arange(begin, record.config["n_steps"])
    for k, (dead, courses, published) in enumerate(zip(a["dead"], a["accuracy"], a["published"])):
        colour = COLOURS[k % len(COLOURS)]
        for course in courses:
            ax.plot(steps, course[begin:], color=colour, linewidth=0.5, alpha=0.5)
        median = np.median(courses, axis=0)
        ax.plot(steps, median[begin:], color=colour, linewidth=1.6, label=f"{100 * dead:g} % of cells die")
        if np.isfinite(published):
            ax.plot(at + median[at:].argmin(), published, "D", color=colour, markeredgecolor=plot.PUBLISHED, zorder=5)
    if np.isfinite(a["published"]).any():
        label = "lowest published"
        ax.plot([], [], "D", markerfacecolor="none", markeredgecolor=plot.PUBLISHED, linestyle="none", label=label)
    ax.axvline(at, color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
    ax.axhline(0.5, color=plot.BASELINE, linewidth=0.8, zorder=0)
    ax.set(xlabel="element of the stream", ylabel="accuracy, smoothed", xlim=(begin, steps[-1]), ylim=(0, 0.56))
    ax.legend(loc="lower right", fontsize=7)
    return figure
