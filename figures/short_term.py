"""Depressing and facilitating synapses: a train on a membrane, and the release at steady state against the rate."""

import numpy as np

from neurosparse import plot

SOURCE = "short_term"


def draw(record):
    """Two voltage traces above; below, release per spike beside the closed form."""
    a = record.arrays
    kinds = list(dict.fromkeys(row["kind"] for row in record.rows))
    figure = plot.figure(7.2, 4.8)
    grid = figure.add_gridspec(2, len(kinds), hspace=0.1, wspace=0.08)
    for k, kind in enumerate(kinds):
        top = figure.add_subplot(grid[0, k])
        top.plot(a["t"], a[f"v_{kind}"], color=plot.OURS, linewidth=0.9)
        top.set(xlabel="time (ms)", ylabel="PSP (mV)", xlim=(0, a["t"][-1]))
        top.set_ylim(bottom=0)
        top.set_title(f"{'ab'[k]}  {kind}, {record.config['rate']:g} Hz", loc="left")
        rows = [row for row in record.rows if row["kind"] == kind]
        rates = np.array([row["rate_hz"] for row in rows])
        bottom = figure.add_subplot(grid[1, k])
        bottom.plot(rates, [row["closed_form"] for row in rows], color=plot.PUBLISHED, label="closed form")
        bottom.plot(rates, [row["release"] for row in rows], "o", color=plot.OURS, label="simulated", markersize=4)
        bottom.set(xlabel="rate (Hz)", ylabel="release per spike", xlim=(0, None))
        bottom.set_ylim(bottom=0)
        bottom.set_title(f"{'cd'[k]}  steady state", loc="left")
        bottom.legend(loc="best")
    return figure
