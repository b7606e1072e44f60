"""Spatial pooler: patterns and receptive fields after learning (after figure 4)."""

from matplotlib.gridspec import GridSpecFromSubplotSpec

from neurosparse import plot

SOURCE = "sp_fields"


def draw(record):
    """A row for each data set: four patterns on the left, permanences of sixteen columns on the right."""
    names = record.config["datasets"]
    figure = plot.figure(7.6, 1.75 * len(names) + 0.3)
    grid = figure.add_gridspec(len(names), 2, width_ratios=[1, 4])
    for row, name in enumerate(names):
        _pictures(figure, grid[row, 0], record.arrays[f"{name}_patterns"], 2, "Greys", name.replace("_", " "))
        fields = record.arrays[f"{name}_fields"]
        _pictures(figure, grid[row, 1], fields.clip(0), 8, "viridis", "permanences of 16 columns",
                  fields < 0)  # fmt: skip
    return figure


def _pictures(figure, place, pictures, across, colours, title, hidden=None):
    import numpy as np

    inner = GridSpecFromSubplotSpec(len(pictures) // across, across, place, wspace=0.08, hspace=0.08)
    for k, picture in enumerate(pictures):
        ax = figure.add_subplot(inner[k // across, k % across])
        shown = picture if hidden is None else np.ma.masked_array(picture, hidden[k])
        ax.imshow(shown, cmap=colours, vmin=0, vmax=1, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.grid(False)
        if k == 0:
            ax.set_title(title, loc="left")
