"""Similarity of what a temporal memory predicts and what comes: figure P3 of the poster."""

from figures import _poster
from neurosparse import plot

SOURCE = "sdr_prediction"


def draw(record):
    """Left: published laws and runs. Right: our memory, with fixed segments and with segments that go on learning."""
    figure = plot.figure(8.4, 3.7)
    figure.set_layout_engine("constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _published(left, record.arrays)
    _ours(right, record)
    text = (
        "The law is that of fixed segments. The archived memories learned each sequence twice: where a segment fires "
        "falsely for a cell that comes, it learns and grows\nto a union, which fires falsely again: .109 at n = 600 "
        "and .541 at n = 700 (a = 64), where the law has .882 and .968. On the right: the same in ours."
    )
    return _poster.caption(figure, left, record, "P3", "1,000 sequences", text)


def _published(ax, arrays) -> None:
    for k, label in enumerate(arrays["p3_label"]):
        ax.plot(arrays["p3_x"], arrays["p3_law"][k], color=_poster.COLOURS[k], label=f"law, {label}")
        for run in arrays["p3_published"]:
            ax.plot(arrays["p3_x"], run[k], "D", **_poster.MARK | {"color": _poster.COLOURS[k], "markersize": 4})
    ax.plot([], [], "D", **_poster.MARK, label="archived, two runs")
    ax.set(xlabel="cells n", ylabel="Jaccard index of predicted and coming cells", ylim=(0, 1.04))
    ax.legend(loc="lower right", fontsize=7)


def _ours(ax, record) -> None:
    a = record.arrays
    ax.plot(a["p3_sizes"], a["p3_mine"], color=plot.NEUTRAL, label="law")
    for k, (label, mark) in enumerate((("fixed segments", "o"), ("learning as published", "s"))):
        mean, low, high = (a[f"p3_{key}"][k] for key in ("dots", "low", "high"))
        _poster.dots(
            ax, a["p3_sizes"], mean, low, high, (plot.OURS, plot.INHIBITORY)[k], mark, label=f"our memory, {label}"
        )
    ax.set(xlabel="cells n")
    ax.set_title(f"{record.config['sequences']:,} sequences, a = {record.config['active']}", loc="left", fontsize=8)
    ax.legend(loc="lower right", fontsize=7)
