"""Entry points of learning for Python: one call works on many segments. Arguments are checked and room is made before.

Ids that are worked on in a loop are taken in the order given; a segment that an earlier one's death made vanish is
passed over.
"""

from neurosparse import jit
from neurosparse.sdr.segments_layout import IS_ACTIVE, LENGTH, LEVEL, OWNER, START, TAKEN, capacity
from neurosparse.sdr.segments_learning import adapt, destroy, flag_active, grow, kill, make, remove_from, touch
from neurosparse.sdr.segments_pool import add_synapse, widen_row, widen_segment


@jit.kernel
def adapt_all(t, ids, cells, hit, miss):
    """Adapt segments to active `cells`; they become the most recently used."""
    flag_active(t.flags, cells, len(cells), True)
    for g in ids:
        if adapt(t, g, hit, miss):
            touch(t, g)
    flag_active(t.flags, cells, len(cells), False)


@jit.kernel
def grow_all(t, ids, candidates, scratch, want, initial, stream, step, out):
    """Grow synapses; out: how many on each."""
    for k in range(len(ids)):
        out[k] = grow(t, ids[k], candidates, scratch, want, initial, stream, step)


@jit.kernel
def make_all(t, owners, out):
    """New segments; out: their ids."""
    for k in range(len(owners)):
        out[k] = make(t, owners[k])


@jit.kernel
def destroy_all(t, ids):
    """Destroy segments."""
    for g in ids:
        destroy(t, g)


@jit.kernel
def remove_all(t, ids, cells, fewest):
    """Remove the synapses (ids[k], cells[k]) that there are; segments left with fewer than `fewest` go too."""
    for k in range(len(ids)):
        g = ids[k]
        if t.segments[g, OWNER] >= 0 and remove_from(t, g, cells[k]) and t.segments[g, LENGTH] < fewest:
            destroy(t, g)


@jit.kernel
def kill_all(t, cells):
    """Kill cells."""
    for cell in cells:
        kill(t, cell)


@jit.kernel
def find_twin(t, ids, cells):
    """The first k whose synapse (ids[k], cells[k]) is there already or comes earlier in the arrays; -1 if none is.

    ids ascend.
    """
    k = 0
    while k < len(ids):
        g, stop, twin = ids[k], k, -1
        start = t.segments[g, START]
        for j in range(start, start + t.segments[g, LENGTH]):
            t.flags[t.synapse_cell[j]] |= TAKEN
        while stop < len(ids) and ids[stop] == g:
            if t.flags[cells[stop]] & TAKEN and twin < 0:
                twin = stop
            t.flags[cells[stop]] |= TAKEN
            stop += 1
        for j in range(start, start + t.segments[g, LENGTH]):
            t.flags[t.synapse_cell[j]] &= IS_ACTIVE
        for j in range(k, stop):
            t.flags[cells[j]] &= IS_ACTIVE
        if twin >= 0:
            return twin
        k = stop
    return -1


@jit.kernel
def add_all(t, ids, cells, permanence, per_cell):
    """Add synapses (ids[k], cells[k]), ids ascending; per_cell (n_cells,): how many each cell gets."""
    for cell in range(len(per_cell)):
        n = t.rows[cell, LENGTH] + per_cell[cell]
        if per_cell[cell] > 0 and n > capacity(t.rows[cell, LEVEL]):
            widen_row(t, cell, n)
    k = 0
    while k < len(ids):
        g, stop = ids[k], k
        while stop < len(ids) and ids[stop] == g:
            stop += 1
        n = t.segments[g, LENGTH] + stop - k
        if n > capacity(t.segments[g, LEVEL]):
            widen_segment(t, g, n)
        for j in range(k, stop):
            add_synapse(t, g, cells[j], permanence[j])
        k = stop
