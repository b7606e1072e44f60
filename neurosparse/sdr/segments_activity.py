"""Which segments recognise the active cells: every synapse that is hit adds one to its segment's counter.

    connected overlap  = number of active cells with a connected synapse on the segment;  active:   >= theta
    overlap            = number of active cells with any synapse on the segment;          matching: >= theta_min

A counter passes each number once, so a segment is listed in the moment in which it reaches a threshold: nothing is
looked at but the synapses of active cells. Source: Hawkins & Ahmad (2016).
"""

from typing import Any

import numpy as np

from neurosparse import jit
from neurosparse.sdr import segments_guard
from neurosparse.sdr.segments_layout import (
    ACTIVE,
    CONNECTED_OVERLAP,
    EPOCH,
    LAST_EPOCH,
    LENGTH,
    MATCHING,
    N_ACTIVE,
    N_MATCHING,
    OVERLAP,
    OVERLAPS,
    SHIFT,
    SPLIT,
    START,
    THETA,
    THETA_MIN,
)

PATCH = 8  # rows that are fetched while as many are delivered
LINE = 16  # numbers of 32 bits in a cache line
ONE = np.int32(1)
NONE = np.empty(0, np.int64)
_ready: dict[tuple, Any] = {}  # compiled `activity`, by the kind of table and the flags of the cells


def ask(owner: str, t, cells: np.ndarray, potential: bool) -> tuple[np.ndarray, ...] | None:
    """(active, connected overlap, matching, overlap) of a table; None for cells that are no ascending ids."""
    args, key = (t.meta, t.rows, t.row_segment, t.count, t.crossed, cells, potential), (type(t), cells.flags.num)
    segments_guard.enter(owner, t.meta)
    try:
        run: Any = _ready.get(key) or _prepared(args, key)
        found = run(*args)
        if found == -2:
            t.meta[EPOCH], t.count[:] = 0, 0
            found = run(*args)
        if found < 0:
            return None
        n, m = found >> 32, found & 0xFFFFFFFF
        lists = t.crossed
        return (_head(lists, ACTIVE, n), _head(lists, CONNECTED_OVERLAP, n),
                _head(lists, MATCHING, m), _head(lists, OVERLAP, m))  # fmt: skip
    finally:
        segments_guard.leave(t.meta)


def _head(lists: np.ndarray, row: int, n: int) -> np.ndarray:
    return lists[row, :n].copy() if n else NONE


def _prepared(args: tuple, key: tuple) -> Any:
    """The compiled kernel, kept: to ask for the types of arrays takes longer than a small call."""
    kernel: Any = activity
    if not jit.disabled():
        kernel(*args)
        kernel = _ready[key] = kernel.compiled[tuple(map(jit._kind, args))]
    return kernel


@jit.apart
def next_epoch(meta, count):
    """Forget all overlaps. Once in half a million steps that is a pass over the counters."""
    epoch = meta[EPOCH] + 1
    if epoch > LAST_EPOCH:
        count[:] = 0
        epoch = 1
    meta[EPOCH] = epoch
    meta[N_ACTIVE] = meta[N_MATCHING] = 0
    return epoch


@jit.apart
def hit_connected(meta, rows, row_segment, count, crossed, cells, n):
    """Deliver to connected synapses; list the active segments, and those of the matching ones that match already."""
    base = np.int32(meta[EPOCH] << SHIFT)
    theta, theta_min = base + meta[THETA], base + meta[THETA_MIN]
    low = min(theta, theta_min)
    n_active = n_matching = 0
    for first in range(0, n, PATCH):
        last = min(first + PATCH, n)
        for i in range(last, min(last + PATCH, n)):
            fetch_row(row_segment, rows[cells[i], START], rows[cells[i], START] + rows[cells[i], SPLIT])
        for i in range(first, last):
            start = np.uint32(rows[cells[i], START])
            for j in range(start, start + np.uint32(rows[cells[i], SPLIT])):
                g = np.uint32(row_segment[j])
                c = max(count[g], base) + ONE
                count[g] = c
                if c >= low:
                    if c == theta:
                        crossed[ACTIVE, n_active] = g
                        n_active += 1
                    if c == theta_min:
                        crossed[MATCHING, n_matching] = g
                        n_matching += 1
    meta[N_ACTIVE] = n_active
    meta[N_MATCHING] = n_matching
    for k in range(n_active):
        crossed[CONNECTED_OVERLAP, k] = count[crossed[ACTIVE, k]] & OVERLAPS


