"""How well a spatial pooler codes: what its outputs and its connections tell.

    entropy           H = mean over columns of h2(p_i) ,  h2(p) = -p log2 p - (1 - p) log2(1 - p)
                      p_i share of the patterns in which column i wins; at most h2(density)
    stability         mean |z_t and z_(t-1)| / mean |z_t|, the same patterns in two epochs
    noise robustness  area under the overlap of outputs, |z and z'| / min(|z|, |z'|), against the share of noise
    witness error     mean over patterns and their winners of |x - connected_i|_1
    coverage          connections that each input has
    centres           middle of each column's connected inputs, on the torus (circular mean)
    synapse changes   connections formed and removed between two states

Source: Cui, Ahmad & Hawkins 2017, section "Spatial pooler metrics"; definitions of its archived code where they differ.
"""

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import batch, sp_inputs
from neurosparse.sdr.spatial_pooler import Params, State, agree, compute

OWNER = "sp_metrics"
LEVELS = 21  # of noise, from 0 to 1


def entropy(z: Csr) -> float:
    """Mean entropy of a column, bits, over the patterns in the rows of z. Raises ValueError for no pattern."""
    check.integer(f"{OWNER}.entropy", "patterns", batch.rows(z, f"{OWNER}.entropy").n_rows, 1)
    p = np.bincount(z.indices, minlength=z.n_cols) / z.n_rows
    p = p[(p > 0) & (p < 1)]
    return float(-(p * np.log2(p) + (1 - p) * np.log2(1 - p)).sum() / z.n_cols)


def sparsity(z: Csr) -> float:
    """Share of columns that win."""
    return z.nnz / max(1, z.n_rows * z.n_cols)


def stability(before: Csr, now: Csr) -> float:
    """Share of the winners `now` that won `before`, for the same patterns; NaN where nobody wins."""
    _same(f"{OWNER}.stability", before, now)
    return float(_shared(before, now).sum() / now.nnz) if now.nnz else np.nan


def output_overlap(z: Csr, other: Csr) -> np.ndarray:
    """(n_rows,) common winners over the smaller number of winners; 0 where nobody wins."""
    _same(f"{OWNER}.output_overlap", z, other)
    smaller = np.minimum(np.diff(z.indptr), np.diff(other.indptr))
    return _shared(z, other) / np.maximum(smaller, 1)


def noise_curve(p: Params, state: State, x: Csr, levels: int = LEVELS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(share of noise, mean overlap of the outputs), each (levels,), over the patterns x; learning is off.

    Raises ValueError for no pattern, and as `spatial_pooler.compute`.
    """
    check.integer(f"{OWNER}.noise_curve", "levels", levels, 2)
    check.integer(f"{OWNER}.noise_curve", "patterns", batch.rows(x, f"{OWNER}.noise_curve").n_rows, 1)
    shares, clean = np.linspace(0.0, 1.0, levels), compute(p, state, x)
    noisy = [sp_inputs.noisy(x, share, seed + k) for k, share in enumerate(shares)]
    return shares, np.array([output_overlap(clean, compute(p, state, y)).mean() for y in noisy])


def noise_robustness(p: Params, state: State, x: Csr, levels: int = LEVELS, seed: int = 0) -> float:
    """Area under `noise_curve`, in [0, 1], by trapezoids."""
    shares, overlap = noise_curve(p, state, x, levels, seed)
    return float(((overlap[1:] + overlap[:-1]) * np.diff(shares)).sum() / 2)


def witness_error(state: State, x: Csr, z: Csr) -> float:
    """Mean distance, in inputs, from a pattern to the connections of its winners; NaN where nobody wins.

    Raises ValueError for patterns x or winners z of another pooler than the state's, and of unequal number.
    """
    _same(f"{OWNER}.witness_error", x, z, "patterns")
    if (x.n_cols, z.n_cols) != state.connected.shape:
        need = "x and z must be of {} inputs and {} columns".format(*state.connected.shape)
        check.fail(f"{OWNER}.witness_error", need, (x.n_cols, z.n_cols), "x, z and state of one pooler go together")
    sizes = state.connected.sum(axis=0, dtype=np.int64)
    total = 0
    for row in range(x.n_rows):
        on = x.indices[x.indptr[row] : x.indptr[row + 1]]
        won = z.indices[z.indptr[row] : z.indptr[row + 1]]
        common = state.connected[np.ix_(on, won)].sum(dtype=np.int64)
        total += len(on) * len(won) + sizes[won].sum() - 2 * common
    return float(total / z.nnz) if z.nnz else np.nan


def coverage(p: Params, state: State) -> np.ndarray:
    """(rows, columns) of the input field: how many living columns are connected to each input."""
    agree(f"{OWNER}.coverage", p, state)
    return (state.connected * state.alive).sum(axis=1, dtype=np.int64).reshape(p.input_shape)


def centres(p: Params, state: State) -> np.ndarray:
    """(n_columns, 2) row and column of the middle of each receptive field, in inputs; NaN without connections.

    Around the ring of the field where p.wrap, else the plain mean.
    """
    agree(f"{OWNER}.centres", p, state)
    out = np.empty((p.n_columns, 2))
    for axis in range(2):
        size = p.input_shape[axis]
        at = np.indices(p.input_shape)[axis].reshape(-1)
        weight = state.connected.T.astype(float)
        with np.errstate(invalid="ignore"):
            if p.wrap:
                angle = 2 * np.pi * at / size
                x, y = weight @ np.cos(angle), weight @ np.sin(angle)
                out[:, axis] = (np.arctan2(y, x) * size / (2 * np.pi)) % size
            else:
                out[:, axis] = weight @ at / weight.sum(axis=1)
    out[~state.connected.any(axis=0)] = np.nan
    return out


def synapse_changes(before: State, now: State) -> tuple[int, int]:
    """(formed, removed) connections from one state to a later one."""
    if before.connected.shape != now.connected.shape:
        need = "both states must be of one pooler"
        check.fail(f"{OWNER}.synapse_changes", need, (before.connected.shape, now.connected.shape))
    return int((now.connected > before.connected).sum()), int((now.connected < before.connected).sum())


def _shared(a: Csr, b: Csr) -> np.ndarray:
    """(n_rows,) numbers of common columns."""
    keys = [np.repeat(np.arange(m.n_rows), np.diff(m.indptr)) * m.n_cols + m.indices for m in (a, b)]
    both = np.intersect1d(*keys, assume_unique=True)
    return np.bincount(both // a.n_cols, minlength=a.n_rows)


def _same(owner: str, a: Csr, b: Csr, what: str = "patterns and columns") -> None:
    shapes = [(batch.rows(m, owner).n_rows, m.n_cols)[: 1 if what == "patterns" else 2] for m in (a, b)]
    if shapes[0] != shapes[1]:
        check.fail(owner, f"both must have the same {what}", tuple(shapes))
