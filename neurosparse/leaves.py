"""Leaves of the loop that no module decides: spikes brought to their targets, and spikes found.

All indices are made unsigned, for Numba wraps signed ones around, which costs a comparison each.
"""

import numpy as np

from neurosparse.csr import scatter_row
from neurosparse.jit import apart, device, fetch, stay_apart
from neurosparse.shares import ALIGN

LINES = 4  # cache lines, of 16 synapses
ONE, TWO, EIGHT = np.uint64(1), np.uint64(2), np.uint64(8)
ODD, TWOS, FOURS = np.uint64(0xFF00FF00FF00FF00), np.uint64(0xFFFF0000FFFF0000), np.uint64(0xFFFFFFFF00000000)


@device
def fetch_row(segments, indices, weight, row):
    """Begin to bring the next row while this one is added: from there on the processor sees by itself what follows."""
    first = np.uint64(segments[np.uint64(row)])
    for k in range(LINES):
        fetch(indices, first + np.uint64(16 * k))
    if weight.shape[0] > 1:
        for k in range(LINES):
            fetch(weight, first + np.uint64(16 * k))


@apart
def bring_own(out, t, delays, segments, indices, weight, ring, counts, bounds, me, shares):
    """Deliver what neurons sent: out[target] += weight for the spikes of ticks t - delay, older ones first.

    ring (ticks, n): the spikes of tick u in row u % ticks, those of share q from bounds[q] on, counts[u, q] many.
    """
    stay_apart()
    parts = delays.shape[0]
    for e in range(parts - 1, -1, -1):
        u = (t - delays[e]) % ring.shape[0]
        for q in range(shares):
            first, last = np.uint64(bounds[q]), np.uint64(bounds[q] + counts[u, q])
            for k in range(first, last):
                if k + ONE < last:
                    fetch_row(segments, indices, weight, (ring[u, k + ONE] * parts + e) * shares + me)
                scatter_row(out, segments, indices, weight, (ring[u, k] * parts + e) * shares + me)


@apart
def bring_given(out, t, delays, segments, indices, weight, index, start, base, me, shares):
    """Deliver what was given: as `bring_own`, of events index[start[u]:start[u + 1]] in tick base + u."""
    stay_apart()
    parts = delays.shape[0]
    for e in range(parts - 1, -1, -1):
        u = t - delays[e] - base
        if u >= 0:
            last = start[u + 1]
            for k in range(start[u], last):
                if k + 1 < last:
                    fetch_row(segments, indices, weight, (index[k + 1] * parts + e) * shares + me)
                scatter_row(out, segments, indices, weight, (index[k] * parts + e) * shares + me)


@apart
def find_spikes(ring, u, words, low, high):
    """Write the neurons of [low, high) whose flag is set to ring[u] from `low` on, ascending; returns how many.

    words: flags, a byte each, 0 or 1, eight in a word, padded with zeros to a multiple of ALIGN neurons, as
    the shares of threads are: eight words are looked at together.
    """
    stay_apart()
    n = np.uint64(low)
    for b in range(np.uint64(low // ALIGN), np.uint64((high + ALIGN - 1) // ALIGN)):
        first = b * EIGHT
        either = words[first]
        for w in range(first + ONE, first + EIGHT):
            either |= words[w]
        if either != 0:
            for w in range(first, first + EIGHT):
                left = words[w]
                while left != 0:
                    lowest = left & (~left + ONE)
                    place = np.uint64(lowest & FOURS != 0) << TWO | np.uint64(lowest & TWOS != 0) << ONE
                    ring[u, n] = w * EIGHT + place + np.uint64(lowest & ODD != 0)
                    n += ONE
                    left ^= lowest
    return np.int64(n) - low
