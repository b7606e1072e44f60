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
from neurosparse.sdr.capacity.match import false_negative, false_positive
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

    v: active cells that noise swaps, whole numbers, or floats in [0, 1): a share of a, rounded. fp, fn in [0, 1].
    All broadcast. Raises as false_positive and false_negative.
    """
    owner = "thresholds"
    n, a, s = inputs.overlapping(owner, n, a, s)
    v = _noise(owner, a, v)
    n, a, s, v, fp, fn = inputs.together(owner, n=n, a=a, s=s, v=v, fp=_log(owner, "fp", fp), fn=_log(owner, "fn", fn))
    false_negative(a, s, v, 0)  # its checks
    low = _least(np.zeros_like(s), s + 1, lambda theta: _at_least(n, a, s, theta) <= fp)
    lost = _least(np.zeros_like(s), s, lambda lost: _at_least(a, v, s, lost + 1) <= fn)
    return Window(*[_plain(one) for one in (low, s - lost)])


def smallest_n(a, s, theta, fp):
    """The smallest n with false_positive(n, a, s, theta) <= fp: an int, or an int64 array.

    Raises as false_positive, and ValueError where no n below 2**26 is enough.
    """
    owner = "smallest_n"
    _, a, s = inputs.overlapping(owner, LARGEST, a, s)
    a, s, theta, fp = inputs.together(
        owner, a=a, s=s, theta=inputs.reachable(owner, s, theta), fp=_log(owner, "fp", fp)
    )
    low = top = np.maximum(np.maximum(a, s), 1)
    while np.any(_at_least(top, a, s, theta) > fp):
        if np.all(top == LARGEST):
            remedy = "raise theta, or allow more"
            check.fail(owner, f"some n < 2**26 must reach log10 fp = {fp.tolist()}", theta.tolist(), remedy)
        top = np.minimum(2 * top, LARGEST)
    return _plain(_least(low, top, lambda n: _at_least(n, a, s, theta) <= fp))


def smallest_s(n, a, v, fp, fn) -> Design:
    """The smallest s <= a for which some theta keeps FP <= fp and FN <= fn, with the largest such theta; scalars.

    v as in `thresholds`. Raises as thresholds, and ValueError where no s does.
    """
    s = np.arange(1, check.integer("smallest_s", "a", a, 1, LARGEST) + 1)
    low, high = thresholds(n, a, s, v, fp, fn)
    found = np.flatnonzero((low <= high) & (np.asarray(high) > 0))
    if not len(found):
        remedy = "raise n or a, or allow more errors or less noise"
        check.fail("smallest_s", f"some s <= a must keep FP <= {fp} and FN <= {fn}", (n, a, v), remedy)
    best, theta = int(s[found[0]]), int(np.asarray(high)[found[0]])
    v = int(_noise("smallest_s", np.asarray(a), v))
    return Design(best, theta, false_positive(n, a, best, theta), false_negative(a, best, v, theta))


def largest_population(n, a, s, theta, error) -> LogNumber:
    """The largest M with population_false_positive(n, a, s, theta, M) <= error: a whole number, often a huge one.

    It is floor(ln(1 - error) / ln(1 - P)); above 1e15 its last digits are those of a float. error in [0, 1). Raises as
    false_positive, and ValueError where P = 0, as any M will do.
    """
    owner = "largest_population"
    p = false_positive(n, a, s, theta)
    error = np.asarray(check.between(owner, "error", error, 0, np.nextafter(1.0, 0)), dtype=np.float64)
    if np.any(np.isneginf(p.log10)):
        check.fail(owner, "false positives must be possible", p, "with P = 0 any number of segments will do")
    with np.errstate(divide="ignore", invalid="ignore"):
        value, log10 = np.asarray(p.value), np.asarray(p.log10)
        stay = np.where(value <= 0.5, np.log1p(-value), np.log(-np.expm1(log10 * double.LN10)))
        count = np.where(np.isnan(value), np.inf, np.floor(np.log1p(-error) / stay))
        large = np.log10(-np.log1p(-error)) - log10
        return LogNumber(np.where(count < 1e15, np.log10(count), large), np.where(count < 1e300, count, np.nan))


def largest_union(n, a, s, theta, error, most: int = 100_000) -> int:
    """The largest m <= most with union_false_positive(n, a, s, m, theta) <= error; scalars. 0 is a possible answer.

    Raises as union_false_positive.
    """
    owner = "largest_union"
    bound, most = _log(owner, "error", error), check.integer(owner, "most", most, 0, LARGEST)

    def good(m: int) -> bool:
        return union.union_false_positive(n, a, s, m, theta).log10 <= bound

    step = 1
    while step <= most and good(step):
        step *= 2
    low, high = step // 2, min(step, most + 1)  # `low` is good, `high` is not, or beyond what may be
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if good(middle) else (low, middle)
    return low


def pareto(n, a, s, v) -> Pareto:
    """Errors of every theta in 1 ... s for each s of a list; v as in `thresholds`. Raises as thresholds."""
    owner = "pareto"
    sizes = inputs.whole(owner, "s", np.atleast_1d(np.asarray(s)), 1, 4096)
    a, v = inputs.whole(owner, "a", a, 1), _noise(owner, inputs.whole(owner, "a", a, 1), v)
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


def _noise(owner: str, a: np.ndarray, v) -> np.ndarray:
    """v as a whole number: given so, or as a share of a."""
    array = check.array(owner, "v", v)
    if array.dtype.kind == "f":
        share = np.asarray(check.between(owner, "v", v, 0, np.nextafter(1.0, 0), remedy="a share of a, or whole cells"))
        return np.rint(share * a).astype(np.int64)
    return inputs.whole(owner, "v", v)


def _log(owner: str, name: str, probability) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log10(inputs.probability(owner, name, probability))


def _plain(array: np.ndarray):
    return array if np.ndim(array) else int(array)
