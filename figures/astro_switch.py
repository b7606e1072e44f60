"""Depression becomes facilitation: astrocytes, the trains of their synapses, fixed receptors, steady release."""

import numpy as np

from neurosparse import plot

SOURCE = "astro_switch"
COLOURS = {"none": plot.PUBLISHED, "weak": plot.EXCITATORY, "strong": plot.INHIBITORY}
# An independent program: crossings of the threshold (s), and the releases of 50 ms trains by share of bound receptors
CROSSINGS = {"weak": (2.08,), "strong": (1.06, 10.35)}
TRAINS = {0.0: (0.60, 0.37, 0.15, 0.10, 0.10), 0.9: (0.06, 0.10, 0.13, 0.13, 0.13)}


def draw(record):
    """Calcium and receptors above; below, releases in trains, at fixed receptors, and at steady state."""
    figure = plot.figure(9.6, 5.6)
    upper, lower = figure.add_gridspec(2, 1, hspace=0.08)
    tops = upper.subgridspec(1, 2, wspace=0.08)
    _calcium(figure.add_subplot(tops[0]), record)
    _receptors(figure.add_subplot(tops[1]), record)
    bottoms = lower.subgridspec(1, 3, wspace=0.1)
    _trains(figure.add_subplot(bottoms[0]), record)
    _fixed(figure.add_subplot(bottoms[1]), record)
    _steady(figure.add_subplot(bottoms[2]), record)
    return figure


def _calcium(ax, record) -> None:
    t = record.arrays["t"]
    for k, (name, times) in enumerate(CROSSINGS.items()):
        ax.plot(t, record.arrays["c"][:, k], color=COLOURS[name], linewidth=1.0, label=f"{name} drive")
        there = [time for time in times if time <= t[-1]]
        ax.plot(there, [0.5] * len(there), "D", color=COLOURS[name], markerfacecolor="none", markersize=6)
    ax.axhline(0.5, color=plot.BASELINE, linewidth=0.6)
    ax.plot([], [], "D", color=plot.PUBLISHED, markerfacecolor="none", label="independent program")
    ax.set(xlabel="time (s)", ylabel="calcium (uM)", xlim=(0, t[-1]), ylim=(0, None))
    ax.set_title("a  Gliotransmitter leaves at 0.5 uM", loc="left")
    ax.legend(loc="upper right", fontsize=7)


def _receptors(ax, record) -> None:
    t = record.arrays["t"]
    for k, name in enumerate(CROSSINGS):
        ax.plot(t, record.arrays["gamma_s"][:, k], color=COLOURS[name], linewidth=1.0)
    switch = record.metrics["switch_at"]
    ax.axhline(switch, color=plot.BASELINE, linewidth=0.6)
    ax.annotate("facilitation above", (t[-1], switch), (-2, 3), textcoords="offset points", fontsize=7, ha="right")
    ax.set(xlabel="time (s)", ylabel="bound receptors", xlim=(0, t[-1]), ylim=(0, 1))
    ax.set_title("b  Presynaptic receptors", loc="left")


def _trains(ax, record) -> None:
    for name, shift in zip(COLOURS, (-2.0, 0.0, 2.0)):
        rows = [row for row in record.rows if row["synapse"] == f"{name} gliotransmission"]
        times, released = (np.array([row[key] for row in rows]) for key in ("time_ms", "released"))
        ax.vlines(times + shift, 0, released, color=COLOURS[name], linewidth=1.6, label=name)
    ax.set(xlabel="time in the train (ms)", ylabel="released", ylim=(0, None))
    ax.set_title(f"c  A train at {record.config['transient_s']:g} s", loc="left")
    ax.legend(loc="upper right", fontsize=7, title="gliotransmission", title_fontsize=7)


def _fixed(ax, record) -> None:
    fixed = [row for row in record.rows if row["synapse"] == "fixed"]
    for bound, shade in zip(record.config["bound"], (plot.OURS, plot.BASELINE, plot.NEUTRAL)):
        rows = [row["released"] for row in fixed if row["gamma_s"] == bound]
        ax.plot(range(1, len(rows) + 1), rows, "o-", color=shade, markersize=4, linewidth=1.0, label=f"{bound:g} bound")
        if bound in TRAINS:
            ax.plot(range(1, 6), TRAINS[bound], "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=7)
    ax.plot([], [], "D", color=plot.PUBLISHED, markerfacecolor="none", label="independent program")
    ax.set(xlabel="spike of a 20 Hz train", ylabel="released", ylim=(0, None))
    ax.set_title("d  Receptors held", loc="left")
    ax.legend(loc="upper right", fontsize=7)


def _steady(ax, record) -> None:
    a = record.arrays
    for k, (bound, shade) in enumerate(zip(record.config["bound"], (plot.OURS, plot.BASELINE, plot.NEUTRAL))):
        ax.plot(a["rate"], a["closed"][k], color=plot.PUBLISHED, linewidth=0.8, label=None if k else "closed form")
        ax.plot(a["rate"], a["steady"][k], "o", color=shade, markersize=4, label=f"{bound:g} bound")
    ax.set(xscale="log", xlabel="rate (Hz)", ylabel="released per spike", ylim=(0, None))
    ax.set_title("e  Steady state", loc="left")
    ax.legend(loc="upper right", fontsize=7)
