"""False positives of a segment against the number of cells: figure 4A of arXiv:1601.00720."""

from figures import _sdr

SOURCE = "sdr_errors"


def draw(record):
    """Laws, trials and the published dots."""
    figure, ax = _sdr.panel(record, "fig4a", "cells n", "false positives, s = 24, theta = 12", (3,), -12)
    ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.93))
    text = "The published dot at n = 300 of a = 256 (.997368) is no outcome of its law (.999998)."
    return _sdr.caption(figure, ax, record, "4A", text)
