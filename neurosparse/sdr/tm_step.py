"""One step of temporal memory: which cells fire and win, and what learns.

K: active columns, A: cells that were active, W: cells that won, overlaps: those of A (see `segments_activity`).

    column in K with active segments     every cell with one fires and wins; its active segments learn
    column in K without                  BURST: all cells fire; the owner of the matching segment with the largest
                                         overlap wins, and that segment learns (ties: lowest cell, then lowest id);
                                         without one a cell with the fewest segments wins (ties at random) and gets a
                                         new segment with synapses to W
    column not in K, matching segments   they are punished, where predicted_decrement > 0

A segment that learns adapts to A, then grows max_new - overlap synapses to W; without `grow_predicted` only segments of
columns that burst grow, as in the first implementation, of 2015. Segments are worked on in a fixed order:
punished ones, learning ones (both by cell, then id), then new ones by column. So none is made while another that waits
for its turn may be sent away. Source: Hawkins & Ahmad (2016); the order is ours.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import jit, rng
from neurosparse.sdr.segments_activity import hit_connected, hit_potential, next_epoch, sort_pairs
from neurosparse.sdr.segments_layout import (
    ACTIVE,
    DEAD,
    LENGTH,
    MATCHING,
    N_ACTIVE,
    N_MATCHING,
    N_OWNED,
    OVERLAPS,
    OWNER,
    ROW_TOP,
    SEGMENT_TOP,
    SYNAPSE_TOP,
    Arrays,
    capacity,
    level_for,
)
from neurosparse.sdr.segments_learning import adapt, flag_active, grow, make, touch

NOW, WON, NEXT_NOW, NEXT_WON, SCRATCH = 0, 1, 2, 3, 4  # rows of cells
LEARNING, PUNISHED = 1, 3  # rows of crossed that temporal memory uses as its lists of work
# Clock: the step, sizes of the lists, whether matching is known, and the room that a step that stopped wants.
STEP, N_NOW, N_WON, MATCHED, N_COLUMNS, N_PREDICTED = 0, 1, 2, 3, 4, 5
WANT_SEGMENTS, WANT_SYNAPSES, WANT_ROWS = 8, 9, 10
INITIAL, UP, DOWN, PUNISH, NONE = 0, 1, 2, 3, 4  # of rates: signed changes of permanence


class Rules(NamedTuple):
    """What the kernels need to know of the parameters."""

    per_column: int
    max_new: int
    max_synapses: int
    keep_winner: bool
    grow_predicted: bool
    draws: rng.Stream  # not "stream": that name would make the kernel depend on rng.stream, and it not be cached


class State(NamedTuple):
    """The state of a temporal memory: its segments and who was active."""

    segments: Arrays
    rates: np.ndarray  # (5,) float32 or int16: initial permanence, and changes of it
    clock: np.ndarray  # (16,) int64
    cells: np.ndarray  # (5, n_cells) int32: active, winners, the same of the step in work, scratch
    bursting: np.ndarray  # (n_columns,) int32: cells that get a new segment
    predicted: np.ndarray  # (n_columns,) int32: columns with a predictive cell


@jit.apart
def fire(rules, s, columns, learn):
    """Find the next active cells, winners and the work to do; nothing of the segments changes.

    Returns (active cells, winners, correct columns, learning, punished, new segments): how many.
    """
    crossed, meta, cells = s.segments.crossed, s.segments.meta, s.cells
    now = won = correct = learning = punished = new = 0
    a, m, w, n_active = 0, 0, 0, meta[N_ACTIVE]
    n_matching = meta[N_MATCHING] if learn else 0
    for column in columns:
        first = np.int64(column) * rules.per_column
        low, high = first << 32, (first + rules.per_column) << 32
        while a < n_active and crossed[ACTIVE, a] < low:
            a += 1
        while m < n_matching and crossed[MATCHING, m] < low:
            crossed[PUNISHED, punished] = crossed[MATCHING, m]
            punished += 1
            m += 1
        if a < n_active and crossed[ACTIVE, a] < high:
            correct += 1
            before = -1
            while a < n_active and crossed[ACTIVE, a] < high:
                cell = crossed[ACTIVE, a] >> 32
                if cell != before:
                    cells[NEXT_NOW, now] = cells[NEXT_WON, won] = cell
                    now += 1
                    won += 1
                    before = cell
                crossed[LEARNING, learning] = crossed[ACTIVE, a]
                learning += 1
                a += 1
            while m < n_matching and crossed[MATCHING, m] < high:
                m += 1
            continue
        for cell in range(first, first + rules.per_column):
            if not s.segments.owners[cell, DEAD]:
                cells[NEXT_NOW, now] = cell
                now += 1
        best, overlap = -1, 0
        while m < n_matching and crossed[MATCHING, m] < high:
            c = s.segments.count[crossed[MATCHING, m] & 0xFFFFFFFF]
            if c > overlap:
                best, overlap = m, c
            m += 1
        if best >= 0:
            cells[NEXT_WON, won] = crossed[MATCHING, best] >> 32
            crossed[LEARNING, learning] = crossed[MATCHING, best]
            won += 1
            learning += 1
            continue
        winner = -1
        if rules.keep_winner:
            while w < s.clock[N_WON] and cells[WON, w] < first:
                w += 1
            if w < s.clock[N_WON] and cells[WON, w] < first + rules.per_column:
                winner = cells[WON, w]
        if winner < 0:
            winner = least_used(rules, s, first)
        if winner >= 0:
            cells[NEXT_WON, won] = winner
            s.bursting[new] = winner
            won += 1
            new += 1
    while m < n_matching:
        crossed[PUNISHED, punished] = crossed[MATCHING, m]
        punished += 1
        m += 1
    return now, won, correct, learning, punished, new


@jit.apart
def least_used(rules, s, first):
    """A living cell with the fewest segments of the column that begins with cell `first`; ties at random; -1: none."""
    owners = s.segments.owners
    fewest, ties = -1, 0
    for cell in range(first, first + rules.per_column):
        if owners[cell, DEAD]:
            continue
        n = owners[cell, N_OWNED]
        if fewest < 0 or n < fewest:
            fewest, ties = n, 1
        elif n == fewest:
            ties += 1
    if ties == 0:
        return -1
    step = s.clock[STEP] & 0xFFFFFFFF
    skip = rng.below(rules.draws, (np.int64(1) << 62) | first, step, ties) if ties > 1 else 0
    for cell in range(first, first + rules.per_column):
        if not owners[cell, DEAD] and owners[cell, N_OWNED] == fewest:
            if skip == 0:
                return cell
            skip -= 1
    return -1


@jit.apart
def has_room(rules, s, growing, new):
    """Whether the pools hold whatever `growing` old and `new` segments may grow; if not, the clock says what to add."""
    t, clock = s.segments, s.clock
    total = growing + new
    block = capacity(level_for(rules.max_synapses))
    rows = 0
    for i in range(clock[N_WON] if rules.max_new > 0 else 0):
        n = t.rows[s.cells[WON, i], LENGTH] + total
        rows += 6 * n + 16  # a row that outgrows its block again and again takes less than this of the pool
    clock[WANT_SEGMENTS] = new
    clock[WANT_SYNAPSES] = block * total
    clock[WANT_ROWS] = rows
    return (
        t.meta[SEGMENT_TOP] + new <= len(t.segments)
        and t.meta[SYNAPSE_TOP] + block * total <= len(t.synapse_cell)
        and t.meta[ROW_TOP] + rows <= len(t.row_segment)
    )


@jit.apart
def learn_all(rules, s, learning, punished, new):
    """Punish, adapt and grow, make new segments."""
    t, rates, step = s.segments, s.rates, s.clock[STEP] & 0xFFFFFFFF
    winners, scratch = s.cells[WON, : s.clock[N_WON]], s.cells[SCRATCH]
    if rates[PUNISH] != 0:
        for k in range(punished):
            adapt(t, t.crossed[PUNISHED, k] & 0xFFFFFFFF, rates[PUNISH], rates[NONE])
    a, n_active = 0, t.meta[N_ACTIVE]
    for k in range(learning):
        pair = t.crossed[LEARNING, k]
        while a < n_active and t.crossed[ACTIVE, a] < pair:  # both lists ascend
            a += 1
        foreseen = a < n_active and t.crossed[ACTIVE, a] == pair
        g = pair & 0xFFFFFFFF
        want = rules.max_new - (t.count[g] & OVERLAPS) if rules.grow_predicted or not foreseen else 0
        if adapt(t, g, rates[UP], rates[DOWN]):
            touch(t, g)
            if want > 0:
                grow(t, g, winners, scratch, want, rates[INITIAL], rules.draws, step)
    if len(winners) > 0:
        for k in range(new):
            g = make(t, s.bursting[k])
            grow(t, g, winners, scratch, rules.max_new, rates[INITIAL], rules.draws, step)


@jit.apart
def recognise(rules, s, potential):
    """Overlaps of the active cells; the lists of segments, as owner << 32 | id, ascending; the predicted columns."""
    t, n = s.segments, s.clock[N_NOW]
    next_epoch(t.meta, t.count)
    flag_active(t.flags, s.cells[NOW], n, True)
    hit_connected(t.meta, t.rows, t.row_segment, t.count, t.crossed, s.cells[NOW], n)
    name(t, ACTIVE, t.meta[N_ACTIVE])
    s.clock[MATCHED] = 0
    if potential:
        match(s)
    predict(rules, s)


@jit.apart
def match(s):
    """Deliver to the potential synapses: only learning asks for it, so it may come later than the rest."""
    t = s.segments
    hit_potential(t.meta, t.rows, t.row_segment, t.count, t.crossed, s.cells[NOW], s.clock[N_NOW])
    name(t, MATCHING, t.meta[N_MATCHING])
    s.clock[MATCHED] = 1


@jit.apart
def name(t, row, n):
    """Segment ids become owner << 32 | id, ascending."""
    for k in range(n):
        g = t.crossed[row, k] & 0xFFFFFFFF
        t.crossed[row, k] = (np.int64(t.segments[g, OWNER]) << 32) | g
    sort_pairs(t.crossed, row, n)


@jit.apart
def predict(rules, s):
    """The columns of active segments, ascending."""
    n, before = 0, -1
    for k in range(s.segments.meta[N_ACTIVE]):
        column = (s.segments.crossed[ACTIVE, k] >> 32) // rules.per_column
        if column != before:
            s.predicted[n] = column
            n += 1
            before = column
    s.clock[N_PREDICTED] = n
