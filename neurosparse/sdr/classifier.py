"""Which bucket is coming: a softmax regression from active cells to the bucket `steps` records later, learned online.

    a_b = sum over active cells i of w_ib                  p_b = exp(a_b) / sum over c of exp(a_c)
    w_ib += rate ([b = bucket now] - p_b) / |A|            for the cells A that were active `steps` records ago

The step is that of gradient descent on -log p of the bucket that came, divided by the number of active cells, so that a
burst moves no more than a sparse code does. `spread` > 0 shares the target among neighbours, as exp(-d^2 / 2 spread^2)
for buckets d apart: where buckets are ordered, what was learned of one holds for the next.

    model = classifier.init(n_cells=65_536, n_buckets=50)
    p = classifier.run(model, cells, buckets, steps=5)      # a whole stream: row t is what was said at t of t + 5
    p = classifier.predict(model, active)                   # or record by record
    model = classifier.learn(model, earlier, bucket)

A softmax readout of cells and its use for predictions some steps ahead: Cui, Ahmad & Hawkins, Neural Computation 28
(2016) 2474, section 3. Division by |A| and `spread` are ours. Learning works on the weights in place.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, jit
from neurosparse.csr import Csr
from neurosparse.sdr import batch

OWNER = "classifier"
MOST = 2**31 - 1


class Classifier(NamedTuple):
    """What was learned, and how it goes on."""

    weight: np.ndarray  # (n_cells, n_buckets) float64
    target: np.ndarray  # (n_buckets, n_buckets) float64, row b: what is wanted where b came, sums to 1
    rate: float


def init(n_cells: int, n_buckets: int, rate: float = 1.0, spread: float = 0.0) -> Classifier:
    """A classifier that holds all buckets equally likely. Raises ValueError for sizes below 1, rate <= 0, spread < 0.

    The logits of a repeated record move by rate times what is missing, so rates beyond 4 overshoot.
    """
    n_cells = check.integer(OWNER, "n_cells", n_cells, 1, MOST)
    n_buckets = check.integer(OWNER, "n_buckets", n_buckets, 2, 2**20)
    check.positive(OWNER, "rate", check.scalar(OWNER, "rate", rate))
    check.at_least(OWNER, "spread", check.scalar(OWNER, "spread", spread), 0)
    check.fits(OWNER, "the weights", 8 * n_cells * n_buckets, "take fewer buckets")
    return Classifier(np.zeros((n_cells, n_buckets)), _targets(n_buckets, spread), float(rate))


def predict(model: Classifier, cells) -> np.ndarray:
    """(n_buckets,) float64 p of each bucket for active `cells` (k,). Raises ValueError for cells that are none."""
    p = np.empty(model.weight.shape[1])
    _predict(model.weight, _cells(model, cells), p)
    return p


def learn(model: Classifier, cells, bucket: int) -> Classifier:
    """`bucket` came `steps` records after `cells` (k,) were active; works on the weights in place."""
    bucket = check.integer(OWNER, "bucket", bucket, 0, model.weight.shape[1] - 1)
    _learn(model.weight, _cells(model, cells), model.target[bucket], model.rate, np.empty(model.weight.shape[1]))
    return model


def run(model: Classifier, cells: Csr, buckets, steps: int = 1) -> np.ndarray:
    """(T, n_buckets): at each record what is said of the one `steps` later, before that is known; learns all the way.

    cells: row t holds the cells that are active at t; buckets (T,) whole numbers, the bucket of each record. At t first
    the cells of t - steps learn the bucket of t, then those of t predict. Works on the weights in place. Raises
    ValueError for rows and buckets of unequal number, of other cells, and buckets that there are not.
    """
    steps = check.integer(OWNER, "steps", steps, 1)
    if not isinstance(cells, Csr):
        check.fail(OWNER, "cells must be a Csr with a row for each record", cells, "batch.of makes one", TypeError)
    batch.rows(cells, OWNER)
    buckets = np.asarray(check.between(OWNER, "buckets", buckets, 0, model.weight.shape[1] - 1))
    if buckets.dtype.kind not in "iu" or buckets.shape != (cells.n_rows,):
        check.fail(OWNER, f"buckets must be {cells.n_rows} whole numbers, one for each row", buckets)
    if cells.n_cols != len(model.weight):
        check.fail(OWNER, f"the rows must be of {len(model.weight)} cells", cells.n_cols)
    out = np.empty((cells.n_rows, model.weight.shape[1]))
    _run(model.weight, model.target, model.rate, cells.indptr, cells.indices, buckets.astype(np.int64), steps, out)
    return out


def quantile(p, values, q: float = 0.5) -> np.ndarray:
    """(T,) the q-quantile of `values` (n_buckets,), ascending, under p (T, n_buckets), linear within a bucket.

    Where a number must be said, the median is the one of least expected absolute error.
    """
    p, values = np.atleast_2d(check.number(OWNER, "p", p)), np.asarray(check.number(OWNER, "values", values))
    check.between(OWNER, "q", check.scalar(OWNER, "q", q), 0, 1)
    if values.shape != p.shape[1:] or np.any(np.diff(values) <= 0):
        check.fail(OWNER, f"values must be {p.shape[1]} ascending numbers, one for each bucket", values)
    below = np.cumsum(p, axis=1)
    at = np.minimum((below < q).sum(axis=1), len(values) - 1)
    rows = np.arange(len(p))
    inside = np.clip(1.0 - (below[rows, at] - q) / np.maximum(p[rows, at], 1e-300), 0.0, 1.0)
    edges = np.concatenate([[1.5 * values[0] - 0.5 * values[1]], (values[1:] + values[:-1]) / 2,
                            [1.5 * values[-1] - 0.5 * values[-2]]])  # fmt: skip
    return edges[at] + inside * (edges[at + 1] - edges[at])


def _targets(n: int, spread: float) -> np.ndarray:
    if spread == 0:
        return np.eye(n)
    d = np.arange(n)[:, None] - np.arange(n)
    near = np.exp(-0.5 * (d / spread) ** 2)
    return near / near.sum(axis=1, keepdims=True)


def _cells(model: Classifier, cells) -> np.ndarray:
    cells = np.asarray(check.between(OWNER, "cells", cells, 0, len(model.weight) - 1))
    if cells.ndim != 1 or (cells.size and cells.dtype.kind not in "iu"):
        check.fail(OWNER, "cells must be ids of shape (k,)", cells)
    return cells.astype(np.int32)


@jit.shared
def softmax(weight, cells, p):
    """p becomes the distribution that the cells stand for."""
    for b in range(len(p)):
        p[b] = 0.0
    for i in cells:
        for b in range(len(p)):
            p[b] += weight[i, b]
    top = p[0]
    for b in range(1, len(p)):
        top = max(top, p[b])
    total = 0.0
    for b in range(len(p)):
        p[b] = np.exp(p[b] - top)
        total += p[b]
    for b in range(len(p)):
        p[b] /= total


@jit.shared
def descend(weight, cells, target, rate, p):
    """One step towards `target`; p is scratch."""
    softmax(weight, cells, p)
    step = rate / max(len(cells), 1)
    for b in range(len(p)):
        p[b] = step * (target[b] - p[b])
    for i in cells:
        for b in range(len(p)):
            weight[i, b] += p[b]


@jit.kernel
def _predict(weight, cells, p):
    softmax(weight, cells, p)


@jit.kernel
def _learn(weight, cells, target, rate, scratch):
    descend(weight, cells, target, rate, scratch)


@jit.kernel
def _run(weight, target, rate, indptr, indices, buckets, steps, out):
    scratch = np.empty(weight.shape[1])
    for t in range(len(buckets)):
        if t >= steps:
            earlier = indices[indptr[t - steps] : indptr[t - steps + 1]]
            descend(weight, earlier, target[buckets[t]], rate, scratch)
        softmax(weight, indices[indptr[t] : indptr[t + 1]], out[t])
