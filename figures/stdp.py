"""STDP's weight distribution, weights on their way, and the rate that settles."""

import numpy as np

from neurosparse import plot

SOURCE = "stdp"


def draw(record):
    """Histogram of first and last weights; some weights over time; rate."""
    a = record.arrays
    figure = plot.figure(7.2, 4.6)
    left, right = figure.add_gridspec(1, 2, width_ratios=[1, 1.3], wspace=0.3)
    ax, edges = figure.add_subplot(left), np.linspace(0, 1, 26)
    for name, label, colour, filled in (
        ("w_first", "first", plot.PUBLISHED, False),
        ("w_last", "last", plot.OURS, True),
    ):
        ax.stairs(np.histogram(a[name], edges)[0], edges, fill=filled, color=colour, label=label)
    ax.set(xlabel="weight / g_max", ylabel="synapses", xlim=(0, 1))
    ax.set_title(f"a  after {record.config['seconds']:,} s", loc="left")
    ax.legend(loc="upper center")
    top, bottom = right.subgridspec(2, 1, height_ratios=[1.6, 1], hspace=0.12)
    above = figure.add_subplot(top)
    above.plot(np.arange(len(a["w_traces"])), a["w_traces"], color=plot.OURS, linewidth=0.6, alpha=0.6)
    above.set(ylabel="weight / g_max", ylim=(-0.02, 1.02))
    above.tick_params(labelbottom=False)
    above.set_title(f"b  {a['w_traces'].shape[1]} synapses", loc="left")
    below = figure.add_subplot(bottom, sharex=above)
    below.plot(a["t"], a["rate"], color=plot.BASELINE)
    below.set(xlabel="time (s)", ylabel="rate (Hz)", xlim=(0, len(a["t"])))
    below.set_ylim(bottom=0)
    return figure
