"""Dendritic segments: a table of synapses whose cost is that of the synapses that are hit.

    from neurosparse.sdr import segments

    p = segments.params(n_cells=65_536)
    table, ids = segments.create(segments.init(p), owners=[7, 7, 9])
    table = segments.add(table, ids[[0, 0, 1]], cells=[3, 5, 3], permanence=0.6)
    found = segments.activity(table, cells=[3, 5])      # found.active, .matching and their overlaps

A segment of cell i is active where `activation_threshold` of its connected synapses (permanence >= `connected`) come
from active cells, and matches where `min_threshold` of all do. Where a limit is reached the least recently used
segment goes, or the weakest synapse. See `segments_layout` for where things are, `segments_activity` and
`segments_learning` for the rules. Source: Hawkins & Ahmad (2016).

Functions that change a table work on its arrays in place and return the table; use what they return, not what you gave.
All of them, and `activity`, work on counters of the table: it is for one thread at a time (see `segments_guard`).
All draws are counter-based: the same calls give the same bits.
"""

from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, csr, rng
from neurosparse.sdr import (
    segments_activity,
    segments_edit,
    segments_files,
    segments_frozen,
    segments_layout,
)
from neurosparse.sdr.sdr import Sdr, checked
from neurosparse.sdr.segments_layout import (
    LENGTH,
    MOST,
    N_SEGMENTS,
    N_SYNAPSES,
    OVERLAPS,
    OWNER,
    SEGMENT_TOP,
    START,
    UNIT,
    Arrays,
)

INT32 = np.dtype(np.int32)


class Params(NamedTuple):
    """Sizes and thresholds of a table; from `params`."""

    n_cells: int  # cells, which are presynaptic, and own segments
    activation_threshold: int  # connected overlap of an active segment
    min_threshold: int  # overlap of a matching segment
    connected: float  # permanence of a connected synapse, in (0, 1]
    max_segments: int  # of all cells together; 0: no limit
    max_segments_per_cell: int
    max_synapses: int  # on a segment
    min_synapses: int  # a segment that loses synapses and has fewer left is destroyed
    bits: int  # of a permanence: 32, or 8 in units of 0.005


