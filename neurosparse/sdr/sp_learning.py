"""Learning of a spatial pooler: permanences of winners and weak columns, duty cycles, boosting, inhibition radius.

    winner i:  perm_ij <- clip(perm_ij + perm_inc) where x_j, clip(perm_ij - perm_dec) elsewhere in its pool;
               while fewer than theta of its synapses are connected, all of its pool rise by P_c / 10
    duty_i <- ((T' - 1) duty_i + event_i) / T' ,    T' = min(T, steps learned)
    weak i (overlap duty < min_overlap_pct times the largest nearby):  all of its pool rise by P_c / 10
    b_i = exp(beta (target - active duty_i)) ,  target = density (global) or the mean duty of the neighbourhood (local)
    inhibition radius = (mean span of the connections x columns per input - 1) / 2, at least 1

The span is measured from the inputs farthest to both sides of a column's centre, around the ring where there is one.
Permanences and boost factors are float32, duty cycles float64; exponents stop at 64, so that no factor overflows.
Source: Cui, Ahmad & Hawkins 2017, eq. 7 to 9; order and weak columns: NuPIC's documented algorithm.
"""

import math

import numpy as np

from neurosparse.jit import shared
from neurosparse.sdr.sp_inhibition import window_max, window_sum
from neurosparse.sdr.sp_topology import centre

ZERO, ONE = np.float32(0.0), np.float32(1.0)


@shared
def shift(s, i, change, limit, crossed):
    """Add change (n_inputs,) to column i's pool, clip, and reconnect; returns how many synapses are connected."""
    row = s.permanence[i]
    total, flips = 0, 0
    for j in range(len(row)):
        before = row[j]
        after = min(max(before + change[j], ZERO), ONE)
        after = after if before >= ZERO else before
        row[j] = after
        now = after >= limit
        crossed[j] = now != (before >= limit)
        flips += crossed[j]
        total += now
    if flips > 0:
        for j in range(len(row)):
            if crossed[j]:
                s.connected[j, i] ^= np.uint8(1)
    return total


@shared
def learn_column(r, s, i, change, rise, crossed):
    """One winner: `shift`, then rise until the stimulus threshold can be reached again (pools are large enough)."""
    connected = shift(s, i, change, r.connected, crossed)
    while connected < r.stimulus_threshold:
        connected = shift(s, i, rise, r.connected, crossed)


@shared
def update_duties(r, s, overlap, won):
    """Both duty cycles after one step; won: the winners."""
    period = min(r.duty_period, s.count[0])
    for i in range(len(overlap)):
        hit = 1.0 if overlap[i] > 0 and overlap[i] >= r.stimulus_threshold else 0.0
        s.overlap_duty[i] = ((period - 1) * s.overlap_duty[i] + hit) / period
        s.active_duty[i] = (period - 1) * s.active_duty[i]
    for i in won:
        s.active_duty[i] += 1.0
    for i in range(len(overlap)):
        s.active_duty[i] /= period


@shared
def raise_weak(r, s, rise, crossed):
    """Columns that are hit too rarely."""
    for i in range(len(s.alive)):
        if s.overlap_duty[i] < s.min_overlap_duty[i] and s.alive[i]:
            shift(s, i, rise, r.connected, crossed)


@shared
def update_boost(r, s):
    """Boost factors from active duty cycles."""
    target = np.full(len(s.boost), r.density)
    if r.local:
        living = np.empty_like(target)
        window_sum(s.alive.astype(np.float64), r.column_shape, s.count[1], r.wrap, living)
        window_sum(s.active_duty * s.alive, r.column_shape, s.count[1], r.wrap, target)
        target /= np.maximum(living, 1.0)
    for i in range(len(target)):
        s.boost[i] = np.float32(math.exp(min(64.0, r.boost_strength * (target[i] - s.active_duty[i]))))


@shared
def update_weakness(r, s):
    """The overlap duty below which a column is weak."""
    duty = s.overlap_duty * s.alive
    if r.local:
        window_max(duty, r.column_shape, s.count[1], r.wrap, s.min_overlap_duty)
    else:
        s.min_overlap_duty[:] = np.max(duty)
    s.min_overlap_duty[:] *= r.min_overlap_pct


@shared
def update_radius(r, s):
    """Inhibition radius of local inhibition: as given, or from the spans of living columns."""
    if r.inhibition_radius > 0:
        s.count[1] = r.inhibition_radius
        return
    spans, living = 0, 0
    axes = 0
    for axis in range(2):
        axes += r.input_shape[axis] > 1
    for i in range(len(s.alive)):
        if s.alive[i]:
            living += 1
            spans += _span(r, s.permanence[i], i)
    scale = 0.0
    for axis in range(2):
        if r.input_shape[axis] > 1:
            scale += r.column_shape[axis] / r.input_shape[axis] / axes
    mean = spans / max(1, living * axes)
    s.count[1] = max(1, int((mean * scale - 1.0) / 2.0 + 0.5))


@shared
def _span(r, row, i):
    """Sum over the axes longer than one of the extent of column i's connections."""
    at = (centre(i // r.column_shape[1], r.input_shape[0], r.column_shape[0]),
          centre(i % r.column_shape[1], r.input_shape[1], r.column_shape[1]))  # fmt: skip
    low, high = np.zeros(2, np.int64), np.full(2, -1, np.int64)
    none = True
    for j in range(len(row)):
        if row[j] >= r.connected:
            for axis in range(2):
                size = r.input_shape[axis]
                off = (j // r.input_shape[1] if axis == 0 else j % r.input_shape[1]) - at[axis]
                if r.wrap:
                    off = (off + size // 2) % size - size // 2
                low[axis] = off if none else min(low[axis], off)
                high[axis] = off if none else max(high[axis], off)
            none = False
    total = 0
    for axis in range(2):
        if r.input_shape[axis] > 1:
            total += high[axis] - low[axis] + 1
    return total
