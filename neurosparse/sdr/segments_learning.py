"""What learning does to one segment: adapt its permanences, grow synapses, make it, destroy it.

    adapt    permanence += hit where the presynaptic cell was active, += miss elsewhere, in [0, top]; a synapse that
             reaches 0 goes, and then a segment with fewer than `min_synapses`
    grow     synapses to a random part of the candidates that do not reach the segment yet; where the segment is full,
             its weakest go first (lowest permanence, then lowest cell), but never those from candidates

Source: Hawkins & Ahmad (2016). Draws are counter-based: element = segment << 12 | number of the draw.
"""

import numpy as np

from neurosparse import jit, rng
from neurosparse.sdr.segments_activity import sort_pairs
from neurosparse.sdr.segments_layout import (
    CANDIDATE,
    CONNECTED,
    DEAD,
    FEWEST,
    FIRST,
    FREE_BLOCKS,
    FREE_ID,
    FREE_ROWS,
    IS_ACTIVE,
    LENGTH,
    LEVEL,
    MOST_OWNED,
    MOST_SEGMENTS,
    MOST_SYNAPSES,
    N_OWNED,
    N_SEGMENTS,
    NEXT,
    OLDEST,
    OWNER,
    SEGMENT_TOP,
    SHIFT,
    START,
    TAKEN,
    TOP,
    capacity,
)
from neurosparse.sdr.segments_pool import (
    add_synapse,
    connect,
    delist,
    disconnect,
    enlist,
    give,
    leave_row,
    remove_synapse,
    widen_segment,
)


@jit.apart
def flag_active(flags, cells, n, active):
    """Remember the first n of `cells` as active, for `adapt`, or forget them."""
    for i in range(n):
        flags[cells[i]] = IS_ACTIVE if active else 0


@jit.apart
def adapt(t, g, hit, miss):
    """Adapt segment g to the active cells; False if it was destroyed."""
    jit.stay_apart()
    start, n = t.segments[g, START], t.segments[g, LENGTH]
    connected, top = t.levels[CONNECTED], t.levels[TOP]
    removed = False
    for k in range(n - 1, -1, -1):  # backwards: the last synapse takes the place of one that goes
        before = t.permanence[start + k]
        change = hit if t.flags[t.synapse_cell[start + k]] & IS_ACTIVE else miss
        after = min(before + change, top)
        if after <= 0:
            remove_synapse(t, g, k)
            removed = True
            continue
        t.permanence[start + k] = after
        if before < connected <= after:
            connect(t, g, start + k)
        elif after < connected <= before:
            disconnect(t, g, start + k)
    if removed and t.segments[g, LENGTH] < t.meta[FEWEST]:
        destroy(t, g)
        return False
    return True


@jit.apart
def grow(t, g, candidates, scratch, want, initial, stream, step):
    """Up to `want` synapses from `candidates` (ascending; `scratch` is as long) on segment g; how many there are."""
    jit.stay_apart()
    n_new = _newcomers(t, g, candidates, scratch)
    n, most = t.segments[g, LENGTH], t.meta[MOST_SYNAPSES]
    want = min(want, n_new)
    if n + want > most:
        _drop_weakest(t, g, n + want - most)
        n = t.segments[g, LENGTH]
        want = min(want, most - n)
    if want > 0 and n + want > capacity(t.segments[g, LEVEL]):
        widen_segment(t, g, n + want)
    for i in range(want):
        if want < n_new:
            j = i + rng.below(stream, np.int64(g) << SHIFT | i, step, n_new - i)
            scratch[i], scratch[j] = scratch[j], scratch[i]
        add_synapse(t, g, scratch[i], initial)
    for cell in candidates:
        t.flags[cell] &= IS_ACTIVE
    return want


@jit.apart
def _newcomers(t, g, candidates, scratch):
    """Flag the candidates; those that do not reach segment g yet go to `scratch`; returns their number."""
    for cell in candidates:
        t.flags[cell] |= CANDIDATE
    start = t.segments[g, START]
    for k in range(start, start + t.segments[g, LENGTH]):
        cell = t.synapse_cell[k]
        if t.flags[cell] & CANDIDATE:
            t.flags[cell] |= TAKEN
    n = 0
    for cell in candidates:
        if not t.flags[cell] & TAKEN:
            scratch[n] = cell
            n += 1
    return n


