"""Beyond NALSM: accuracy of each change on images that were held out of the training set."""

import numpy as np

from neurosparse import plot

SOURCE = "nalsm_beyond"


def draw(record):
    """A dot for each seed, a line at the model as published."""
    names = list(dict.fromkeys(row["change"] for row in record.rows))
    figure = plot.figure(7.0, 0.7 + 0.32 * len(names))
    axes = figure.subplots()
    for y, name in enumerate(names):
        values = [100 * row["accuracy"] for row in record.rows if row["change"] == name]
        axes.plot(values, np.full(len(values), y), "o", color=plot.OURS, alpha=0.7)
        axes.annotate(f"{np.mean(values):.2f} %", (max(values), y), (8, 0), textcoords="offset points", va="center")
    first = float(np.mean([100 * row["accuracy"] for row in record.rows if row["change"] == names[0]]))
    axes.axvline(first, color=plot.OURS, linewidth=0.8, linestyle=":")
    low, high = axes.get_xlim()
    axes.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    axes.set(xlabel="accuracy, % of held-out training images", xlim=(low, high + 0.25 * (high - low)))
    axes.set_title(f"{record.config['n_neurons']} neurons, {record.config['n_train']} training images", loc="left")
    return figure
