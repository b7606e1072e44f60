"""Histograms of inter-spike intervals and of degrees, with their means."""

import numpy as np
from matplotlib.axes import Axes

from neurosparse import check
from neurosparse.plot import looks


def isi_histogram(isi_ms, ax: Axes | None = None, bins: int = 40) -> Axes:
    """Draw the distribution of intervals isi_ms (n_intervals,), ms > 0; returns the axes.

    The text gives mean and CV of all of them together. Raises ValueError for intervals that are not positive.
    """
    owner, isi_ms = "plot.isi_histogram", np.asarray(isi_ms, dtype=np.float64).ravel()
    check.integer(owner, "bins", bins, low=1)
    check.positive(owner, "isi_ms", isi_ms, "ms")
    ax = looks.axes(ax, 3.4, 2.4)
    if isi_ms.size:
        count, edges = np.histogram(isi_ms, bins, range=(0.0, float(isi_ms.max())))
        ax.stairs(count, edges, fill=True, color=looks.NEUTRAL)
        mean = isi_ms.mean()
        text = f"mean {mean:.3g} ms\nCV {isi_ms.std() / mean:.2f}\nn = {isi_ms.size:,}"
        ax.text(0.98, 0.95, text, ha="right", va="top", transform=ax.transAxes, fontsize=7)
    ax.set(xlabel="inter-spike interval (ms)", ylabel="number of intervals")
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    return ax


def degree_histogram(indptr, indices, n_cols: int | None = None, ax: Axes | None = None, bins: int = 30) -> Axes:
    """Draw how many synapses neurons send (out-degree) and receive (in-degree); returns the axes.

    indptr (n_rows + 1,), indices (nnz,): row r lists the targets of source r; n_cols targets, n_rows if
    None. Raises ValueError for arrays that do not fit.
    """
    owner, indptr, indices = "plot.degree_histogram", np.asarray(indptr), np.asarray(indices)
    check.integer(owner, "bins", bins, low=1)
    if indptr.ndim != 1 or len(indptr) < 2 or np.any(np.diff(indptr) < 0) or indptr[-1] != len(indices):
        check.fail(owner, f"indptr must be 1-D and rise to {len(indices)}, the number of indices", indptr)
    n_cols = check.integer(owner, "n_cols", len(indptr) - 1 if n_cols is None else n_cols, low=1)
    if len(indices):
        check.between(owner, "indices", np.array([indices.min(), indices.max()]), 0, n_cols - 1)
    ax = looks.axes(ax, 3.4, 2.4)
    degrees = {"sent": np.diff(indptr), "received": np.bincount(indices.astype(np.int64), minlength=n_cols)}
    edges = _whole_bins(max(int(degree.max()) for degree in degrees.values()), bins)
    for (name, degree), filled in zip(degrees.items(), (True, False)):
        count, _ = np.histogram(degree, edges)
        colour, label = looks.BASELINE if filled else looks.PUBLISHED, f"{name}, mean {degree.mean():.3g}"
        ax.stairs(count, edges, fill=filled, color=colour, linewidth=0.0 if filled else 1.0, label=label)
    ax.set(xlabel="synapses of a neuron", ylabel="number of neurons", xlim=(edges[0], edges[-1]))
    ax.set_ylim(bottom=0)
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0))
    return ax


def _whole_bins(largest: int, bins: int) -> np.ndarray:
    """Edges half-way between whole numbers, the same number of them in each bin."""
    width = -(-(largest + 1) // bins)
    return np.arange(0, largest + 1 + width, width) - 0.5
