"""A step of temporal memory while it learns sequences, and on a stream of noise with and without a limit."""

import numpy as np

from neurosparse import plot

SOURCE = "bench_temporal_memory"
# htm.core's C++ on a Xeon, milliseconds a step on a stream of noise, as (first step, last step, ms).
NOISE = ((0, 1000, 0.31), (1000, 2000, 0.61), (2000, 5000, 1.10), (5000, 10_000, 1.71))
LEARNED, INFER, WANTED = 0.105, 0.089, 0.08
FULL = {"n_columns": 2048, "cells_per_column": 32, "n_active": 40, "n_sequences": 20, "n_elements": 50}


def draw(record):
    """Left: epochs of the sequences. Right: the streams."""
    figure = plot.figure(9.0, 3.6)
    left, right = figure.subplots(1, 2)
    full = all(record.config[key] == value for key, value in FULL.items())
    epochs = record.arrays["milliseconds epochs"]
    q1, median, q3 = np.percentile(epochs, [25, 50, 75], axis=1)
    x = np.arange(len(epochs))
    left.errorbar(x, median, [median - q1, q3 - median], fmt="o-", color=plot.OURS, capsize=2, label="ours, learning")
    infer = record.metrics["infer_ms"]
    left.plot(x[-1], infer, "v", color=plot.EXCITATORY, label="ours, inference")
    if full:
        left.plot(x[-1], LEARNED, "D", color=plot.PUBLISHED, markerfacecolor="none", label="htm.core, learned*")
        left.plot(x[-1], INFER, "s", color=plot.PUBLISHED, markerfacecolor="none", label="htm.core, inference*")
        left.plot([4, x[-1]], [WANTED, WANTED], color=plot.INHIBITORY, linewidth=2, label="wanted, at most")
    left.set(xlabel="epoch", ylabel="time of a step, ms", ylim=(0, None))
    left.set_title(f"{record.rows[len(epochs) - 1]['n_segments']:,} segments", loc="left")
    left.legend(fontsize=7)
    block = record.config["block"]
    for name, colour in (("unlimited", plot.BASELINE), ("limited", plot.OURS)):
        spent = record.arrays[f"milliseconds {name}"]
        most = record.config["max_segments"]
        limit = f"at most {most:,} segments" if name == "limited" else "no limit (peaks: more room)"
        right.plot(block * (1 + np.arange(len(spent))), spent, color=colour, label=f"ours, {limit}")
    if full:
        for k, (first, last, value) in enumerate(NOISE):
            label = "htm.core, no limit*" if k == 0 else None
            right.plot([first, last], [value, value], color=plot.PUBLISHED, linestyle="--", label=label)
    right.set(xlabel="step", ylabel="time of a step, ms", ylim=(0, None))
    right.set_title("a stream of noise", loc="left")
    right.legend(fontsize=7)
    figure.supxlabel("* on another machine: a Xeon, one thread, measured elsewhere", fontsize=6, x=0.01, ha="left")
    return figure
