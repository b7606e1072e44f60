"""Accuracy and branching factor against the astrocyte's weight and against static weights, and against each other."""

import numpy as np

from figures import _nalsm
from neurosparse import plot

SOURCE = "nalsm_sweep"
LABELS = {"w_astro": "weight of a spike on the astrocyte", "weight_scale": "static weight |w| (mV)"}


def draw(record):
    """Two sweeps in columns, accuracy over branching factor; beside them all liquids of the run, each a mark."""
    figure = plot.figure(9.6, 5.4)
    left, right = figure.add_gridspec(1, 2, width_ratios=[1.55, 1])
    cells = left.subgridspec(2, 2)
    for k, sweep in enumerate(LABELS):
        upper = figure.add_subplot(cells[0, k])
        lower = figure.add_subplot(cells[1, k], sharex=upper)
        _sweep(upper, lower, record, sweep)
        upper.tick_params(labelbottom=False)
        upper.set_title(f"{'ac'[k]}  {('NALSM', 'Static liquids')[k]}", loc="left")
        lower.set_title("bd"[k], loc="left")
    scatter = figure.add_subplot(right)
    _scatter(scatter, record)
    figure.legend(*scatter.get_legend_handles_labels(), loc="outside lower center", ncols=6)
    figure.suptitle(_nalsm.title(record), fontsize=8, x=0.01, ha="left")
    return figure


def _sweep(upper, lower, record, sweep: str) -> None:
    model = {"w_astro": "nalsm", "weight_scale": "static"}[sweep]
    published = _nalsm.SWEEPS.get(record.config["dataset"], {}).get(sweep, {})
    look = {"color": _nalsm.COLOURS[model], "marker": _nalsm.SHAPES[model], "capsize": 2}
    shown = []
    for ax, column, scale, theirs in ((upper, "accuracy", 100, 0), (lower, "branching_factor", 1, 1)):
        values, mean, sd = _nalsm.by_value(record, sweep, column)
        if len(values):
            ax.errorbar(values, scale * mean, scale * sd if np.any(sd) else None, **look)
        if published:
            x, y = list(published), [pair[theirs] for pair in published.values()]
            ax.plot(x, y, _nalsm.SHAPES[model], **_nalsm.MARK)
            shown += y if column == "accuracy" else []
        shown += (scale * mean).tolist() if column == "accuracy" else []
    if not shown:
        _nalsm.nothing(upper, "not in this run")
        _nalsm.nothing(lower, "")
        return
    upper.axhline(100 * record.metrics["baseline_accuracy"], color=plot.BASELINE, linestyle="--")
    lower.axhline(1.0, color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
    if sweep == "w_astro" and min(*lower.dataLim.intervalx) > 0:
        upper.set_xscale("log")
        lower.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        lower.xaxis.set_minor_formatter(lambda x, _: "")
    _nalsm.keep_alive(upper, shown)
    upper.set_ylabel("accuracy (%)")
    lower.set(xlabel=LABELS[sweep], ylabel="branching factor")


def _scatter(ax, record) -> None:
    a = record.arrays
    published = _nalsm.SWEEPS.get(record.config["dataset"], {})
    heights = []
    for model in dict.fromkeys(a["model"].tolist()):
        mine = (a["model"] == model) & (a["sweep"] != "listening")
        heights += (100 * a["accuracy"][mine]).tolist()
        ax.plot(a["branching_factor"][mine], 100 * a["accuracy"][mine], _nalsm.SHAPES[model],
                color=_nalsm.COLOURS[model], label=_nalsm.NAMES[model])  # fmt: skip
    for sweep, model in (("w_astro", "nalsm"), ("weight_scale", "static")):
        pairs = np.array(list(published.get(sweep, {}).values())).reshape(-1, 2)
        if len(pairs):
            ax.plot(pairs[:, 1], pairs[:, 0], _nalsm.SHAPES[model], **_nalsm.MARK)
            heights += pairs[:, 0].tolist()
    if published:
        ax.plot([], [], "o", **_nalsm.MARK, label=f"open: {_nalsm.SOURCE}, {_nalsm.TRAINED}")
    ax.plot([], [], "--", color=plot.BASELINE, label="plain input")
    ax.axvline(1.0, color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
    _nalsm.keep_alive(ax, heights)
    ax.set(xlabel="branching factor", ylabel="accuracy (%)")
    ax.set_title("e  All liquids", loc="left")
