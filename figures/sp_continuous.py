"""Spatial pooler: measures over epochs, with other patterns from the dotted line on (after figure 3)."""

import numpy as np

from neurosparse import plot

SOURCE = "sp_continuous"
PANELS = {"stability": "stability", "entropy": "entropy, bit", "noise_robustness": "robustness to noise",
          "formed": "synapses formed", "removed": "synapses removed"}  # fmt: skip


def draw(record):
    """Five panels over one axis."""
    a, change = record.arrays, record.config["change"]
    figure = plot.figure(5.6, 7.2)
    for ax, (name, label) in zip(figure.subplots(5, 1, sharex=True), PANELS.items()):
        ax.axvline(change, color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
        ax.plot(np.arange(len(a[name])), a[name], color=plot.OURS)
        ax.set_title(label, loc="left")
        ax.set_ylim(bottom=0)
    ax.set_xlabel("epoch")
    return figure
