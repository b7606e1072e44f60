"""Order motifs without delays, with fixed and with learned ones: accuracy, its course, one motif as it arrives."""

import numpy as np

from neurosparse import plot

SOURCE = "order_motifs"
COLOURS = {"none": plot.BASELINE, "fixed": plot.EXCITATORY, "learned": plot.OURS}
NAMES = {"none": "no delays", "fixed": "fixed, random", "learned": "learned"}


def draw(record):
    """Three panels."""
    figure = plot.figure(9.6, 3.4)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.0, 1.15, 1.3])
    conditions = np.array([row["condition"] for row in record.rows])
    accuracy = 100.0 * np.array([row["accuracy"] for row in record.rows])
    names, c = record.config["conditions"], record.config
    chance = 100.0 / len(record.arrays["times"])
    for place, name in enumerate(names):
        mine = accuracy[conditions == name]
        left.plot(np.full(len(mine), place), mine, "o", color=COLOURS[name], markerfacecolor="none")
        left.annotate(f"{mine.mean():.2f}", (place, mine.mean()), (8, -3), textcoords="offset points", fontsize=8)
    left.set_xticks(range(len(names)), [NAMES[name].replace(" ", "\n") for name in names])
    left.set(xlim=(-0.5, len(names) - 0.3), ylim=(0, 104), ylabel="test accuracy (%)")
    left.set_title(f"a  Delays, {c['hidden']} hidden neurons", loc="left")
    epochs = np.arange(1, c["epochs"] + 1)
    for name, course in zip(conditions, record.arrays["validation"], strict=True):
        middle.plot(epochs, 100.0 * course, ".-", color=COLOURS[name])
    middle.set(xlabel="epoch", ylabel="validation accuracy (%)", ylim=(0, 104))
    middle.xaxis.get_major_locator().set_params(integer=True)
    middle.set_title("b  Learning", loc="left")
    for ax in (left, middle):
        ax.axhline(chance, color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
    middle.annotate("chance", (epochs[-1], chance), (0, 3), textcoords="offset points", ha="right", fontsize=7)
    _motif(right, record, conditions)
    return figure


def _motif(ax, record, conditions: np.ndarray) -> None:
    """The motif and the hidden neuron at which the delays of the last condition let it arrive most together."""
    run = int(np.flatnonzero(conditions == record.config["conditions"][-1])[0])
    sent, d, w = record.arrays["times"], record.arrays["delays"][run], record.arrays["weights"][run]
    arrives = sent[:, :, None] + d  # (class, channel, hidden)
    near = np.abs(arrives[:, :, None] - arrives[:, None]) <= 2  # of two channels
    together = np.einsum("cijh,ih,jh->ch", near, w.clip(min=0), w.clip(min=0))
    label, neuron = np.unravel_index(np.argmax(together), together.shape)
    channels, size = np.arange(sent.shape[1]), 140.0 * np.abs(w[:, neuron]) / np.abs(w).max()
    colour = np.where(w[:, neuron] > 0, plot.EXCITATORY, plot.INHIBITORY)
    ends = arrives[label, :, neuron]
    ax.hlines(channels, sent[label], ends, color=plot.BASELINE, linewidth=0.8)
    ax.plot(sent[label], channels, "|", color=plot.PUBLISHED, markersize=11, markeredgewidth=1.6)
    ax.scatter(ends, channels, s=size, c=colour, zorder=3)
    ax.axvline(record.arrays["end"], color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
    ax.annotate("end", (record.arrays["end"], channels[-1] - 0.5), (3, 0), textcoords="offset points", fontsize=7)
    ax.set(xlabel="time (steps): sent, arriving (area: weight)", ylabel="channel", yticks=channels)
    ax.set_title(f"c  Class {label} at neuron {neuron}", loc="left")
