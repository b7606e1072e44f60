"""Draws of overlaps one synapse at a time: plain, tilted towards a rare event, and as bit vectors.

m patterns of s synapses each are laid on n cells, of which a are active. The i-th synapse of a pattern falls on one of
the n - i cells that the pattern does not hold yet; c active cells are covered so far, h of them by this pattern:

    P(covers a new one) = p = (a - c) / (n - i),   P(on a covered one) = (c - h) / (n - i)

The event is c >= theta after all m s synapses. No law of overlaps enters: these are the draws that the laws describe.

Tilted draws take q in place of p and multiply the weight of the trial by p / q or (1 - p) / (1 - q). The tilt is
exponential and chosen anew for each synapse, with r synapses left:

    one pattern         q = max(p, (theta - c) / r), the first draw of an exponentially tilted hypergeometric law of
                        mean theta - c: the expected end is theta
    several patterns    q = p' h(c+1, r-1) / h(c, r),  h(c, r) = p' h(c+1, r-1) + (1 - p') h(c, r-1),  h(theta, r) = 1,
                        p' = (a - c) / (n - (s - 1) / 2): covering slows down as fewer cells remain, and h, the chance
                        to end at theta were all synapses alike, knows by how much

Every way to theta keeps a probability > 0, so the mean of the weights is P whatever q is; q decides the variance.

Source: Siegmund, Annals of Statistics 4 (1976) 673-684 (exponential tilting).
"""

import math

import numpy as np

from neurosparse import jit, rng

TINY, HUGE = 1e-200, 1e200  # a weight is kept as a product between these, its logarithm taken beyond


@jit.shared
def plain(stream, trial, n, a, s, m, theta):
    """Whether one trial covers theta active cells; stops as soon as that is settled."""
    c, left, drawn, spare = 0, s * m, 0, 0.0
    for _ in range(m):
        h = 0
        for i in range(s):
            if c >= theta or c + left < theta:
                return c >= theta
            if drawn & 1:
                u = spare
            else:
                u, spare = rng.pair(stream, trial, 0, drawn >> 1)
            drawn += 1
            left -= 1
            x = u * (n - i)
            if x < a - c:
                c += 1
                h += 1
            elif x < a - h:
                h += 1
    return c >= theta


def guide(n: int, a: int, s: int, m: int, theta: int) -> np.ndarray:
    """q of c covered cells and r synapses left, (theta, m s + 1) float64; theta <= min(a, m s)."""
    q = np.zeros((theta, m * s + 1))
    (_guide_one if m == 1 else _guide_many)(n, a, s, q)
    return q


@jit.kernel
def _guide_one(n, a, s, q):
    theta = q.shape[0]
    for c in range(theta):
        for left in range(theta - c, s + 1):
            q[c, left] = min(max((a - c) / (n - (s - left)), (theta - c) / left), 1.0)


@jit.kernel
def _guide_many(n, a, s, q):
    theta = q.shape[0]
    h = np.full(theta + 1, -math.inf)  # its logarithm
    h[theta] = 0.0
    for left in range(1, q.shape[1]):
        for c in range(max(theta - left, 0), theta):
            p = min((a - c) / (n - 0.5 * (s - 1)), 1.0 - 1e-9)
            cover, miss = math.log(p) + h[c + 1], math.log1p(-p) + h[c]
            top = max(cover, miss)
            h[c] = top + math.log(math.exp(cover - top) + math.exp(miss - top))
            q[c, left] = math.exp(cover - h[c])


@jit.shared
def tilted(stream, trial, n, a, s, m, guide):
    """Logarithm of the weight of one tilted trial; -inf where it misses theta = len(guide)."""
    theta = guide.shape[0]
    c, left, drawn, spare = 0, s * m, 0, 0.0
    total, weight = 0.0, 1.0
    for _ in range(m):
        h = 0
        for i in range(s):
            if c >= theta:
                return total + math.log(weight)
            if c + left < theta:
                return -math.inf
            p = (a - c) / (n - i)
            q = guide[c, left]
            if drawn & 1:
                u = spare
            else:
                u, spare = rng.pair(stream, trial, 0, drawn >> 1)
            drawn += 1
            left -= 1
            if u < q:
                weight *= p / q
                c += 1
                h += 1
            else:
                weight *= (1.0 - p) / (1.0 - q)
                if (u - q) / (1.0 - q) * (1.0 - p) * (n - i) < c - h:
                    h += 1
            if weight < TINY or weight > HUGE:
                total += math.log(weight)
                weight = 1.0
    return total + math.log(weight) if c >= theta else -math.inf


