"""Sequences in noise that are exchanged: accuracy of temporal memory over elements (after figure 6A).

Bars: bands of another program's runs. Thick: the median of ours.
"""

import numpy as np

from neurosparse import plot

SOURCE = "tm_stream"
KINDS = {
    "high_order": ("accuracy", plot.OURS, "-", "{} cells in a column"),
    "first_order": ("accuracy, first order", plot.EXCITATORY, "--", "one cell in a column"),
}


def draw(record):
    """Courses of all seeds, the switch, and the bands."""
    figure = plot.figure(6.4, 4.2)
    ax = figure.add_subplot()
    for name, (what, colour, style, label) in KINDS.items():
        if name in record.arrays:
            label = label.format(record.config["network"]["cells_per_column"])
            _courses(ax, record.arrays[name], colour, style, label)
            _bands(ax, [row for row in record.rows if row["what"] == what])
    if np.isfinite(record.rows[0]["low"]):
        ax.errorbar([], [], [], fmt="none", color=plot.PUBLISHED, capsize=2.5, label="htm.core, range of 5 (3) runs")
    switch, n = record.config["switch"], record.config["n_steps"]
    if switch < n:
        ax.axvline(switch, color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
        ax.annotate("other sequences", (switch, 0.02), (4, 0), textcoords="offset points", fontsize=7)
    ax.axhline(0.5, color=plot.BASELINE, linewidth=0.8, zorder=0)
    ax.set(xlabel="element of the stream", ylabel="accuracy, smoothed", xlim=(0, n), ylim=(0, 0.56))
    ax.legend(loc="lower right", fontsize=7)
    ax.set_title(_verdict(record), loc="left", fontsize=8)
    return figure


def _courses(ax, courses, colour, style, label):
    """Every seed thin, their median thick."""
    for course in courses:
        ax.plot(course, style, color=colour, linewidth=0.5, alpha=0.5)
    ax.plot(np.median(courses, axis=0), style, color=colour, linewidth=1.6, label=f"{label}, {len(courses)} seeds")


def _bands(ax, rows):
    """A bar from lowest to highest at each step that has a band."""
    for step, low, high in {(row["step"], row["low"], row["high"]) for row in rows if np.isfinite(row["low"])}:
        ax.errorbar(step, (low + high) / 2, (high - low) / 2, fmt="none", color=plot.PUBLISHED, capsize=2.5, zorder=5)


def _verdict(record):
    """How many points and medians lie in the bands."""
    said = [row for row in record.rows if row["what"].startswith("accuracy") and np.isfinite(row["low"])]
    medians = [row["inside"] for row in said if row["run"].startswith("median")]
    points = [row["inside"] for row in said if not row["run"].startswith("median")]
    if not said:
        return f"{record.config['n_seeds']} seeds"
    return f"in the bands: {sum(points)} of {len(points)} points, {sum(medians)} of {len(medians)} medians"
