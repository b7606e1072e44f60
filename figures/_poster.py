"""How the poster's figures are drawn: laws as lines, our dots with intervals, archived values as marks."""

from typing import Any

import numpy as np

from neurosparse import plot

COLOURS = (plot.EXCITATORY, plot.INHIBITORY, plot.OURS, plot.BASELINE, plot.NEUTRAL)
MARK: Any = {"color": plot.PUBLISHED, "markerfacecolor": "none", "markersize": 5.5, "linestyle": "none"}


def dots(ax, x, dot, low, high, colour, fmt: str = "o", **more) -> None:
    """Dots with intervals, which need not be symmetric."""
    error = [np.maximum(dot - low, 0), np.maximum(high - dot, 0)]
    ax.errorbar(x, dot, error, fmt=fmt, markersize=3.5, color=colour, **more)


def caption(figure, ax, record, name: str, what: str, text: str) -> Any:
    """Title with the verdict of the checks; what there is to say about the archived values, below."""
    rows = [row for row in record.rows if row["figure"] == name]
    passed = sum(row["passed"] for row in rows)
    ax.set_title(f"{name}, {what}: {passed} of {len(rows)} checks passed", loc="left", fontsize=8)
    figure.text(0.02, -0.01, text, fontsize=7, va="top", color=plot.NEUTRAL)
    return figure
