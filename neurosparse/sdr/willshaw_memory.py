"""Willshaw's memory as bits: W = OR over pairs of outer(u, v), a row of n bits for each of m inputs.

    store(empty(m, n), inputs, outputs)      patterns as rows of active cells
    recall(memory, cue)                      cells onto which every cell of the cue has a synapse: an AND of c rows
    recall(memory, cue, threshold)           cells with at least `threshold` of them, for cues with wrong cells

Auto-association: store(memory, patterns, patterns). What a memory holds is `capacity.willshaw_capacity`; how often a
silent cell answers, `capacity.willshaw_false_one`.

Source: Willshaw, Buneman, Longuet-Higgins, Nature 222 (1969) 960-962.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, jit
from neurosparse.csr import Csr
from neurosparse.sdr import batch
from neurosparse.sdr.sdr import Sdr, checked


class Memory(NamedTuple):
    """Binary synapses from m inputs to n outputs, bit j % 64 of word j // 64 for output j."""

    rows: np.ndarray  # (m, ceil(n / 64)) uint64
    n: int


def empty(m: int, n: int) -> Memory:
    """No synapse is on. Raises TypeError or ValueError for sizes below 1, MemoryError for m n bits too many."""
    m = check.integer("willshaw_memory.empty", "m", m, 1, 2**31 - 1)
    n = check.integer("willshaw_memory.empty", "n", n, 1, 2**31 - 1)
    words = (n + 63) // 64
    check.fits("willshaw_memory.empty", "the synapses", 8 * m * words)
    return Memory(np.zeros((m, words), dtype=np.uint64), n)


def store(memory: Memory, inputs, outputs) -> Memory:
    """A memory that holds the pairs (inputs[i], outputs[i]) too; inputs (M, k), outputs (M, l): ids of active cells.

    Each may be a batch (Csr) of M SDRs of equal w, or an Sdr, for one pair. Raises TypeError or ValueError for what is
    no memory, arrays of another kind or shape, ids out of range, SDRs of another length, and batches of unequal w.
    """
    owner = "willshaw_memory.store"
    m = _size(owner, memory)
    inputs, outputs = _ids(owner, "inputs", inputs, 2, m), _ids(owner, "outputs", outputs, 2, memory.n)
    if len(inputs) != len(outputs):
        check.fail(owner, "inputs and outputs must be as many", (len(inputs), len(outputs)))
    rows = memory.rows.copy()
    _store(rows, inputs, outputs)
    return Memory(rows, memory.n)


def recall(memory: Memory, cue, threshold: int | None = None) -> np.ndarray:
    """Ascending int64 ids of the cells that answer; cue (c,): ids of active inputs, or an Sdr.

    threshold: synapses that a cell needs from the cue, c where not given. Raises as `store`, and ValueError for a
    threshold outside [1, c] or an empty cue.
    """
    owner = "willshaw_memory.recall"
    cue = np.unique(_ids(owner, "cue", cue, 1, _size(owner, memory)))
    if not len(cue):
        check.fail(owner, "cue must have an active cell", cue)
    if threshold is None:
        words = np.bitwise_and.reduce(memory.rows[cue], axis=0)
        return np.flatnonzero(_bits(words[None], memory.n)[0])
    check.integer(owner, "threshold", threshold, 1, len(cue))
    return np.flatnonzero(_bits(memory.rows[cue], memory.n).sum(axis=0, dtype=np.int64) >= threshold)


def load(memory: Memory) -> float:
    """Share of the synapses that are on. Raises TypeError for what is no memory."""
    m = _size("willshaw_memory.load", memory)
    return sum(int(_bits(row[None], memory.n).sum()) for row in memory.rows) / (m * memory.n)


def _bits(rows: np.ndarray, n: int) -> np.ndarray:
    """(c, words) to (c, n) of 0 and 1."""
    little = rows.astype("<u8").view(np.uint8).reshape(len(rows), -1)
    return np.unpackbits(little, axis=1, bitorder="little")[:, :n]


def _size(owner: str, memory: Memory) -> int:
    if not isinstance(memory, Memory):
        check.fail(owner, "memory must be a Memory", memory, "make it with willshaw_memory.empty(m, n)", TypeError)
    return len(memory.rows)


def _ids(owner: str, name: str, ids, dims: int, size: int) -> np.ndarray:
    if isinstance(ids, Sdr):
        ids = checked(owner, name, ids, size).indices
        return np.array(ids, np.int64, ndmin=dims)
    if isinstance(ids, Csr):
        return _even(owner, name, ids, dims, size)
    ids = check.array(owner, name, ids)
    if ids.ndim != dims or (ids.dtype.kind not in "iu" and ids.size):
        check.fail(owner, f"{name} must be ids of cells with {dims} dimension(s)", (ids.dtype, ids.shape))
    if ids.size and (ids.min() < 0 or ids.max() >= size):
        check.fail(owner, f"{name} must be in [0, {size})", (int(ids.min()), int(ids.max())))
    return ids.astype(np.int64)


def _even(owner: str, name: str, many: Csr, dims: int, size: int) -> np.ndarray:
    """(M, w) ids of a batch."""
    if dims == 1:
        check.fail(owner, f"{name} must be one Sdr or vector of ids, not a batch", many, "recall each row", TypeError)
    w = np.diff(batch.rows(many, owner, size).indptr)
    if len(w) and w.min() < w.max():
        need = f"{name} must be SDRs of equal w"
        check.fail(owner, need, (int(w.min()), int(w.max())), "store those of one w at a time")
    return many.indices.reshape(len(w), -1 if many.nnz else 0).astype(np.int64)


@jit.kernel
def _store(rows, inputs, outputs):
    words = np.empty(rows.shape[1], dtype=np.uint64)
    for pair in range(inputs.shape[0]):
        words[:] = np.uint64(0)
        for j in outputs[pair]:
            words[j >> 6] |= np.uint64(1) << np.uint64(j & 63)
        for i in inputs[pair]:
            for w in range(words.size):
                rows[i, w] |= words[w]