class Segments(NamedTuple):
    """A table of segments: its parameters and the arrays it lives in. For one thread at a time."""

    params: Params
    arrays: Arrays

    @property
    def n_segments(self) -> int:
        """Segments that there are."""
        return int(self.arrays.meta[N_SEGMENTS])

    @property
    def n_synapses(self) -> int:
        """Synapses that there are."""
        return int(self.arrays.meta[N_SYNAPSES])

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, bytes."""
        return sum(array.nbytes for array in self.arrays)

    def __repr__(self) -> str:
        return f"Segments({self.params.n_cells} cells, {self.n_segments} segments, {self.n_synapses} synapses)"


class Frozen(NamedTuple):
    """A table that is only read, for `activity`; from `freeze`."""

    params: Params
    arrays: segments_frozen.FrozenArrays


class Activity(NamedTuple):
    """What `activity` finds; ids ascend."""

    active: np.ndarray  # (k,) int64 ids of active segments
    connected_overlap: np.ndarray  # (k,) int64, their connected synapses from active cells
    matching: np.ndarray  # (m,) int64 ids of matching segments
    overlap: np.ndarray  # (m,) int64, their synapses from active cells, potential ones included


def params(n_cells: int, activation_threshold=13, min_threshold=10, connected=0.5, max_segments=0,
           max_segments_per_cell=255, max_synapses=255, min_synapses=1, bits=32) -> Params:  # fmt: skip
    """Checked parameters; the defaults are htm.core's.

    Raises TypeError or ValueError for numbers out of range, thresholds above max_synapses (such segments never fire or
    match), and a `connected` between two steps of 8 bits.
    """
    owner = "segments.params"
    check.integer(owner, "n_cells", n_cells, 1, MOST)
    check.integer(owner, "max_synapses", max_synapses, 1, OVERLAPS)
    check.integer(owner, "activation_threshold", activation_threshold, 1, OVERLAPS)
    check.integer(owner, "min_threshold", min_threshold, 1, OVERLAPS)
    check.integer(owner, "max_segments", max_segments, 0, MOST)
    check.integer(owner, "max_segments_per_cell", max_segments_per_cell, 1, MOST)
    check.integer(owner, "min_synapses", min_synapses, 1, OVERLAPS)
    check.one_of(owner, "bits", bits, (8, 32))
    for name, value in (("activation_threshold", activation_threshold), ("min_threshold", min_threshold)):
        if value > max_synapses:
            check.fail(owner, f"{name} must be at most max_synapses, {max_synapses}", value, "no segment can reach it")
    p = Params(n_cells, activation_threshold, min_threshold, float(check.scalar(owner, "connected", connected)),
               max_segments, max_segments_per_cell, max_synapses, min_synapses, bits)  # fmt: skip
    check.positive(owner, "connected", permanence(owner, "connected", connected, bits))
    return p


def permanence(owner: str, name: str, value, bits: int, low: float = 0.0) -> Any:
    """`value` in [low, 1] as stored: float32, or int16 in units of 0.005, of which it must be a multiple."""
    value = np.asarray(check.between(owner, name, value, low, 1.0), np.float64)
    if bits == 32:
        return value.astype(np.float32)[()]
    units = np.rint(value / UNIT)
    if np.any(np.abs(units * UNIT - value) > 1e-9):
        check.fail(owner, f"{name} must be a multiple of {UNIT} in 8 bits", value.tolist(), "or take bits=32")
    return units.astype(np.int16)[()]


def init(p: Params) -> Segments:
    """A table without segments."""
    return Segments(p, segments_layout.empty(p.n_cells, *limits(p)))


def limits(p: Params) -> tuple[tuple[int, ...], np.ndarray]:
    """What the arrays of a table keep of its parameters: the first six numbers of meta, and levels."""
    sizes = (p.activation_threshold, p.min_threshold, p.max_segments, p.max_segments_per_cell, p.max_synapses,
             p.min_synapses)  # fmt: skip
    return sizes, permanence("segments.init", "top", np.array([p.connected, 1.0]), p.bits)


def activity(table, cells, potential: bool = True) -> Activity:
    """Active segments for active `cells` (k,), ascending ids; matching ones too, unless `potential` is False.

    table: Segments or Frozen, for one thread at a time: `copy` or `fork` makes one for another. Raises ValueError or
    TypeError for cells that are no ascending ids, RuntimeError where another thread is asking the table.
    """
    owner, t = "segments.activity", table.arrays
    if type(cells) is not np.ndarray or cells.dtype is not INT32 or cells.ndim != 1 or not cells.flags.forc:
        cells = ids(owner, "cells", cells, table.params.n_cells)
    found = segments_activity.ask(owner, t, cells, bool(potential))
    return Activity(*found) if found is not None else activity(table, ids(owner, "cells", cells, len(t.rows)))


def create(table: Segments, owners) -> tuple[Segments, np.ndarray]:
    """New segments without synapses on cells `owners` (k,); returns the table and their ids (k,) int64.

    Where a limit is reached, each sends the least recently used away, also one that was made in this call.
    """
    owners = ids("segments.create", "owners", owners, table.params.n_cells, ascending=False)
    arrays, out = segments_layout.reserve(table.arrays, segment=len(owners)), np.empty(len(owners), np.int64)
    dead = np.flatnonzero(arrays.owners[owners, segments_layout.DEAD])
    if len(dead):
        check.fail("segments.create", "owners must be alive", int(owners[dead[0]]))
    segments_edit.make_all(arrays, owners, out)
    return Segments(table.params, arrays), out


def add(table: Segments, segments, cells, permanence=0.5) -> Segments:
    """Synapses from cells[k] on segments[k] with permanence[k] (or one number), all arrays (k,), in any order.

    Raises ValueError for a pair that is there already or twice, for more than `max_synapses` on a segment, for
    segments that do not exist and for dead cells.
    """
    owner, p = "segments.add", table.params
    segments = existing(owner, table, segments)
    cells = ids(owner, "cells", cells, p.n_cells, ascending=False)
    if len(cells) != len(segments):
        check.fail(owner, "segments and cells must have one length", (len(segments), len(cells)))
    strength = stored(owner, permanence, p)
    if np.shape(strength) not in ((), segments.shape):
        check.fail(owner, f"permanence must be one number or have shape {segments.shape}", np.shape(strength))
    strength = np.broadcast_to(strength, segments.shape)
    if np.any(strength == 0):
        check.fail(owner, "permanence must be > 0", permanence, "such a synapse does not exist")
    order = np.argsort(segments, kind="stable")
    segments, cells, strength = segments[order], cells[order], strength[order]
    t = table.arrays
    if t.owners[cells, segments_layout.DEAD].any():
        check.fail(owner, "cells must be alive", cells)
    unique, n = np.unique(segments, return_counts=True)
    held = t.segments[unique, LENGTH] + n
    if np.any(held > p.max_synapses):
        check.fail(owner, f"a segment may hold max_synapses, {p.max_synapses}", int(held.max()))
    twin = segments_edit.find_twin(t, segments, cells)
    if twin >= 0:
        check.fail(owner, "each pair may occur once", (int(segments[twin]), int(cells[twin])))
    per_cell = np.bincount(cells, minlength=p.n_cells)
    wide = t.rows[:, LENGTH] + per_cell
    t = segments_layout.reserve(t, 0, _places(held), _places(wide[per_cell > 0]))
    segments_edit.add_all(t, segments, cells, np.ascontiguousarray(strength), per_cell)
    return Segments(p, t)


def adapt(table: Segments, segments, cells, increment: float = 0.1, decrement: float = 0.1) -> Segments:
    """Permanence += increment at synapses from active `cells` (ascending), -= decrement at the others.

    Synapses that reach 0 go; a segment that so has fewer than `min_synapses` is destroyed; the others become the most
    recently used. increment and decrement are in [-1, 1].
    """
    owner, p = "segments.adapt", table.params
    segments = existing(owner, table, segments, distinct=True)
    cells = ids(owner, "cells", cells, p.n_cells)
    hit = permanence(owner, "increment", increment, p.bits, -1.0)
    miss = -permanence(owner, "decrement", decrement, p.bits, -1.0)
    segments_edit.adapt_all(table.arrays, segments, cells, hit, type(hit)(miss))
    return table


def grow(table: Segments, segments, candidates, n: int, initial: float = 0.21, seed: int = 0, step: int = 0):
    """Up to n synapses from `candidates` (ascending cells) on each segment; returns (table, how many (k,) int64).

    Those that reach a segment already are passed over; of the rest a random part is taken (stream "segments.grow" of
    `seed`, and `step`). Where `max_synapses` is reached, the weakest that come from no candidate make room.
    """
    owner, p = "segments.grow", table.params
    segments = existing(owner, table, segments, distinct=True)
    candidates = ids(owner, "candidates", candidates, p.n_cells)
    candidates = candidates[table.arrays.owners[candidates, segments_layout.DEAD] == 0]
    n = min(check.integer(owner, "n", n), p.max_synapses)
    check.integer(owner, "step", step, 0, 2**32 - 1)
    first = check.positive(owner, "initial", stored(owner, initial, p, "initial"))
    wide = table.arrays.rows[candidates, LENGTH].astype(np.int64) + len(segments)
    held = np.minimum(table.arrays.segments[segments, LENGTH].astype(np.int64) + n, p.max_synapses)
    t = segments_layout.reserve(table.arrays, 0, _places(held), 4 * _places(wide))
    out = np.empty(len(segments), np.int64)
    scratch = np.empty(len(candidates), np.int32)
    segments_edit.grow_all(t, segments, candidates, scratch, n, first, rng.stream(seed, "segments.grow"), step, out)
    return Segments(p, t), out


def destroy(table: Segments, segments) -> Segments:
    """Destroy segments (k,) and their synapses."""
    segments_edit.destroy_all(table.arrays, existing("segments.destroy", table, segments, distinct=True))
    return table


def remove(table: Segments, segments, cells) -> Segments:
    """Remove the synapses from cells[k] on segments[k] where there are any; a segment left with none is destroyed."""
    segments = existing("segments.remove", table, segments)
    cells = ids("segments.remove", "cells", cells, table.params.n_cells, ascending=False)
    if len(cells) != len(segments):
        check.fail("segments.remove", "segments and cells must have one length", (len(segments), len(cells)))
    segments_edit.remove_all(table.arrays, segments, cells, 1)
    return table


def kill(table: Segments, cells) -> Segments:
    """Kill cells: their segments and all synapses from them go, and they can never get others.

    A segment that so has fewer than `min_synapses` goes too.
    """
    segments_edit.kill_all(table.arrays, ids("segments.kill", "cells", cells, table.params.n_cells))
    return table


def synapses(table: Segments, segment: int) -> tuple[np.ndarray, np.ndarray]:
    """(presynaptic cells (n,) int32 ascending, permanences (n,) float64) of one segment."""
    (g,), t = existing("segments.synapses", table, [segment]), table.arrays
    block = slice(int(t.segments[g, START]), int(t.segments[g, START] + t.segments[g, LENGTH]))
    order = np.argsort(t.synapse_cell[block])
    return t.synapse_cell[block][order], _float(table, t.permanence[block])[order]


def alive(table: Segments) -> np.ndarray:
    """(n_segments,) int64 ids of the segments that there are, ascending."""
    t = table.arrays
    return np.flatnonzero(t.segments[: t.meta[SEGMENT_TOP], OWNER] >= 0)


def owners(table: Segments, segments) -> np.ndarray:
    """(k,) int32: the cells that own segments (k,)."""
    return table.arrays.segments[existing("segments.owners", table, segments), OWNER]


def to_csr(table: Segments, connected_only: bool = False) -> csr.Csr:
    """Rows are presynaptic cells, columns segment ids, weights permanences."""
    t = table.arrays
    g = alive(table)
    n = t.segments[g, LENGTH]
    entry = np.repeat(t.segments[g, START] - np.cumsum(n) + n, n) + np.arange(n.sum())
    weight, limit = _float(table, t.permanence[entry]), t.levels[segments_layout.CONNECTED]
    keep = t.permanence[entry] >= limit if connected_only else slice(None)
    shape = (table.params.n_cells, int(t.meta[SEGMENT_TOP]))
    return csr.from_coo(t.synapse_cell[entry][keep], np.repeat(g, n)[keep], weight[keep], shape)


def freeze(table: Segments) -> Frozen:
    """A compact copy for `activity` alone, which nobody can change."""
    return Frozen(table.params, segments_frozen.pack(table.arrays))


def fork(frozen: Frozen) -> Frozen:
    """The same frozen table with counters of its own, for another thread."""
    t = frozen.arrays
    return Frozen(frozen.params, segments_frozen.fresh(t.meta, t.rows, t.row_segment))


def copy(table: Segments) -> Segments:
    """The same table in arrays of its own."""
    return Segments(table.params, Arrays(*(array.copy() for array in table.arrays)))


def state_arrays(table: Segments) -> dict[str, np.ndarray]:
    """All state as plain arrays by name, without the slack at the ends of the pools."""
    return segments_files.state_arrays(table.arrays)


def from_arrays(p: Params, arrays: dict[str, np.ndarray]) -> Segments:
    """The table that `state_arrays` gave, to the same bits; raises ValueError for arrays that are no table of p."""
    return Segments(p, segments_files.from_arrays("segments.from_arrays", init(p).arrays, arrays))


def ids(owner: str, name: str, value, n: int, ascending: bool = True) -> np.ndarray:
    """(k,) int32 numbers in [0, n), distinct and ascending if wanted; takes an Sdr of n bits too."""
    if hasattr(value, "tocsr") or isinstance(value, csr.Csr):
        check.fail(
            owner,
            f"{name} must be one vector or one Sdr, not a batch",
            value,
            "give one row, or the batch itself to run",
            TypeError,
        )
    value = checked(owner, name, value, n).indices if isinstance(value, Sdr) else check.array(owner, name, value)
    if value.ndim != 1 or (value.dtype.kind not in "iu" and value.size):
        check.fail(owner, f"{name} must be a vector of whole numbers", value, error=TypeError)
    if value.size and (value.min() < 0 or value.max() >= n):
        check.fail(owner, f"{name} must be in [0, {n})", (int(value.min()), int(value.max())))
    if ascending and np.any(value[1:] <= value[:-1]):
        check.fail(owner, f"{name} must ascend without duplicates", value, "give np.unique of them")
    return np.ascontiguousarray(value, np.int32)


def existing(owner: str, table: Segments, value, distinct: bool = False) -> np.ndarray:
    """(k,) int32 ids of segments that exist."""
    t = table.arrays
    value = ids(owner, "segments", value, max(int(t.meta[SEGMENT_TOP]), 1), ascending=False)
    gone = np.flatnonzero(t.segments[value, OWNER] < 0)
    if len(gone):
        check.fail(owner, "segments must exist", int(value[gone[0]]), "see segments.alive")
    if distinct and len(np.unique(value)) < len(value):
        check.fail(owner, "segments must differ from one another", value)
    return value


def stored(owner: str, value, p: Params, name: str = "permanence"):
    """Permanences as the table stores them."""
    value = permanence(owner, name, value, p.bits)
    return value if p.bits == 32 else np.asarray(value).astype(np.uint8)[()]


def _float(table: Segments, permanence: np.ndarray) -> np.ndarray:
    return permanence.astype(np.float64) * (1.0 if table.params.bits == 32 else UNIT)


def _places(n: np.ndarray) -> int:
    """Room for blocks that hold n each: a block has at most 4 places or half as many again."""
    return int(np.sum(n + n // 2 + 4))
