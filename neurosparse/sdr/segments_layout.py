"""Where the synapses of a table of dendritic segments live: two views of the same synapses, in pools with slack.

    rows        one for each presynaptic cell: the segments that it reaches, connected synapses first, then potential
                ones (a compressed sparse row with slack); what a spike reads, one after the other
    segments    one record for each segment: its owner, its neighbours in two lists, and its block of synapses;
                what learning reads

A synapse is an entry of a row (`row_segment`, `row_synapse`) and an entry of a block (`synapse_cell`, `synapse_place`,
`permanence`); each holds the place of the other, so either can move at O(1). Blocks come in capacities 4, 6, 8, 12,
16, 24 ...; freed ones wait in a list of their capacity, so an endless stream of growth and death needs no new memory.
A counter holds `epoch << 12 | overlap`: raising the epoch forgets all overlaps at once, without a scan.

Arrays are worked on in place. The layout is our own.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, jit

# Columns of rows: first entry, connected entries, all entries, level of the block.
START, SPLIT, LENGTH, LEVEL = 0, 1, 2, 3
# Columns of segments: START as in rows (of its block of synapses), LENGTH and LEVEL too, then owner and neighbours.
OWNER, PREVIOUS, NEXT, OLDER, NEWER = 4, 5, 6, 7, 1
# Columns of owners: a cell's least and most recently used segment, how many it has, whether it is dead.
FIRST, LAST, N_OWNED, DEAD = 0, 1, 2, 3
# Bits of flags: the cell is active; marks of `grow`, which takes them away again.
IS_ACTIVE, CANDIDATE, TAKEN = 1, 2, 4
# Rows of crossed: active segments, their connected overlaps, matching segments, their overlaps.
ACTIVE, CONNECTED_OVERLAP, MATCHING, OVERLAP = 0, 1, 2, 3
# Meta: thresholds and limits, which stay ...
THETA, THETA_MIN, MOST_SEGMENTS, MOST_OWNED, MOST_SYNAPSES, FEWEST = 0, 1, 2, 3, 4, 5
# ... then what changes: clocks, crossings, tops of the pools, counts, ends of the lists, and free blocks by level.
EPOCH, N_ACTIVE, N_MATCHING = 8, 9, 10
SEGMENT_TOP, ROW_TOP, SYNAPSE_TOP, N_SEGMENTS, N_SYNAPSES = 16, 17, 18, 19, 20
FREE_ID, OLDEST, NEWEST = 24, 25, 26
FREE_ROWS, FREE_BLOCKS, META = 32, 96, 160
CONNECTED, TOP = 0, 1  # of levels: the permanence of a connected synapse, the largest permanence

SHIFT = 12  # bits of an overlap in a counter
OVERLAPS = (1 << SHIFT) - 1
LAST_EPOCH = (1 << (31 - SHIFT)) - 1
MOST = 2**31 - 1
UNIT = 0.005  # of a permanence in 8 bits: 200 of them are 1, and all usual parameters are whole multiples


class Arrays(NamedTuple):
    """The state of a table of segments; int32 where nothing is said."""

    meta: np.ndarray  # (META,) int64
    levels: np.ndarray  # (2,) float32, or int16 for permanences in 8 bits
    rows: np.ndarray  # (n_cells, 4)
    row_segment: np.ndarray  # (room,) segment that the entry reaches
    row_synapse: np.ndarray  # (room,) where the synapse of the entry is
    segments: np.ndarray  # (room, 8)
    synapse_cell: np.ndarray  # (room,) presynaptic cell
    synapse_place: np.ndarray  # (room,) its entry, counted from the start of the cell's row
    permanence: np.ndarray  # (room,) float32 or uint8
    count: np.ndarray  # (room,) epoch and overlap of a segment
    owners: np.ndarray  # (n_cells, 4)
    flags: np.ndarray  # (n_cells,) uint8
    crossed: np.ndarray  # (4, room) int64


GROWING = {"row": ("row_segment", "row_synapse"), "synapse": ("synapse_cell", "synapse_place", "permanence")}
KINDS = {"row": ROW_TOP, "synapse": SYNAPSE_TOP, "segment": SEGMENT_TOP}


def empty(n_cells: int, limits, levels: np.ndarray) -> Arrays:
    """No segments yet. limits: the first six numbers of meta; levels: the two permanences."""
    check.fits("segments.init", "a table of so many cells", 40 * n_cells)
    meta = np.zeros(META, np.int64)
    meta[: len(limits)] = limits
    meta[FREE_ID:] = -1
    meta[EPOCH] = 1
    segments = np.full((64, 8), -1, np.int32)
    owners = np.zeros((n_cells, 4), np.int32)
    owners[:, : LAST + 1] = -1
    whole = lambda n: np.zeros(n, np.int32)  # noqa: E731
    permanence = np.zeros(256, np.uint8 if levels.dtype == np.int16 else np.float32)
    return Arrays(
        meta, levels.copy(), np.zeros((n_cells, 4), np.int32), whole(256), whole(256), segments, whole(256), whole(256),
        permanence, whole(64), owners, np.zeros(n_cells, np.uint8), np.zeros((4, 64), np.int64),
    )  # fmt: skip


def reserve(arrays: Arrays, segment: int = 0, synapse: int = 0, row: int = 0) -> Arrays:
    """The same table with room for so many more of each; arrays that are too short are replaced by longer ones."""
    new = {}
    for kind, more in (("segment", segment), ("synapse", synapse), ("row", row)):
        need = int(arrays.meta[KINDS[kind]]) + more
        names = GROWING.get(kind, ("segments", "count", "crossed"))
        if need > len(getattr(arrays, names[0])):
            room = need + need // 2
            check.fits("segments.reserve", f"{room} places", 16 * room, "set max_segments")
            if room > MOST:
                check.fail("segments.reserve", f"{kind} places must be below 2**31", room, "set max_segments")
            new |= {name: _longer(getattr(arrays, name), room) for name in names}
    return arrays._replace(**new)


def _longer(array: np.ndarray, room: int) -> np.ndarray:
    """A longer copy, along the first axis, or the second of `crossed`."""
    wide = array.dtype == np.int64
    out = np.zeros((4, room) if wide else (room, *array.shape[1:]), array.dtype)
    out[(slice(None), slice(array.shape[1])) if wide else slice(len(array))] = array
    return out


@jit.shared
def capacity(level):
    """Places of a block of `level`: 0, 4, 6, 8, 12, 16, 24 ..."""
    return 0 if level == 0 else (4 + 2 * ((level - 1) & 1)) << ((level - 1) >> 1)


@jit.shared
def level_for(n):
    """The smallest level that holds n."""
    level = 0
    while capacity(level) < n:
        level += 1
    return level
