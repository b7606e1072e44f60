"""CUBA against other simulators: run time for one second of network time, every timing a dot."""

import numpy as np

from neurosparse import plot

SOURCE = "bench_cuba"


def draw(record):
    """One panel for each size; the text is the median ratio with its quartiles."""
    sizes = list(dict.fromkeys(row["neurons"] for row in record.rows))
    figure = plot.figure(3.6 * len(sizes) + 1.2, 2.6)
    panels = figure.subplots(1, len(sizes), squeeze=False)[0]
    for ax, n in zip(panels, sizes):
        rows = [row for row in record.rows if row["neurons"] == n]
        for y, row in enumerate(rows):
            seconds = record.arrays[f"seconds {n} {row['rival']}"]
            colour = plot.OURS if row["rival"] == "neurosparse" else plot.BASELINE
            ax.plot(seconds, y + np.linspace(-0.15, 0.15, len(seconds)), "o", color=colour, alpha=0.5, markersize=4)
            ax.vlines(row["seconds"], y - 0.3, y + 0.3, color=colour)
            text = f"{row['ratio_median']:.1f}x ({row['ratio_q1']:.1f} to {row['ratio_q3']:.1f})"
            ax.annotate(text, (row["seconds"], y), (0, 10), textcoords="offset points", ha="center", fontsize=7)
        ax.set(xscale="log", yticks=range(len(rows)), yticklabels=[row["rival"] for row in rows])
        ax.set(ylim=(-0.7, len(rows) - 0.2), xlabel=f"s for {record.config['duration_ms'] / 1000:g} s of network time")
        ax.margins(x=0.35)
        ax.set_title(f"{n:,} neurons", loc="left")
    return figure
