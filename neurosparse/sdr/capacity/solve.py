"""The ways back: from errors that may be made to a design.

    thresholds           theta with FP <= fp and FN <= fn
    smallest_n           cells that make false positives rare enough
    smallest_s           synapses for which some threshold keeps both errors
    largest_population   segments of which any may fire falsely
    largest_union        patterns that one segment may store
    pareto               the two errors of every (s, theta), and which designs no other beats

Both errors are monotone in theta, FP falls with n and rises with segments and patterns, so each answer is found by
bisection and is the true one; only `smallest_s` looks at every s, as its errors go up and down with it.
Example: n = 2048, a = 40, s = 20, v = 8 has FN = 0 up to theta = 12, where FP = 5.8e-17.

Source: our own, from the laws of `match` and `union`.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import double, inputs, law, tails, union
from neurosparse.sdr.capacity.factorial import LARGEST
from neurosparse.sdr.capacity.match import false_negative, false_positive, swapped
from neurosparse.sdr.capacity.result import LogNumber


class Window(NamedTuple):
    """Thresholds low <= theta <= high keep both errors; there are none where low > high. ints, or int64 arrays."""

    low: int | np.ndarray
    high: int | np.ndarray


class Design(NamedTuple):
    """A segment and its errors."""

    s: int
    theta: int
    fp: LogNumber
    fn: LogNumber


class Pareto(NamedTuple):
    """One row for each (s, theta): (rows,) each. front: no other row has less of one error and no more of the other."""

    s: np.ndarray
    theta: np.ndarray
    fp: LogNumber
    fn: LogNumber
    front: np.ndarray


def thresholds(n, a, s, v, fp, fn) -> Window:
    """All theta with false_positive(n, a, s, theta) <= fp and false_negative(a, s, v, theta) <= fn.

    v: active cells that noise swaps, whole numbers, or floats in [0, 1): a share of a, rounded. fp, fn in [0, 1],
    numbers, Fractions or LogNumbers. All broadcast. Raises as false_positive and false_negative.
    """
    return _window("thresholds", n, a, s, v, fp, fn)


def _window(owner: str, n, a, s, v, fp, fn) -> Window:
    n, a, s = inputs.overlapping(owner, n, a, s)
    v = _noise(owner, a, v)
    n, a, s, v, fp, fn = inputs.together(owner, n=n, a=a, s=s, v=v, fp=_log(owner, "fp", fp), fn=_log(owner, "fn", fn))
    high = _highest(owner, a, s, v, fn)
    low = _least(np.zeros_like(s), s + 1, lambda theta: _at_least(n, a, s, theta) <= fp)
    return Window(_plain(low), _plain(high))


def smallest_n(a, s, theta, fp, v=None, fn=None):
    """The smallest n with false_positive(n, a, s, theta) <= fp: an int, or an int64 array. fp as in `thresholds`.

    theta = None: the largest with false_negative(a, s, v, theta) <= fn, v and fn as in `thresholds`. Raises as
    false_positive, and ValueError where no n below 2**26 is enough, as for fp = 0 with theta <= a, and for a theta
    beside v and fn, or neither.
    """
    owner = "smallest_n"
    _, a, s = inputs.overlapping(owner, LARGEST, a, s)
    theta = _theta(owner, a, s, theta, v, fn)
    a, s, theta, fp = inputs.together(
        owner, a=a, s=s, theta=inputs.reachable(owner, s, theta), fp=_log(owner, "fp", fp)
    )
    if np.any(np.isneginf(fp) & (theta <= a)):
        check.fail(owner, "fp must be > 0", 0, "an overlap of theta <= a cells is always possible")
    low = top = np.maximum(np.maximum(a, s), 1)
    while np.any(least := _at_least(top, a, s, theta) > fp):
        if np.all(top == LARGEST) or np.any((theta == 0) & (fp < 0)):
            wanted, reached = fp[least].flat[0], _at_least(top, a, s, theta)[least].flat[0]
            remedy = "raise theta, or allow more"
            check.fail(owner, f"some n < 2**26 must reach log10 fp = {wanted:.10g}", float(reached), remedy)
        top = np.minimum(2 * top, LARGEST)
    return _plain(_least(low, top, lambda n: _at_least(n, a, s, theta) <= fp))


def smallest_s(n, a, v, fp, fn) -> Design:
    """The smallest s <= a for which some theta keeps FP <= fp and FN <= fn, with the largest such theta; scalars.

    v, fp, fn as in `thresholds`. Raises as thresholds, and ValueError for arrays and where no s does.
    """
    owner = "smallest_s"
    n, a, v = inputs.one(owner, "n", n, 1), inputs.one(owner, "a", a, 1), _one_noise(owner, a, v)
    fp, fn = inputs.chance(owner, "fp", fp), inputs.chance(owner, "fn", fn)
    s = np.arange(1, a + 1)
    low, high = _window(owner, n, a, s, v, fp, fn)
    found = np.flatnonzero((low <= high) & (np.asarray(high) > 0))
    if not len(found):
        remedy = "raise n or a, or allow more errors or less noise"
        check.fail(owner, f"some s <= a must keep FP <= {fp} and FN <= {fn}", (n, a, v), remedy)
    best, theta = int(s[found[0]]), int(np.asarray(high)[found[0]])
    return Design(best, theta, false_positive(n, a, best, theta), false_negative(a, best, v, theta))


def largest_population(n, a, s, theta, error, v=None, fn=None) -> LogNumber:
    """The largest M with population_false_positive(n, a, s, theta, M) <= error: a whole number, often a huge one.

    It is floor(ln(1 - error) / ln(1 - P)); above 1e15 its last digits are those of a float, and where P or the error is
    below 1e-308 those of their log10. error in [0, 1), numbers, Fractions or a LogNumber; theta, v and fn as in
    `smallest_n`. Raises as false_positive and smallest_n, and ValueError where P = 0, as any M will do.
    """
    owner = "largest_population"
    p = false_positive(n, a, s, _theta(owner, a, s, theta, v, fn))
    error = inputs.chances(owner, "error", error)
    if np.any(np.asarray(error.log10) == 0):
        check.fail(owner, "error must be in [0, 1)", 1, "with error = 1 any number of segments will do")
    inputs.together(owner, p=np.asarray(p.log10), error=np.asarray(error.log10))
    if np.any(np.isneginf(p.log10)):
        check.fail(owner, "false positives must be possible", 0, "with P = 0 any number of segments will do")
    (allowed, log_allowed), (made, log_made) = _hazard(error), _hazard(p)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        large, ratio = log_allowed - log_made, allowed / made
        count = np.floor(np.where(np.isnan(ratio), 10.0**large, ratio))
        return LogNumber(np.where(count < 1e15, np.log10(count), large), np.where(count < 1e300, count, np.nan))


def _hazard(p: LogNumber) -> tuple[np.ndarray, np.ndarray]:
    """-ln(1 - p), nan where no float holds it, and its log10."""
    value, log10 = np.asarray(p.value), np.asarray(p.log10)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(value <= 0.5, -np.log1p(-value), -np.log(-np.expm1(log10 * double.LN10)))
        return np.where(np.isnan(value), np.nan, found), np.where(np.isnan(value), log10, np.log10(found))


def largest_union(n, a, s, theta, error, most=100_000, v=None, fn=None):
    """The largest m < most with union_false_positive(n, a, s, m, theta) <= error: an int, or an int64 array.

    0 is a possible answer. error, theta, v and fn as in `smallest_n`; all broadcast. Raises as union_false_positive and
    smallest_n, and ValueError where `most` patterns still keep the error, as the answer is larger or there is none.
    """
    owner = "largest_union"
    n, a, s = inputs.overlapping(owner, n, a, s)
    theta = inputs.whole(owner, "theta", _theta(owner, a, s, theta, v, fn))
    most, error = inputs.whole(owner, "most", most, 1), _log(owner, "error", error)
    n, a, s, theta, most, error = inputs.together(owner, n=n, a=a, s=s, theta=theta, most=most, error=error)
    rows = zip(*(one.ravel().tolist() for one in (n, a, s, theta, most, error)))
    return _plain(np.array([_most_patterns(owner, *row) for row in rows], dtype=np.int64).reshape(n.shape))


def _most_patterns(owner: str, n: int, a: int, s: int, theta: int, most: int, bound: float) -> int:
    """Bisection, begun around the answer of the plug-in form."""
    if bound >= 0 or theta > a or not s:
        check.fail(owner, "most must be above the answer", most, "any number of patterns keeps the error")

    def good(m: int, method: str = "markov") -> bool:
        return m * s < theta or union.union_false_positive(n, a, s, m, theta, method).log10 <= bound

    guess = _last(lambda m: good(m, "plugin"), 0, most + 1)
    low, high, step = guess, guess + 1, 1
    while low > 0 and not good(low):
        low, high, step = max(low - step, 0), low, 2 * step
    while guess < high <= most and good(high):
        low, high, step = high, min(high + step, most + 1), 2 * step
    m = _last(good, low, high)
    if m == most:
        check.fail(owner, "most must be above the answer", most, "so many patterns still keep the error: raise most")
    return m


def _last(good: Callable[[int], bool], low: int, high: int) -> int:
    """The largest good one; `low` counts as good, `high` as not."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if good(middle) else (low, middle)
    return low


