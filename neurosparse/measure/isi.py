"""Inter-spike intervals and their coefficient of variation.

    ISI_k = t_{k+1} - t_k of one neuron ;   CV = standard deviation(ISI) / mean(ISI)

A clock has CV 0, a Poisson process CV 1. The deviation is that of the sample of intervals (divided by their
number).
"""

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes


def intervals(i, t_ms, n: int) -> tuple[np.ndarray, np.ndarray]:
    """All intervals of all neurons: (owner, interval), both (n_intervals,), intervals in ms.

    i (n_spikes,) ids in [0, n), t_ms (n_spikes,) times in ms, in any order. Sorted by neuron, then by time.
    Raises ValueError for ids out of range, times that are not finite, and unequal lengths.
    """
    check.integer("measure.intervals", "n", n, low=1)
    i, t = spikes.ids("measure.intervals", i, n), np.asarray(t_ms, dtype=np.float64)
    check.number("measure.intervals", "t_ms", t, "ms")
    if i.shape != t.shape:
        check.fail("measure.intervals", "i and t_ms must have one length", (i.shape, t.shape))
    order = np.lexsort((t, i))
    i, t = i[order], t[order]
    same = np.flatnonzero(i[1:] == i[:-1])
    return i[same], t[same + 1] - t[same]


def isi_cv(i, t_ms, n: int) -> np.ndarray:
    """CV of the intervals of each neuron, (n,), NaN below 3 spikes. Arguments as in `intervals`."""
    owner, interval = intervals(i, t_ms, n)
    count = np.bincount(owner, minlength=n)
    enough = count >= 2
    mean = np.full(n, np.nan)
    np.divide(np.bincount(owner, interval, n), count, out=mean, where=enough)
    # deviations from the mean, not a difference of squares: exact zeros for a regular neuron
    square = np.bincount(owner, (interval - mean[owner]) ** 2, n)
    deviation = np.full(n, np.nan)
    np.divide(square, count, out=deviation, where=enough)
    return np.divide(np.sqrt(deviation), mean, out=np.full(n, np.nan), where=enough & (mean > 0))
