"""Branching factor and rate of a liquid against the scale of its weights, beside the published curve."""

import numpy as np

from neurosparse import plot

SOURCE = "liquid_branching"
# Ivanov & Michmizos 2021, workbook "Data and simulations", fixed weights on MNIST, mean of 10 networks.
PUBLISHED = {
    0.4: 0.37, 0.5: 0.54, 0.6: 0.70, 0.7: 0.86, 0.8: 1.00, 0.9: 1.13, 1.0: 1.24, 1.1: 1.34, 1.2: 1.40, 1.3: 1.44,
    1.4: 1.44,
}  # fmt: skip


def draw(record):
    """Two panels over one axis."""
    a = record.arrays
    figure = plot.figure(6.4, 5.6)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[1.4, 1])
    top.axhline(1.0, color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
    top.plot(a["weight_scale"], a["branching_factor"], "o-", color=plot.OURS, label="neurosparse")
    if record.config["dataset"] == "mnist":
        x, y = np.array(list(PUBLISHED.items())).T
        top.plot(x, y, "D", color=plot.PUBLISHED, markerfacecolor="none", label="Ivanov & Michmizos 2021")
    top.set_ylabel("branching factor")
    top.legend(loc="lower right")
    name, samples = record.config["dataset"], record.config["n_samples"]
    top.set_title(f"{record.config['n_neurons']:,} neurons, {samples} {name} images", loc="left")
    bottom.semilogy(a["weight_scale"], a["rate_hz"], "o-", color=plot.OURS)
    bottom.set(xlabel="weight scale |w|, mV", ylabel="rate, Hz")
    return figure
