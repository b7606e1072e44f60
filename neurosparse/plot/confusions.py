"""Confusion matrix: true class on y, predicted on x, counts as text, share of the true class as colour.

The colour grows with the root of the share: else the few errors of a good classifier would all look white.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from neurosparse import check
from neurosparse.plot import looks


def confusion(matrix, labels=None, ax: Axes | None = None) -> Axes:
    """Draw counts matrix (n_classes, n_classes), rows true, columns predicted; returns the axes.

    labels (n_classes,) names of the classes, 0, 1, ... if None. Zeros are left blank. Raises ValueError for
    a matrix that is not square, negative counts, and labels of another length.
    """
    owner, matrix = "plot.confusion", np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        check.fail(owner, "matrix must be square, (n_classes, n_classes)", matrix.shape)
    check.at_least(owner, "matrix", matrix, 0)
    n = len(matrix)
    labels = range(n) if labels is None else labels
    if len(labels) != n:
        check.fail(owner, f"labels must have {n} entries", len(labels))
    ax = looks.axes(ax, 3.4, 3.2)
    total = matrix.sum(axis=1, keepdims=True)
    share = matrix / np.where(total > 0, total, 1)
    ax.imshow(share, cmap=looks.SHARE, norm=PowerNorm(0.5, 0, 1), aspect="equal", interpolation="nearest")
    for row, column in np.argwhere(matrix > 0):
        colour = "white" if share[row, column] > 0.3 else "black"
        text = f"{matrix[row, column]:g}"
        ax.text(column, row, text, ha="center", va="center", fontsize=5.5 if n > 6 else 7, color=colour)
    ax.set_xticks(range(n), [str(label) for label in labels])
    ax.set_yticks(range(n), [str(label) for label in labels])
    ax.tick_params(length=0)
    ax.set(xlabel="predicted", ylabel="true")
    ax.spines[:].set_visible(True)
    return ax