@jit.kernel
def count_plain(stream, first, trials, n, a, s, m, theta):
    """How many of the trials first .. first + trials - 1 are hits."""
    hits = 0
    for trial in range(first, first + trials):
        hits += plain(stream, trial, n, a, s, m, theta)
    return hits


@jit.kernel
def weigh_tilted(stream, first, n, a, s, m, guide, out):
    """out (trials,): logarithms of the weights of trials first, first + 1, ..."""
    for k in range(out.size):
        out[k] = tilted(stream, first + k, n, a, s, m, guide)


@jit.shared
def popcount(x):
    """Number of ones in a uint64."""
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    x = x + (x >> np.uint64(8))
    x = x + (x >> np.uint64(16))
    return np.int64((x + (x >> np.uint64(32))) & np.uint64(0x7F))


@jit.shared
def set_bits(words, cells):
    """Switch the bits of `cells` on."""
    for cell in cells:
        words[cell >> 6] |= np.uint64(1) << np.uint64(cell & 63)


@jit.shared
def overlap(x, y):
    """Number of cells that are on in both."""
    total = 0
    for k in range(x.size):
        total += popcount(x[k] & y[k])
    return total


@jit.kernel
def count_bits(active, segment, first, trials, n, m, theta, cells, synapses, table):
    """Hits among trials in which the a cells and the m patterns of s synapses are drawn as bit vectors.

    cells (a,), synapses (s,) and table are scratch; active and segment are streams.
    """
    words = (n + 63) >> 6
    x, y = np.zeros(words, dtype=np.uint64), np.zeros(words, dtype=np.uint64)
    hits = 0
    for trial in range(first, first + trials):
        x[:] = np.uint64(0)
        y[:] = np.uint64(0)
        rng.distinct(active, trial, n, table, cells)
        set_bits(x, cells)
        for k in range(m):
            rng.distinct(segment, trial * m + k, n, table, synapses)
            set_bits(y, synapses)
        hits += overlap(x, y) >= theta
    return hits


@jit.kernel
def count_noisy(active, segment, noise, first, trials, n, v, theta, cells, synapses, table):
    """Misses among trials in which v of the a active cells are swapped for cells outside, all as bit vectors.

    The segment grew s synapses to a random part of the clean cells. cells (a,), synapses (s,), table: scratch.
    """
    words, a = (n + 63) >> 6, cells.size
    clean, held = np.zeros(words, dtype=np.uint64), np.zeros(words, dtype=np.uint64)
    noisy = np.zeros(words, dtype=np.uint64)
    lost = np.empty(v, dtype=np.int64)
    misses = 0
    for trial in range(first, first + trials):
        clean[:] = np.uint64(0)
        held[:] = np.uint64(0)
        rng.distinct(active, trial, n, table, cells)
        set_bits(clean, cells)
        rng.distinct(segment, trial, a, table, synapses)
        for k in synapses:
            held[cells[k] >> 6] |= np.uint64(1) << np.uint64(cells[k] & 63)
        noisy[:] = clean
        rng.distinct(noise, trial, a, table, lost)
        draw = 0
        for k in lost:
            noisy[cells[k] >> 6] &= ~(np.uint64(1) << np.uint64(cells[k] & 63))
            while True:
                new = rng.below(noise, 2**40 + draw, trial, n)
                draw += 1
                bit = np.uint64(1) << np.uint64(new & 63)
                if not (clean[new >> 6] | noisy[new >> 6]) & bit:
                    noisy[new >> 6] |= bit
                    break
        misses += overlap(held, noisy) < theta
    return misses
