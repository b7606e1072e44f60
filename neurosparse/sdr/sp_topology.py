"""Fields of inputs and columns, the square around a place, and the pools of potential synapses.

A column at row r of R stands over the input row floor((r + 1/2) I / R) of I, and the same for columns of the field.
Its pool is a random share of the inputs of the square of `potential_radius` around that place. A synapse of the pool
starts, with probability `initial_pct`, uniform in (P_c, 1], else in [0, P_c). Names of the streams: "spatial
pooler pools", "spatial pooler permanences". Source: Cui, Ahmad & Hawkins 2017, eq. 1 and 2, and its section "SP".
"""

import numpy as np

from neurosparse import check, rng
from neurosparse.jit import kernel, shared


def field(owner: str, name: str, shape) -> tuple[int, int]:
    """(rows, columns) of a field given as n, (n,) or (rows, columns), each at least 1."""
    sizes = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if len(sizes) not in (1, 2):
        check.fail(owner, f"{name} must be a number, (n,) or (rows, columns)", shape)
    sizes = tuple(check.integer(owner, name, size, 1, 2**31 - 1) for size in sizes)
    if np.prod(sizes, dtype=float) > 2**31 - 1:
        check.fail(owner, f"{name} must be at most {2**31 - 1} places", shape)
    return (1, sizes[0]) if len(sizes) == 1 else (sizes[0], sizes[1])


def pools(p) -> np.ndarray:
    """(n_columns, n_inputs) float32 permanences at the start, -1 outside the pool."""
    out = np.full((p.n_columns, p.n_inputs), -1.0, dtype=np.float32)
    side = 2 * p.potential_radius + 1
    most = min(side, p.input_shape[0]) * min(side, p.input_shape[1])
    table, chosen = rng.set_table(most), np.empty(most, np.int64)
    streams = rng.stream(p.seed, "spatial pooler pools"), rng.stream(p.seed, "spatial pooler permanences")
    shares = p.potential_pct, p.initial_pct, p.connected
    _pools(streams, p.input_shape, p.column_shape, (p.potential_radius, p.wrap), shares, (table, chosen), out)
    return out


@shared
def centre(place, n_inputs, n_columns):
    """Input over which column `place` of a line stands: floor((place + 1/2) n_inputs / n_columns)."""
    return (2 * place + 1) * n_inputs // (2 * n_columns)


@shared
def window(place, radius, size, wrap):
    """First place and number of places within `radius` on a line of `size`; on a ring the first may be negative."""
    if wrap:
        return (place - radius, 2 * radius + 1) if 2 * radius + 1 < size else (0, size)
    first = max(0, place - radius)
    return first, min(size, place + radius + 1) - first


@shared
def ring(place, size):
    """`place` on a ring, for places that are off by less than one round."""
    return place + size if place < 0 else (place - size if place >= size else place)


@kernel
def _pools(streams, inputs, columns, reach, shares, scratch, out):
    radius, wrap = reach
    share, initial, connected = shares
    table, chosen = scratch
    limit = np.float32(connected)
    below = np.nextafter(limit, np.float32(0.0))
    for i in range(out.shape[0]):
        top, height = window(centre(i // columns[1], inputs[0], columns[0]), radius, inputs[0], wrap)
        left, width = window(centre(i % columns[1], inputs[1], columns[1]), radius, inputs[1], wrap)
        picked = chosen[: int(share * (height * width) + 0.5)]
        if len(picked) > 0:
            rng.distinct(streams[0], i, height * width, table, picked)
        for m in picked:
            row, col = ring(top + m // width, inputs[0]), ring(left + m % width, inputs[1])
            j = row * inputs[1] + col
            u, v = rng.pair(streams[1], i * out.shape[1] + j, 0, 0)
            if u < initial:
                out[i, j] = max(np.float32(1.0 - (1.0 - connected) * v), limit)
            else:
                out[i, j] = min(np.float32(connected * v), below)
