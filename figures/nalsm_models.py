"""Best accuracy of each kind of liquid, its value chosen on validation samples, beside the published ones."""

import numpy as np

from figures import _nalsm
from neurosparse import plot

SOURCE = "nalsm_sweep"
ORDER = ("pixels", "stdp", "static", "ap_stdp", "nalsm")


def draw(record):
    """One bar for each model, mean over seeds; published means with their SD as marks."""
    a, config = record.arrays, record.config
    found = {model: _best(a, model) for model in ORDER if _mine(a, model).any()}
    found["pixels"] = ("", a["baseline_accuracy"])
    names = [model for model in ORDER if model in found]
    published = _nalsm.BEST.get(config["dataset"], {})
    figure = plot.figure(5.6, 3.4)
    ax = figure.add_subplot()
    for k, model in enumerate(names):
        value, shares = found[model]
        mean = 100 * shares.mean()
        ax.bar(k, mean, 0.6, color=_nalsm.COLOURS[model], alpha=0.75, zorder=1)
        ax.errorbar(k, mean, 100 * _nalsm.spread(shares, record), color=plot.NEUTRAL, capsize=2, zorder=2)
        ax.annotate(f"{mean:.1f}", (k, mean), (-11, 3), textcoords="offset points", ha="center", fontsize=7)
        if model in published:
            at, sd, _ = published[model]
            ax.errorbar(k + 0.22, at, sd, fmt="D", color=plot.PUBLISHED, markerfacecolor="none", capsize=2, zorder=3)
        names[k] = f"{_nalsm.NAMES[model]}\n{value}"
    if published:
        label = f"{_nalsm.SOURCE}, {_nalsm.TRAINED}"
        ax.errorbar([], [], [], fmt="D", color=plot.PUBLISHED, markerfacecolor="none", capsize=2, label=label)
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0))
    low = min([100 * shares.min() for _, shares in found.values()] + [row[0] for row in published.values()])
    low = 5 * max(0, int((low - 0.4 * (100 - low)) // 5))
    ax.set(xticks=range(len(names)), xticklabels=names, ylabel=f"best accuracy (%), from {low} %", ylim=(low, 100))
    ax.set_title(_nalsm.title(record), loc="left", pad=18, fontsize=7)
    return figure


def _mine(a, model: str) -> np.ndarray:
    """Rows of this model, less those of the sweep over listening."""
    return (a["model"] == model) & (a["sweep"] != "listening")


def _best(a, model: str) -> tuple[str, np.ndarray]:
    """(value as text, accuracy of each seed) where the mean accuracy on validation samples is highest."""
    mine = _mine(a, model)
    if np.isnan(a["value"][mine]).all():
        return "", a["accuracy"][mine]
    values = np.unique(a["value"][mine])
    top = values[np.argmax([a["validation"][mine & (a["value"] == value)].mean() for value in values])]
    sign = {"w_astro": "w = ", "weight_scale": "|w| = "}[a["sweep"][mine][0]]
    return f"{sign}{top:g}{' mV' if sign[0] == '|' else ''}", a["accuracy"][mine & (a["value"] == top)]
