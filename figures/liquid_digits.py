"""A liquid at work on one page: what it hears, how it is wired, and how well it reads."""

import numpy as np

from neurosparse import plot

SOURCE = "liquid_digits"


def draw(record):
    """Raster and rate of one digit, weights and degrees, confusion matrix, accuracy beside the baseline."""
    a, config = record.arrays, record.config
    n, excitatory = len(a["excitatory"]), a["excitatory"]
    figure = plot.figure(9.6, 7.0)
    top, bottom = figure.add_gridspec(2, 1, height_ratios=[1.25, 1], hspace=0.12)
    left, middle, right = top.subgridspec(1, 3, width_ratios=[0.22, 1.7, 1])
    seen = figure.add_subplot(left)
    seen.imshow(a["image"], cmap="gray_r", aspect="equal")
    seen.set(xticks=[], yticks=[], xlabel="image", anchor="N")
    seen.spines[:].set_visible(True)
    spikes, rate = plot.raster_axes(middle)
    plot.raster(a["raster_i"], a["raster_t"], n, config["duration_ms"], excitatory, spikes, rate)
    spikes.set_title(f"a  The liquid sees one image ({config['dataset']})", loc="left")
    order = np.argsort(~excitatory, kind="stable")
    weights = figure.add_subplot(right)
    plot.weight_matrix(a["indptr"], a["indices"], a["weight"], n, weights, order, "mV")
    weights.set_title(f"b  {len(a['indices']):,} synapses", loc="left")
    degrees, errors, bars = (figure.add_subplot(cell) for cell in bottom.subgridspec(1, 3))
    plot.degree_histogram(a["indptr"], a["indices"], n, degrees)
    degrees.set_title("c  Degrees", loc="left")
    plot.confusion(a["confusion"], ax=errors)
    errors.set_title(f"d  {a['confusion'].sum():,} test images", loc="left")
    _accuracy(bars, record)
    return figure


def _accuracy(ax, record):
    ours, theirs = record.metrics["accuracy"], record.metrics["baseline_accuracy"]
    names = ["liquid", "raw pixels"]
    shares = 100 * np.array([ours, theirs])
    error = 100 * np.sqrt(np.array([ours * (1 - ours), theirs * (1 - theirs)]) / len(record.arrays["label"]))
    ax.errorbar(shares, [1, 0], xerr=error, fmt="none", ecolor=plot.NEUTRAL, capsize=3, zorder=1)
    ax.scatter(shares, [1, 0], s=70, color=[plot.OURS, plot.BASELINE], zorder=2)
    for y, share in zip([1, 0], shares):
        ax.annotate(f"{share:.1f} %", (share, y), (0, 10), textcoords="offset points", ha="center")
    ax.set(yticks=[1, 0], yticklabels=names, ylim=(-0.6, 1.6), xlabel="test accuracy, % (bars: standard error)")
    low = min(shares - error)
    ax.set_xlim(low - 0.35 * (100 - low) - 0.5, 100.5)
    ax.set_title("e  Linear readouts, same split", loc="left")
