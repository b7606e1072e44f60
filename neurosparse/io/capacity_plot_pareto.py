"""The Pareto table drawn: false negatives over false positives, a line for each s, the front in black."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from neurosparse import plot
from neurosparse.io import capacity_plot
from neurosparse.io.capacity_answers import Answer

AXES = {"false_positive": "false positives", "false_negative": "false negatives"}


def save(answer: Answer, path: Path) -> None:
    """Write the drawing whole or not at all. Raises OSError for what can not be written."""
    capacity_plot.write(lambda: draw(answer), path)


def draw(answer: Answer) -> Figure:
    """Every row a point, errors as powers of ten; an error of 0 lies on a dotted line below all others."""
    rows = answer.rows
    places = {name: _places(np.array([row[name].log10 for row in rows])) for name in AXES}
    drawn = plot.figure(5.6, 3.6)
    ax = drawn.add_subplot()
    sizes = np.array([row["s"] for row in rows])
    x, y = (places[name][0] for name in AXES)
    for i, s in enumerate(np.unique(sizes)):
        ax.plot(
            x[sizes == s], y[sizes == s], f"C{i}o-", markersize=3, linewidth=0.8, label=f"s = {s}" if i < 12 else None
        )
    front = np.array([row.get("front", "yes") == "yes" for row in rows])
    ax.plot(x[front], y[front], "ko", fillstyle="none", markersize=6, linestyle="none", label="front")
    for name, axis, line in (("false_positive", ax.xaxis, ax.axvline), ("false_negative", ax.yaxis, ax.axhline)):
        floor = places[name][1]
        axis.set_major_locator(MaxNLocator(integer=True, nbins=7))
        axis.set_major_formatter(FuncFormatter(lambda at, _, floor=floor: _tick(at, floor)))
        if np.isfinite(floor):
            line(floor, color="0.6", linestyle=":", linewidth=0.8, label="error 0" if axis is ax.yaxis else None)
    ax.set(xlabel=AXES["false_positive"], ylabel=AXES["false_negative"])
    ax.legend(fontsize="small")
    return drawn


def _places(logs: np.ndarray) -> tuple[np.ndarray, float]:
    """log10, zeros some way below the smallest other; and where they lie, -inf for none."""
    finite = logs[np.isfinite(logs)]
    if len(finite) == len(logs):
        return logs, -np.inf
    low = finite.min(initial=-1.0)
    floor = float(np.floor(low - max(1.0, 0.05 * -low)))
    return np.where(np.isfinite(logs), logs, floor), floor


def _tick(at: float, floor: float) -> str:
    return "" if at < floor else "0" if at == floor else f"$10^{{{at:.0f}}}$"
