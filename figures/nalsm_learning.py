"""Learning curve: accuracy of liquids and of plain input against the number of training samples."""

import numpy as np

from figures import _nalsm
from neurosparse import plot

SOURCE = "nalsm_learning"


def draw(record):
    """Means over seeds; marks are those of an independent program."""
    a, config = record.arrays, record.config
    figure = plot.figure(5.4, 3.6)
    ax = figure.add_subplot()
    for name in dict.fromkeys(a["features"].tolist()):
        mine = a["features"] == name
        n = np.unique(a["n_train"][mine])
        groups = [a["accuracy"][mine & (a["n_train"] == k)] for k in n]
        mean, error = (
            np.array([of(group) for group in groups]) for of in (np.mean, lambda g: _nalsm.spread(g, record))
        )
        ax.errorbar(n, 100 * mean, 100 * error, marker=_nalsm.SHAPES[name], capsize=2,
                    color=_nalsm.COLOURS[name], label=_nalsm.NAMES[name])  # fmt: skip
        if config["dataset"] == "mnist" and name in _nalsm.LEARNING:
            x, y = np.array(list(_nalsm.LEARNING[name].items())).T
            ax.plot(x, y, _nalsm.SHAPES[name], **_nalsm.MARK)
    if config["dataset"] == "mnist":
        ax.plot([], [], "o", **_nalsm.MARK, label=_nalsm.INDEPENDENT)
    ticks = np.unique(a["n_train"])
    ax.set(xscale="log", xlabel="training samples", ylabel="accuracy (%)")
    ax.set_xticks(ticks, [f"{n:,}" for n in ticks])
    ax.minorticks_off()
    ax.legend(loc="lower right")
    ax.set_title(_nalsm.title(record), loc="left", fontsize=7)
    return figure
