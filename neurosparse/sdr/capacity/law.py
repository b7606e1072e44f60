"""The overlap law H(n, a, s): in how many cells a random set of a out of n meets a fixed set of s.

    P(overlap = b) = C(s, b) C(n-s, a-b) / C(n, a),   max(0, a+s-n) <= b <= min(a, s),   symmetric in a and s
    mean = a s / n,   variance = a s (n-a) (n-s) / (n^2 (n-1))

n, a, s, b: whole numbers or arrays of them, broadcast. As in SciPy, `overlap_sf` is P(overlap > b); what a threshold
theta sees, P(overlap >= theta), is `false_positive(n, a, s, theta)`.

Source: arXiv:1601.00720, section on the overlap of SDRs.
"""

import numpy as np

from neurosparse.sdr.capacity import exact, factorial, inputs, tails
from neurosparse.sdr.capacity.result import TINY, LogNumber

EXACT = {tails.PMF: exact.pmf, tails.CDF: exact.cdf, tails.SF: exact.sf, tails.AT_LEAST: exact.at_least}


def overlap_pmf(n, a, s, b) -> LogNumber:
    """P(overlap = b). Raises TypeError for what is not whole, ValueError for negatives, a > n, s > n, n >= 2**26."""
    return _checked("overlap_pmf", n, a, s, b, tails.PMF)


def overlap_cdf(n, a, s, b) -> LogNumber:
    """P(overlap <= b). Raises as overlap_pmf."""
    return _checked("overlap_cdf", n, a, s, b, tails.CDF)


def overlap_sf(n, a, s, b) -> LogNumber:
    """P(overlap > b), of b >= -1, where it is 1. Raises as overlap_pmf."""
    return _checked("overlap_sf", n, a, s, b, tails.SF, -1)


def overlap_quantile(n, a, s, q):
    """The smallest b with P(overlap <= b) >= q, q in [0, 1]: an int, or an int64 array. Raises as overlap_pmf.

    It is the b with P(overlap > b) <= 1 - q, so that q = 1 gives the largest overlap that is possible.
    """
    owner = "overlap_quantile"
    n, a, s = inputs.overlapping(owner, n, a, s)
    q = inputs.chances(owner, "q", q)
    log10, value = np.asarray(q.log10), np.asarray(q.value)
    n, a, s, value = inputs.together(owner, n=n, a=a, s=s, q=value)
    found = tails.quantiles(factorial.table(largest(n)), *inputs.flat(n, a, s, log10, value)).reshape(n.shape)
    return found if found.ndim else int(found)


def overlap_mean(n, a, s):
    """a s / n: a float, or a float64 array. Raises as overlap_pmf."""
    n, a, s = inputs.overlapping("overlap_mean", n, a, s)
    return _plain(a * s / n)


def overlap_variance(n, a, s):
    """a s (n-a) (n-s) / (n^2 (n-1)): a float, or a float64 array; 0 for n = 1. Raises as overlap_pmf."""
    n, a, s = inputs.overlapping("overlap_variance", n, a, s)
    return _plain((a * s / n) * ((n - a) / n) * ((n - s) / np.maximum(n - 1, 1)))


def evaluate(kind: int, n, a, s, b) -> LogNumber:
    """A probability of `tails` for checked int64 arrays that broadcast together; no checks."""
    log10, value = tails.measures(factorial.table(largest(n)), *inputs.flat(n, a, s, b), kind)
    return make(log10, value, np.broadcast(n, a, s, b).shape, EXACT[kind], (n, a, s, b))


def make(log10: np.ndarray, value: np.ndarray, shape: tuple, exact=None, arguments: tuple = ()) -> LogNumber:
    """What a kernel gave, (N,) each, as a LogNumber of `shape`; values that no normal float holds become nan."""
    value[((value < TINY) & np.isfinite(log10)) | np.isposinf(value)] = np.nan
    return LogNumber(log10.reshape(shape), value.reshape(shape), exact, arguments)


def _checked(owner: str, n, a, s, b, kind: int, least: int = 0) -> LogNumber:
    n, a, s = inputs.overlapping(owner, n, a, s)
    n, a, s, b = inputs.together(owner, n=n, a=a, s=s, b=inputs.whole(owner, "b", b, least))
    return evaluate(kind, n, a, s, b)


def largest(n: np.ndarray) -> int:
    """The largest n, 1 for none: how far a table of factorials shall reach."""
    return int(n.max()) if n.size else 1


def _plain(array: np.ndarray):
    return array if array.ndim else float(array)
