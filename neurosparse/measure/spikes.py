"""Spike pairs as arguments: checked once, here, for every measure."""

import numpy as np

from neurosparse import check


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

    The end is included: a spike is stamped at the end of its step.
    """
    check.integer(owner, "n", n, low=1)
    check.positive(owner, "duration_ms", duration_ms, "ms")
    i, t = ids(owner, i, n), np.asarray(t_ms, dtype=np.float64)
    _one_length(owner, "t_ms", i, t)
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
