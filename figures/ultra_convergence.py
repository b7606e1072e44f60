"""UltraLIF towards the max-plus neuron: errors, shares against the paper's bounds, and a membrane inside ours."""

import numpy as np

from neurosparse import plot

SOURCE = "ultra_convergence"


def draw(record):
    """Three panels."""
    a, figure = record.arrays, plot.figure(8.4, 3.2)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1.1, 1.2])
    eps, floor = a["eps"], 1e-9
    left.fill_between(
        eps, np.maximum(a["error_low"], floor), np.maximum(a["error_high"], floor), color=plot.OURS, alpha=0.2, lw=0
    )
    left.plot(eps, np.maximum(a["error"], floor), "o-", color=plot.OURS, label="median and quartiles")
    left.plot(eps, record.config["n_steps"] * eps * np.log(2), color=plot.PUBLISHED, linestyle="--",
              label=r"claimed, $t\,\epsilon\,$log 2")  # fmt: skip
    left.set(xscale="log", yscale="log", ylim=(floor, 100), xlabel=r"$\epsilon$", ylabel=r"max$_t$ |V - v|")
    left.set_title("a  Errors of membranes", loc="left")
    left.legend(loc="lower right")
    for name, label, colour in (("claimed_v", "membrane", plot.EXCITATORY), ("claimed_s", "spike", plot.INHIBITORY)):
        middle.plot(eps, 100 * a[name], "o--", color=colour, markerfacecolor="none", label=f"claim fails: {label}")
    middle.plot(eps, 100 * a["covered"], "o-", color=plot.OURS, label="corrected theorem applies")
    for name, line in (("paper", ":"), ("neurosparse", "-."), ("code", "--")):
        middle.plot(eps, 100 * a[f"covered_{name}"], line, color=plot.OURS, linewidth=0.8, label=f"rings, {name}")
    wrong = int(record.metrics["wrong"])
    middle.set(xscale="log", xlabel=r"$\epsilon$", ylabel="neurons and steps (%)", ylim=(-2, 100))
    middle.set_title(f"b  Bounds; corrected fail {wrong} times", loc="left")
    middle.legend(loc="upper right", fontsize=6)
    _example(right, record)
    return figure


def _example(ax, record) -> None:
    """Hard and soft membrane of one neuron, and the bound while the theorem holds."""
    a = {name.removeprefix("example_"): array for name, array in record.arrays.items() if name.startswith("example_")}
    t, wide = np.arange(1, len(a["v"]) + 1), np.where(a["holds"], a["bound"], np.nan)
    ax.fill_between(t, a["v"] - wide, a["v"] + wide, color=plot.OURS, alpha=0.25, lw=0, label="corrected bound")
    ax.plot(t, a["v"], "o", color=plot.PUBLISHED, markerfacecolor="none", markersize=4.5, label="max-plus, v")
    ax.plot(t, a["soft"], ".-", color=plot.OURS, markersize=3, linewidth=0.7, label="UltraLIF, V")
    ax.set(xlabel="step", ylabel="membrane after reset")
    ax.set_title(rf"c  A neuron, $\epsilon$ = {record.config['shown']:g}", loc="left")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.45 * (high - low))
    ax.legend(loc="upper left")
