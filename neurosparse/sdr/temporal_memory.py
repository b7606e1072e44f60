"""Temporal memory: cells in columns learn to expect the next element of a sequence, in its context.

    from neurosparse.sdr import temporal_memory

    p = temporal_memory.params()
    state = temporal_memory.init(p)
    state, ran = temporal_memory.run(p, state, sequence)      # a Csr, or a list of active columns
    ran.anomaly                                               # 1 - |predicted and active columns| / |active columns|

Cell i is in column i // cells_per_column. The rules of a step stand in `tm_step`, those of segments in
`segments_learning`. Where `max_segments` is set, memory and the cost of a step stay bounded on endless streams: the
segment that learned longest ago makes room. `state_arrays` and `from_arrays` save and restore to the same bits.

Functions work on the arrays of a state in place: use the state that they return, not the one you gave. A state is for
one thread at a time; `copy` makes one for another thread.
Source: Hawkins & Ahmad (2016), Frontiers in Neural Circuits 10, 23.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, csr, rng
from neurosparse.sdr import segments, segments_files, segments_guard, segments_layout, tm_run
from neurosparse.sdr.sdr import Sdr, truth
from neurosparse.sdr.segments_layout import ACTIVE, MATCHING, N_ACTIVE, N_MATCHING, THETA, THETA_MIN, Arrays
from neurosparse.sdr.tm_step import (
    MATCHED,
    N_NOW,
    N_PREDICTED,
    N_WON,
    NOW,
    WANT_ROWS,
    WANT_SEGMENTS,
    WANT_SYNAPSES,
    WON,
    Rules,
    State,
)

OWNER = "temporal_memory.params"
SEGMENTS_PER_COLUMN = 64  # of the default limit: noise then costs at most 1.3 times what it cost at first
NAMES = ("rates", "clock", "cells", "bursting", "predicted")


class Params(NamedTuple):
    """Parameters of a temporal memory; from `params`. Permanences are in [0, 1]."""

    n_columns: int
    cells_per_column: int
    activation_threshold: int  # connected synapses from active cells that make a segment active
    min_threshold: int  # synapses from active cells that make it match
    initial_permanence: float
    connected_permanence: float
    max_new_synapses: int  # that a segment grows to in a step, counting those from active cells
    permanence_increment: float  # at active cells, of a segment that learns
    permanence_decrement: float  # elsewhere
    predicted_decrement: float  # at active cells, of a matching segment in a column that stays silent
    max_segments_per_cell: int
    max_synapses: int  # on a segment
    max_segments: int  # of all cells; 0: no limit
    min_synapses: int  # a segment with fewer left is destroyed
    keep_winner: bool  # a column that bursts again keeps its winner (the static-input problem)
    grow_predicted: bool  # segments that predicted rightly grow synapses too, not only those of columns that burst
    bits: int  # of a permanence: 32, or 8 in units of 0.005
    seed: int


class Ran(NamedTuple):
    """What a run leaves for each step; arrays (n_steps,) int32 unless said."""

    anomaly: np.ndarray  # float64; 0 where no column is active
    n_columns: np.ndarray  # active columns
    n_predicted: np.ndarray  # columns that were predicted for the step
    n_correct: np.ndarray  # those of them that were active
    n_active: np.ndarray  # active cells
    n_winners: np.ndarray  # winner cells
    n_segments: np.ndarray  # that there are after the step
    n_synapses: np.ndarray
    predicted: csr.Csr | None  # row k: columns predicted after step k, for step k + 1; None unless asked for


def params(n_columns=2048, cells_per_column=32, activation_threshold=13, min_threshold=10, initial_permanence=0.21,
           connected_permanence=0.5, max_new_synapses=20, permanence_increment=0.1, permanence_decrement=0.1,
           predicted_decrement=0.0, max_segments_per_cell=255, max_synapses=255, max_segments=None, min_synapses=None,
           keep_winner=False, grow_predicted=True, bits=32, seed=42) -> Params:  # fmt: skip
    """Checked parameters; the defaults are htm.core's, but for a limit that keeps endless streams fast.

    max_segments: of all cells together, by default 64 for each column; 0: no limit. Where it is reached, the segment
    that learned longest ago makes room. min_synapses: by default min_threshold, since a segment with fewer can never
    match. min_threshold may be above activation_threshold: segments then learn only once they fire. Raises TypeError or
    ValueError for numbers out of range, for thresholds above max_synapses, and for max_new_synapses below
    min_threshold: no new segment would match.
    """
    check.integer(OWNER, "n_columns", n_columns, 1, 2**31 - 1)
    check.integer(OWNER, "cells_per_column", cells_per_column, 1, 2**31 - 1)
    check.integer(OWNER, "max_new_synapses", max_new_synapses, 1, 4095)
    check.integer(OWNER, "seed", seed, 0, 2**64 - 1)
    check.one_of(OWNER, "keep_winner", keep_winner, (False, True))
    check.one_of(OWNER, "grow_predicted", grow_predicted, (False, True))
    min_synapses = min_threshold if min_synapses is None else min_synapses
    max_segments = min(SEGMENTS_PER_COLUMN * n_columns, 2**31 - 1) if max_segments is None else max_segments
    p = Params(n_columns, cells_per_column, activation_threshold, min_threshold, initial_permanence,
               connected_permanence, max_new_synapses, permanence_increment, permanence_decrement,
               predicted_decrement, max_segments_per_cell, max_synapses, max_segments, min_synapses, keep_winner,
               grow_predicted, bits, seed)  # fmt: skip
    segment_params(p)
    _growing(p)
    check.positive(OWNER, "initial_permanence", _rates(p)[0])
    return p


def segment_params(p: Params) -> segments.Params:
    """Parameters of the table of segments."""
    return segments.params(
        p.n_columns * p.cells_per_column, p.activation_threshold, p.min_threshold, p.connected_permanence,
        p.max_segments, p.max_segments_per_cell, p.max_synapses, p.min_synapses, p.bits,
    )  # fmt: skip


def init(p: Params) -> State:
    """A temporal memory that has learned nothing. Raises MemoryError for more cells than fit."""
    n = p.n_columns * p.cells_per_column
    check.fits("temporal_memory.init", "a memory of so many cells", 60 * n, "take fewer columns or cells")
    clock = np.zeros(16, np.int64)
    clock[MATCHED] = 1
    return State(
        segments.init(segment_params(p)).arrays, _rates(p), clock, np.zeros((5, n), np.int32),
        np.zeros(p.n_columns, np.int32), np.zeros(p.n_columns, np.int32),
    )  # fmt: skip


def with_thresholds(p: Params, state: State, activation_threshold: int, min_threshold: int) -> tuple[Params, State]:
    """The same memory with other thresholds of its segments, from the next step on; what it predicts now stays.

    So a memory may learn by strict thresholds and recall by lenient ones. Raises as `params`.
    """
    _agree("temporal_memory.with_thresholds", p, state)
    new = p._replace(activation_threshold=activation_threshold, min_threshold=min_threshold)
    segment_params(new)
    _growing(new)
    state.segments.meta[[THETA, THETA_MIN]] = activation_threshold, min_threshold
    return new, state


def step(p: Params, state: State, columns, learn: bool = True) -> tuple[State, Ran]:
    """One step with active `columns` (k,), ascending ids or an Sdr; the arrays of Ran have one number.

    Raises ValueError or TypeError for columns that are no ascending ids, an Sdr of another length, and a batch, and as
    `run` for the others.
    """
    owner = "temporal_memory.step"
    _agree(owner, p, state)
    columns = segments.ids(owner, "columns", columns, p.n_columns)
    return _run(owner, p, state, np.array([0, len(columns)]), columns, truth(owner, "learn", learn), False)


def run(p: Params, state: State, sequence, learn: bool = True, record: bool = False) -> tuple[State, Ran]:
    """A step for each element of `sequence`: a Csr of n_columns columns whose rows are steps, or a list of columns.

    record: keep the predicted columns. Raises ValueError or TypeError for columns that are no ascending ids, batches or
    SDRs of another length, a state of other parameters, and `learn` or `record` that are no truth values; RuntimeError
    where another thread works on the state.
    """
    owner = "temporal_memory.run"
    _agree(owner, p, state)
    learn, record = truth(owner, "learn", learn), truth(owner, "record", record)
    return _run(owner, p, state, *elements(owner, sequence, p.n_columns), learn, record)


def reset(p: Params, state: State) -> State:
    """Begin a new sequence: what was active is forgotten, what was learned stays."""
    _agree("temporal_memory.reset", p, state)
    tm_run.reset(state)
    return state


def kill_cells(p: Params, state: State, cells) -> State:
    """Kill cells (k,), ascending: they are never active again, and all their segments and synapses go.

    Raises ValueError or TypeError for cells that are no ascending ids, or an Sdr of another length.
    """
    _agree("temporal_memory.kill_cells", p, state)
    cells = segments.ids("temporal_memory.kill_cells", "cells", cells, p.n_columns * p.cells_per_column)
    tm_run.kill_cells(_rules(p), state, cells)
    return state


def active_cells(state: State) -> np.ndarray:
    """(k,) int32 ids of the cells that are active, ascending."""
    return state.cells[NOW, : state.clock[N_NOW]].copy()


def winner_cells(state: State) -> np.ndarray:
    """(k,) int32 ids of the winners, ascending."""
    return state.cells[WON, : state.clock[N_WON]].copy()


def predictive_cells(state: State) -> np.ndarray:
    """(k,) int32 ids of the cells with an active segment, ascending."""
    return np.unique(state.segments.crossed[ACTIVE, : state.segments.meta[N_ACTIVE]] >> 32).astype(np.int32)


def predicted_columns(state: State) -> np.ndarray:
    """(k,) int32 ids of the columns that are predicted for the next step, ascending."""
    return state.predicted[: state.clock[N_PREDICTED]].copy()


def active_segments(state: State) -> np.ndarray:
    """(k,) int64 ids of the active segments, ascending."""
    return np.sort(state.segments.crossed[ACTIVE, : state.segments.meta[N_ACTIVE]] & 0xFFFFFFFF)


def matching_segments(state: State) -> np.ndarray:
    """(k,) int64 ids of the matching segments, ascending; known after a step that learned."""
    n = state.segments.meta[N_MATCHING] if state.clock[MATCHED] else 0
    return np.sort(state.segments.crossed[MATCHING, :n] & 0xFFFFFFFF)


def table(p: Params, state: State) -> segments.Segments:
    """The segments, for the functions of `segments` that only read; for `activity` give it a `freeze` or a `copy`.

    The counters of the table are those of the memory.
    """
    _agree("temporal_memory.table", p, state)
    return segments.Segments(segment_params(p), state.segments)


def copy(state: State) -> State:
    """The same state in arrays of its own."""
    arrays = Arrays(*(array.copy() for array in state.segments))
    return State(arrays, *(array.copy() for array in state[1:]))


def state_arrays(state: State) -> dict[str, np.ndarray]:
    """All state as plain arrays by name."""
    return segments_files.state_arrays(state.segments) | {name: getattr(state, name).copy() for name in NAMES}


def from_arrays(p: Params, arrays: dict[str, np.ndarray]) -> State:
    """The state that `state_arrays` gave, to the same bits; raises ValueError for arrays that are no state of p."""
    owner, like = "temporal_memory.from_arrays", init(p)
    if not isinstance(arrays, Mapping):
        check.fail(owner, "arrays must be those of state_arrays", arrays, error=TypeError)
    missing = sorted(set(NAMES) - set(arrays))
    if missing:
        check.fail(owner, "arrays must be those of state_arrays", missing)
    mine = {name: np.array(arrays[name], order="C") for name in NAMES}
    for name, array in mine.items():
        want = getattr(like, name)
        if array.shape != want.shape or array.dtype != want.dtype:
            check.fail(owner, f"{name} must be {want.dtype} of shape {want.shape}", (array.dtype, array.shape))
    if np.any(mine["rates"] != like.rates):
        check.fail(owner, "arrays must come from a memory of the same parameters", mine["rates"].tolist())
    rest = {name: array for name, array in arrays.items() if name not in NAMES}
    state = State(segments_files.from_arrays(owner, like.segments, rest), **mine)
    if not _sound(p, state):
        check.fail(owner, "arrays must agree with one another", state.clock.tolist(), "the file is damaged")
    return state


def elements(owner: str, sequence: Any, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """(indptr (n + 1,) int64, columns int32) of a Csr or of a list of ascending ids or Sdrs."""
    if isinstance(sequence, csr.Csr):
        csr.validate(owner, sequence)
        if sequence.n_cols != n_columns:
            check.fail(owner, f"sequence must have {n_columns} columns", sequence.n_cols)
        return sequence.indptr.copy(), sequence.indices.copy()  # arrays that are read-only would be compiled for anew
    if isinstance(sequence, str | bytes | Sdr) or hasattr(sequence, "tocsr") or not hasattr(sequence, "__len__"):
        check.fail(owner, "sequence must be a Csr or a list of active columns", sequence, error=TypeError)
    each = [segments.ids(owner, "columns of an element", one, n_columns) for one in sequence]
    indptr = np.zeros(len(each) + 1, np.int64)
    np.cumsum([len(one) for one in each], out=indptr[1:])
    return indptr, np.concatenate([np.empty(0, np.int32), *each])


def _growing(p: Params) -> None:
    """A new segment learns on only if it matches, so it has to be large enough."""
    if p.max_new_synapses < p.min_threshold:
        need = f"max_new_synapses must be at least min_threshold, {p.min_threshold}"
        check.fail(OWNER, need, p.max_new_synapses, "no new segment would match")


def _agree(owner: str, p: Params, state: State) -> None:
    """Raise unless the state is of a memory with these parameters: kernels trust it."""
    if not isinstance(p, Params) or not isinstance(state, State):
        kinds = type(p).__name__, type(state).__name__
        check.fail(owner, "need the Params and the State of a temporal_memory", kinds, "see params, init", TypeError)
    t = state.segments
    mine, sizes = _marks(p)
    cells = len(t.rows), len(t.owners), len(t.flags), state.cells.shape, len(state.bursting), len(state.predicted)
    if cells != sizes:
        need = f"state must be of {p.n_columns} columns of {p.cells_per_column} cells"
        check.fail(owner, need, f"{cells[-1]} columns, {cells[0]} cells", "p and state of one memory go together")
    if t.meta[:6].tobytes() + t.levels.tobytes() + state.rates.tobytes() != mine:
        got = [*t.meta[:6].tolist(), t.levels.tolist(), state.rates.tolist()]
        check.fail(owner, "state must come from a memory of the same parameters", got, "see with_thresholds")


@lru_cache(maxsize=64)
def _marks(p: Params) -> tuple[bytes, tuple]:
    """What a state keeps of its parameters, and the lengths of its arrays."""
    limits, top = segments.limits(segment_params(p))
    n = p.n_columns * p.cells_per_column
    return np.array(limits, np.int64).tobytes() + top.tobytes() + _rates(p).tobytes(), (
        n,
        n,
        n,
        (5, n),
        *[p.n_columns] * 2,
    )


def _run(owner: str, p: Params, state: State, indptr, columns, learn: bool, record: bool) -> tuple[State, Ran]:
    segments_guard.enter(owner, state.segments.meta)
    try:
        return _steps(p, state, indptr, columns, learn, record)
    finally:
        segments_guard.leave(state.segments.meta)


def _steps(p: Params, state: State, indptr, columns, learn: bool, record: bool) -> tuple[State, Ran]:
    n, rules = len(indptr) - 1, _rules(p)
    counts = np.zeros((n, len(tm_run.COUNTS)), np.int32)
    log_ptr = np.zeros(n + 1 if record else 1, np.int64)
    log = np.zeros((p.n_columns + 64 * n) if record else 0, np.int32)
    done = 0
    while True:
        done = tm_run.run(rules, state, indptr, columns, done, learn, counts, log_ptr, log)
        if done == n:
            break
        if record and log_ptr[done] + p.n_columns > len(log):
            log = np.concatenate([log, np.zeros(len(log) + p.n_columns, np.int32)])
        else:
            wants = (int(state.clock[k]) for k in (WANT_SEGMENTS, WANT_SYNAPSES, WANT_ROWS))
            state = state._replace(segments=segments_layout.reserve(state.segments, *wants))
    predicted = csr.make(log_ptr, log[: log_ptr[-1]], np.ones(log_ptr[-1], np.float32), p.n_columns) if record else None
    missed = counts[:, 0] - counts[:, 2]
    return state, Ran(missed / np.maximum(counts[:, 0], 1), *counts.T, predicted=predicted)


def _rules(p: Params) -> Rules:
    stream = rng.stream(p.seed, "temporal_memory")
    return Rules(p.cells_per_column, p.max_new_synapses, p.max_synapses, p.keep_winner, p.grow_predicted, stream)


def _rates(p: Params) -> np.ndarray:
    """Initial permanence and signed changes, as stored."""
    values = (("initial_permanence", 1), ("permanence_increment", 1), ("permanence_decrement", -1),
              ("predicted_decrement", -1))  # fmt: skip
    return np.array(
        [sign * segments.permanence(OWNER, name, check.scalar(OWNER, name, getattr(p, name)), p.bits)
         for name, sign in values] + [0], np.float32 if p.bits == 32 else np.int16,
    )  # fmt: skip


def _sound(p: Params, state: State) -> bool:
    """Whether lists hold ids of their range."""
    n, meta, clock = p.n_columns * p.cells_per_column, state.segments.meta, state.clock
    cells = [(state.cells[NOW], clock[N_NOW], n), (state.cells[WON], clock[N_WON], n)]
    lists = [*cells, (state.predicted, clock[N_PREDICTED], p.n_columns)]
    if not all(0 <= k <= len(row) and np.all((row[:k] >= 0) & (row[:k] < top)) for row, k, top in lists):
        return False
    room = len(state.segments.segments)
    for row, k in ((ACTIVE, meta[N_ACTIVE]), (MATCHING, meta[N_MATCHING])):
        if not 0 <= k <= room or np.any((state.segments.crossed[row, :k] & 0xFFFFFFFF) >= room):
            return False
    return True


def __getattr__(name: str):
    if name == "TemporalMemory":  # scikit-learn loads on demand
        from neurosparse.sdr.tm_estimator import TemporalMemory

        return TemporalMemory
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
