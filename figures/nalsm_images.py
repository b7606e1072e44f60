"""NALSM at work: spikes of one sample, depression set by the astrocyte, weights before and after, what it confuses."""

import numpy as np

from figures import _nalsm
from neurosparse import plot

SOURCE = "nalsm_images"


def draw(record):
    """Four panels; a liquid without an astrocyte has no trace of depression."""
    a, config = record.arrays, record.config
    figure = plot.figure(8.4, 6.6)
    top, bottom = figure.add_gridspec(2, 1, height_ratios=[1.1, 1])
    left, right = top.subgridspec(1, 2, width_ratios=[1.35, 1])
    spikes, rate = plot.raster_axes(left)
    excitatory = a["excitatory"]
    plot.raster(
        a["raster_i"], a["raster_t"], len(excitatory), config["duration_ms"], excitatory, spikes, rate
    )  # fmt: skip
    label = a["label"][0]
    spikes.set_title(f"a  One sample of class {label}, {_nalsm.NAMES[config['rule']]}", loc="left")
    _depression(figure.add_subplot(right), record)
    weights, errors = (figure.add_subplot(cell) for cell in bottom.subgridspec(1, 2, width_ratios=[1.35, 1]))
    _weights(weights, record)
    classes = int(max(a["label"].max(), a["predicted"].max())) + 1
    matrix = np.bincount(a["label"].astype(int) * classes + a["predicted"], minlength=classes**2)
    plot.confusion(matrix.reshape(classes, classes), ax=errors)
    ours, plain = (100 * record.metrics[name] for name in ("accuracy", "baseline_accuracy"))
    errors.set_title(f"d  {ours:.1f} % of {len(a['label']):,} right, plain input {plain:.1f} %", loc="left")
    return figure


def _depression(ax, record) -> None:
    a = record.arrays
    ax.set_title("b  Depression rate A− set by the astrocyte", loc="left")
    if "a_minus" not in a:
        _nalsm.nothing(ax, "this liquid has no astrocyte")
        return
    trace = a["a_minus"]
    t = np.arange(1, trace.shape[1] + 1)
    ax.plot(t, trace.T, color=plot.BASELINE, linewidth=0.4, alpha=0.6)
    ax.plot([], [], color=plot.BASELINE, linewidth=0.8, label=f"{len(trace)} samples")
    ax.plot(t, trace.mean(axis=0), color=plot.OURS, linewidth=1.6, label="their mean")
    ax.axhline(_nalsm.A_PLUS, color=plot.PUBLISHED, linestyle=":", linewidth=1.0, label="potentiation A+")
    ax.set(xlabel="time (ms)", ylabel="A−, before annealing", xlim=(0, trace.shape[1]))
    ax.legend(loc="best")


def _weights(ax, record) -> None:
    a = record.arrays
    edges, after = a["weight_bins"], a["weights_after"]
    total = after.sum()
    ax.stairs(100 * after / total, edges, fill=True, color=plot.OURS, alpha=0.8, label="after the initialisation")
    before = 100 * a["weights_before"] / total
    for k in np.flatnonzero(before):
        ax.vlines(edges[k : k + 2].mean(), 0.05, before[k], color=plot.PUBLISHED, linewidth=1.2)
    ax.plot([], [], color=plot.PUBLISHED, linewidth=1.2, label="before")
    ax.set(xlabel="weight of a synapse in the liquid (mV)", ylabel="share of synapses (%)", yscale="log")
    ax.set_ylim(0.05, 200)
    ax.axvline(0, color=plot.NEUTRAL, linewidth=0.6, linestyle=":")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    same = record.config["rule"] == "static"
    ax.set_title(f"c  {total:,} weights{', which stay' if same else ''}", loc="left")
