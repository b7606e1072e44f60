"""Median false positives against the threshold: figure 6 of arXiv:1601.00720."""

from figures import _sdr
from neurosparse import plot

SOURCE = "sdr_errors"
NMDA = 8  # the smallest number of synapses that was seen to start an NMDA spike
SAFE = -9.0


def draw(record):
    """Medians and quartiles of both grids; the zone of low error is shaded."""
    a = record.arrays
    figure, ax = _sdr.panel(record, "fig6", "threshold theta", "median false positives", (1,), -40)
    for k in (0, 1):
        low, high = (a[f"fig6_{end}"][k].clip(-60) for end in ("low", "high"))
        ax.fill_between(a["fig6_x"], low, high, color=_sdr.COLOURS[k], alpha=0.15, linewidth=0)
    ax.axhspan(-40, SAFE, color=plot.OURS, alpha=0.07, linewidth=0)
    ax.axvline(NMDA, color=plot.NEUTRAL, linewidth=0.8)
    ax.text(NMDA + 0.2, -36.5, "smallest NMDA\nthreshold seen", fontsize=7, color=plot.NEUTRAL)
    ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.97))
    text = ("Erratum: the published numbers are those of n = 1,000 to 17,000, not of the caption's 10,000 to 200,000.\n"
            "Bands: quartiles. Green: below 1e-9, which strictly begins at theta = 10.")  # fmt: skip
    return _sdr.caption(figure, ax, record, "6", text)
