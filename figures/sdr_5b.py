"""False positives against the number of synapses: figure 5B of arXiv:1601.00720."""

from figures import _sdr

SOURCE = "sdr_errors"


def draw(record):
    """Laws and trials."""
    figure, ax = _sdr.panel(record, "fig5b", "synapses s", "false positives, theta = s / 2", (3,), -26)
    ax.legend(loc="lower left")
    return _sdr.caption(figure, ax, record, "5B")
