"""False negatives of a segment against noise: figure 4B of arXiv:1601.00720."""

from figures import _sdr

SOURCE = "sdr_errors"


def draw(record):
    """Laws, trials and the published dots."""
    figure, ax = _sdr.panel(
        record, "fig4b", "share of active cells that noise swaps", "false negatives, s = 30", (), -16
    )
    ax.legend(loc="lower right")
    return _sdr.caption(figure, ax, record, "4B")
