"""Spatial pooler: patterns and receptive fields after learning (after figure 4)."""

import numpy as np
from matplotlib.gridspec import GridSpecFromSubplotSpec

from neurosparse import plot

SOURCE = "sp_fields"


def draw(record):
    """A row for each data set: two patterns; permanences of sixteen columns, one square each, above them its side."""
    names = record.config["datasets"]
    figure = plot.figure(7.6, 1.75 * len(names) + 0.3)
    grid = figure.add_gridspec(len(names), 2, width_ratios=[1, 8.6])
    for row, name in enumerate(names):
        _pictures(figure, grid[row, 0], record.arrays[f"{name}_patterns"][:2], 1, "Greys", name.replace("_", " "))
        pools = [_pool(field) for field in record.arrays[f"{name}_fields"]]
        across, down = pools[0].shape[1], pools[0].shape[0]
        title = f"{down} x {across}"  # short: a title widens the column of axes that it stands on
        _pictures(figure, grid[row, 1], pools, 8, "viridis", title)
    return figure


def _pool(field):
    """The inputs of one pool, in one piece: a field on a torus is turned until its pool does not cross the edge."""
    for axis in (0, 1):
        outside = (field < 0).all(axis=1 - axis)
        if outside.any():
            starts = np.flatnonzero(~outside & np.roll(outside, 1))
            field = np.roll(field, -starts[0], axis=axis).take(np.arange((~outside).sum()), axis=axis)
    return field


def _pictures(figure, place, pictures, across, colours, title):
    inner = GridSpecFromSubplotSpec(len(pictures) // across, across, place, wspace=0.08, hspace=0.08)
    for k, picture in enumerate(pictures):
        ax = figure.add_subplot(inner[k // across, k % across])
        ax.imshow(picture, cmap=colours, vmin=0, vmax=1, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        for side in ax.spines.values():
            side.set(visible=True, linewidth=0.5, color=plot.NEUTRAL)
        if k == 0:
            ax.set_title(title, loc="left")
