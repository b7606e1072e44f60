"""The cortical microcircuit: spikes by layers, rates and irregularity of its populations, beside those of others."""

from typing import Any

import numpy as np

from neurosparse import plot

SOURCE = "pd14"
SHOWN_MS = 400.0
# GeNN's comparison (Knight & Nowotny 2018) takes these older values of the same network, Hz, L23E to L6I.
OLDER = np.array([0.971, 2.868, 4.746, 5.396, 8.142, 9.078, 0.991, 7.523])
# NEST 3.10 with the same constants, both scales 0.1, 1 s after 0.5 s, mean of two seeds: what downscaling does.
TENTH = np.array([0.480, 2.117, 4.005, 5.047, 6.752, 7.835, 0.856, 7.024])


def draw(record):
    """a: spikes, upper layers on top; b: rates of the neurons as boxes; c: mean rates and references; d: CV."""
    figure = plot.figure(9.6, 6.6)
    left, right = figure.add_gridspec(1, 2, width_ratios=[1.35, 1], wspace=0.05)
    names = [row["population"] for row in record.rows]
    colours = [plot.EXCITATORY if name.endswith("E") else plot.INHIBITORY for name in names]
    _raster(figure.add_subplot(left), record, names, colours)
    axes: Any = right.subgridspec(3, 1, hspace=0.05).subplots(sharex=True)
    rates, means, cvs = axes
    _boxes(rates, [record.arrays[f"rates {name}"] for name in names], colours)
    rates.set(ylabel="rate (Hz)", xlim=(-0.6, len(names) - 0.4))
    for ax, text in ((rates, "b  Neurons"), (means, "c  Means"), (cvs, "d  Irregularity of the neurons")):
        ax.set_title(text, loc="left")
    _means(means, record)
    _boxes(cvs, [_known(record.arrays[f"isi_cv {name}"]) for name in names], colours)
    cvs.set(ylabel="CV of intervals", xticks=range(len(names)), xticklabels=names)
    return figure


def _raster(ax, record, names, colours) -> None:
    a, sizes = record.arrays, record.arrays["sizes"]
    duration = min(SHOWN_MS, record.config["duration_ms"])
    early = a["spikes_t"] <= duration
    i, t = a["spikes_i"][early], a["spikes_t"][early]
    edges = np.concatenate([[0], np.cumsum(sizes)])
    size = float(np.clip(40.0 / np.sqrt(len(i) + 1), 0.8, 2.0))
    for k, colour in enumerate(colours):
        mine = (i >= edges[k]) & (i < edges[k + 1])
        ax.plot(t[mine], i[mine], "o", color=colour, markersize=size, markeredgewidth=0.0, rasterized=True)
    ax.set(xlim=(0, duration), ylim=(edges[-1], 0), xlabel="time (ms)")
    ax.set_yticks(0.5 * (edges[1:] + edges[:-1]), names)
    ax.tick_params(axis="y", length=0)
    for edge in edges[2:-1:2]:
        ax.axhline(edge, color=plot.BASELINE, linewidth=0.6)
    c = record.config
    title = f"a  {sizes.sum():,} neurons, {record.metrics['synapses'] / 1e6:.2g} million synapses"
    ax.set_title(title + (f" (scale {c['scale']:g})" if c["scale"] < 1 else ""), loc="left")


def _boxes(ax, values, colours) -> None:
    """Quartiles, median, whiskers of 1.5 quartile distances, mean as a cross; empty where nothing is known."""
    boxes = ax.boxplot(
        values, positions=range(len(values)), widths=0.6, showfliers=False, patch_artist=True, showmeans=True,
        medianprops={"color": plot.PUBLISHED},
        meanprops={"marker": "x", "markeredgecolor": plot.PUBLISHED, "markersize": 4},
    )  # fmt: skip
    for box, colour in zip(boxes["boxes"], colours):
        box.set(facecolor=colour, alpha=0.6, linewidth=0.6)
    ax.set_ylim(bottom=0)


def _means(ax, record) -> None:
    x = np.arange(len(record.rows))
    ours, nest, theory = (np.array([row[key] for row in record.rows]) for key in ("rate_hz", "nest_hz", "theory_hz"))
    ax.bar(x, ours, 0.6, color=plot.OURS, alpha=0.6, label="neurosparse")
    ax.plot(x, nest, "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=6, label="NEST, full scale")
    ax.plot(x, OLDER, "^", color=plot.PUBLISHED, markerfacecolor="none", markersize=4, label="older, in GeNN's paper")
    if record.config["scale"] == record.config["in_degree_scale"] == 0.1:
        ax.plot(x, TENTH, "s", color=plot.PUBLISHED, markersize=3, label="NEST, scale 0.1")
    ax.plot(x, theory, "_", color=plot.INHIBITORY, markersize=12, label="theory")
    ax.set(ylabel="mean rate (Hz)", ylim=(0, 1.75 * max(nest.max(), ours.max())))
    ax.legend(loc="upper left", ncols=2)


def _known(values):
    return values[np.isfinite(values)]
