"""The chain of `cover` at large sizes: only the states that matter, with a bound on what the others could add.

    P(K_m in event) = sum over paths;   a path through k after i patterns adds f_i(k) b_i(k) at most
    f_i(k) = P(K_i = k)              <= exp(-D(a, k, p_i))
    b_i(k) = P(K_m in event | K_i = k) <= exp(-D(a - k, edge - k, p_{m-i}))       0 where the edge is on the mean's side
    D(N, x, p) = x ln(x / (N p)) + (N - x) ln((N - x) / (N (1 - p))),   p_i = 1 - (1 - s/n)^i

The cells that a union covers are negatively associated, so Chernoff's bound for independent ones holds. Both exponents
are convex in k: states above any level are an interval. Dropped are states of less than REST / (m (a + 1)) of what is
found; as all terms are positive, what is found is a lower bound, and a second pass takes its level from the first.

Sources: Joag-Dev & Proschan 1983, Annals of Statistics 11 (negative association); the windows are our own.
"""

import math

import numpy as np
from scipy.special import rel_entr

from neurosparse import check, jit
from neurosparse.sdr.capacity import cover, double, factorial, tails

LOG_REST = math.log(1e-17)  # the share of the answer that may be dropped
SLACK = 15.0  # by how much, in ln, the first pass takes the bound to be above the truth
STRIDE = 64  # jumps from one exact term to the next; between them ratios
STEPS = 5e9, 2e10  # of the first pass, and of others: half a minute, and minutes
MOST = 10**6  # patterns
OWNER = "union"
TINY = 1e-300
NEAR = 1e-6  # rounding of ln P


def at_least(n: int, a: int, s: int, m: int, theta: int) -> tuple[float, float]:
    """(log10, value) of P(K_m >= theta): of the smaller side, or 1 minus it. Raises as `between`."""
    if theta <= max(0, a + s - n if m else 0):
        return 0.0, 1.0
    if theta > min(a, m * s):
        return -math.inf, 0.0
    if theta > a * _covered(n, s, np.array(m))[0]:
        return tails.written(between(n, a, s, m, theta, a), False)
    return tails.written(between(n, a, s, m, 0, theta - 1), True)


def exactly(n: int, a: int, s: int, m: int, k: int) -> tuple[float, float]:
    """(log10, value) of P(K_m = k). Raises as `between`."""
    if not max(0, a + s - n if m else 0) <= k <= min(a, m * s):
        return -math.inf, 0.0
    return tails.written(between(n, a, s, m, k, k), False)


def between(n: int, a: int, s: int, m: int, first: int, last: int) -> tuple[float, float, int]:
    """P(first <= K_m <= last) > 0 as (high, low, exponent). Raises ValueError where it would take hours."""
    table, spare = factorial.table(n), LOG_REST - math.log(m) - math.log(a + 1)
    level = _ceiling(n, a, s, m, first, last) - SLACK
    limit, later = STEPS
    while True:
        low, high = windows(n, a, s, m, (first, last), level + spare)
        mantissa, exponent = _through(table, n, a, s, low, high, *_rows(a, s, low, high, limit))
        start, stop = max(first - low[m], 0), max(last - low[m] + 1, 0)
        found = cover.total(mantissa[start:stop], exponent[start:stop])
        log = tails.written(found, False)[0] * double.LN10
        if log >= level - NEAR:
            return found
        limit, level = later, max(log, _one_path(table, n, a, s, m, first, last))


def windows(n: int, a: int, s: int, m: int, event: tuple[int, int], level: float) -> tuple[np.ndarray, np.ndarray]:
    """(low, high), (m + 1,) each: after i patterns, the states with ln of the bound >= level; growing with i."""
    i = np.arange(m + 1)
    shares = *_covered(n, s, i), *_covered(n, s, m - i)
    best = _best(a, shares, event)

    def outside(k):
        return _bound(a, shares, event, k) < level

    low = _edge(np.full(m + 1, -1), best, outside)
    high = _edge(np.minimum(a, i * s) + 1, best, outside)
    low, high = np.minimum.accumulate(low[::-1])[::-1], np.maximum.accumulate(high)
    low[0] = high[0] = 0
    most = np.minimum(a, i * s)
    return np.minimum(np.maximum(low, 0), most), np.minimum(high, most)


