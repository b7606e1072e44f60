"""Spatial pooler: recovery after a patch of columns died, or of inputs fell silent (after figure 5)."""

import numpy as np

from neurosparse import plot

SOURCE = "sp_trauma"
MOMENTS = {"before": "before", "after": "at the trauma", "end": "end"}


def draw(record):
    """Coverage of the inputs and centres of receptive fields at three moments; below, both over epochs."""
    a, side = record.arrays, record.config["side"]
    figure = plot.figure(7.6, 6.6)
    grid = figure.add_gridspec(3, 3, height_ratios=[1, 1, 0.7])
    there = [m for m in MOMENTS if f"coverage_{m}" in a]
    top = max(a[f"coverage_{m}"].max() for m in there)
    corner = np.argwhere(a["hurt"]).min(axis=0)[::-1] - 0.5
    size = int(a["hurt"].any(axis=0).sum())
    for k, moment in enumerate(there):
        upper, lower = figure.add_subplot(grid[0, k]), figure.add_subplot(grid[1, k])
        picture = upper.imshow(a[f"coverage_{moment}"], cmap="viridis", vmin=0, vmax=top)
        lower.plot(a[f"centres_{moment}"][:, 1], a[f"centres_{moment}"][:, 0], ".", color=plot.OURS, markersize=2)
        lower.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), aspect="equal")
        upper.set_title(MOMENTS[moment], loc="left")
        for ax in (upper, lower):
            ax.add_patch(_frame(corner, size))
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
        if k == 0:
            upper.set_ylabel("columns of an input")
            lower.set_ylabel("centres of fields")
    figure.colorbar(picture, ax=figure.axes[0 : 2 * len(there) : 2], shrink=0.8)
    below = figure.add_subplot(grid[2, :])
    below.plot(a["inside"], color=plot.INHIBITORY, label="inputs in the patch")
    below.plot(a["outside"], color=plot.OURS, label="other inputs")
    below.axvline(record.config["at"], color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
    late = max(a[name][record.config["at"] // 2 :].max() for name in ("inside", "outside"))
    below.set(xlabel="epoch", ylabel="columns of an input", ylim=(0, 1.5 * late))
    below.legend(loc="upper right")
    return figure


def _frame(corner, size):
    from matplotlib.patches import Rectangle

    return Rectangle((corner[0], corner[1]), size, size, fill=False, edgecolor=plot.INHIBITORY, linewidth=1)
