"""Spoken digits: what the cochlea makes of a word, its mean over a class, and accuracy on each new speaker."""

import numpy as np

from neurosparse import plot

SOURCE = "spoken_digits"


def draw(record):
    """Left: spikes of one recording, channels over time. Middle: means of classes. Right: speakers left out."""
    figure = plot.figure(7.2, 2.8)
    one, mean, bars = figure.subplots(1, 3, width_ratios=[1, 1, 1.3])
    arrays, rows = record.arrays, record.rows
    one.imshow(arrays["example"].T, origin="lower", aspect="auto", cmap="Greys", interpolation="nearest")
    one.set(xlabel="steps of 10 ms", ylabel="channel, low to high")
    one.set_title("a  one word", loc="left")
    profile = arrays["mean_by_class"].mean(axis=1)
    mean.imshow(profile.T, origin="lower", aspect="auto", cmap="Greys", interpolation="nearest")
    mean.set(xlabel="class", ylabel="channel", xticks=range(len(profile)), xticklabels=arrays["classes"].tolist())
    mean.set_title("b  mean of a class", loc="left")
    at = np.arange(len(rows))
    bars.bar(at - 0.2, [100 * row["accuracy"] for row in rows], 0.4, color=plot.OURS, label="spiking net")
    bars.bar(at + 0.2, [100 * row["baseline"] for row in rows], 0.4, color=plot.BASELINE, label="regression on counts")
    bars.set(xticks=at, ylabel="% right", ylim=(0, 112))
    bars.set_xticklabels([row["speaker"] for row in rows], rotation=30, ha="right")
    bars.set_title("c  a speaker never heard", loc="left")
    bars.legend(loc="upper left", ncols=2)
    return figure
