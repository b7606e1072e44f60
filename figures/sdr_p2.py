"""Errors of two neurons that compete for patterns: figure P2 of the poster."""

import numpy as np

from figures import _poster
from neurosparse import plot

SOURCE = "sdr_poster"


def draw(record):
    """Law, our pairs of neurons, archived shares with the intervals of their counts."""
    a, figure = record.arrays, plot.figure(5.6, 3.9)
    ax = figure.add_subplot()
    for k, label in enumerate(a["p2_label"]):
        colour = _poster.COLOURS[k]
        there = a["p2_law"][k] > 1e-9
        ax.plot(a["p2_x"][there], a["p2_law"][k][there], color=colour, label=f"law, {label}")
        dot, low, high = (a[f"p2_{key}"][k] for key in ("dots", "low", "high"))
        some = dot > 0
        _poster.dots(ax, a["p2_x"][some], dot[some], np.maximum(low, dot / 30)[some], high[some], colour)
        mark, low, high = (a[f"p2_{key}"][k] for key in ("published", "published_low", "published_high"))
        _poster.dots(ax, a["p2_x"], mark, low, high, plot.PUBLISHED, "none", linewidth=0.6)
        ax.plot(a["p2_x"], mark, "D", **_poster.MARK)
    ax.plot([], [], "ko", markersize=3.5, label=f"ours, {record.config['pairs']} pairs of neurons")
    ax.plot([], [], "D", **_poster.MARK, label="archived counts")
    ax.set(yscale="log", ylim=(3e-9, 1.5), xlabel="cells n", ylabel="patterns given to the wrong neuron")
    ax.legend(loc="upper right", fontsize=7)
    text = "The archived counts came without a law; the lines are ours: overlaps are independent, sums are convolved."
    return _poster.caption(figure, ax, record, "P2", "two neurons, 500 segments each", text)
