"""Size of a union of patterns: figure 7A of arXiv:1601.00720."""

from figures import _sdr
from neurosparse import plot

SOURCE = "sdr_errors"


def draw(record):
    """Mean sizes and the published ones."""
    a = record.arrays
    figure = plot.figure(5.4, 3.6)
    ax = figure.add_subplot()
    for k, label in enumerate(a["fig7a_label"]):
        ax.plot(a["fig7a_x"], a["fig7a_mean"][k], color=_sdr.COLOURS[k], label=label)
        ax.plot(a["fig7a_x"], a["fig7a_published"][k], "D", **_sdr.MARK)
    ax.plot([], [], "D", **_sdr.MARK, label=_sdr.PAPER)
    ax.set(xlabel="patterns m", ylabel="mean size of the union, n = 1,000", ylim=(0, None))
    ax.set_xticks(range(1, 20, 3))
    ax.legend(loc="upper left")
    return _sdr.caption(figure, ax, record, "7A")
