"""Errors of a neuron over the correlation of its inputs: figure P1 of the poster."""

import numpy as np

from figures import _poster
from neurosparse import plot

SOURCE = "sdr_poster"


def draw(record):
    """Our trials as small dots, means by bins with intervals, archived means."""
    a, figure = record.arrays, plot.figure(6.0, 4.0)
    ax = figure.add_subplot()
    for k, label in enumerate(a["p1_label"]):
        colour = _poster.COLOURS[k]
        some = a["p1_errors"][k] > 0
        ax.plot(a["p1_correlation"][k][some], a["p1_errors"][k][some], ".", color=colour, markersize=3, alpha=0.45)
        mean, low, high = (a[f"p1_{key}"][k] for key in ("dots", "low", "high"))
        enough = np.isfinite(high) & (mean > 0)
        low = np.maximum(low, mean / 10)  # a bound of 0 would leave the axis
        _poster.dots(ax, a["p1_x"][enough], mean[enough], low[enough], high[enough], colour, label=str(label))
        ax.plot(a["p1_x"], a["p1_published"][k], "D", **_poster.MARK | {"color": colour})
    ax.plot([], [], "D", **_poster.MARK, label="archived means")
    ax.set(yscale="log", xlim=(0, 0.16), ylim=(1e-7, 1), xlabel="correlation of cells that are on together",
           ylabel="errors of a neuron, 500 segments")  # fmt: skip
    ax.legend(loc="lower right", fontsize=7)
    independent = ", ".join(f"{p:.1e}" for p in a["p1_independent"])
    text = (
        f"Each of our {record.config['trials']} trials for a setting has its own clusters; large dots: means in bins.\n"
        "The archived means of (64, 4000, 40) are those of theta = 20; at the stated 10 every second pattern errs.\n"
        f"For independent inputs the law says {independent}."
    )
    return _poster.caption(figure, ax, record, "P1", "correlated inputs", text)
