"""One network on several threads: each owns a contiguous share of every population, and all meet once in a tick.

A thread delivers to, steps and collects the neurons of its share alone. Every target still adds up in source order, so
the bits do not depend on how many threads there are. Shares begin at multiples of 64 neurons: no two threads write to
one cache line. What one thread wrote before `meet` is seen by all after it.
"""

import ctypes
import sys
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from neurosparse.jit import kernel, shared

ALIGN = 64
SPINS = 2000  # looks at the others before the operating system may run somebody else
LINE = 64  # bytes in a cache line
ROOM = LINE // 8  # int64 in it


def bounds(n: int, threads: int) -> np.ndarray:
    """(threads + 1,) int64: share q of n neurons is [bounds[q], bounds[q + 1])."""
    blocks = -(-n // ALIGN)
    return np.minimum(np.arange(threads + 1) * blocks // threads * ALIGN, n).astype(np.int64)


def aligned(array: np.ndarray) -> np.ndarray:
    """A copy that begins where a cache line begins: no vector of neurons then lies in two of them."""
    room = np.empty(array.nbytes + LINE, dtype=np.uint8)
    first = -room.ctypes.data % LINE
    copy = room[first : first + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def gate() -> np.ndarray:
    """Memory of one meeting place: how many have come, and how often all have met."""
    return np.zeros(2 * ROOM, dtype=np.int64)


def cut(segments: np.ndarray, indices: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Segments of synapses, ascending in target, cut where shares of the targets end.

    segments (k + 1,) -> (k * threads + 1,): the synapses of segment s into share q are those of s * threads + q.
    """
    threads = len(limits) - 1
    if threads == 1:
        return segments
    out = np.empty((len(segments) - 1) * threads + 1, dtype=np.int64)
    _cut(segments, indices, limits, out)
    out.flags.writeable = False
    return out


@kernel
def _cut(segments, indices, limits, out):
    threads = limits.shape[0] - 1
    for s in range(segments.shape[0] - 1):
        for q in range(threads):
            row = indices[segments[s] : segments[s + 1]]
            out[s * threads + q] = segments[s] + np.searchsorted(row, limits[q])
    out[-1] = segments[-1]


def together(ring: np.ndarray, counts: np.ndarray, limits: np.ndarray, *beside: np.ndarray) -> tuple:
    """Spike lists of several shares, (ticks, n) with counts (ticks, threads), as lists of one share: (counts, arrays).

    `beside` are arrays (ticks, n) whose entries belong to the spikes. Fresh arrays.
    """
    return _moved(ring, counts, limits, np.array([0, ring.shape[1]]), beside)


def apart(ring: np.ndarray, counts: np.ndarray, limits: np.ndarray, *beside: np.ndarray) -> tuple:
    """The inverse of `together`: lists of one share dealt out to those of `limits`."""
    return _moved(ring, counts, np.array([0, ring.shape[1]]), limits, beside)


def _moved(ring, counts, old, new, beside) -> tuple:
    ticks = len(ring)
    fresh = tuple(np.zeros_like(array) for array in (ring, *beside))
    fresh_counts = np.zeros((ticks, len(new) - 1), dtype=np.int64)
    for u in range(ticks):
        at = np.concatenate([np.arange(old[q], old[q] + n) for q, n in enumerate(counts[u])])
        share = np.searchsorted(new, ring[u, at], side="right") - 1
        fresh_counts[u] = np.bincount(share, minlength=len(new) - 1)
        place = np.concatenate([np.arange(new[q], new[q] + n) for q, n in enumerate(fresh_counts[u])])
        for array, source in zip(fresh, (ring, *beside), strict=True):
            array[u, place] = source[u, at]
    return fresh_counts, fresh


_intrinsic: Any = intrinsic


@_intrinsic
def _add(typingctx, array, place, amount):
    """Atomic array[place] += amount; returns what was there."""

    def build(context, builder, signature, args):
        return builder.atomic_rmw("add", _pointer(context, builder, signature, args), args[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), build


@_intrinsic
def _look(typingctx, array, place):
    """Atomic array[place]."""

    def build(context, builder, signature, args):
        return builder.load_atomic(_pointer(context, builder, signature, args), "seq_cst", 8)

    return types.int64(array, types.int64), build


@_intrinsic
def _put(typingctx, array, place, value):
    """Atomic array[place] = value."""

    def build(context, builder, signature, args):
        builder.store_atomic(args[2], _pointer(context, builder, signature, args), "seq_cst", 8)
        return ir.Constant(ir.IntType(64), 0)

    return types.int64(array, types.int64, types.int64), build


def _pointer(context, builder, signature, args):
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return builder.gep(array.data, [args[1]])


_yielding = sys.platform != "win32" and hasattr(ctypes.CDLL(None), "sched_yield")
_sched_yield = types.ExternalFunction("sched_yield", types.int32())

if _yielding:

    @shared
    def _give_way():
        _sched_yield()

else:

    @shared
    def _give_way():
        pass


@shared
def meet(place, threads):
    """Wait until all `threads` have come to `place`, a `gate`."""
    if threads == 1:
        return
    met = _look(place, ROOM)
    if _add(place, 0, 1) == threads - 1:
        _put(place, 0, 0)
        _put(place, ROOM, met + 1)
        return
    spins = 0
    while _look(place, ROOM) == met:
        spins += 1
        if spins > SPINS:
            _give_way()
