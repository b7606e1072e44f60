"""Kernel quality: ranks of the counts of clean and of noisy samples, what they amount to, and distances of classes."""

import numpy as np

from figures import _nalsm
from neurosparse import plot

SOURCE = "nalsm_kernel"
WIDTH = 0.38


def draw(record):
    """Ranks, quality and separation of each liquid, means over seeds; published qualities as marks."""
    rows = _means(record)
    figure = plot.figure(9.2, 1.5 + 0.36 * len(rows))
    ranks, quality, apart = figure.subplots(1, 3, sharey=True, width_ratios=[1.3, 1, 1])
    y = np.arange(len(rows))
    colours = [_nalsm.COLOURS[row["model"]] for row in rows]
    ranks.barh(y - WIDTH / 2, [row["sp"] for row in rows], WIDTH, color=colours)
    ranks.barh(y + WIDTH / 2, [row["ap"] for row in rows], WIDTH, color=colours, alpha=0.4)
    for k, row in enumerate(rows):
        for name, side in (("sp", -1), ("ap", 1)):
            ranks.annotate(f"{name.upper()} {row[name]:.0f}", (row[name], k + side * WIDTH / 2), (3, 0),
                           textcoords="offset points", va="center", fontsize=6)  # fmt: skip
    n, size = 10 * record.config["per_class"], record.config["n_neurons"]
    full = min(n, size * record.config["n_bins"])
    ranks.axvline(full, color=plot.PUBLISHED, linewidth=0.8, linestyle=":")
    ranks.set_xlim(0, 1.25 * full)
    ranks.set(
        xlabel="rank of the counts, clean and noisy; dotted: full", yticks=y, yticklabels=[row["label"] for row in rows]
    )
    ranks.invert_yaxis()
    name = _nalsm.TITLES[record.config["dataset"]]
    ranks.set_title(f"a  {name}, {n:,} samples, {size:,} neurons", loc="left")
    published = _nalsm.QUALITY if record.config["dataset"] in ("mnist", "nmnist-small") else {}
    _quality(quality, rows, y, colours, published)
    apart.barh(y, [row["separation"] for row in rows], 2 * WIDTH, color=colours)
    apart.set(xlabel="distance of classes over their spread")
    apart.locator_params(axis="x", nbins=4)
    apart.set_title("c  Separation", loc="left")
    return figure


def _quality(ax, rows, y, colours, published) -> None:
    ax.set_title("b  Kernel quality", loc="left")
    found = np.array([row["quality"] for row in rows])
    if np.isfinite(found).all():
        ax.barh(y, found, 2 * WIDTH, color=colours)
    else:
        ax.text(0.5, 0.5, "no rank differs", transform=ax.transAxes, ha="center", va="center", color=plot.NEUTRAL)
    for k, row in enumerate(rows):
        if row["best"] and row["model"] in published:
            mean, sd = published[row["model"]]
            ax.errorbar(mean, k, xerr=sd, fmt="D", color=plot.PUBLISHED, markerfacecolor="none", capsize=2)
    ax.set(xlim=(0, 1.05), xlabel="SP' − AP', brought to 0 .. 1")
    if published:
        ax.errorbar([], [], xerr=[], fmt="D", color=plot.PUBLISHED, markerfacecolor="none", capsize=2,
                    label=f"{_nalsm.SOURCE}, MNIST and N-MNIST")  # fmt: skip
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.06))


def _means(record) -> list[dict]:
    """One row for each liquid; `best`: of the liquids of its model the one of the highest quality."""
    a, rows = record.arrays, []
    for model, value in dict.fromkeys(zip(a["model"].tolist(), (f"{v:g}" for v in a["value"]))):
        mine = (a["model"] == model) & np.array([f"{v:g}" == value for v in a["value"]])
        row = {name: float(a[name][mine].mean()) for name in ("sp", "ap", "separation", "quality")}
        rows.append(row | {"model": model, "label": _label(model, value)})
    order = sorted(range(len(rows)), key=lambda k: rows[k]["quality"], reverse=True)
    tops = [
        next(k for k in order if rows[k]["model"] == model) for model in dict.fromkeys(row["model"] for row in rows)
    ]
    return [row | {"best": k in tops} for k, row in enumerate(rows)]


def _label(model: str, value: str) -> str:
    name = _nalsm.NAMES[model]
    return name if value == "nan" else f"{name}, {value}{' mV' if model == 'static' else ''}"
