"""Where calcium oscillates: its range and period against clamped IP3, and traces inside and outside the window."""

import numpy as np

from neurosparse import plot

SOURCE = "astro_ip3"
# IP3 (uM): calcium from, to (uM), period (s), of an independent program in SciPy, from 200 to 300 s; at 0.64 it fades
OTHERS = {
    0.36: (0.129, 0.196, 12.8), 0.40: (0.105, 0.313, 12.8), 0.50: (0.108, 0.445, 11.5), 0.60: (0.136, 0.500, 11.0),
    0.64: (0.217, 0.438, 10.6), 0.70: (0.352, 0.352, np.nan),
}  # fmt: skip


def draw(record):
    """Left: range and period. Right: traces."""
    figure = plot.figure(8.4, 4.6)
    left, right = figure.add_gridspec(1, 2, width_ratios=[1.15, 1], wspace=0.08)
    upper, lower = left.subgridspec(2, 1, height_ratios=[1.6, 1], hspace=0.08)
    _range(figure.add_subplot(upper), record)
    _period(figure.add_subplot(lower), record)
    _traces(figure.add_subplot(right), record)
    return figure


def _column(record, name: str) -> np.ndarray:
    return np.array([row[name] for row in record.rows], dtype=float)


def _range(ax, record) -> None:
    ip3, rest, growth = (_column(record, name) for name in ("ip3", "rest", "growth"))
    ax.plot(ip3, np.where(growth < 0, rest, np.nan), color=plot.NEUTRAL, linewidth=1.0, label="fixed point, stable")
    ax.plot(ip3, np.where(growth > 0, rest, np.nan), ":", color=plot.NEUTRAL, label="unstable")
    for name in ("ca_min", "ca_max"):
        ax.plot(ip3, _column(record, name), "o", color=plot.OURS, markersize=3)
    for value, (low, high, _) in OTHERS.items():
        ax.plot([value, value], [low, high], "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=6)
    ax.plot([], [], "o", color=plot.OURS, markersize=3, label="lowest, highest")
    ax.plot([], [], "D", color=plot.PUBLISHED, markerfacecolor="none", label="SciPy, 200 to 300 s")
    for edge in ("unstable_from", "unstable_to"):
        ax.axvline(record.metrics[edge], color=plot.BASELINE, linewidth=0.6)
    ax.set(ylabel="calcium (uM)", ylim=(0, None), xlim=(ip3[0] - 0.005, ip3[-1] + 0.005))
    ax.set_title("a  Range of calcium", loc="left")
    ax.legend(loc="upper left", fontsize=7)


def _period(ax, record) -> None:
    ip3 = _column(record, "ip3")
    ax.plot(ip3, _column(record, "period_s"), "o", color=plot.OURS, markersize=3)
    for value, (_, _, period) in OTHERS.items():
        ax.plot(value, period, "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=6)
    ax.set(xlabel="IP3 (uM)", ylabel="period (s)", ylim=(10, 14), xlim=(ip3[0] - 0.005, ip3[-1] + 0.005))
    ax.set_title("b  Period", loc="left")


def _traces(ax, record) -> None:
    t, ca = record.arrays["t"], record.arrays["ca"]
    for k, value in enumerate(record.arrays["shown"]):
        ax.plot(t, ca[:, k] + 0.5 * k, color=plot.OURS, linewidth=1.0)
        ax.annotate(f"{value:.2f} uM", (t[0], ca[0, k] + 0.5 * k), (2, 4), textcoords="offset points", fontsize=7)
    ax.set(xlabel="time (s)", ylabel="calcium (uM), each 0.5 higher", xlim=(t[0], t[-1]))
    ax.set_title("c  Calcium at some IP3", loc="left")
