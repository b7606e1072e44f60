"""Tails of the overlap law, ours beside SciPy's: digits that are right, and microseconds for each number."""

import re

import numpy as np

from neurosparse import plot

SOURCE = "bench_capacity"
NAMES = ("neurosparse", "scipy logsf", "scipy sf")
COLOURS = (plot.OURS, plot.BASELINE, plot.NEUTRAL)
MARKS = ("o", "s", "^")
LEAST = 1e-17  # an error of 0 is drawn here: the last bit of a float is 1e-16


def draw(record):
    """Left: relative error of P over its smallness, sf that is 0 on the upper edge. Right: times, quartiles as bars."""
    figure = plot.figure(8.6, 3.8)
    figure.set_layout_engine("constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    _digits(left, record)
    _times(right, record)
    return figure


def _digits(ax, record):
    smallness, error = -record.arrays["log10"], record.arrays["error"]
    x = np.maximum(smallness, 1e-2)
    for k, name in enumerate(NAMES):
        gone = ~np.isfinite(error[:, k])
        ax.plot(x[~gone], np.maximum(error[~gone, k], LEAST), MARKS[k], color=COLOURS[k], label=name)
        if gone.any():
            label = f"{name}: 0, all digits lost"
            ax.plot(x[gone], np.full(gone.sum(), 1.0), "x", color=plot.INHIBITORY, label=label, clip_on=False)
    bound = 1e-11 * np.maximum(1, smallness / 100) * np.log(10)
    order = np.argsort(x)
    ax.plot(x[order], bound[order], ":", color=plot.PUBLISHED, label="bound of the specification")
    ax.set(xscale="log", yscale="log", ylim=(LEAST / 3, 1.5), xlabel=r"$-\log_{10} P$", ylabel="relative error of P")
    ax.set_title("Digits (no error: lower edge)", loc="left")
    ax.legend(fontsize=6.5, loc="upper left", bbox_to_anchor=(0.0, 0.9))


def _times(ax, record):
    single = sorted((key for key in record.arrays if key.startswith("seconds one call")), key=_sizes)
    whats = [key.removeprefix("seconds ") for key in (*single, "seconds many points")]
    for k, name in ((0, NAMES[0]), (1, NAMES[2]), (2, NAMES[1])):  # the columns are us, sf, logsf
        colour, mark = COLOURS[NAMES.index(name)], MARKS[NAMES.index(name)]
        quartiles = np.array([np.percentile(1e6 * record.arrays[f"seconds {w}"][:, k], [25, 50, 75]) for w in whats])
        spread = np.abs(quartiles[:, [0, 2]] - quartiles[:, [1]]).T
        ax.errorbar(quartiles[:, 1], np.arange(len(whats)) + 0.2 * (k - 1), xerr=spread, fmt=mark, color=colour,
                    label=name)  # fmt: skip
    labels = [what.replace("one call ", "one:\n") for what in whats]
    c = record.config
    labels[-1] = f"each of {c['points']:,}\n(SciPy {c['rival_points']:,})"
    ax.set(xscale="log", xlabel="µs for a number", yticks=range(len(whats)), yticklabels=labels)
    ax.tick_params(axis="y", labelsize=7)
    ax.invert_yaxis()
    ax.set_title("Time, one thread", loc="left")
    ax.legend(fontsize=6.5)


def _sizes(key):
    """The numbers in "seconds one call (n, a, s, theta)": the archive keeps arrays in order of their names."""
    return [int(number) for number in re.findall(r"\d+", key)]
