"""The data sets of the spatial pooler's paper, as Csr: one pattern in each row, weight 1.

    random_sdrs      n_active inputs of n at random, the same number in each or between two shares of n
    bars             `n_bars` bars, upright or level, of length 2 half + 1, at random places of a field (a torus)
    crosses          one upright and one level bar through a random place
    noisy            round(share |x|) active inputs of each pattern fall silent, as many silent ones become active
    images           pixels of at least half of the largest value, in the middle of the field

A bar pair is n_bars = 2 with half = 3, a bar set n_bars = 6 with half = 6. Bars are of one orientation with the same
chance. Source: Cui, Ahmad & Hawkins 2017, section "Data sets"; the sizes are those of its published settings.
"""

import numpy as np

from neurosparse import check, rng
from neurosparse.csr import Csr, make, validate

OWNER = "sp_inputs"


def random_sdrs(n: int, n_patterns: int, active, seed: int = 0) -> Csr:
    """(n_patterns, n): `active` inputs each, a whole number, or a pair of shares of n to draw the number between.

    Raises TypeError or ValueError for numbers out of range.
    """
    owner = f"{OWNER}.random_sdrs"
    check.integer(owner, "n", n, 1, 2**31 - 1)
    check.integer(owner, "n_patterns", n_patterns)
    if isinstance(active, tuple | list):
        low, high = check.between(owner, "active", active, 0, 1)
        u = rng.uniforms(rng.stream(seed, "sparsity of patterns"), n_patterns)
        counts = np.rint(n * (low + (high - low) * u)).astype(int).tolist()
    else:
        counts = [check.integer(owner, "active", active, 0, n)] * n_patterns
    stream = rng.stream(seed, "patterns")
    return rows([rng.choice(stream, n, k, step) for step, k in enumerate(counts)], n)


def bars(shape: tuple[int, int], n_patterns: int, n_bars: int = 2, half: int = 3, seed: int = 0) -> Csr:
    """(n_patterns, rows x columns) of the field `shape`. Raises TypeError or ValueError for numbers out of range."""
    return _drawn(f"{OWNER}.bars", shape, n_patterns, n_bars, half, seed)


def crosses(shape: tuple[int, int], n_patterns: int, half: int = 3, seed: int = 0) -> Csr:
    """(n_patterns, rows x columns): both bars through one place. Raises as `bars`."""
    return _drawn(f"{OWNER}.crosses", shape, n_patterns, 1, half, seed, cross=True)


def noisy(x: Csr, share: float, seed: int = 0) -> Csr:
    """`x` with a share of [0, 1] of the active inputs of each row moved to silent places, at random.

    Raises ValueError for another share, or a row with fewer silent inputs than are to move.
    """
    check.between(f"{OWNER}.noisy", "share", share, 0, 1)
    leave, come = rng.stream(seed, "noise, silenced"), rng.stream(seed, "noise, activated")
    out = []
    for row in range(x.n_rows):
        on = x.indices[x.indptr[row] : x.indptr[row + 1]]
        off = np.delete(np.arange(x.n_cols), on)
        k = int(share * len(on) + 0.5)
        check.integer(f"{OWNER}.noisy", "silent inputs of a row", len(off), k)
        stay = np.delete(on, rng.choice(leave, len(on), k, row))
        out.append(np.sort(np.concatenate((stay, off[rng.choice(come, len(off), k, row)]))))
    return rows(out, x.n_cols)


def images(grey: np.ndarray, shape: tuple[int, int]) -> Csr:
    """(n, rows x columns) of images (n, h, w) no larger than the field; raises ValueError where they are larger."""
    n, height, width = grey.shape
    if height > shape[0] or width > shape[1]:
        check.fail(f"{OWNER}.images", f"images must be at most {shape[0]} x {shape[1]}", (height, width))
    field = np.zeros((n, *shape), bool)
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    field[:, top : top + height, left : left + width] = grey >= max(1, int(grey.max(initial=0))) / 2
    return from_dense(field.reshape(n, -1))


def silenced(x: Csr, inputs) -> Csr:
    """`x` without the listed inputs: their fibres are cut."""
    dense = to_dense(x)
    dense[:, inputs] = 0
    return from_dense(dense)


def rows(patterns: list, n: int) -> Csr:
    """Csr of lists of active inputs, each ascending. Raises ValueError for ids out of range or order."""
    counts = [len(pattern) for pattern in patterns]
    indices = np.concatenate([np.zeros(0), *patterns]).astype(np.int32)
    indptr = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    return validate(f"{OWNER}.rows", make(indptr, indices, np.ones(len(indices), np.float32), n))


def take(x: Csr, picked) -> Csr:
    """The rows `picked` of x, in that order."""
    return rows([x.indices[x.indptr[r] : x.indptr[r + 1]] for r in picked], x.n_cols)


def from_dense(dense: np.ndarray) -> Csr:
    """Csr of the non-zero places of an array (n_patterns, n)."""
    row, col = np.nonzero(dense)
    indptr = np.searchsorted(row, np.arange(len(dense) + 1)).astype(np.int64)
    return make(indptr, col.astype(np.int32), np.ones(len(col), np.float32), dense.shape[1])


def to_dense(x: Csr) -> np.ndarray:
    """(n_rows, n_cols) uint8, 1 where active."""
    out = np.zeros((x.n_rows, x.n_cols), np.uint8)
    out[np.repeat(np.arange(x.n_rows), np.diff(x.indptr)), x.indices] = 1
    return out


def _drawn(owner: str, shape, n_patterns: int, n_bars: int, half: int, seed: int, cross: bool = False) -> Csr:
    height, width = (check.integer(owner, "side of shape", side, 1, 2**15) for side in shape)
    check.integer(owner, "n_patterns", n_patterns)
    check.integer(owner, "n_bars", n_bars, 1)
    check.integer(owner, "half", half, 0, (min(height, width) - 1) // 2, "the bar must fit in the field")
    place, turn, reach = rng.stream(seed, "bars, places"), rng.stream(seed, "bars, turns"), np.arange(-half, half + 1)
    out = np.zeros((n_patterns, height, width), bool)
    for k in range(n_patterns * n_bars):
        where = rng.below(place, k, 0, height * width)
        row, col, field = where // width, where % width, out[k // n_bars]
        upright = rng.bernoulli(turn, k, 0, 0.5)
        if cross or upright:
            field[(row + reach) % height, col] = True
        if cross or not upright:
            field[row, (col + reach) % width] = True
    return from_dense(out.reshape(n_patterns, -1))