def pareto(n, a, s, v) -> Pareto:
    """Errors of every theta in 1 ... s for each s of a list; v as in `thresholds`.

    Raises as thresholds, and ValueError for an empty list and for arrays of n, a or v.
    """
    owner = "pareto"
    sizes = inputs.whole(owner, "s", s, 1, 4096).reshape(-1)
    if not len(sizes):
        check.fail(owner, "s must have a whole number or more", s, "write pareto(n, a, [16, 20], v)")
    n, a, v = inputs.one(owner, "n", n, 1), inputs.one(owner, "a", a, 1), _one_noise(owner, a, v)
    rows = np.repeat(sizes, sizes)
    theta = np.concatenate([np.arange(1, one + 1) for one in sizes])
    fp, fn = false_positive(n, a, rows, theta), false_negative(a, rows, v, theta)
    return Pareto(rows, theta, fp, fn, _front(np.asarray(fp.log10), np.asarray(fn.log10)))


def _front(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points no other beats, in both coordinates as small as can be."""
    order = np.lexsort((y, x))
    best = np.minimum.accumulate(np.concatenate([[np.inf], y[order]]))[:-1]  # of all points before, so with x <= mine
    front = np.zeros(len(x), dtype=bool)
    front[order] = y[order] < best
    same = np.zeros(len(x), dtype=bool)  # a point equal to one on the front is on it
    same[order[1:]] = (x[order[1:]] == x[order[:-1]]) & (y[order[1:]] == y[order[:-1]])
    for i in np.flatnonzero(same[order]):
        front[order[i]] |= front[order[i - 1]]
    return front


def _least(low: np.ndarray, high: np.ndarray, good: Callable) -> np.ndarray:
    """The smallest x in low ... high that is good, by bisection; high counts as good and is never asked."""
    low, high = low.copy(), high.copy()
    while np.any(low < high):
        middle = (low + high) // 2
        fine = good(np.minimum(middle, high))
        low, high = np.where(fine, low, np.minimum(middle + 1, high)), np.where(fine, middle, high)
    return low


def _at_least(n, a, s, theta) -> np.ndarray:
    return np.asarray(law.evaluate(tails.AT_LEAST, n, a, s, theta).log10)


def _theta(owner: str, a, s, theta, v, fn):
    """theta as it was given, or the largest that keeps fn under the noise v."""
    if (v is None) != (fn is None):
        check.fail(owner, "v and fn must be given together", (v, fn), "the noise, and the false negatives under it")
    if v is None and theta is None:
        check.fail(owner, "theta must be given", None, "or v and fn, which choose it")
    if v is None:
        return theta
    if theta is not None:
        check.fail(owner, "theta must be None where v and fn choose it", theta, "leave out theta, or v and fn")
    _, a, s = inputs.overlapping(owner, LARGEST, a, s)
    a, s, v, fn = inputs.together(owner, a=a, s=s, v=_noise(owner, a, v), fn=_log(owner, "fn", fn))
    return _highest(owner, a, s, v, fn)


def _highest(owner: str, a, s, v, fn) -> np.ndarray:
    """The largest theta with false_negative <= fn (its log10); all of one shape."""
    swapped(owner, a, s, v, 0)  # its checks
    return s - _least(np.zeros_like(s), s, lambda lost: _at_least(a, v, s, lost + 1) <= fn)


def _noise(owner: str, a: np.ndarray, v) -> np.ndarray:
    """v as a whole number: given so, or as a share of a."""
    if np.asarray(v).dtype.kind == "f":
        return np.rint(inputs.share(owner, "v", v) * a).astype(np.int64)
    return inputs.whole(owner, "v", v)


def _one_noise(owner: str, a, v) -> int:
    if np.ndim(v):
        check.fail(owner, "v must be one whole number or share", f"an array of shape {np.shape(v)}")
    return int(_noise(owner, inputs.whole(owner, "a", a, 1), v))


def _log(owner: str, name: str, probability) -> np.ndarray:
    return np.asarray(inputs.chances(owner, name, probability).log10)


def _plain(array: np.ndarray):
    return array if np.ndim(array) else int(array)
