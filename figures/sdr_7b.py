"""False positives of a union: figure 7B of arXiv:1601.00720."""

from figures import _sdr

SOURCE = "sdr_errors"


def draw(record):
    """The law itself, trials, and the papers' way by the mean size (dotted), which the published values follow."""
    a = record.arrays
    figure, ax = _sdr.panel(record, "fig7b", "patterns m", "false positives, a = 200, s = 25, theta = 15", (), -26)
    for k, colour in zip(range(3), _sdr.COLOURS):
        ax.plot(a["fig7b_x"], a["fig7b_plugin"][k], ":", color=colour)
    ax.plot([], [], ":", color="k", label="by the mean size")
    ax.set_xticks(range(1, 20, 3))
    ax.legend(loc="lower right")
    text = "The published values take the union for one of its mean size; they are a few per cent off, to either side."
    return _sdr.caption(figure, ax, record, "7B", text)
