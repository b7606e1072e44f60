"""Inhibition: which columns win, the first k of all or of their neighbourhood.

Columns are ordered by boosted overlap, the smaller index first among equals. A column may win if it is alive and its
overlap reaches the stimulus threshold; places before it count all living columns. Dead columns inhibit nobody but
leave the numbers n and n_i as they are, so that the neighbours of a wound win more often.
    global     k = round(density n), n columns; the first k win
    local      i wins if fewer than k_i = round(density n_i) of its neighbourhood of n_i columns stand before it
The order is total, so the winners do not depend on the order in which columns are looked at.
Source: Cui, Ahmad & Hawkins 2017, eq. 5 and 6.
"""

import numpy as np

from neurosparse.jit import shared
from neurosparse.sdr.sp_topology import ring, window

LEAST, LOW = np.int64(-(2**63)), np.int64(2**32 - 1)


@shared
def quota(density, n):
    """round(density n), halves up, at least one."""
    return max(1, int(density * n + 0.5))


@shared
def global_winners(boosted, able, k, out):
    """Write the winners to `out`, ascending; returns their number. boosted (n,) float32 is -1 where a column is dead.

    Keys are value and index in one number, for the bits of floats >= 0 are in order as whole numbers are.
    """
    bits = boosted.view(np.int32)
    heap = np.full(min(k, len(bits)), LEAST)
    for i in range(len(bits)):
        key = (np.int64(bits[i]) << 32) | (LOW - i)
        if key > heap[0]:
            _replace(heap, key)
    won = 0
    for i in range(len(bits)):
        if able[i] and ((np.int64(bits[i]) << 32) | (LOW - i)) >= heap[0]:
            out[won] = i
            won += 1
    return won


@shared
def _replace(heap, key):
    """The smallest of a heap gives way to `key`."""
    at = 0
    while 2 * at + 1 < len(heap):
        child = 2 * at + 1
        if child + 1 < len(heap) and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = key


@shared
def local_winners(boosted, able, shape, radius, wrap, quotas, out):
    """As `global_winners`, each column against the square of `radius` around it; quotas (n,)."""
    rows, cols = shape
    won = 0
    for i in range(len(boosted)):
        if not able[i]:
            continue
        top, height = window(i // cols, radius, rows, wrap)
        left, width = window(i % cols, radius, cols, wrap)
        ahead = 0
        for r in range(top, top + height):
            if ahead >= quotas[i]:  # most columns lose within a few rows
                break
            start = ring(r, rows) * cols
            ahead += _ahead(boosted, i, start + max(left, 0), start + min(left + width, cols))
            ahead += _ahead(boosted, i, start + left + cols, start + cols) if left < 0 else 0
            ahead += _ahead(boosted, i, start, start + left + width - cols)
        if ahead < quotas[i]:
            out[won] = i
            won += 1
    return won


@shared
def _ahead(boosted, i, first, stop):
    """How many of columns first .. stop - 1 stand before column i."""
    total = 0
    mine = boosted[i]
    for j in range(first, stop):
        total += (boosted[j] > mine) | ((boosted[j] == mine) & (j < i))
    return total


@shared
def window_sum(values, shape, radius, wrap, out):
    """out[i] = sum of `values` over the square around i: along rows first, then over the rows of sums."""
    rows, cols = shape
    sums = np.zeros_like(values)
    for i in range(len(values)):
        left, width = window(i % cols, radius, cols, wrap)
        for c in range(left, left + width):
            sums[i] += values[i - i % cols + ring(c, cols)]
    for i in range(len(values)):
        top, height = window(i // cols, radius, rows, wrap)
        total = values[0] * 0
        for r in range(top, top + height):
            total += sums[ring(r, rows) * cols + i % cols]
        out[i] = total


@shared
def window_max(values, shape, radius, wrap, out):
    """out[i] = largest of `values` (>= 0) over the square around i."""
    rows, cols = shape
    highest = np.zeros_like(values)
    for i in range(len(values)):
        left, width = window(i % cols, radius, cols, wrap)
        for c in range(left, left + width):
            highest[i] = max(highest[i], values[i - i % cols + ring(c, cols)])
    for i in range(len(values)):
        top, height = window(i // cols, radius, rows, wrap)
        out[i] = 0
        for r in range(top, top + height):
            out[i] = max(out[i], highest[ring(r, rows) * cols + i % cols])
