"""What is done with SDRs: compare, join, put side by side, disturb.

union, intersection     of many SDRs, or of the rows of a batch
concatenate, split      n = n_1 + n_2 + ...: bits of part k begin where those of part k - 1 end
kill                    bits of dead cells are never active
overlap, successive     see overlap.py
random, random_batch, noise, flip, subsample        see noise.py
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import batch
from neurosparse.sdr.noise import Code, flip, noise, random, random_batch, subsample
from neurosparse.sdr.overlap import overlap, successive
from neurosparse.sdr.sdr import Sdr, checked, trusted

__all__ = [
    "overlap",
    "successive",
    "union",
    "intersection",
    "concatenate",
    "split",
    "kill",
    "random",
    "random_batch",
    "noise",
    "flip",
    "subsample",
]


def union(sdrs: Iterable[Sdr] | Csr) -> Sdr:
    """Bits active in any of the SDRs. Raises ValueError for none, or SDRs of different length."""
    many = _batch("algebra.union", sdrs)
    return trusted(np.unique(many.indices), (many.n_cols,))


def intersection(sdrs: Iterable[Sdr] | Csr) -> Sdr:
    """Bits active in all of the SDRs. Raises ValueError for none, or SDRs of different length."""
    many = _batch("algebra.intersection", sdrs)
    bits, count = np.unique(many.indices, return_counts=True)
    return trusted(bits[count == many.n_rows], (many.n_cols,))


def concatenate(parts: Iterable[Code]) -> Code:
    """SDRs (or batches of as many rows) side by side. Raises ValueError for none or other rows, TypeError for a mix."""
    owner = "algebra.concatenate"
    pieces: list[Any] = batch.listed(owner, "parts", parts)
    if not pieces:
        check.fail(owner, "parts must be at least one SDR or batch", pieces)
    if isinstance(pieces[0], Csr):
        return _side_by_side(owner, pieces)
    for k, part in enumerate(pieces):
        checked(owner, f"part {k}", part)
    first = np.concatenate([[0], np.cumsum([part.n for part in pieces])])
    check.integer(owner, "n", int(first[-1]), high=2**31 - 1)
    made: Any = trusted(_shifted(pieces, first), (int(first[-1]),))
    return made


def split(x: Sdr, sizes: Sequence[int]) -> list[Sdr]:
    """The parts that `concatenate` joined, of these lengths. Raises ValueError where the lengths do not add up to n."""
    owner = "algebra.split"
    edges = [0]
    for size in sizes:
        edges.append(edges[-1] + check.integer(owner, "a size", size, 1))
    if edges[-1] != checked(owner, "x", x).n:
        check.fail(owner, f"sizes must add up to {x.n}", edges[-1])
    places = np.searchsorted(x.indices, edges)
    return [
        trusted(x.indices[here:there] - np.int32(low), (high - low,))
        for here, there, low, high in zip(places, places[1:], edges, edges[1:])
    ]


def kill(x: Code, dead: Sdr) -> Code:
    """x without the bits of the dead cells; x an Sdr or a batch. `random(n, round(f * n), stream)` kills a fraction f.

    Raises ValueError for SDRs of different length.
    """
    checked("algebra.kill", "dead", dead)
    if isinstance(x, Csr):
        batch.rows(x, "algebra.kill", dead.n)
        return batch.select(x, ~dead.dense.reshape(-1)[x.indices])
    return checked("algebra.kill", "x", x, dead.n) - dead


def _side_by_side(owner: str, parts: list) -> Any:
    first = np.concatenate([[0], np.cumsum([batch.rows(part, owner).n_cols for part in parts])])
    check.integer(owner, "n", int(first[-1]), high=2**31 - 1)
    counts = [np.diff(part.indptr) for part in parts]
    if len({len(count) for count in counts}) > 1:
        check.fail(owner, "batches must have one number of rows", [part.n_rows for part in parts])
    row = np.concatenate([np.repeat(np.arange(len(count)), count) for count in counts])
    indices = _shifted(parts, first)[np.argsort(row, kind="stable")]
    return batch.ragged(np.sum(counts, axis=0), indices, int(first[-1]))


def _shifted(parts: list, first: np.ndarray) -> np.ndarray:
    """The active bits of all parts, each moved to where it begins."""
    moved = [part.indices + np.int32(start) for part, start in zip(parts, first)]
    return np.concatenate(moved).astype(np.int32)


def _batch(owner: str, sdrs) -> Csr:
    many = sdrs if isinstance(sdrs, Csr) else batch.listed(owner, "sdrs", sdrs)
    if not (many.n_rows if isinstance(many, Csr) else len(many)):
        check.fail(owner, "there must be at least one SDR", sdrs)
    if isinstance(many, Csr):
        return batch.rows(many, owner)
    n = checked(owner, "the first", many[0]).n
    return batch.of([checked(owner, "each", x, n) for x in many])
