"""Time of training steps of ours and of three libraries: one layer, an epoch, the published size.

Published for "large": Open Neuromorphic, SNN library benchmarks (2024), on an RTX 4090, another machine than ours.
"""

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from neurosparse import plot

SOURCE = "bench_training"
PUBLISHED = {"Spyx": 76.0, "Norse compiled": 109.0, "SpikingJelly CuPy": 118.0, "snnTorch": 3080.0}  # ms, "large"


def draw(record):
    """A panel for each task, activity and thread count: every timing as a dot, the median and its ratio to ours."""
    timed = [row for row in record.rows if row.get("milliseconds")]  # not those of what is not installed
    panels = list(dict.fromkeys((row["task"], row["activity"], row["threads"]) for row in timed))
    names = list(dict.fromkeys(row["library"] for row in timed))
    figure = plot.figure(1.6 + 2.7 * len(panels), 1.5 + 0.42 * len(names))
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for ax, (task, activity, threads) in zip(axes, panels):
        rows = [row for row in timed if (row["task"], row["activity"], row["threads"]) ==
                (task, activity, threads)]  # fmt: skip
        for y, row in enumerate(rows):
            times = record.arrays[f"{row['library']} {task} {activity} {threads}"]
            line(ax, y, times, row)
        if task == "large":
            marks(ax, len(names))
        ax.set(xscale="log", xlabel="ms, forward and backward" if task != "epoch" else "ms a batch")
        low, high = ax.get_xlim()
        ax.set_xlim(low / 1.8, high * 1.8)
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_title(title(record.config, task, activity, threads), loc="left", fontsize=8)
    axes[0].set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.7))
    return figure


def line(ax, y, times, row):
    """Dots, the median, and beside it the ratio with its quartiles."""
    ours = row["library"].startswith("neurosparse")
    colour = plot.OURS if ours else plot.BASELINE
    ax.plot(times, y + np.linspace(-0.12, 0.12, len(times)), "o", color=colour, alpha=0.4, markersize=3)
    ax.vlines(row["milliseconds"], y - 0.25, y + 0.25, color=colour)
    text = f"{row['milliseconds']:.3g} ms"
    if row["library"] != "neurosparse":
        text += f", {row['ratio_median']:.2g}x ({row['ratio_q1']:.2g} to {row['ratio_q3']:.2g})"
    if "epoch_seconds" in row:
        text += f", epoch {row['epoch_seconds']:.2g} s"
    ax.annotate(text, (row["milliseconds"], y), (0, 9), textcoords="offset points", ha="center", fontsize=6)


def marks(ax, n):
    """Published times, on other hardware."""
    for k, (name, ms) in enumerate(PUBLISHED.items()):
        ax.axvline(ms, color=plot.PUBLISHED, linewidth=0.8, linestyle=":")
        ax.annotate(
            name,
            (ms, n - 0.5 - 0.3 * n * (k % 3)),
            (1, 2),
            textcoords="offset points",
            rotation=90,
            fontsize=5,
            va="bottom",
        )


def title(config, task, activity, threads):
    """What the panel is of."""
    many = f"{threads} thread" + "s" * (threads > 1)
    if task == "scan":
        return f"One layer, {config['steps']} steps x\n{config['batch']} x {config['n']}, {many}"
    if task == "large":
        return f"One layer, 500 steps x\n16 x 16,384, {config['device']}, {many}"
    net = f"{config['n_inputs']}-{config['n']}-{config['n_classes']}"
    return f"{net}, {config['steps']} steps, batch {config['batch']},\n{100 * activity:g} % of inputs, {many}"
