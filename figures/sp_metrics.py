"""Spatial pooler: entropy, stability and robustness over epochs, beside a reference run of htm.core."""

import numpy as np

from neurosparse import plot

SOURCE = "sp_metrics"
PANELS = {"entropy": "entropy, bit", "stability": "stability", "noise_robustness": "area under overlap"}
SETS = {"boost": (plot.OURS, "o", "boosted"), "plain": (plot.EXCITATORY, "s", "not boosted")}


def draw(record):
    """A panel for each measure: mean and range over seeds, and the reference as open diamonds."""
    a, at = record.arrays, np.arange(len(record.arrays["epochs"]))
    figure = plot.figure(8.4, 3.2)
    panels = figure.subplots(1, 3)
    for ax, (measure, label) in zip(panels, PANELS.items()):
        for name, (colour, mark, title) in SETS.items():
            values = a[f"{name}_{measure}"]
            ax.vlines(at, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.4, linewidth=4)
            ax.plot(at, values.mean(axis=0), mark + "-", color=colour, label=title, markersize=4)
            there = [(list(a["epochs"]).index(row["epoch"]), row["htm_core"]) for row in record.rows
                     if row["set"] == name and row["measure"] == measure and "htm_core" in row]  # fmt: skip
            if there:
                ax.plot(*np.array(there).T, "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=8, zorder=5,
                        label="htm.core, one seed" if name == "boost" else None)  # fmt: skip
        ax.set(xticks=at, xticklabels=a["epochs"], xlabel="epochs learned", xlim=(-0.3, len(at) - 0.7))
        ax.set_title(label, loc="left")
    panels[0].set_ylim(0, 0.15)
    panels[1].set_ylim(0, 1.05)
    panels[2].set_ylim(0, 1)
    panels[1].legend(loc="lower right")
    return figure
