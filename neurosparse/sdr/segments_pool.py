"""Blocks of a pool, and the two lists that every segment is in: those of its owner, and all, each by last use."""

from neurosparse import jit
from neurosparse.sdr.segments_layout import (
    CONNECTED,
    FIRST,
    FREE_BLOCKS,
    FREE_ROWS,
    LAST,
    LENGTH,
    LEVEL,
    N_OWNED,
    N_SYNAPSES,
    NEWER,
    NEWEST,
    NEXT,
    OLDER,
    OLDEST,
    OWNER,
    PREVIOUS,
    ROW_TOP,
    SPLIT,
    START,
    SYNAPSE_TOP,
    capacity,
    level_for,
)


@jit.apart
def take(meta, links, free, top, level):
    """Start of a block of `level`: a freed one, or a new one at the top of the pool."""
    start = meta[free + level]
    if start >= 0:
        meta[free + level] = links[start]
        return start
    start = meta[top]
    meta[top] = start + capacity(level)
    return start


@jit.apart
def give(meta, links, free, start, level):
    """Free a block: the first of its level to be taken again."""
    if level > 0:
        links[start] = meta[free + level]
        meta[free + level] = start


@jit.apart
def widen_row(t, cell, n):
    """Move the row of `cell` to a block that holds n entries."""
    start, level, new_level = t.rows[cell, START], t.rows[cell, LEVEL], level_for(n)
    new = take(t.meta, t.row_segment, FREE_ROWS, ROW_TOP, new_level)
    for k in range(t.rows[cell, LENGTH]):
        t.row_segment[new + k] = t.row_segment[start + k]
        t.row_synapse[new + k] = t.row_synapse[start + k]
    give(t.meta, t.row_segment, FREE_ROWS, start, level)
    t.rows[cell, START] = new
    t.rows[cell, LEVEL] = new_level


@jit.apart
def widen_segment(t, g, n):
    """Move segment g to a block that holds n synapses."""
    start, level, new_level = t.segments[g, START], t.segments[g, LEVEL], level_for(n)
    new = take(t.meta, t.synapse_cell, FREE_BLOCKS, SYNAPSE_TOP, new_level)
    for k in range(t.segments[g, LENGTH]):
        cell, place = t.synapse_cell[start + k], t.synapse_place[start + k]
        t.synapse_cell[new + k] = cell
        t.synapse_place[new + k] = place
        t.permanence[new + k] = t.permanence[start + k]
        t.row_synapse[t.rows[cell, START] + place] = new + k
    give(t.meta, t.synapse_cell, FREE_BLOCKS, start, level)
    t.segments[g, START] = new
    t.segments[g, LEVEL] = new_level


@jit.apart
def move_entry(t, row, source, target):
    """Entry `source` of the row that starts at `row` becomes entry `target`."""
    synapse = t.row_synapse[row + source]
    t.row_segment[row + target] = t.row_segment[row + source]
    t.row_synapse[row + target] = synapse
    t.synapse_place[synapse] = target


@jit.apart
def set_entry(t, row, place, g, synapse):
    """Synapse `synapse` of segment g takes entry `place` of the row that starts at `row`."""
    t.row_segment[row + place] = g
    t.row_synapse[row + place] = synapse
    t.synapse_place[synapse] = place


@jit.apart
def add_synapse(t, g, cell, permanence):
    """A synapse from `cell` on segment g; its block and the pool of rows have room."""
    n = t.segments[g, LENGTH]
    synapse = t.segments[g, START] + n
    t.segments[g, LENGTH] = n + 1
    t.synapse_cell[synapse] = cell
    t.permanence[synapse] = permanence
    place = t.rows[cell, LENGTH]
    if place == capacity(t.rows[cell, LEVEL]):
        widen_row(t, cell, place + 1)
    t.rows[cell, LENGTH] = place + 1
    set_entry(t, t.rows[cell, START], place, g, synapse)
    t.meta[N_SYNAPSES] += 1
    if permanence >= t.levels[CONNECTED]:
        connect(t, g, synapse)


@jit.apart
def connect(t, g, synapse):
    """A potential synapse of segment g moves to the connected part of its row."""
    cell, place = t.synapse_cell[synapse], t.synapse_place[synapse]
    row, split = t.rows[cell, START], t.rows[cell, SPLIT]
    move_entry(t, row, split, place)
    set_entry(t, row, split, g, synapse)
    t.rows[cell, SPLIT] = split + 1


@jit.apart
def disconnect(t, g, synapse):
    """A connected synapse of segment g moves to the potential part of its row."""
    cell, place = t.synapse_cell[synapse], t.synapse_place[synapse]
    row, split = t.rows[cell, START], t.rows[cell, SPLIT] - 1
    move_entry(t, row, split, place)
    set_entry(t, row, split, g, synapse)
    t.rows[cell, SPLIT] = split


@jit.apart
def leave_row(t, synapse):
    """Take a synapse out of its row: the last of its part fills the hole, the last of the row that one's."""
    cell, place = t.synapse_cell[synapse], t.synapse_place[synapse]
    row, last = t.rows[cell, START], t.rows[cell, LENGTH] - 1
    if place < t.rows[cell, SPLIT]:
        split = t.rows[cell, SPLIT] - 1
        move_entry(t, row, split, place)
        t.rows[cell, SPLIT] = split
        place = split
    if place < last:
        move_entry(t, row, last, place)
    t.rows[cell, LENGTH] = last
    t.meta[N_SYNAPSES] -= 1


@jit.apart
def remove_synapse(t, g, k):
    """Synapse k of segment g goes; the segment's last takes its number."""
    start, last = t.segments[g, START], t.segments[g, LENGTH] - 1
    leave_row(t, start + k)
    t.segments[g, LENGTH] = last
    if k < last:
        cell, place = t.synapse_cell[start + last], t.synapse_place[start + last]
        t.synapse_cell[start + k] = cell
        t.synapse_place[start + k] = place
        t.permanence[start + k] = t.permanence[start + last]
        t.row_synapse[t.rows[cell, START] + place] = start + k


@jit.apart
def enlist(t, g):
    """Segment g becomes the most recently used, of its owner and of all."""
    owner = t.segments[g, OWNER]
    last, newest = t.owners[owner, LAST], t.meta[NEWEST]
    t.segments[g, PREVIOUS] = last
    t.segments[g, NEXT] = -1
    if last >= 0:
        t.segments[last, NEXT] = g
    else:
        t.owners[owner, FIRST] = g
    t.owners[owner, LAST] = g
    t.owners[owner, N_OWNED] += 1
    t.segments[g, OLDER] = newest
    t.segments[g, NEWER] = -1
    if newest >= 0:
        t.segments[newest, NEWER] = g
    else:
        t.meta[OLDEST] = g
    t.meta[NEWEST] = g


@jit.apart
def delist(t, g):
    """Segment g leaves both lists."""
    owner = t.segments[g, OWNER]
    before, after, older, newer = (
        t.segments[g, PREVIOUS],
        t.segments[g, NEXT],
        t.segments[g, OLDER],
        t.segments[g, NEWER],
    )
    if before >= 0:
        t.segments[before, NEXT] = after
    else:
        t.owners[owner, FIRST] = after
    if after >= 0:
        t.segments[after, PREVIOUS] = before
    else:
        t.owners[owner, LAST] = before
    t.owners[owner, N_OWNED] -= 1
    if older >= 0:
        t.segments[older, NEWER] = newer
    else:
        t.meta[OLDEST] = newer
    if newer >= 0:
        t.segments[newer, OLDER] = older
    else:
        t.meta[NEWEST] = older
