"""Weight matrix of a projection: source on y, target on x, one diverging scale with white at zero.

Neuron 0 is at the lower left, as it is at the bottom of a raster. A net with more neurons than cells is drawn in
square blocks of them, each with the sum of its weights: two synapses of 0.9 mV read 1.8 mV. The scale ends at the
99th percentile of what is drawn.
"""

import numpy as np
from matplotlib.axes import Axes

from neurosparse import check
from neurosparse.plot import looks

OWNER = "plot.weight_matrix"


def weight_matrix(
    indptr,
    indices,
    weight,
    n_cols: int | None = None,
    ax: Axes | None = None,
    order=None,
    unit: str = "",
    max_cells: int = 200,
) -> Axes:
    """Draw sparse weights; returns the axes, with a colour bar beside them.

    indptr     (n_rows + 1,), indices (nnz,), weight (nnz,): row r holds the synapses of source r
    n_cols     number of targets; n_rows if None
    order      permutation (n,) that is applied to sources and targets of a square matrix; the axes count along it:
               `np.argsort(~excitatory, kind="stable")` puts inhibitory neurons last
    unit       of the weights, for the colour bar
    max_cells  the most cells along a side; above, blocks of pairs are summed (those at the far edges may hold fewer)

    Raises ValueError for arrays that do not fit and an order that is no permutation.
    """
    check.integer(OWNER, "max_cells", max_cells, low=1)
    rows, cols, weight, shape = _triplets(indptr, indices, weight, n_cols)
    if order is not None:
        place = _places(order, shape)
        rows, cols = place[rows], place[cols]
    block = max(1, -(-max(shape) // max_cells))
    cells = _blocks(rows, cols, weight, shape, block)
    ax = looks.axes(ax, 3.6, 3.0)
    limit = _limit(cells)
    image = ax.imshow(
        cells,
        cmap=looks.SIGNED,
        vmin=-limit,
        vmax=limit,
        origin="lower",
        extent=(-0.5, cells.shape[1] * block - 0.5, -0.5, cells.shape[0] * block - 0.5),
        aspect="equal",
        interpolation="nearest",
    )
    ax.set(
        xlim=(-0.5, shape[1] - 0.5),
        ylim=(-0.5, shape[0] - 0.5),
        xlabel="target neuron",
        ylabel="source neuron",
    )
    ax.spines[:].set_visible(True)
    label = "weight" if block == 1 else f"sum of the weights in {block} × {block} pairs"
    extend = "both" if np.abs(cells).max(initial=0) > limit else "neither"
    beside = ax.inset_axes((1.05, 0.0, 0.05, 1.0))  # as tall as the matrix, whatever its aspect
    label = f"{label} ({unit})" if unit else label
    ax.figure.colorbar(image, cax=beside, extend=extend, label=label)
    return ax


def _triplets(indptr, indices, weight, n_cols):
    indptr, indices, weight = np.asarray(indptr), np.asarray(indices), np.asarray(weight, dtype=np.float64)
    if indptr.ndim != 1 or len(indptr) < 2 or indptr[0] != 0 or np.any(np.diff(indptr) < 0):
        check.fail(OWNER, "indptr must be 1-D and rise from 0", indptr)
    if not indptr[-1] == len(indices) == len(weight):
        lengths = (int(indptr[-1]), len(indices), len(weight))
        check.fail(OWNER, "the last of indptr and the lengths of indices and weight must agree", lengths)
    check.number(OWNER, "weight", weight)
    n_rows = len(indptr) - 1
    n_cols = check.integer(OWNER, "n_cols", n_rows if n_cols is None else n_cols, low=1)
    if len(indices):
        check.between(OWNER, "indices", np.array([indices.min(), indices.max()]), 0, n_cols - 1)
    rows = np.repeat(np.arange(n_rows), np.diff(indptr))
    return rows, indices.astype(np.int64), weight, (n_rows, n_cols)


def _places(order, shape) -> np.ndarray:
    order = np.asarray(order)
    if shape[0] != shape[1] or not np.array_equal(np.sort(order), np.arange(shape[0])):
        check.fail(OWNER, f"order must be a permutation of {shape[0]} neurons of a square matrix", order)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def _blocks(rows, cols, weight, shape, block: int) -> np.ndarray:
    """Sum of the weights in each block of `block` sources and as many targets."""
    height, width = -(-shape[0] // block), -(-shape[1] // block)
    flat = (rows // block) * width + cols // block
    return np.bincount(flat, weight, minlength=height * width).reshape(height, width)


def _limit(cells: np.ndarray) -> float:
    strength = np.abs(cells[cells != 0])
    return float(np.percentile(strength, 99)) if strength.size else 1.0
