"""Answers of the calculator drawn: the longest range along x, a line for each combination of the others.

Numbers that span decades are drawn as their log10, with powers of ten at the ticks, so that 1e-2000 is a place as any.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from neurosparse import check, plot
from neurosparse.io import results
from neurosparse.io.capacity_answers import Answer, Number
from neurosparse.sdr.capacity.result import LogNumber

FORMATS = ("png", "pdf", "svg")
LINES = 12
STYLES = (("o", "-"), ("s", "--"), ("^", ":"))  # a round of colours each: no two of LINES lines look alike
DECADES = 1.5  # from here on a logarithmic axis


def check_file(owner: str, path: Path) -> None:
    """Raises ValueError for a file of another kind, and for one in a folder that is not there."""
    if not path.parent.is_dir():
        check.fail(owner, "--plot must name a file in a folder that is there", str(path), "make the folder")
    if path.suffix.lower().lstrip(".") not in FORMATS:
        check.fail(owner, f"--plot must name a file of .{', .'.join(FORMATS)}", str(path))


def save(answer: Answer, path: Path) -> None:
    """Write the drawing whole or not at all. Raises as `draw`, OSError for what can not be written."""
    write(lambda: draw(answer), path)


def write(make: Callable[[], Figure], path: Path) -> None:
    """The figure that `make` gives, in the house's style."""
    with plot.style():
        drawn = make()
        with results.atomic(path) as scratch:
            drawn.savefig(scratch, format=path.suffix.lower().lstrip("."), dpi=150, bbox_inches="tight")


def draw(answer: Answer) -> Figure:
    """Raises ValueError where no argument is a range, for more than 12 lines and for results that are all 0."""
    owner, varied = answer.command.name, answer.varied
    ranged = [name for name in varied if name != "method"]
    if not ranged:
        check.fail(owner, "--plot needs an argument with several values", "one", "write a range, as --theta 8:20")
    x = max(ranged, key=lambda name: len(answer.given[name]))
    lines: dict[tuple, list] = {}
    for row in answer.rows:
        lines.setdefault(tuple(row[name] for name in varied if name != x), []).append(row)
    if len(lines) > LINES:
        check.fail(owner, f"a plot must have {LINES} lines or fewer", len(lines), "give fewer values, or no --plot")
    name = answer.results[0]
    if all(isinstance(row[name], Number) and row[name].log10 == -np.inf for row in answer.rows):
        check.fail(owner, "--plot needs a result above 0", "0 everywhere", "take a range that reaches possible events")
    drawn = plot.figure(5.6, 3.6)
    _draw(drawn.add_subplot(), answer, x, {_label(varied, x, key): rows for key, rows in lines.items()})
    return drawn


def _draw(ax: Axes, answer: Answer, x: str, lines: dict[str, list]) -> None:
    name = answer.results[0]
    logs = isinstance(answer.rows[0][name], Number) and _logarithmic([row[name] for row in answer.rows])
    colours = rcParams["axes.prop_cycle"].by_key().get("color", ["k"])
    for i, (label, rows) in enumerate(lines.items()):
        marker, dash = STYLES[i // len(colours) % len(STYLES)]
        along = [row[x] for row in rows]
        look: dict[str, Any] = {"marker": marker if len(along) <= 40 else None, "linestyle": dash, "markersize": 3}
        ax.plot(along, [_height(row[name], logs) for row in rows], label=label or None, **look)
    if logs:
        ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"$10^{{{y:.0f}}}$"))
    if _uneven(answer.given[x]):
        ax.set_xscale("log")
    elif all(isinstance(value, int) for value in answer.given[x]):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel=x, ylabel=name if name != "value" else answer.command.name.replace("-", " "))
    ax.set_title(_fixed(answer), fontsize="medium")
    if len(lines) > 1:
        ax.legend(fontsize="small")


def _height(cell: Any, logs: bool) -> float:
    if not isinstance(cell, Number):
        return float(cell)
    height = cell.log10 if logs else cell.value
    return height if np.isfinite(height) else np.nan


def _logarithmic(cells: list[Number]) -> bool:
    """Whether they span decades, or one is beyond floats."""
    return _span([cell.log10 for cell in cells]) > DECADES or any(np.isnan(cell.value) for cell in cells)


def _span(logs: list[float]) -> float:
    finite = [one for one in logs if np.isfinite(one)]
    return max(finite) - min(finite) if finite else 0.0


def _uneven(values: list) -> bool:
    """Whether the steps grow, over more than a factor of 20: a list as 1000,10000,100000."""
    steps = np.diff(values)
    return len(values) > 2 and min(values) > 0 and max(values) > 20 * min(values) and steps[-1] > 4 * steps[0] > 0


def _label(varied: list[str], x: str, key: tuple) -> str:
    names = [name for name in varied if name != x]
    return ", ".join(str(value) if name == "method" else f"{name} = {_text(value)}" for name, value in zip(names, key))


def _fixed(answer: Answer) -> str:
    return ", ".join(f"{name} = {_text(values[0])}" for name, values in answer.given.items() if len(values) == 1)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, LogNumber) else str(value)
