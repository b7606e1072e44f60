"""How near to criticality activity is, in four panels: slopes of the regression, avalanche sizes, durations, both.

Distributions are densities in bins that grow by a constant factor, with whole numbers in each. Laws are drawn from the
xmin of their fit on, scaled to the share of avalanches there. What could not be told leaves its reason in the panel;
without laws the last one shows the activity.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from neurosparse.criticality import Report, preferred
from neurosparse.measure import PowerLaw
from neurosparse.measure.laws import log_exponential, log_lognormal, log_power
from neurosparse.plot import looks

PER_DECADE = 8


def draw(report: Report) -> Figure:
    """The figure of `neurosparse.criticality.report`."""
    with looks.style():
        figure = looks.figure(7.2, 5.2)
        axes = figure.subplots(2, 2).ravel()
        slopes(report, axes[0])
        fit, found = report.fit, report.fit.avalanches
        distribution(found.size, fit.size, "size", "avalanche size (spikes)", axes[1], report)
        distribution(found.duration * fit.bin_ms, fit.duration, "duration", "avalanche duration (ms)", axes[2], report)
        if fit.size is not None or fit.duration is not None:
            mean_sizes(report, axes[3])
        else:
            activity(report, axes[3])
        for ax, letter in zip(axes, "abcd"):
            ax.set_title(f"{letter}  {ax.get_title(loc='left')}", loc="left")
    return figure


def slopes(report: Report, ax: Axes) -> None:
    """r_k against its lag, with b m^k and what the interval of m leaves of it."""
    row, mr = report.row("branching parameter m"), report.mr
    ax.set(xlabel="lag (ms)", ylabel="slope of the regression, r_k")
    if mr is None:
        _say(ax, "Regression", row.note)
        return
    k = np.arange(1, len(mr.r) + 1)
    lag = k * report.bin_ms
    powers = [m ** k.astype(float) for m in (*mr.interval, mr.m)]
    low, high, _ = (v * (v @ (mr.r - mr.offset)) / max(v @ v, 1e-300) + mr.offset for v in powers)
    label = f"m in [{mr.interval[0]:.3f}, {mr.interval[1]:.3f}]"
    ax.fill_between(lag, low, high, color=looks.OURS, alpha=0.25, linewidth=0.0, label=label)
    ax.plot(lag, mr.b * powers[2] + mr.offset, color=looks.OURS, label=f"{mr.b:.2g} × {mr.m:.3f}$^k$")
    ax.plot(lag, mr.r, "o", color=looks.NEUTRAL, markersize=2.5, label=f"bins of {report.bin_ms:g} ms")
    ax.axhline(0.0, color=looks.BASELINE, linewidth=0.6, zorder=0)
    ax.set_xlim(left=0)
    poor = ", poor fit" if "poor fit" in row.note else ""
    ax.set_title(f"m {mr.m:.3f}, tau {mr.tau:.3g} ms{poor}", loc="left")
    ax.legend()


def distribution(x: np.ndarray, law: PowerLaw | None, name: str, label: str, ax: Axes, report: Report) -> None:
    """Density of sizes or durations x (n,), with the power law and the better of the others."""
    width = report.fit.bin_ms if name == "duration" else 1.0
    ax.set(xlabel=label, ylabel="density")
    if law is None:
        _say(ax, f"Avalanche {name}s", report.fit.why)
        return
    edges = _edges(x / width)
    count, _ = np.histogram(x / width, edges)
    whole = np.diff(np.ceil(edges))  # numbers in each bin
    seen = count > 0
    middle = np.sqrt(np.ceil(edges[:-1]) * np.maximum(np.ceil(edges[1:]) - 1, 1))
    density = count[seen] / whole[seen] / len(x)
    ax.loglog(middle[seen] * width, density / width, "o", color=looks.NEUTRAL, markersize=3)
    best = preferred(law)[0]
    _laws(ax, law, x / width, width)
    ax.set_title(f"exponent {law.alpha:.2f}, {best if best != 'undecided' else 'law undecided'}", loc="left")
    ax.legend(loc="lower left")
    ax.set_ylim(density.min() / width / 3, density.max() / width * 3)
    _quiet(ax)


def mean_sizes(report: Report, ax: Axes) -> None:
    """Mean size by duration, with the slope that was fitted and the one that the exponents predict."""
    found, fit, relation = report.fit.avalanches, report.fit, report.fit.crackling
    d, place, weight = np.unique(found.duration, return_inverse=True, return_counts=True)
    mean = np.bincount(place, found.size) / weight
    ax.loglog(d * fit.bin_ms, mean, "o", color=looks.NEUTRAL, markersize=2.5)
    ax.set(xlabel="avalanche duration (ms)", ylabel="mean size (spikes)")
    title = "Mean size by duration"
    if relation is not None and fit.duration is not None and np.isfinite(relation.fitted):
        inside = d >= fit.duration.xmin
        x, y = np.log(d[inside]), np.log(mean[inside])
        cx, cy = np.average(x, weights=weight[inside]), np.average(y, weights=weight[inside])
        for slope, colour, style, name in (
            (relation.fitted, looks.OURS, "-", "fitted"), (relation.predicted, looks.PUBLISHED, "--", "predicted"),
        ):  # fmt: skip
            line = np.exp(cy + slope * (np.array([x[0], x[-1]]) - cx))
            ax.plot(d[inside][[0, -1]] * fit.bin_ms, line, style, color=colour, label=f"{name} {slope:.2f}")
        title = f"crackling: {relation.fitted:.2f}, predicted {relation.predicted:.2f}"
        ax.legend()
    ax.set_title(title, loc="left")
    _quiet(ax)


def activity(report: Report, ax: Axes) -> None:
    """Rate of the population over time."""
    ax.stairs(report.rate, report.edges, color=looks.OURS, fill=True, alpha=0.6)
    ax.set(xlabel="time (ms)", ylabel="rate (Hz)", xlim=(report.edges[0], report.edges[-1]))
    ax.set_ylim(bottom=0)
    ax.set_title("Activity", loc="left")


def _laws(ax: Axes, law: PowerLaw, x: np.ndarray, width: float) -> None:
    at = np.unique(np.round(np.geomspace(law.xmin, max(x.max(), law.xmin + 1), 100)))
    share = law.n / len(x) / width
    bounds = (law.xmin, law.xmax, True)
    power = np.exp(log_power(at, law.alpha, *bounds))
    label = f"power law, {law.alpha:.2f} [{law.interval[0]:.2f}, {law.interval[1]:.2f}]"
    ax.plot(at * width, power * share, color=looks.OURS, label=label)
    name, other = min((("lognormal", law.lognormal), ("exponential", law.exponential)), key=lambda one: one[1].ratio)
    density = {"lognormal": log_lognormal, "exponential": log_exponential}[name]
    ax.plot(
        at * width,
        np.exp(density(at, *other.parameters, *bounds)) * share,
        "--",
        color=looks.INHIBITORY,
        label=f"{name}, p {other.p:.2g}",
    )


def _edges(x: np.ndarray) -> np.ndarray:
    """Edges half-way between whole numbers, about PER_DECADE of them in a decade, one number in each at first."""
    top = float(x.max())
    grown = np.geomspace(1.0, top + 1.0, max(2, round(PER_DECADE * np.log10(top + 1.0)) + 1))
    return np.unique(np.round(grown)) - 0.5


def _say(ax: Axes, title: str, why: str) -> None:
    """An empty panel that tells why."""
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, loc="left")
    ax.text(0.5, 0.5, f"n/a: {why}", ha="center", va="center", transform=ax.transAxes, wrap=True, fontsize=7)


def _quiet(ax: Axes) -> None:
    """Labels at decades only, where there are some."""
    for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        if high / low > 10:
            axis.set_major_locator(LogLocator(numticks=6))
            axis.set_minor_formatter(NullFormatter())
