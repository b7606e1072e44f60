"""Surprise at a random input while a union of patterns is predicted: figure P5 of the poster."""

from figures import _poster
from neurosparse import plot

SOURCE = "sdr_prediction"


def draw(record):
    """Laws, the memory's surprise, archived values."""
    a, figure = record.arrays, plot.figure(5.4, 3.7)
    ax = figure.add_subplot()
    for k, label in enumerate(a["p5_label"]):
        colour = _poster.COLOURS[k]
        ax.plot(a["p5_x"], a["p5_law"][k], color=colour, label=f"{label}: $(1 - a/n)^k$")
        at = slice(2, None, 3)
        mean, low, high = (a[f"p5_{key}"][k][at] for key in ("dots", "low", "high"))
        _poster.dots(ax, a["p5_x"][at], mean, low, high, colour)
        ax.plot(a["p5_x"], a["p5_published"][k], "D", **_poster.MARK)
    ax.plot([], [], "ko", markersize=3.5, label=f"our memory, {record.config['unions']} of them")
    ax.plot([], [], "D", **_poster.MARK, label="archived, 10,000 trials")
    ax.set(xlabel="patterns predicted, k", ylabel="surprise at a random input, a = 40", ylim=(0, 1.02))
    ax.legend(loc="lower left", fontsize=7)
    text = "At k = 50 the laws say .3642 and .6050; archived are .3635 and .6049."
    return _poster.caption(figure, ax, record, "P5", "union of predictions", text)
