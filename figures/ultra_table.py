"""UltraLIF's table as a picture: accuracy of each cell on each set, soft and hard spikes, published values as marks."""

import numpy as np

from neurosparse import plot

SOURCE = "ultra_table"


def draw(record):
    """One panel for each set and number of steps; bars are means over seeds, dots the seeds."""
    rows, arrays = record.rows, record.arrays
    panels = list(dict.fromkeys((row["dataset"], row["steps"]) for row in rows))
    figure = plot.figure(min(2.4 * len(panels) + 0.8, 14.0), 3.2)
    for k, (ax, panel) in enumerate(zip(np.ravel(figure.subplots(1, len(panels))), panels)):
        chosen = [i for i, row in enumerate(rows) if (row["dataset"], row["steps"]) == panel and not row["penalty"]]
        for at, i in enumerate(chosen):
            for shift, name, colour, label in (
                (-0.2, "soft", plot.BASELINE, "soft spikes"),
                (0.2, "hard", plot.OURS, "hard spikes"),
            ):
                each = 100 * arrays[f"each_{name}"][i]
                ax.bar(at + shift, each.mean(), 0.4, color=colour, label=label if at == 0 else None)
                ax.plot([at + shift] * len(each), each, ".", color="black", markersize=3)
            if rows[i]["published"] == rows[i]["published"]:
                ax.plot(at, 100 * rows[i]["published"], "_", color=plot.PUBLISHED, markersize=16, markeredgewidth=1.5,
                        label="published, soft" if at == 0 else None)  # fmt: skip
        shown = np.concatenate([100 * arrays[f"each_{name}"][chosen].ravel() for name in ("soft", "hard")])
        low = np.nanmin(shown)
        ax.set(xticks=range(len(chosen)), ylim=(max(0.0, low - 0.25 * (100 - low)), 100))
        ax.set_xticklabels([rows[i]["cell"] for i in chosen], rotation=35, ha="right")
        ax.set_title(f"{chr(97 + k)}  {panel[0]}, T = {panel[1]}", loc="left")
    figure.axes[0].set_ylabel("% right")
    figure.axes[-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
