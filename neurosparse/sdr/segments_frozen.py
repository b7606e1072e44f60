"""A table that is only read: rows without slack, synapses ordered by segment, arrays that nobody can write to.

For recognition alone, and for several threads: each takes a `fork`, which has counters of its own and shares the rest.
"""

from typing import NamedTuple

import numpy as np

from neurosparse.sdr.segments_layout import EPOCH, LENGTH, META, SEGMENT_TOP, SPLIT, START, Arrays


class FrozenArrays(NamedTuple):
    """The part of `segments_layout.Arrays` that recognition reads, and its counters."""

    meta: np.ndarray
    rows: np.ndarray  # read-only
    row_segment: np.ndarray  # read-only
    count: np.ndarray
    crossed: np.ndarray


def pack(t: Arrays) -> FrozenArrays:
    """Copy the rows of a table, each part of a row by segment."""
    n = t.rows[:, LENGTH].astype(np.int64)
    begin = np.cumsum(n) - n
    row = np.repeat(np.arange(len(n)), n)
    place = np.arange(n.sum()) - begin[row]
    entry = t.rows[row, START] + place
    order = np.lexsort((t.row_segment[entry], place >= t.rows[row, SPLIT], row))
    rows = t.rows.copy()
    rows[:, START] = begin
    return fresh(t.meta, _locked(rows), _locked(t.row_segment[entry][order]))


def fresh(meta: np.ndarray, rows: np.ndarray, row_segment: np.ndarray) -> FrozenArrays:
    """Counters of its own over shared rows."""
    n = max(int(meta[SEGMENT_TOP]), 1)
    mine = meta[:META].copy()
    mine[EPOCH] = 0
    return FrozenArrays(mine, rows, row_segment, np.zeros(n, np.int32), np.zeros((4, n), np.int64))


def _locked(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
