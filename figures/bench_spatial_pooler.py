"""Speed of the spatial pooler: every timing, and htm.core's on another machine."""

import numpy as np

from neurosparse import plot

SOURCE = "bench_spatial_pooler"


def draw(record):
    """A panel for each setting; dots are timings, lines medians, open diamonds quoted numbers."""
    figure = plot.figure(8.0, 3.2)
    cases = list(dict.fromkeys(row["case"] for row in record.rows))
    for ax, case in zip(figure.subplots(1, len(cases), sharey=True), cases):
        rows = [row for row in record.rows if row["case"] == case]
        for x, row in enumerate(rows):
            timed = record.arrays[f"{row['mode']}_{case.split()[1]}"][:, x % 2]
            ax.plot(x + np.linspace(-0.15, 0.15, len(timed)), timed, "o", color=plot.OURS, alpha=0.4, markersize=3)
            ax.hlines(row["us"], x - 0.28, x + 0.28, color=plot.OURS)
            ax.annotate(f"{row['us']:.0f}", (x + 0.3, row["us"]), va="center")
            label = "htm.core, another machine" if x == 0 else None
            ax.plot(x, row["htm_core_elsewhere_us"], "D", color=plot.PUBLISHED, markerfacecolor="none", label=label)
        ax.set(yscale="log", xticks=range(len(rows)), xlim=(-0.6, len(rows) - 0.2))
        ax.set_xticklabels([f"{row['mode']}\n{row['how']}" for row in rows])
        ax.set_title(case, loc="left")
    figure.axes[0].set_ylabel("us a pattern")
    figure.axes[0].legend(loc="upper left")
    return figure
