"""Numbers that describe a stream of SDRs, gathered as it passes.

    sparsity                w / n:  mean, standard deviation, least, most
    activation frequency    p_i = part of the SDRs in which bit i is active
    entropy                 H = (1/n) sum_i h(p_i),  h(p) = -p log2 p - (1 - p) log2 (1 - p)       bits for each bit
    its maximum             h(mean sparsity): all bits used alike (h is concave)
    overlap                 |x_t and x_(t-1)|: mean, standard deviation, least, most
    stability               mean overlap / mean w of the later one; 1 for a stream that stands still

    m = start(n);  m = update(m, sdr);  m = update(m, batch);  entropy(m)

Everything is kept as whole numbers, so one by one, in batches, or saved and restored between gives the same bits.
What nothing was seen of is NaN.
Source: Cui, Ahmad, Hawkins, "The HTM spatial pooler", Frontiers in Computational Neuroscience 11:111 (2017).
"""

import math
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import batch
from neurosparse.sdr.overlap import overlap as overlap_of
from neurosparse.sdr.overlap import successive
from neurosparse.sdr.sdr import LARGEST, Sdr, checked


class Tally(NamedTuple):
    """Sums of whole numbers."""

    number: int
    total: int
    squares: int
    low: int
    high: int


class Stats(NamedTuple):
    """What a tally says; `std` is that of all that was seen (not of a sample)."""

    mean: float
    std: float
    low: float
    high: float


class Metrics(NamedTuple):
    """What was seen of a stream; `start` makes one, `update` the next."""

    n: int
    count: np.ndarray  # (n,) int64: SDRs in which each bit was active
    active: Tally  # w of every SDR
    shared: Tally  # overlap of every SDR with the one before
    later: int  # sum of w of every SDR but the first
    last: Sdr | None


EMPTY = Tally(0, 0, 0, 0, 0)


def start(n: int) -> Metrics:
    """Nothing seen yet, of SDRs of n bits. Raises ValueError for n < 1."""
    n = check.integer("metrics.start", "n", n, 1, LARGEST)
    return Metrics(n, np.zeros(n, np.int64), EMPTY, EMPTY, 0, None)


def update(m: Metrics, x: Sdr | Csr) -> Metrics:
    """Metrics after an SDR or a batch of them, in order. Raises TypeError or ValueError for other lengths."""
    if not isinstance(m, Metrics):
        check.fail("metrics.update", "m must be Metrics", m, "metrics.start makes one", TypeError)
    if not isinstance(x, Csr):
        x = batch.of([checked("metrics.update", "x", x, m.n)])
    batch.rows(x, "metrics.update", m.n)
    if not x.n_rows:
        return m
    w, shared = np.diff(x.indptr), successive(x)
    if m.last is not None:
        shared = np.append(np.int32(overlap_of(m.last, batch.sdr(x, 0))), shared)
    return Metrics(
        m.n,
        m.count + np.bincount(x.indices, minlength=m.n),
        _add(m.active, w.tolist()),
        _add(m.shared, shared.tolist()),
        m.later + int(w.sum()) - (int(w[0]) if m.last is None else 0),
        batch.sdr(x, x.n_rows - 1),
    )


def of(x: Csr) -> Metrics:
    """Metrics of one batch."""
    return update(start(batch.rows(x, "metrics.of").n_cols), x)


def sparsity(m: Metrics) -> Stats:
    """Of w / n."""
    return Stats(*(value / m.n for value in _stats(m.active)))


def activation_frequency(m: Metrics) -> np.ndarray:
    """(n,) float64: p_i of every bit."""
    return m.count / m.active.number if m.active.number else np.full(m.n, math.nan)


def entropy(m: Metrics) -> float:
    """H, bits for each bit."""
    return float(np.mean(binary_entropy(activation_frequency(m)))) if m.active.number else math.nan


def max_entropy(m: Metrics) -> float:
    """The largest H for this mean sparsity, bits for each bit."""
    return float(binary_entropy(sparsity(m).mean)) if m.active.number else math.nan


def overlap(m: Metrics) -> Stats:
    """Of the overlap of successive SDRs, bits."""
    return _stats(m.shared)


def stability(m: Metrics) -> float:
    """Overlap with the SDR before over w, both summed over the stream."""
    return m.shared.total / m.later if m.later else math.nan


def binary_entropy(p) -> np.ndarray:
    """h(p) in bits, elementwise; h(0) = h(1) = 0. Raises ValueError for p outside [0, 1]."""
    p = np.asarray(check.between("metrics.binary_entropy", "p", p, 0.0, 1.0), np.float64)
    q = 1.0 - p
    return -(p * np.log2(np.where(p > 0, p, 1.0)) + q * np.log2(np.where(q > 0, q, 1.0)))


def _add(tally: Tally, values: list[int]) -> Tally:
    if not values:
        return tally
    low, high = min(values), max(values)
    if tally.number:
        low, high = min(low, tally.low), max(high, tally.high)
    squares = tally.squares + sum(value * value for value in values)
    return Tally(tally.number + len(values), tally.total + sum(values), squares, low, high)


def _stats(tally: Tally) -> Stats:
    if not tally.number:
        return Stats(math.nan, math.nan, math.nan, math.nan)
    variance = (tally.squares * tally.number - tally.total**2) / tally.number**2
    return Stats(tally.total / tally.number, math.sqrt(variance), float(tally.low), float(tally.high))
