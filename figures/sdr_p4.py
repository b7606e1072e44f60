"""Recall of a temporal memory under noise: figure P4 of the poster."""

from figures import _poster
from neurosparse import plot

SOURCE = "sdr_prediction"


def draw(record):
    """Laws without and with cells that return, the memory's recall, both archived series."""
    a, figure = record.arrays, plot.figure(5.6, 3.8)
    ax = figure.add_subplot()
    for k, label in enumerate(a["p4_label"]):
        colour = _poster.COLOURS[k]
        ax.plot(a["p4_x"], a["p4_law"][k], color=colour, label=str(label).replace("theta", r"$\theta$"))
        ax.plot(a["p4_x"], a["p4_returning"][k], "--", color=colour)
        _poster.dots(ax, a["p4_x"], a["p4_dots"][k], a["p4_low"][k], a["p4_high"][k], colour)
        ax.plot(a["p4_x"], a["p4_published"][k], "D", **_poster.MARK)
        ax.plot(a["p4_x"][9:10], a["p4_drawn"][k], "x", **_poster.MARK)
    ax.plot([], [], "--", color="k", label="swapped cells may return")
    ax.plot([], [], "ko", markersize=3.5, label=f"our memory, noise {record.config['noise']}")
    ax.plot([], [], "D", **_poster.MARK, label="archived, 1,000 trials")
    ax.plot([], [], "x", **_poster.MARK, label="archived, as drawn (1 trial)")
    ax.set(xlabel="share of the active cells swapped, v / a", ylabel="recall, n = 2048, a = 40, s = 20")
    ax.legend(loc="lower left", fontsize=7)
    text = (
        "The archived noise may turn on again a cell that it turned off; the printed law (solid) has none of that.\n"
        "Dashed: the law with it, which the archived 1,000 trials follow. Drawn in the figure was a single trial."
    )
    return _poster.caption(figure, ax, record, "P4", "recall under noise", text)