@jit.apart
def _drop_weakest(t, g, n):
    """Remove up to n synapses from cells that are no candidates: the weakest, one by one."""
    start = t.segments[g, START]
    for _ in range(n):
        weakest = -1
        for k in range(start, start + t.segments[g, LENGTH]):
            cell = t.synapse_cell[k]
            if not t.flags[cell] & CANDIDATE and (
                weakest < 0
                or t.permanence[k] < t.permanence[weakest]
                or (t.permanence[k] == t.permanence[weakest] and cell < t.synapse_cell[weakest])
            ):
                weakest = k
        if weakest < 0:
            return
        remove_synapse(t, g, weakest - start)


@jit.apart
def make(t, owner):
    """A new segment without synapses on cell `owner`; where there is no room the least recently used one goes."""
    if t.owners[owner, N_OWNED] >= t.meta[MOST_OWNED]:
        destroy(t, t.owners[owner, FIRST])
    elif t.meta[MOST_SEGMENTS] > 0 and t.meta[N_SEGMENTS] >= t.meta[MOST_SEGMENTS]:
        destroy(t, t.meta[OLDEST])
    g = t.meta[FREE_ID]
    if g >= 0:
        t.meta[FREE_ID] = t.segments[g, NEXT]
    else:
        g = t.meta[SEGMENT_TOP]
        t.meta[SEGMENT_TOP] = g + 1
    t.segments[g, START] = t.segments[g, LENGTH] = t.segments[g, LEVEL] = 0
    t.segments[g, OWNER] = owner
    t.count[g] = 0
    t.meta[N_SEGMENTS] += 1
    enlist(t, g)
    return g


@jit.apart
def destroy(t, g):
    """Segment g and its synapses go; its number is the first to be used again."""
    jit.stay_apart()
    start = t.segments[g, START]
    for k in range(start, start + t.segments[g, LENGTH]):
        leave_row(t, k)
    give(t.meta, t.synapse_cell, FREE_BLOCKS, start, t.segments[g, LEVEL])
    delist(t, g)
    t.segments[g, OWNER] = -1
    t.segments[g, LENGTH] = t.segments[g, LEVEL] = 0
    t.segments[g, NEXT] = t.meta[FREE_ID]
    t.meta[FREE_ID] = g
    t.count[g] = 0
    t.meta[N_SEGMENTS] -= 1


@jit.apart
def touch(t, g):
    """Segment g becomes the most recently used."""
    delist(t, g)
    enlist(t, g)


@jit.apart
def kill(t, cell):
    """The cell dies: its segments go, and its synapses on others, and then those with fewer than `min_synapses`.

    Uses `crossed` as scratch: the order of a row depends on its history, the order of deaths shall not.
    """
    while t.owners[cell, FIRST] >= 0:
        destroy(t, t.owners[cell, FIRST])
    row, n = t.rows[cell, START], t.rows[cell, LENGTH]
    for k in range(n):
        t.crossed[0, k] = t.row_segment[row + k]
    sort_pairs(t.crossed, 0, n)
    for k in range(n):
        g = t.crossed[0, k]
        remove_from(t, g, cell)
        if t.segments[g, LENGTH] < t.meta[FEWEST]:
            destroy(t, g)
    give(t.meta, t.row_segment, FREE_ROWS, t.rows[cell, START], t.rows[cell, LEVEL])
    t.rows[cell, LEVEL] = 0
    t.owners[cell, DEAD] = 1


@jit.apart
def remove_from(t, g, cell):
    """Remove the synapse from `cell` on segment g; False where there is none."""
    start = t.segments[g, START]
    for k in range(t.segments[g, LENGTH]):
        if t.synapse_cell[start + k] == cell:
            remove_synapse(t, g, k)
            return True
    return False
