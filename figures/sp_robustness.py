"""Spatial pooler: overlap of outputs against noise of the input, and the duty cycles of columns (after figure 2)."""

import numpy as np

from neurosparse import plot

SOURCE = "sp_robustness"
CASES = {"untrained": plot.BASELINE, "trained": plot.EXCITATORY, "trained, boosted": plot.OURS}


def draw(record):
    """Left: every seed's curve, thin, and their mean. Right: share of columns by their duty cycle."""
    a = record.arrays
    figure = plot.figure(8.0, 3.2)
    left, right = figure.subplots(1, 2)
    top = max(0.1, float(np.percentile(a["duty"], 99.9)))
    edges = (np.arange(int(top * record.config["n_patterns"]) + 2) - 0.5) / record.config["n_patterns"]
    for k, (case, colour) in enumerate(CASES.items()):
        left.plot(100 * a["noise"], a["overlap"][:, k].T, color=colour, linewidth=0.6, alpha=0.5)
        left.plot(100 * a["noise"], a["overlap"][:, k].mean(axis=0), color=colour, label=case)
        count, _ = np.histogram(a["duty"][:, k], edges)
        label = f"{case}, H = {a['entropy'][:, k].mean():.3f} bit"
        right.step(
            100 * (edges[:-1] + edges[1:]) / 2, 100 * count / count.sum(), where="mid", color=colour, label=label
        )
    left.set(xlabel="noise: active inputs moved, %", ylabel="overlap of outputs", ylim=(0, 1.03), xlim=(0, 100))
    left.legend(loc="center left", bbox_to_anchor=(0.28, 0.62))
    right.set(xlabel="patterns that a column wins, %", ylabel="columns, %", yscale="log")
    right.legend(loc="upper right")
    return figure
