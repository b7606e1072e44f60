"""The Numenta Anomaly Benchmark: scores under three profiles beside the published ones, and what was seen in a series.

Published: results/final_results.json of the benchmark, version 1.1. Thresholds are those of the best score, for every
detector, ours and theirs.
"""

import numpy as np

from neurosparse import plot

SOURCE = "nab"
NAMES = {
    "htm": "network + range", "likelihood": "network", "surprise": "surprise as it is", "range": "range alone",
    "gaussian": "windowed Gaussian", "random": "random", "null": "null",
}  # fmt: skip
PROFILES = {"standard": "standard", "reward_low_FP_rate": "low FP rate", "reward_low_FN_rate": "low FN rate"}


def draw(record):
    """Left: scores of all detectors. Right: value, surprise and score of a series, its windows and detections."""
    a = record.arrays
    figure = plot.figure(7.6, 6.2)
    grid = figure.add_gridspec(3, 2, width_ratios=[1, 1.15], height_ratios=[1.2, 0.8, 1])
    _scores(figure.add_subplot(grid[:, 0]), a)
    panels = [figure.add_subplot(grid[k, 1]) for k in range(3)]
    _series(panels, a)
    return figure


def _scores(ax, a):
    """One line for each detector, best below; ours filled, published ones open."""
    ours = [(NAMES[name], score, True) for name, score in zip(a["detector"], a["score"])]
    theirs = [(str(name), score, False) for name, score in zip(a["published"], a["published_score"])]
    every = sorted(ours + theirs, key=lambda one: one[1][0])
    for row, (_, score, mine) in enumerate(every):
        for k, marker in enumerate("os^"):
            face = {"color": plot.OURS} if mine else {"color": plot.PUBLISHED, "markerfacecolor": "none"}
            ax.plot(max(score[k], -5), row, marker, markersize=4.5, linestyle="none", **face)
    ax.set_yticks(range(len(every)), [name for name, _, _ in every], fontsize=7)
    for label, (_, _, mine) in zip(ax.get_yticklabels(), every):
        label.set_color(plot.OURS if mine else plot.PUBLISHED)
    for k, marker in enumerate("os^"):
        ax.plot([], [], marker, color=plot.NEUTRAL, linestyle="none", label=list(PROFILES.values())[k])
    ax.grid(axis="y", linewidth=0.3)
    ax.set(xlabel="score (0 null, 100 perfect)", xlim=(-6, 104))
    ax.legend(loc="lower right")
    ax.set_title("a  ours (green), published (open)", loc="left")


def _series(panels, a):
    value, surprise, score = panels
    day = (a["time"] - a["time"][0]) / 86400
    threshold = a["threshold"][0]
    begin = a["probation"][0]
    hit = begin + np.flatnonzero(a["example_score"][begin:] >= threshold)
    value.plot(day, a["value"], color=plot.NEUTRAL, linewidth=0.5)
    value.plot(day[hit], a["value"][hit], "o", color=plot.INHIBITORY, markersize=3, label="detected")
    surprise.plot(day, a["anomaly"], color=plot.EXCITATORY, linewidth=0.3)
    score.plot(day, a["example_score"], color=plot.OURS, linewidth=0.6)
    if np.isfinite(threshold):
        score.axhline(threshold, color=plot.INHIBITORY, linewidth=0.8, linestyle=":")
    for ax in panels:
        for k, (first, last) in enumerate(a["windows"]):
            ax.axvspan(day[first], day[last], color=plot.EXCITATORY, alpha=0.15, linewidth=0,
                       label="labelled" if k == 0 and ax is value else None)  # fmt: skip
        ax.axvspan(day[0], day[begin], color=plot.BASELINE, alpha=0.2, linewidth=0,
                   label="not scored" if ax is value else None)  # fmt: skip
        ax.set_xlim(day[0], day[-1])
        if ax is not score:
            ax.tick_params(labelbottom=False)
    value.set_ylabel("value")
    value.set_ylim(None, a["value"].max() + 0.3 * np.ptp(a["value"]))
    value.legend(loc="upper right", ncols=3)
    surprise.set(ylabel="surprise", ylim=(0, 1.05))
    score.set(ylabel="anomaly score", xlabel="days", ylim=(0, 1.05))
    value.set_title(f"b  {str(a['example_name'][0]).rpartition('/')[2]}", loc="left")
