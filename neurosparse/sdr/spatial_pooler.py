"""Spatial pooler: columns that compete for input patterns and learn them, so that each input has a sparse code.

    o_i = sum over the pool of i of [perm_ij >= P_c] x_j              overlap
    z_i = [o_i >= theta and o_i b_i is among the first k]             of all, or of its neighbourhood (sp_inhibition)
    perm_ij <- clip(perm_ij + perm_inc x_j - perm_dec (1 - x_j))      of winners (sp_learning, duty cycles and boosting)
    b_i = exp(beta (target - active duty_i))

i column, j input, perm permanence of a potential synapse in [0, 1], P_c where it connects, theta the stimulus
threshold, beta the boost strength. Pools, learning and the rest of a step stand in the sp_* files beside this one.
Layout: permanences column-major, for learning is of few columns and all of their inputs; connections once more
input-major, one byte each, so that overlaps are sums of the rows of active inputs. Both are dense: 5 bytes a pair.

Source: Cui, Ahmad & Hawkins, Frontiers in Computational Neuroscience 11 (2017) 111, eq. 1 to 9.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import batch, sp_steps, sp_topology
from neurosparse.sdr.sdr import Sdr, checked, truth

OWNER = "spatial_pooler"
CHUNK = 1 << 24  # numbers of the buffer that winners are written to


class Params(NamedTuple):
    """Constants of a pooler; `params` makes and checks them."""

    input_shape: tuple[int, int]  # rows and columns of the input field; (1, n) for a vector
    column_shape: tuple[int, int]  # of the field of columns
    potential_radius: int  # of the square of inputs around a column's centre, in inputs
    potential_pct: float  # share of that square which is the pool
    initial_pct: float  # share of the pool that is connected at first
    connected: float  # P_c
    perm_inc: float
    perm_dec: float
    stimulus_threshold: int  # theta
    density: float  # share of columns that win
    local: bool  # inhibition by the neighbourhood, not by all
    inhibition_radius: int  # in columns; 0: from the spans of the connections
    wrap: bool  # both fields are tori
    boost_strength: float  # beta
    min_overlap_pct: float  # a column is weak below this share of the largest overlap duty
    duty_period: int  # T, steps
    update_period: int  # steps from one update of radius and weakness to the next
    seed: int

    @property
    def n_inputs(self) -> int:
        """Length of an input."""
        return self.input_shape[0] * self.input_shape[1]

    @property
    def n_columns(self) -> int:
        """Length of an output."""
        return self.column_shape[0] * self.column_shape[1]


class State(NamedTuple):
    """All that learning changes, in plain arrays; learning is for one thread at a time."""

    permanence: np.ndarray  # (n_columns, n_inputs) float32; -1 outside the pool
    connected: np.ndarray  # (n_inputs, n_columns) uint8, [permanence >= P_c] transposed
    overlap_duty: np.ndarray  # (n_columns,) float64, share of steps with an overlap of theta or more
    active_duty: np.ndarray  # (n_columns,) float64, share of steps won
    min_overlap_duty: np.ndarray  # (n_columns,) float64, weak below
    boost: np.ndarray  # (n_columns,) float32, b
    alive: np.ndarray  # (n_columns,) uint8; see `kill_columns`
    count: np.ndarray  # (2,) int64: steps learned, inhibition radius in columns


def params(
    input_shape, column_shape, *, potential_radius=None, potential_pct=0.5, initial_pct=0.5, connected=0.5,
    perm_inc=0.1, perm_dec=0.02, stimulus_threshold=1, density=0.02, inhibition="global", inhibition_radius=None,
    wrap=True, boost_strength=0.0, min_overlap_pct=0.001, duty_period=1000, update_period=50, seed=0,
) -> Params:  # fmt: skip
    """Checked constants; the defaults are those of the paper, without topology and boosting.

    input_shape, column_shape: a number, (n,) or (rows, columns). potential_radius: inputs, None for all of them.
    inhibition "global" or "local"; inhibition_radius: columns, None for the mean span of the connections. Names
    elsewhere: perm_inc is synPermActiveInc, perm_dec synPermInactiveDec, density localAreaDensity, initial_pct the
    initial connected share. Raises TypeError or ValueError for what is out of range.
    """
    owner = f"{OWNER}.params"
    fields = (
        sp_topology.field(owner, "input_shape", input_shape),
        sp_topology.field(owner, "column_shape", column_shape),
    )
    for name, value in (("potential_pct", potential_pct), ("density", density)):
        check.positive(owner, name, check.between(owner, name, check.scalar(owner, name, value), 0, 1))
    check.between(owner, "connected", check.scalar(owner, "connected", connected), 1e-6, 1)
    shares = {
        "initial_pct": initial_pct,
        "perm_inc": perm_inc,
        "perm_dec": perm_dec,
        "min_overlap_pct": min_overlap_pct,
    }
    for name, value in shares.items():
        check.between(owner, name, check.scalar(owner, name, value), 0, 1)
    check.between(owner, "boost_strength", check.scalar(owner, "boost_strength", boost_strength), 0, 1e6)
    for name, value in (("duty_period", duty_period), ("update_period", update_period)):
        check.integer(owner, name, value, 1)
    check.integer(owner, "stimulus_threshold", stimulus_threshold, 0, fields[0][0] * fields[0][1])
    check.integer(owner, "seed", seed, 0, 2**64 - 1)
    check.one_of(owner, "inhibition", inhibition, ("global", "local"))
    check.one_of(owner, "wrap", wrap, (False, True))
    radius = max(fields[0]) if potential_radius is None else check.integer(owner, "potential_radius", potential_radius)
    near = 0 if inhibition_radius is None else check.integer(owner, "inhibition_radius", inhibition_radius, 1)
    p = Params(
        *fields, min(radius, max(fields[0])), float(potential_pct), float(initial_pct), float(connected),
        float(perm_inc), float(perm_dec), int(stimulus_threshold), float(density), inhibition == "local",
        min(near, max(fields[1])), wrap, float(boost_strength), float(min_overlap_pct),
        int(duty_period), int(update_period), int(seed),
    )  # fmt: skip
    check.fits(owner, "permanences and connections", 5 * p.n_inputs * p.n_columns, "take smaller fields")
    return p


def initialise(p: Params) -> State:
    """The state before the first step: random pools and permanences, from the streams of `p.seed`.

    Raises ValueError where a pool holds fewer inputs than the stimulus threshold: its column could never win.
    """
    permanence, n = _large_enough(f"{OWNER}.initialise", p, sp_topology.pools(p)), p.n_columns
    state = State(
        permanence, np.zeros((p.n_inputs, n), np.uint8), np.zeros(n), np.zeros(n), np.zeros(n), np.ones(n, np.float32),
        np.ones(n, np.uint8), np.zeros(2, np.int64),
    )  # fmt: skip
    sp_steps.connect(sp_steps.rules(p), state)
    return state


def compute(p: Params, state: State, x, learn: bool = False) -> Any:
    """Winning columns of input `x`; with `learn` the state changes in place, after each input.

    x: the active inputs of one pattern, an Sdr or ascending distinct whole numbers (k,), and the answer is (m,) int32,
    ascending; or a Csr of patterns in its rows, with the answer a Csr (n_rows, n_columns) of weight 1. The rows are
    taken in order: a batch gives the same bits as its rows one by one. Raises TypeError or ValueError for inputs
    that are not in [0, n_inputs), not ascending or not distinct, an Sdr of another length, a state of another pooler,
    and a `learn` that is no truth value, before anything is learned.
    """
    owner, many = f"{OWNER}.compute", isinstance(x, Csr)
    agree(owner, p, state)
    truth(owner, "learn", learn)
    indptr, indices = (x.indptr, x.indices) if many else _one(owner, p, x)
    if many and x.n_cols != p.n_inputs:
        check.fail(owner, f"x must have {p.n_inputs} columns", x.n_cols, "one for each input")
    if many:
        batch.rows(x, owner)
    elif not sp_steps.ascend(indptr, indices, p.n_inputs):
        need = f"inputs must be in [0, {p.n_inputs}), ascending and distinct in each pattern"
        check.fail(owner, need, indices, "sort them: numpy.unique(x)")
    rules = sp_steps.rules(p)
    if not many:
        return sp_steps.run(rules, state, indptr, indices, bool(learn))[1]
    rows = max(1, CHUNK // sp_steps.most(rules))
    parts = [
        sp_steps.run(rules, state, indptr[first : first + rows + 1], indices, bool(learn))
        for first in range(0, x.n_rows, rows)
    ]
    counts = np.concatenate([np.diff(part[0]) for part in parts] or [np.zeros(0, np.int64)])
    winners = np.concatenate([part[1] for part in parts] or [np.zeros(0, np.int32)])
    return Csr(np.concatenate(([0], np.cumsum(counts))), winners, np.ones(len(winners), np.float32), p.n_columns)


def overlaps(p: Params, state: State, x) -> np.ndarray:
    """(n_columns,) int32: connected active inputs of every column, for one pattern; errors as `compute`."""
    agree(f"{OWNER}.overlaps", p, state)
    indptr, indices = _one(f"{OWNER}.overlaps", p, x)
    if not sp_steps.ascend(indptr, indices, p.n_inputs):
        check.fail(f"{OWNER}.overlaps", f"inputs must be in [0, {p.n_inputs}), ascending and distinct", indices)
    return sp_steps.overlaps(state.connected, indices)


def kill_columns(p: Params, state: State, columns) -> None:
    """These columns, ids or an Sdr, never win again nor inhibit others; in place. Raises ValueError for other ids."""
    agree(f"{OWNER}.kill_columns", p, state)
    if isinstance(columns, Sdr):
        columns = checked(f"{OWNER}.kill_columns", "columns", columns, p.n_columns).indices
    ids = np.atleast_1d(np.asarray(check.number(f"{OWNER}.kill_columns", "columns", columns)))
    if ids.size and (ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= p.n_columns):
        check.fail(f"{OWNER}.kill_columns", f"columns must be whole numbers in [0, {p.n_columns})", columns)
    state.alive[ids.astype(np.int64)] = 0


def agree(owner: str, p: Params, state: State) -> None:
    """Raise TypeError or ValueError, as `owner`, unless the state is of a pooler of this size: kernels trust it."""
    if not isinstance(p, Params) or not isinstance(state, State):
        kinds = type(p).__name__, type(state).__name__
        check.fail(owner, f"need the Params and the State of a {OWNER}", kinds, "see params, initialise", TypeError)
    m, n = p.n_inputs, p.n_columns
    shapes = tuple([array.shape for array in state])
    if shapes != ((n, m), (m, n), (n,), (n,), (n,), (n,), (n,), (2,)):
        need = f"state must be of {m} inputs and {n} columns"
        check.fail(owner, need, shapes[1], "p and state of one pooler go together")


def copy(state: State) -> State:
    """The same state in memory of its own."""
    return State(*(array.copy() for array in state))


def state_arrays(state: State) -> dict[str, np.ndarray]:
    """Arrays to store; `connected` is left out, it follows from the permanences."""
    return {name: array.copy() for name, array in state._asdict().items() if name != "connected"}


def from_arrays(p: Params, arrays: dict[str, np.ndarray]) -> State:
    """The state of `state_arrays`, bit for bit. Raises ValueError for arrays missing, or of another shape or type."""
    owner, n = f"{OWNER}.from_arrays", p.n_columns
    need = {
        "permanence": ((n, p.n_inputs), np.float32), "overlap_duty": ((n,), np.float64),
        "active_duty": ((n,), np.float64), "min_overlap_duty": ((n,), np.float64),
        "boost": ((n,), np.float32), "alive": ((n,), np.uint8), "count": ((2,), np.int64),
    }  # fmt: skip
    if not isinstance(arrays, Mapping):
        check.fail(owner, "arrays must be those of state_arrays", arrays, error=TypeError)
    for name, (shape, kind) in need.items():
        check.one_of(owner, "array", name, arrays)
        got = np.asarray(arrays[name])
        if got.shape != shape or got.dtype != kind:
            check.fail(owner, f"{name} must be {np.dtype(kind)} of shape {shape}", (got.dtype, got.shape))
    made = {name: np.array(arrays[name], order="C") for name in need}
    _large_enough(owner, p, made["permanence"])
    made["connected"] = np.ascontiguousarray((made["permanence"] >= np.float32(p.connected)).T.astype(np.uint8))
    return State(**made)


def _large_enough(owner: str, p: Params, permanence: np.ndarray) -> np.ndarray:
    """Learning raises a column until it can reach the threshold, so its pool has to have that many inputs."""
    smallest, least = int((permanence >= 0).sum(axis=1).min()), max(1, p.stimulus_threshold)
    if smallest < least:
        remedy = "widen potential_radius or raise potential_pct"
        check.fail(owner, f"every pool must hold {least} inputs or more", smallest, remedy)
    return permanence


def _one(owner: str, p: Params, x) -> tuple[np.ndarray, np.ndarray]:
    """One pattern as a batch of one row."""
    if isinstance(x, Sdr):
        indices = checked(owner, "x", x, p.n_inputs).indices.copy()  # read-only arrays would be compiled for anew
        return np.array([0, indices.size]), indices
    indices = check.array(owner, "x", x)
    if indices.ndim != 1 or (indices.size and indices.dtype.kind not in "iu"):
        check.fail(owner, "x must be a Csr or a vector of active inputs", x, "see numpy.flatnonzero", TypeError)
    if indices.size and (int(indices.min()) < 0 or int(indices.max()) >= p.n_inputs):
        check.fail(owner, f"inputs must be in [0, {p.n_inputs})", x)
    return np.array([0, indices.size]), np.ascontiguousarray(indices, dtype=np.int32)
