"""False positives to larger networks, and with dense activity: figure 5A of arXiv:1601.00720."""

from figures import _sdr

SOURCE = "sdr_errors"


def draw(record):
    """Laws, trials, and both readings of the dashed line."""
    figure, ax = _sdr.panel(record, "fig5a", "cells n", "false positives, s = 24, theta = 12", (3, 4), -18)
    ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.82), ncols=2)
    text = 'Erratum: the published dashed line, "50 % activity", is that of a = n / 4. Neither falls as n grows.'
    return _sdr.caption(figure, ax, record, "5A", text)
