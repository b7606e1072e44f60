"""Taxi passengers: what was said five half hours ahead, how far off it was over the year, and beside published errors.

Published: Cui, Ahmad & Hawkins, Neural Computation 28 (2016) 2474: the same error, five steps ahead.
"""

import numpy as np

from neurosparse import plot

SOURCE = "taxi"
PUBLISHED = {"temporal memory": 0.093, "echo state network": 0.136, "LSTM": 0.164}
NAMES = {
    "temporal_memory": "temporal memory", "columns": "columns, no memory", "codes": "codes, no memory",
    "last_value": "last value", "day_ago": "a day ago", "week_ago": "a week ago", "mean_of_weeks": "mean of 4 weeks",
}  # fmt: skip
WEEK = 336  # records
SHOWN = ("temporal_memory", "columns", "week_ago")
LOOKS = {"temporal_memory": (plot.OURS, "-"), "columns": (plot.EXCITATORY, "-"), "week_ago": (plot.BASELINE, "-")}


def draw(record):
    """A week with its 90 % band; error over time; errors as bars, published ones as marks."""
    a, first = record.arrays, record.config["first"]
    figure = plot.figure(7.2, 6.6)
    grid = figure.add_gridspec(2, 2, height_ratios=[1, 1.15], width_ratios=[1.35, 1])
    _window(figure.add_subplot(grid[0, :]), a, first, record.config)
    _over_time(figure.add_subplot(grid[1, 0]), a, first)
    _bars(figure.add_subplot(grid[1, 1]), a, record.config["dataset"] == "nyc-taxi")
    return figure


def _window(ax, a, first, config):
    """The first whole week after the middle of what counts."""
    n = len(a["value"])
    begin = min(first + (n - first) // 2, max(n - WEEK, 0))
    part = slice(begin, begin + WEEK)
    day = (a["time"][part] - a["time"][begin]) / 86400
    ax.fill_between(day, a["low"][part] / 1000, a["high"][part] / 1000, color=plot.OURS, alpha=0.25, linewidth=0,
                    label="5 % to 95 %")  # fmt: skip
    ax.plot(day, a["value"][part] / 1000, color=plot.PUBLISHED, linewidth=1, label="passengers")
    ax.plot(day, a["predicted"][0, part] / 1000, color=plot.OURS, linewidth=1, label="said before")
    start = np.datetime64(int(a["time"][begin]), "s").astype("M8[D]")
    ax.set(xlabel=f"days from {start}", ylabel="thousands in half an hour", xlim=(0, day[-1]))
    ax.set_ylim(0, 1.25 * np.nanmax(a["value"][part]) / 1000)
    ax.legend(loc="upper right", ncols=3)
    ax.set_title(f"a  said {config['steps']} half hours ahead: median of the readout", loc="left")


def _over_time(ax, a, first):
    """Mean absolute error of a week over its mean value."""
    names, weeks = a["predictor"].tolist(), (a["time"] - a["time"][0]) / (7 * 86400)
    window = np.ones(WEEK)
    level = np.convolve(a["value"], window, "valid")
    for name in SHOWN:
        off = np.abs(a["predicted"][names.index(name)] - a["value"])
        colour, line = LOOKS[name]
        ax.plot(weeks[WEEK - 1 :], np.convolve(off, window, "valid") / level, line, color=colour, label=NAMES[name])
    ax.axvspan(0, weeks[first], color=plot.BASELINE, alpha=0.15, linewidth=0)
    ax.text(weeks[first] / 2, 0.385, "tuned here", ha="center", va="top", color=plot.NEUTRAL, fontsize=7)
    ax.set(xlabel="weeks", ylabel="error of the last week", xlim=(0, weeks[-1]), ylim=(0, 0.4))
    ax.legend(loc="upper right")
    ax.set_title("b  over time", loc="left")


def _bars(ax, a, real):
    """sum |y - said| / sum |y| over all records that count."""
    order = np.argsort(a["error"])[::-1]
    labels = [NAMES[a["predictor"][k]] for k in order]
    colours = [LOOKS.get(str(a["predictor"][k]), (plot.BASELINE, ""))[0] for k in order]
    ax.barh(range(len(order)), a["error"][order], color=colours, height=0.65)
    for row, k in enumerate(order):
        ax.text(a["error"][k] + 0.004, row, f"{a['error'][k]:.3f}", va="center", fontsize=7)
    ax.set_yticks(range(len(order)), labels)
    if real:
        for k, error in enumerate(PUBLISHED.values()):
            row = len(order) + len(PUBLISHED) - 1 - k
            ax.plot(error, row, "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=5)
            ax.text(error + 0.012, row, f"{error:.3f}", va="center", fontsize=7)
        names = [f"{name}, published" for name in reversed(PUBLISHED)]
        ax.set_yticks(range(len(order) + len(PUBLISHED)), labels + names)
    ax.set(xlabel="error", xlim=(0, 1.2 * np.max(a["error"])))
    ax.set_title("c  error after tuning", loc="left")
