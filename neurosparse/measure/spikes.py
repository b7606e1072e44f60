"""Spike pairs as arguments, checked, and the bins that spikes fall into: once, here, for every measure.

A spike is stamped at the end of its step, so a bin holds the times in (lo, hi]: with steps of 1 ms and bins of 5 ms
the first bin has the steps stamped 1, 2, 3, 4, 5. A spike at 0 counts in the first bin.
"""

import numpy as np

from neurosparse import check

ROUNDING = 1e-9  # of a bin, or of the duration: what a stamp k * dt may be off by


def bins(t_ms, bin_ms: float) -> np.ndarray:
    """Number of the bin of each time, int64: b where t_ms is in (b bin_ms, (b + 1) bin_ms], 0 at t_ms = 0."""
    return np.maximum(np.ceil(np.asarray(t_ms) / bin_ms - ROUNDING).astype(np.int64) - 1, 0)


def ids(owner: str, i, n: int, name: str = "i") -> np.ndarray:
    """`i` as int64 ids (n_ids,) in [0, n); raises ValueError otherwise."""
    array = np.asarray(i)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        check.fail(owner, f"{name} must be a 1-D array of whole numbers", i)
    if array.size:
        extremes = np.array([array.min(), array.max()])
        check.between(owner, name, extremes, 0, n - 1)
    return np.ascontiguousarray(array, dtype=np.int64)


def pairs_ms(owner: str, i, t_ms, n: int, duration_ms: float) -> tuple[np.ndarray, np.ndarray]:
    """(i, t) as int64 ids in [0, n) and float64 times in [0, duration_ms], ms; raises ValueError otherwise.

    The end is included: a spike is stamped at the end of its step. A stamp that rounding puts past it is cut to it.
    """
    check.integer(owner, "n", n, low=1)
    check.positive(owner, "duration_ms", duration_ms, "ms")
    i, t = ids(owner, i, n), np.asarray(t_ms, dtype=np.float64)
    _one_length(owner, "t_ms", i, t)
    t = np.where((t > duration_ms) & (t <= duration_ms * (1 + ROUNDING)), duration_ms, t)
    if t.size:
        check.between(owner, "t_ms", np.array([t.min(), t.max()]), 0, duration_ms, "ms")
    return i, t


def pairs_steps(owner: str, i, t, n: int, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """(i, t) as int64 ids in [0, n) and int64 steps in [0, n_steps); raises ValueError otherwise."""
    check.integer(owner, "n", n, low=1)
    check.integer(owner, "n_steps", n_steps, low=1)
    i, t = ids(owner, i, n), ids(owner, t, n_steps, "t")
    _one_length(owner, "t", i, t)
    return i, t


def _one_length(owner: str, name: str, i: np.ndarray, t: np.ndarray) -> None:
    if i.shape != t.shape:
        check.fail(owner, f"i and {name} must have one length", (i.shape, t.shape))
