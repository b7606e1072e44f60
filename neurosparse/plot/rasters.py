"""Spike raster with the population rate beneath: time in ms, neuron on y, excitatory and inhibitory colours.

Spikes are one marker-only line for each population, stored as pixels inside vector formats, so that 100,000
spikes stay fast and small.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpecFromSubplotSpec, SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from neurosparse import check
from neurosparse.measure import population_rate
from neurosparse.measure.spikes import pairs_ms
from neurosparse.plot import looks

OWNER = "plot.raster"


def raster(
    i,
    t_ms,
    n: int,
    duration_ms: float,
    types=None,
    ax: Axes | None = None,
    rate_ax: Axes | None = None,
    bin_ms: float = 5.0,
) -> Axes:
    """Draw spikes of n neurons; returns `ax`.

    i, t_ms    (n_spikes,) neuron ids in [0, n) and times in [0, duration_ms], ms
    types      (n,) bool, True for excitatory neurons; None draws one population
    rate_ax    axes for the rate of each population, Hz for each neuron, in bins (lo, hi] of `bin_ms`; None leaves it
               out

    Without `ax`, a new figure with both axes is made; the lower one is `ax.figure.axes[1]`. Raises
    ValueError for spikes out of range, unequal lengths, types of another length or kind, and bins that are
    not positive.
    """
    i, t_ms = pairs_ms(OWNER, i, t_ms, n, duration_ms)
    check.positive(OWNER, "bin_ms", bin_ms, "ms")
    populations = _populations(types, n)
    if ax is None:
        ax, rate_ax = raster_axes(looks.figure(5.0, 3.6))
    look = _marker(ax, n, len(i))
    for name, colour, member in populations:
        mine = member[i]
        ax.plot(t_ms[mine], i[mine], color=colour, label=name, **look)
        if rate_ax is not None:
            _rate(rate_ax, t_ms[mine], int(member.sum()), duration_ms, bin_ms, colour, name)
    ax.set(xlim=(0, duration_ms), ylim=(-0.5, n - 0.5), ylabel="neuron")
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    bottom = ax if rate_ax is None else rate_ax
    bottom.set_xlabel("time (ms)")
    if rate_ax is not None:
        rate_ax.set(xlim=(0, duration_ms), ylabel="rate (Hz)")
        rate_ax.set_ylim(bottom=0)
    if len(populations) > 1:
        _legend(ax)
    return ax


def raster_axes(parent) -> tuple[Axes, Axes]:
    """Axes for a raster and, beneath it, for its rate; they share the time axis.

    `parent` is a Figure, a SubFigure, or a SubplotSpec (a cell of a grid, `grid[0, 1]`).
    """
    shares: Any = {"height_ratios": [3, 1], "hspace": 0.06}
    with looks.style():
        if isinstance(parent, SubplotSpec):
            figure: Any = parent.get_gridspec().figure  # type: ignore
            grid: Any = GridSpecFromSubplotSpec(2, 1, parent, **shares)
        else:
            figure, grid = parent, parent.add_gridspec(2, 1, **shares)
        upper = figure.add_subplot(grid[0])
        lower = figure.add_subplot(grid[1], sharex=upper)
        upper.tick_params(labelbottom=False)
    return upper, lower


def _marker(ax: Axes, n: int, n_spikes: int) -> dict[str, Any]:
    """Ticks as tall as a neuron's row where rows are tall; else dots that leave two thirds of it white."""
    box = ax.get_window_extent()
    width, height = box.width / ax.figure.dpi * 72, box.height / ax.figure.dpi * 72  # points
    common = {"linestyle": "none", "rasterized": True}
    if height / n > 3.0:
        return {"marker": "|", "markersize": min(0.75 * height / n, 9.0), "markeredgewidth": 0.9, **common}
    size = np.sqrt(0.33 * width * height / max(1, n_spikes))
    return {"marker": "o", "markersize": float(np.clip(size, 0.5, 1.4)), "markeredgewidth": 0.0, **common}


def _rate(ax: Axes, t_ms, size: int, duration_ms: float, bin_ms: float, colour: str, name: str) -> None:
    edges, rate = population_rate(t_ms, size, duration_ms, bin_ms)
    if colour == looks.EXCITATORY:  # a fill tells the two apart in a grey print
        ax.stairs(rate, edges, fill=True, color=colour, alpha=0.2, linewidth=0.0)
    ax.stairs(rate, edges, baseline=None, color=colour, linewidth=0.9, label=name)


def _legend(ax: Axes) -> None:
    """Above the axes, on the right: never over a spike; its marks are large enough to see their colour."""
    big: Any = {"linestyle": "none", "marker": "o", "markersize": 4.0, "markeredgewidth": 0.0}
    shown = [Line2D([], [], color=line.get_color(), label=str(line.get_label()), **big) for line in ax.lines]
    above: Any = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": 2}
    ax.legend(handles=shown, handletextpad=0.2, columnspacing=1.2, **above)


def _populations(types, n: int) -> list[tuple[str, str, np.ndarray]]:
    """(name, colour, members as a mask) of each population that has a member."""
    if types is None:
        return [("all", looks.NEUTRAL, np.ones(n, dtype=bool))]
    types = np.asarray(types)
    if types.shape != (n,) or types.dtype != bool:
        got = f"{types.dtype} {types.shape}"
        check.fail(OWNER, f"types must be ({n},) bool, True for excitatory", got)
    both = [("excitatory", looks.EXCITATORY, types), ("inhibitory", looks.INHIBITORY, ~types)]
    return [entry for entry in both if entry[2].any()]
