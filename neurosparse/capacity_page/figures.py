"""Figures 4A to 7B of 1601.00720 as theory lines: what the paper drew, and beside it what is right where they differ.

Source: S. Ahmad, J. Hawkins, arXiv 1601.00720 (2016), figures 4 to 7.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from neurosparse.capacity_page.curves import heights
from neurosparse.sdr.capacity.match import false_negative, false_positive
from neurosparse.sdr.capacity.union import union_false_positive, union_size_mean


class Line(NamedTuple):
    """y: log10 where the figure is one of probabilities."""

    label: str
    x: np.ndarray
    y: np.ndarray
    dash: str = "solid"


class Figure(NamedTuple):
    """A figure of the paper."""

    name: str
    x: str
    y: str
    lines: tuple[Line, ...]
    caption: str
    powers: bool = True  # heights are log10
    shaded: tuple[float, float] | None = None  # thresholds measured in neurons


@lru_cache(maxsize=1)
def figures() -> tuple[Figure, ...]:
    """All of them, in the order of the paper."""
    return _4a(), _4b(), _5a(), _5b(), _6(), _7a(), _7b()


def _4a() -> Figure:
    n = np.arange(300, 3501, 50)
    lines = [Line(f"a = {a}", n, heights(false_positive(n, a, 24, 12))) for a in (64, 128, 256)]
    lines.append(Line("a = n/2", n, heights(false_positive(n, n // 2, 24, 12)), "dashed"))
    return Figure("4A", "n, cells", "false positives", tuple(lines), "s = 24, θ = 12.")


def _4b() -> Figure:
    v = np.arange(6, 103)
    lines = [Line(f"θ = {t}", v / 128, heights(false_negative(128, 30, v, t))) for t in (8, 12, 16)]
    caption = "a = 128, s = 30; n does not enter."
    return Figure("4B", "share of active cells swapped", "false negatives", tuple(lines), caption)


def _5a() -> Figure:
    n = np.arange(300, 7001, 100)
    lines = [Line(f"a = {a}", n, heights(false_positive(n, a, 24, 12))) for a in (64, 128, 256)]
    lines += [Line(f"a = n/{d}", n, heights(false_positive(n, n // d, 24, 12)), "dashed") for d in (2, 4)]
    caption = (
        "s = 24, θ = 12. The dashed line that the paper calls a = n/2 is that of a = n/4 in its archived numbers; "
        "both are drawn, and dense codes do not get better with n either way."
    )
    return Figure("5A", "n, cells", "false positives", tuple(lines), caption)


def _5b() -> Figure:
    s = np.arange(2, 31, 2)
    sizes = {(32, 2000): "solid", (32, 4000): "solid", (512, 16000): "solid", (4000, 16000): "dashed"}
    lines = [Line(f"a = {a}, n = {n}", s, heights(false_positive(n, a, s, s // 2)), d) for (a, n), d in sizes.items()]
    return Figure("5B", "s, synapses", "false positives", tuple(lines), "θ = s / 2.")


def _6() -> Figure:
    plotted, caption = np.arange(1000, 17001, 4000), np.arange(10_000, 200_001, 10_000)
    lines = (_medians("grid of the plotted numbers", plotted), _medians("grid of the caption", caption, "dashed"))
    text = (
        "Median over n, a/n = 0.5 to 3 %, s = 20 to 50. The caption of the paper gives n = 10,000 to 200,000; its "
        "numbers are those of n = 1,000 to 17,000. Shaded: thresholds measured in neurons, 8 to 20."
    )
    return Figure("6", "θ, threshold", "median of false positives", lines, text, shaded=(8, 20))


def _medians(label: str, n: np.ndarray, dash: str = "solid") -> Line:
    theta = np.arange(3, 25)
    n, share, s = (one.ravel() for one in np.meshgrid(n, np.arange(1, 7) * 0.005, np.arange(20, 51, 5)))
    a = np.rint(share * n).astype(np.int64)
    found = []
    for t in theta:
        reached = s >= t
        p = np.zeros(len(s))
        p[reached] = 10.0 ** false_positive(n[reached], a[reached], s[reached], t).log10
        found.append(np.median(p))
    return Line(label, theta, np.log10(found), dash)


def _7a() -> Figure:
    m = np.arange(1, 20)
    lines = tuple(Line(f"s = {s}", m, np.asarray(union_size_mean(1000, s, m))) for s in (20, 25, 30))
    return Figure("7A", "M, patterns", "mean synapses of the union", lines, "n = 1,000.", powers=False)


def _7b() -> Figure:
    m, lines = np.arange(1, 20), []
    for n in (1000, 10_000, 20_000):
        for method, dash in (("markov", "solid"), ("plugin", "dotted")):
            p = union_false_positive(n, 200, 25, m, 15, method)
            lines.append(Line(f"n = {n:,}" + ", plug-in" * (method == "plugin"), m, heights(p), dash))
    caption = "a = 200, s = 25, θ = 15. Dotted: the plug-in law of the paper; solid: the exact law of unions."
    return Figure("7B", "M, patterns", "false positives", tuple(lines), caption)
