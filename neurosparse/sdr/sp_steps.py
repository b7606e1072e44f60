"""One step of the spatial pooler, and many in a row, in compiled code.

Order of a step: overlaps, boosting, inhibition; when learning also: winners learn, duty cycles, weak columns, boost
factors, and every `update_period` steps the inhibition radius and who counts as weak. Inference changes nothing.
"""

from typing import Any, NamedTuple

import numpy as np

from neurosparse.jit import kernel, shared
from neurosparse.sdr import sp_inhibition, sp_learning


class Rules(NamedTuple):
    """What the compiled step takes of `spatial_pooler.Params`."""

    input_shape: tuple[int, int]
    column_shape: tuple[int, int]
    connected: np.float32
    perm_inc: np.float32
    perm_dec: np.float32
    stimulus_threshold: int
    density: float
    local: bool
    inhibition_radius: int
    wrap: bool
    boost_strength: float
    min_overlap_pct: float
    duty_period: int
    update_period: int


def rules(p) -> Rules:
    """From Params; permanences are compared and added in float32."""
    made: dict[str, Any] = {name: getattr(p, name) for name in Rules._fields}
    for name in ("connected", "perm_inc", "perm_dec"):
        made[name] = np.float32(made[name])
    return Rules(**made)


def most(r: Rules) -> int:
    """The most winners that one step can have."""
    n = r.column_shape[0] * r.column_shape[1]
    return n if r.local else sp_inhibition.quota(r.density, n)


def connect(r: Rules, state) -> None:
    """Fill `connected` and the inhibition radius; raise columns below the stimulus threshold. In place."""
    state.connected[:] = (state.permanence >= r.connected).T
    _connect(r, state)


def run(r: Rules, state, indptr, indices, learn: bool) -> tuple[np.ndarray, np.ndarray]:
    """(indptr, winners) of a batch of patterns."""
    n_rows = len(indptr) - 1
    out, ends = np.empty(n_rows * most(r), np.int32), np.zeros(n_rows + 1, np.int64)
    _run(r, state, indptr, indices, learn, out, ends)
    return ends, out[: ends[-1]]


@kernel
def ascend(indptr, indices, n_inputs):
    """Whether each row holds distinct ascending numbers of [0, n_inputs)."""
    for row in range(len(indptr) - 1):
        last = -1
        for j in range(indptr[row], indptr[row + 1]):
            if indices[j] <= last or indices[j] >= n_inputs:
                return False
            last = indices[j]
    return True


@kernel
def overlaps(connected, active):
    """(n_columns,) int32: connected active inputs of each column."""
    out = np.empty(connected.shape[1], np.int32)
    _overlaps(connected, active, out)
    return out


@shared
def _overlaps(connected, active, out):
    """Bytes are added as bytes, 255 rows at a time: 32 columns in one instruction."""
    n = len(out)
    part = np.zeros(n, np.uint8)
    out[:] = 0
    for first in range(0, len(active), 255):
        part[:] = 0
        for j in active[first : first + 255]:
            row = connected[j]
            for i in range(n):
                part[i] += row[i]
        for i in range(n):
            out[i] += part[i]


@shared
def _quotas(r, s, out):
    """Winners that each neighbourhood may have."""
    sp_inhibition.window_sum(np.ones_like(out), r.column_shape, s.count[1], r.wrap, out)
    for i in range(len(out)):
        out[i] = sp_inhibition.quota(r.density, out[i])


@shared
def _compete(r, s, overlap, quotas, out):
    """Winners of one step to `out`; returns their number."""
    n = len(overlap)
    boosted, able = np.empty(n, np.float32), np.empty(n, np.bool_)
    for i in range(n):
        able[i] = (overlap[i] >= r.stimulus_threshold) & (s.alive[i] > 0)
        boosted[i] = np.float32(overlap[i]) * s.boost[i] if s.alive[i] else np.float32(-1.0)
    if r.local:
        return sp_inhibition.local_winners(boosted, able, r.column_shape, s.count[1], r.wrap, quotas, out)
    return sp_inhibition.global_winners(boosted, able, sp_inhibition.quota(r.density, n), out)


@shared
def _learn(r, s, active, overlap, won, crossed):
    """All that changes after one step; True where the inhibition radius may have changed."""
    n_inputs = s.permanence.shape[1]
    rise = np.full(n_inputs, np.float32(r.connected * np.float32(0.1)))
    change = np.full(n_inputs, -r.perm_dec)
    for j in active:
        change[j] = r.perm_inc
    s.count[0] += 1
    for i in won:
        sp_learning.learn_column(r, s, i, change, rise, crossed)
    sp_learning.update_duties(r, s, overlap, won)
    sp_learning.raise_weak(r, s, rise, crossed)
    if r.boost_strength > 0.0:
        sp_learning.update_boost(r, s)
    if s.count[0] % r.update_period != 0:
        return False
    if r.local:
        sp_learning.update_radius(r, s)
    sp_learning.update_weakness(r, s)
    return r.local


@kernel
def _run(r, s, indptr, indices, learn, out, ends):
    overlap, quotas = np.empty(len(s.alive), np.int32), np.empty(len(s.alive), np.int64)
    crossed = np.empty(s.permanence.shape[1], np.uint8)
    if r.local:
        _quotas(r, s, quotas)
    for row in range(len(ends) - 1):
        active = indices[indptr[row] : indptr[row + 1]]
        _overlaps(s.connected, active, overlap)
        ends[row + 1] = ends[row] + _compete(r, s, overlap, quotas, out[ends[row] :])
        won = out[ends[row] : ends[row + 1]]
        if learn and _learn(r, s, active, overlap, won, crossed):
            _quotas(r, s, quotas)


@kernel
def _connect(r, s):
    crossed = np.empty(s.permanence.shape[1], np.uint8)
    rise = np.full(s.permanence.shape[1], np.float32(r.connected * np.float32(0.1)))
    for i in range(len(s.alive)):
        sp_learning.learn_column(r, s, i, np.zeros_like(rise), rise, crossed)
    if r.local:
        sp_learning.update_radius(r, s)
