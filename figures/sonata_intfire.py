"""SONATA: the raster of the exact run, and what a time step costs: late spikes, and lost ones."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from neurosparse import plot

SOURCE = "sonata_intfire"


def draw(record):
    """Raster and rate; error of matched spikes against the step; spikes lost and added."""
    a, rows, duration = record.arrays, record.rows, record.metrics["duration_ms"]
    grids = [row for row in rows if row["method"] == "grid"]
    figure = plot.figure(7.2, 6.0)
    top, bottom = figure.add_gridspec(2, 1, height_ratios=[1.5, 1], hspace=0.36)
    kinds = a["excitatory"]
    spikes, rate = plot.raster_axes(top)
    bin_ms = max(1.0, duration / 300.0)
    plot.raster(a["spikes_i"], a["spikes_t"], len(kinds), duration, kinds, spikes, rate, bin_ms)
    matched, expected = record.metrics["matched"], record.metrics["expected"]
    spikes.set_title(f"a  By events: {matched:,} of {expected:,} spikes", loc="left")
    left, right = (figure.add_subplot(cell) for cell in bottom.subgridspec(1, 2, wspace=0.32))
    dt = np.array([row["dt_ms"] for row in grids])
    _errors(left, dt, grids, record.metrics["largest_error_ms"])
    _counts(right, dt, grids)
    return figure


def _errors(ax, dt, grids, exact: float) -> None:
    for name, key, marker in (("largest", "largest_ms", "^"), ("median", "median_ms", "o")):
        ax.loglog(dt, [row[key] for row in grids], marker=marker, color=plot.OURS, label=name, linestyle="-")
    ax.loglog(dt, dt / 4, color=plot.BASELINE, linestyle=":", label="dt / 4, rounding alone")
    ax.set(xlabel="step of the grid (ms)", ylabel="error of spikes (ms)")
    ax.set_title(f"b  On a grid (by events: {exact:.1e} ms)" if exact > 0 else "b  On a grid", loc="left")
    ax.legend()


def _counts(ax, dt, grids) -> None:
    missed = [row["expected"] - row["matched"] for row in grids]
    added = [row["got"] - row["matched"] for row in grids]
    ax.semilogx(dt, missed, marker="v", color=plot.PUBLISHED, label="expected, not there")
    ax.semilogx(dt, added, marker="+", color=plot.INHIBITORY, label="there, not expected", linestyle="--")
    ax.set(xlabel="step of the grid (ms)", ylabel="spikes")
    ax.set_ylim(-0.04 * max(1, *missed, *added), 1.1 * max(1, *missed, *added))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.set_title("c  Spikes lost and added", loc="left")
    ax.legend()
