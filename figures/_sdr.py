"""How figures of SDR errors are drawn: laws as lines, our trials as dots with intervals, published values as marks."""

from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from neurosparse import plot

COLOURS = (plot.EXCITATORY, plot.INHIBITORY, plot.OURS, plot.BASELINE, plot.NEUTRAL)
MARK: Any = {"color": plot.PUBLISHED, "markerfacecolor": "none", "markersize": 6, "linestyle": "none"}
PAPER = "Ahmad & Hawkins 2016"


def panel(record, name: str, xlabel: str, ylabel: str, dashed: tuple[int, ...] = (), low: float = -24.0):
    """(figure, axes) of a panel; lines of the numbers in `dashed` are dashed, and axes end at 10**low."""
    figure = plot.figure(5.4, 3.9)
    ax = figure.add_subplot()
    x = record.arrays[f"{name}_x"]
    for k, label in enumerate(record.arrays[f"{name}_label"]):
        lines(ax, record.arrays, name, k, x, label, "--" if k in dashed else "-")
    ax.plot([], [], "D", **MARK, label=PAPER)
    logarithmic(ax, low)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    return figure, ax


def lines(ax, arrays, name: str, k: int, x, label: str, style: str) -> None:
    """Law, dots and marks of line k."""
    at = {key: arrays[f"{name}_{key}"][k] for key in ("log10", "dots", "low", "high", "published")
          if f"{name}_{key}" in arrays}  # fmt: skip
    colour = COLOURS[k]
    ax.plot(x, at["log10"], style, color=colour, label=label)
    if "dots" in at:
        dots = np.where(np.isfinite(at["dots"]), at["dots"], np.nan)  # no hit at all: nothing to draw
        error = [dots - np.maximum(at["low"], -400), at["high"] - dots]
        ax.errorbar(x, dots, error, fmt="o", markersize=3.5, color=colour)
    with np.errstate(divide="ignore"):
        ax.plot(x, np.log10(at["published"]), "D", **MARK)


def logarithmic(ax, low: float) -> None:
    """The y axis holds log10: powers of ten as labels."""
    ax.set_ylim(low, 0.04 * -low)
    ax.yaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"$10^{{{round(y)}}}$" if y else "1"))


def caption(figure, ax, record, name: str, text: str = "") -> Any:
    """Title with the verdict of the checks, and what there is to say about the published figure, below."""
    rows = [row for row in record.rows if row["figure"] == name]
    passed = sum(row["passed"] for row in rows)
    trials, level = record.config["trials"], record.config["confidence"]
    dots = f"; dots: {trials:,} trials, {100 * level:g} % intervals" if "our trials" in str(rows) else ""
    ax.set_title(f"Figure {name}, {passed} of {len(rows)} checks passed{dots}", loc="left", fontsize=8)
    if text:
        figure.text(0.02, -0.01, text, fontsize=7, va="top", color=plot.NEUTRAL)
    return figure