def _covered(n: int, s: int, i: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chance that i patterns cover a cell, and that they do not: TINY at least, so that all states have a bound."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.where(i > 0, i * np.log1p(-s / n), 0.0)
    return -np.expm1(log), np.maximum(np.exp(log), TINY)


def _bound(a: int, shares: tuple, event: tuple[int, int], k: np.ndarray) -> np.ndarray:
    """ln of the bound of f_i(k) b_i(k)."""
    covered, free, later, never = shares
    first, last = event
    rest = a - k
    need, room = np.clip(first - k, 0, rest), np.clip(last - k, 0, rest)
    up = np.where(need > rest * later, _distance(rest, need, later, never), 0.0)
    down = np.where(room < rest * later, _distance(rest, room, later, never), 0.0)
    possible = (k <= last) & (first <= a)
    return np.where(possible, -_distance(a, k, covered, free) - np.maximum(up, down), -np.inf)


def _distance(size, x, p, q):
    return rel_entr(x, size * p) + rel_entr(size - x, size * q)


def _best(a: int, shares: tuple, event: tuple[int, int]) -> np.ndarray:
    """Where the bound is largest, by the sign of its slope."""
    low, high = np.zeros(len(shares[0]), dtype=np.int64), np.full(len(shares[0]), min(a, event[1]))
    while np.any(low < high):
        middle = (low + high) // 2
        here, next_ = _bound(a, shares, event, middle), _bound(a, shares, event, np.minimum(middle + 1, high))
        beyond = (here == -np.inf) & (next_ == -np.inf)
        rises = np.where(beyond, middle < _middle(a, shares, event), next_ > here)
        low, high = np.where(rises, np.minimum(middle + 1, high), low), np.where(rises, high, middle)
    return low


def _middle(a: int, shares: tuple, event: tuple[int, int]) -> np.ndarray:
    """A state that is possible: none before the first pattern, the event after the last."""
    return np.where(shares[0] == 0.0, 0, np.where(shares[2] == 0.0, event[0], a))


def _edge(outer: np.ndarray, inner: np.ndarray, outside) -> np.ndarray:
    """The last state inside, from `inner` (counted as inside) towards `outer` (counted as outside)."""
    outer, inner = outer.copy(), inner.copy()
    while np.any(np.abs(outer - inner) > 1):
        middle = (outer + inner) // 2
        out = outside(middle)
        outer, inner = np.where(out, middle, outer), np.where(out, inner, middle)
    return inner


def _ceiling(n: int, a: int, s: int, m: int, first: int, last: int) -> float:
    """ln of an upper bound of the answer, but for a factor a + 1."""
    i = np.unique(np.linspace(0, m, 33).astype(np.int64))
    shares = *_covered(n, s, i), *_covered(n, s, m - i)
    return float(np.min(_bound(a, shares, (first, last), _best(a, shares, (first, last)))))


def _rows(a: int, s: int, low: np.ndarray, high: np.ndarray, limit: float) -> tuple[np.ndarray, int, int]:
    """For each state the most it can jump to; how many rows of jumps are kept, and how long they are."""
    width = (high - low + 1).astype(np.float64)
    steps = float(np.sum(width[:-1] * np.minimum(np.minimum(width[1:], s + 1), high[1:] - low[:-1] + 1)))
    if steps > limit:
        remedy = "take fewer patterns or cells, or method='plugin'"
        check.fail(OWNER, f"the chain of unions may take {limit:.0e} steps", f"{steps:.1e}", remedy)
    k, before = np.arange(int(high.max()) + 1), len(low) - 2
    first = np.minimum(np.searchsorted(high, k, side="left"), before)  # of the windows that have a state
    last = np.minimum(np.searchsorted(low, k, side="right") - 1, before)
    most = np.minimum(high[last + 1] - k, np.minimum(a - k, s))
    longest = max(int(np.max(most - np.maximum(low[first + 1] - k, 0))) + 1, 1)
    check.fits(OWNER, "the transitions of the chain", 16.0 * width.max() * longest)
    return most, int(width.max()), longest


def _one_path(table, n: int, a: int, s: int, m: int, first: int, last: int) -> float:
    """ln of the chance of one path into the event: a lower bound."""
    mean = a * _covered(n, s, np.array(m))[0]
    edge = first if first > mean else min(last, max(int(mean), first))
    k = np.maximum(edge * np.arange(m + 1) // m, np.where(np.arange(m + 1) > 0, a + s - n, 0))
    path = [np.full(m, n), a - k[:-1], np.full(m, s), np.diff(k)]
    log10, _ = tails.measures(table, *[np.ascontiguousarray(one, dtype=np.int64) for one in path], tails.PMF)
    return float(log10.sum() * double.LN10)


@jit.kernel
def _through(table, n, a, s, low, high, most, widest, longest):
    """(mantissa, exponent) of P(K_m = k) for k in the last window; rows of jumps are kept while a window has them."""
    steps = len(low) - 1
    kept, begin = np.full(widest, -1), np.zeros(widest, dtype=np.int64)
    jump, jump_exponent = np.zeros((widest, longest)), np.zeros((widest, longest), dtype=np.int64)
    mantissa, exponent = np.ones(1), np.zeros(1, dtype=np.int64)
    for i in range(steps):
        size = high[i + 1] - low[i + 1] + 1
        after, top = np.zeros(size), np.full(size, -(2**62))
        for k in range(low[i], high[i] + 1):
            if mantissa[k - low[i]] == 0.0:
                continue
            row = k % widest
            if kept[row] != k:
                kept[row], begin[row] = k, max(low[i + 1] - k, 0)
                _jumps(table, n, a - k, s, begin[row], most[k], jump[row], jump_exponent[row])
            stop = min(high[i + 1] - k, a - k, s)
            for j in range(max(low[i + 1] - k, 0), stop + 1):
                part = mantissa[k - low[i]] * jump[row, j - begin[row]]
                if part > 0.0:
                    at = k + j - low[i + 1]
                    shift = exponent[k - low[i]] + jump_exponent[row, j - begin[row]]
                    after[at], top[at] = cover.gather(after[at], top[at], part, shift)
        for at in range(size):
            after[at], shift = math.frexp(after[at])
            top[at] = top[at] + shift if after[at] > 0.0 else 0
        mantissa, exponent = after, top
    return mantissa, exponent


@jit.shared
def _jumps(table, n, rest, s, first, last, out, out_exponent):
    """P(J = j), j = first ... last, J ~ H(n, rest, s)."""
    high, power = 0.0, 0
    for j in range(first, last + 1):
        if high == 0.0 or (j - first) % STRIDE == 0:
            high, _, power = tails.term(table, n, rest, s, j)
        else:
            b = float(j - 1)
            high *= (s - b) * (rest - b) / (j * (n - s - rest + j))
            high, shift = math.frexp(high)
            power += shift
        out[j - first], out_exponent[j - first] = high, power
