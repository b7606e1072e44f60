"""Accuracy and branching factor against the share of neurons and inputs that the astrocyte hears."""

import numpy as np

from figures import _nalsm
from neurosparse import plot

SOURCE = "nalsm_sweep"


def draw(record):
    """Means over seeds, with SD where there are several; published accuracies as marks."""
    figure = plot.figure(5.2, 4.6)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[1.4, 1])
    published = _nalsm.DENSITY.get(record.config["dataset"], {})
    for ax, column, scale in ((top, "accuracy", 100), (bottom, "branching_factor", 1)):
        values, mean, sd = _nalsm.by_value(record, "listening", column)
        if not len(values):
            _nalsm.nothing(ax, "no listenings in this run")
            continue
        error = scale * sd if np.any(sd) else None
        ax.errorbar(100 * values, scale * mean, error, marker="o", color=plot.OURS, capsize=2, label="neurosparse")
    if published:
        x, y = np.array(list(published.items())).T
        label = f"{_nalsm.SOURCE}, {_nalsm.TRAINED}"
        top.plot(100 * x, y, "D", **_nalsm.MARK, label=label)
    top.set_ylabel("accuracy (%)")
    if top.get_legend_handles_labels()[1]:
        top.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    top.set_title(_nalsm.title(record), loc="left", pad=18, fontsize=7)
    bottom.set(xlabel="share of neurons and inputs that the astrocyte hears (%)", ylabel="branching factor")
    return figure