@jit.apart
def hit_potential(meta, rows, row_segment, count, crossed, cells, n):
    """Deliver to potential synapses, after the connected ones; list the remaining matching segments."""
    base = np.int32(meta[EPOCH] << SHIFT)
    theta_min = base + meta[THETA_MIN]
    n_matching = meta[N_MATCHING]
    for first in range(0, n, PATCH):
        last = min(first + PATCH, n)
        for i in range(last, min(last + PATCH, n)):
            start = rows[cells[i], START]
            fetch_row(row_segment, start + rows[cells[i], SPLIT], start + rows[cells[i], LENGTH])
        for i in range(first, last):
            start = np.uint32(rows[cells[i], START])
            for j in range(start + np.uint32(rows[cells[i], SPLIT]), start + np.uint32(rows[cells[i], LENGTH])):
                g = np.uint32(row_segment[j])
                c = max(count[g], base) + ONE
                count[g] = c
                if c == theta_min:
                    crossed[MATCHING, n_matching] = g
                    n_matching += 1
    meta[N_MATCHING] = n_matching


@jit.apart
def fetch_row(row_segment, start, stop):
    """Begin to bring the entries start ... stop near the processor, a cache line at a time."""
    for j in range(start, stop, LINE):
        jit.fetch(row_segment, j)


@jit.apart
def list_overlaps(meta, count, crossed):
    """The overlaps of the matching segments, beside them."""
    for k in range(meta[N_MATCHING]):
        crossed[OVERLAP, k] = count[crossed[MATCHING, k]] & OVERLAPS


@jit.apart
def sort_pairs(crossed, row, n):
    """Sort the first n numbers of `row`, and those of the next row with them (Shell 1959, gaps of Knuth)."""
    gap = 1
    while 3 * gap + 1 < n:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            key, value = crossed[row, i], crossed[row + 1, i]
            j = i
            while j >= gap and crossed[row, j - gap] > key:
                crossed[row, j] = crossed[row, j - gap]
                crossed[row + 1, j] = crossed[row + 1, j - gap]
                j -= gap
            crossed[row, j], crossed[row + 1, j] = key, value
        gap //= 3


@jit.apart
def ascending(cells, n_cells):
    """Whether cells ascend without duplicates in [0, n_cells)."""
    before = -1
    for cell in cells:
        if cell <= before:
            return False
        before = cell
    return before < n_cells


@jit.kernel
def activity(meta, rows, row_segment, count, crossed, cells, potential):
    """Both lists for active `cells`, ascending by segment; returns n_active << 32 | n_matching.

    Or -1 for cells that are no ascending ids, and -2 where the epochs are at their end. Who is active is not
    remembered: that is for learning (`flag_active`).
    """
    n = len(cells)
    if not ascending(cells, len(rows)):
        return -1
    if meta[EPOCH] == LAST_EPOCH:
        return -2
    meta[EPOCH] += 1
    hit_connected(meta, rows, row_segment, count, crossed, cells, n)
    sort_pairs(crossed, ACTIVE, meta[N_ACTIVE])
    if potential:
        hit_potential(meta, rows, row_segment, count, crossed, cells, n)
        list_overlaps(meta, count, crossed)
        sort_pairs(crossed, MATCHING, meta[N_MATCHING])
    else:
        meta[N_MATCHING] = 0
    return meta[N_ACTIVE] << 32 | meta[N_MATCHING]
