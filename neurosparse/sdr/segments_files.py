"""A table of segments as plain arrays and back, and whether arrays that were read are such a table."""

from collections.abc import Mapping

import numpy as np

from neurosparse import check
from neurosparse.sdr.segments_layout import (
    CONNECTED,
    FIRST,
    FREE_BLOCKS,
    FREE_ID,
    FREE_ROWS,
    GROWING,
    LAST,
    LENGTH,
    LEVEL,
    META,
    N_OWNED,
    N_SEGMENTS,
    N_SYNAPSES,
    NEWER,
    NEWEST,
    NEXT,
    OLDER,
    OLDEST,
    OWNER,
    PREVIOUS,
    ROW_TOP,
    SEGMENT_TOP,
    SPLIT,
    START,
    SYNAPSE_TOP,
    Arrays,
    capacity,
    reserve,
)

TOPS = {"row": ROW_TOP, "synapse": SYNAPSE_TOP}


def state_arrays(arrays: Arrays) -> dict[str, np.ndarray]:
    """Copies of the used part of each array, by name."""
    tops = {name: int(arrays.meta[TOPS[kind]]) for kind, names in GROWING.items() for name in names}
    n = int(arrays.meta[SEGMENT_TOP])
    tops |= {"segments": n, "count": n}
    out = {name: array[: tops.get(name, len(array))].copy() for name, array in arrays._asdict().items()}
    return out | {"crossed": arrays.crossed[:, :n].copy()}


def from_arrays(owner: str, like: Arrays, given: dict[str, np.ndarray]) -> Arrays:
    """Arrays of the kinds of `like`; raises ValueError where they are others, or do not agree with one another."""
    names = set(Arrays._fields)
    if not isinstance(given, Mapping):
        check.fail(owner, "arrays must be those of state_arrays", given, error=TypeError)
    if set(given) != names:
        check.fail(owner, "arrays must be those of state_arrays", sorted(names ^ set(given)))
    for name, array in given.items():
        want = getattr(like, name)
        same = isinstance(array, np.ndarray) and array.dtype == want.dtype and array.ndim == want.ndim
        if not same or (array.shape[1:] != want.shape[1:] and name != "crossed"):
            check.fail(owner, f"{name} must be {want.dtype} of shape (..., {want.shape[1:]})", array)
    arrays = Arrays(**{name: np.array(given[name], order="C") for name in Arrays._fields})
    if len(arrays.meta) != META or np.any(arrays.meta[:6] != like.meta[:6]) or np.any(arrays.levels != like.levels):
        check.fail(owner, "arrays must come from a table of the same parameters", arrays.meta[:6].tolist())
    if not sound(arrays, len(like.rows)):
        check.fail(owner, "arrays must agree with one another", arrays.meta[:24].tolist(), "the file is damaged")
    return reserve(arrays, 2, 2, 2)  # one row or none would be another kind of array to the compiler


def sound(t: Arrays, n_cells: int) -> bool:
    """Whether every synapse and its entry name each other, blocks lie apart, and counts and lists are right."""
    if any(len(array) != n_cells for array in (t.rows, t.owners, t.flags)):
        return False
    n = len(t.segments)
    top = t.meta[SEGMENT_TOP]
    if not (0 <= top <= n and len(t.count) == n and t.crossed.shape == (4, n)):
        return False
    g = np.flatnonzero(t.segments[:top, OWNER] >= 0)
    if len(g) != t.meta[N_SEGMENTS] or np.any(t.segments[g, OWNER] >= n_cells):
        return False
    return _blocks(t, g) and _names(t, g) and _lists(t, g)


def _blocks(t: Arrays, g: np.ndarray) -> bool:
    """Used and free blocks of a pool cover it without overlap."""
    pools = (
        (t.rows, t.row_segment, FREE_ROWS, ROW_TOP, len(t.row_synapse)),
        (t.segments[g], t.synapse_cell, FREE_BLOCKS, SYNAPSE_TOP, min(len(t.synapse_place), len(t.permanence))),
    )
    for records, links, free, top, room in pools:
        level, length, start = records[:, LEVEL], records[:, LENGTH], records[:, START]
        if np.any((level < 0) | (level >= 60)) or not 0 <= t.meta[top] <= min(len(links), room):
            return False
        size = np.array([capacity(k) for k in range(60)])
        if np.any((length < 0) | (length > size[level])):
            return False
        spans = [(int(s), int(size[k])) for s, k in zip(start, level) if k > 0]
        for k in range(1, 60):
            block = int(t.meta[free + k])
            while block >= 0:
                if len(spans) > len(links) or block >= len(links):
                    return False
                spans.append((block, int(size[k])))
                block = int(links[block])
        begins, sizes = np.array(sorted(spans), np.int64).reshape(-1, 2).T
        if np.any(begins != np.cumsum(sizes) - sizes) or sizes.sum() != t.meta[top]:
            return False
    return True


def _names(t: Arrays, g: np.ndarray) -> bool:
    """Synapse -> entry -> synapse, connected ones first."""
    entry = _members(t.rows)[1]
    which, synapse = _members(t.segments[g])
    if not len(entry) == len(synapse) == t.meta[N_SYNAPSES]:
        return False
    cell, place = t.synapse_cell[synapse], t.synapse_place[synapse]
    if np.any((cell < 0) | (cell >= len(t.rows))) or np.any((place < 0) | (place >= t.rows[cell, LENGTH])):
        return False
    named = t.rows[cell, START] + place
    connected = t.permanence[synapse] >= t.levels[CONNECTED]
    return bool(
        np.all(t.row_synapse[named] == synapse)
        and np.all(t.row_segment[named] == g[which])
        and np.all(connected == (place < t.rows[cell, SPLIT]))
        and np.all(np.bincount(cell, minlength=len(t.rows)) == t.rows[:, LENGTH])
    )


def _members(records: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(number of the record, place in the pool) of all that records hold."""
    n = records[:, LENGTH].astype(np.int64)
    which = np.repeat(np.arange(len(n)), n)
    return which, records[which, START] + np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)


def _lists(t: Arrays, g: np.ndarray) -> bool:
    """The lists of last use hold the segments of each owner, and all; the free ids are the others."""

    def follow(start, column):
        seen, at = [], int(start)
        while at >= 0:
            if at >= t.meta[SEGMENT_TOP] or len(seen) > t.meta[SEGMENT_TOP]:
                return None
            seen.append(at)
            at = int(t.segments[at, column])
        return seen

    everyone, free = follow(t.meta[OLDEST], NEWER), follow(t.meta[FREE_ID], NEXT)
    if everyone is None or free is None or sorted(everyone) != g.tolist():
        return False
    if follow(t.meta[NEWEST], OLDER) != everyone[::-1] or sorted(free + everyone) != list(
        range(int(t.meta[SEGMENT_TOP]))
    ):
        return False
    for cell in np.flatnonzero((t.owners[:, N_OWNED] != 0) | (t.owners[:, FIRST] >= 0) | (t.owners[:, LAST] >= 0)):
        mine = follow(t.owners[cell, FIRST], NEXT)
        if mine is None or any(t.segments[k, OWNER] != cell for k in mine) or len(mine) != t.owners[cell, N_OWNED]:
            return False
        if follow(t.owners[cell, LAST], PREVIOUS) != mine[::-1]:
            return False
    return bool(t.owners[:, N_OWNED].sum() == len(g))
