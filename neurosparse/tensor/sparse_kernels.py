"""The product of a sparse matrix with a batch, and its two gradients, on a CPU.

    forward    y[o, b]  = sum_k w[k] x[i_k, b]          over the synapses k that end at o, i_k ascending
    to input   dx[i, b] = sum_k w[k] g[o_k, b]          over the synapses k that leave i, o_k ascending
    to weights dw[k]    = sum_b x[i_k, b] g[o_k, b]     the sampled product; columns b in tiles, one after another

x, y, g are (unit, column), so that a synapse works on one line of memory for each side; columns are samples. Backward
does both gradients in one pass over the synapses that leave a unit: each line of g is read once for the two.

Every number is the work of one thread, and always in the order above: the same bits for any number of threads. y and dx
are the same bits for any batch, too. Only in dw may the compiler add the columns of a tile in lanes (`dot`).
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import lower_builtin, type_callable

from neurosparse import jit

LOOSE = ("reassoc", "contract", "nsz")
SIDE = 16  # of the squares in which a matrix is turned
ONE, TWO, THREE, FOUR = map(np.uint64, (1, 2, 3, 4))


class Lines(NamedTuple):
    """Synapses of unit r: `indices[indptr[r]:indptr[r + 1]]`, units of the other side, ascending."""

    indptr: np.ndarray  # (n + 1,) int64
    indices: np.ndarray  # (nnz,) int32


def dot(total, a, b):
    """total + a b; in compiled code a sum of such terms may be taken in any order, fixed when it is compiled."""
    return total + a * b


@type_callable(dot)
def _type_dot(context):
    return lambda total, a, b: total


@lower_builtin(dot, types.Float, types.Float, types.Float)
def _lower_dot(context, builder: Any, signature, args):
    return builder.fadd(args[0], builder.fmul(args[1], args[2], flags=LOOSE), flags=LOOSE)


@jit.kernel
def turn(x, out, first, last):
    """out[i, b] = x[b, i] for i in [first, last)."""
    side, n = np.uint64(SIDE), np.uint64(x.shape[0])
    for i0 in range(np.uint64(first), np.uint64(last), side):
        for b0 in range(np.uint64(0), n, side):
            for i in range(i0, min(i0 + side, np.uint64(last))):
                for b in range(b0, min(b0 + side, n)):
                    out[i, b] = x[b, i]


@jit.kernel
def turn_back(x, out, first, last):
    """out[b, i] = x[i, b] for i in [first, last)."""
    side, n = np.uint64(SIDE), np.uint64(x.shape[1])
    for i0 in range(np.uint64(first), np.uint64(last), side):
        for b0 in range(np.uint64(0), n, side):
            for b in range(b0, min(b0 + side, n)):
                for i in range(i0, min(i0 + side, np.uint64(last))):
                    out[b, i] = x[i, b]


@jit.kernel
def permute(values, order, out, first, last):
    """out[k] = values[order[k]] for k in [first, last)."""
    for k in range(np.uint64(first), np.uint64(last)):
        out[k] = values[np.uint64(order[k])]


@jit.kernel
def fill(lines, w, matrix, first, last):
    """matrix[r, indices[k]] = w[k] for the synapses of units r in [first, last)."""
    for r in range(np.uint64(first), np.uint64(last)):
        for k in range(np.uint64(lines.indptr[r]), np.uint64(lines.indptr[r + ONE])):
            matrix[r, np.uint64(lines.indices[k])] = w[k]


@jit.kernel
def pick(lines, matrix, w, first, last):
    """w[k] = matrix[r, indices[k]] for the synapses of units r in [first, last)."""
    for r in range(np.uint64(first), np.uint64(last)):
        for k in range(np.uint64(lines.indptr[r]), np.uint64(lines.indptr[r + ONE])):
            w[k] = matrix[r, np.uint64(lines.indices[k])]


@jit.kernel
def product(lines, w, x, y, first, last):
    """y[r] = sum_k w[k] x[indices[k]] for units r in [first, last); four synapses at a time, in their order."""
    n = np.uint64(x.shape[1])
    for r in range(np.uint64(first), np.uint64(last)):
        k, end = np.uint64(lines.indptr[r]), np.uint64(lines.indptr[r + ONE])
        for b in range(n):
            y[r, b] = 0
        while k + FOUR <= end:
            i0, i1 = np.uint64(lines.indices[k]), np.uint64(lines.indices[k + ONE])
            i2, i3 = np.uint64(lines.indices[k + TWO]), np.uint64(lines.indices[k + THREE])
            w0, w1, w2, w3 = w[k], w[k + ONE], w[k + TWO], w[k + THREE]
            for b in range(n):
                y[r, b] = y[r, b] + w0 * x[i0, b] + w1 * x[i1, b] + w2 * x[i2, b] + w3 * x[i3, b]
            k += FOUR
        while k < end:
            i0, w0 = np.uint64(lines.indices[k]), w[k]
            for b in range(n):
                y[r, b] += w0 * x[i0, b]
            k += ONE


@jit.kernel
def sampled(lines, x, g, dw, first, last):
    """dw[k] += x[r] . g[indices[k]] for the synapses of units r in [first, last)."""
    n = np.uint64(x.shape[1])
    for r in range(np.uint64(first), np.uint64(last)):
        for k in range(np.uint64(lines.indptr[r]), np.uint64(lines.indptr[r + ONE])):
            o, total = np.uint64(lines.indices[k]), dw.dtype.type(0)
            for b in range(n):
                total = dot(total, x[r, b], g[o, b])
            dw[k] += total


@jit.kernel
def backward(lines, w, x, g, grads, first, last):
    """`product` of w and g into grads[0], `sampled` of x and g into grads[1], in one pass."""
    dx, dw = grads
    n = np.uint64(x.shape[1])
    for r in range(np.uint64(first), np.uint64(last)):
        k, end = np.uint64(lines.indptr[r]), np.uint64(lines.indptr[r + ONE])
        for b in range(n):
            dx[r, b] = 0
        while k + FOUR <= end:
            o0, o1 = np.uint64(lines.indices[k]), np.uint64(lines.indices[k + ONE])
            o2, o3 = np.uint64(lines.indices[k + TWO]), np.uint64(lines.indices[k + THREE])
            w0, w1, w2, w3 = w[k], w[k + ONE], w[k + TWO], w[k + THREE]
            s0 = s1 = s2 = s3 = dw.dtype.type(0)
            for b in range(n):
                dx[r, b] = dx[r, b] + w0 * g[o0, b] + w1 * g[o1, b] + w2 * g[o2, b] + w3 * g[o3, b]
                s0, s1 = dot(s0, x[r, b], g[o0, b]), dot(s1, x[r, b], g[o1, b])
                s2, s3 = dot(s2, x[r, b], g[o2, b]), dot(s3, x[r, b], g[o3, b])
            dw[k] += s0
            dw[k + ONE] += s1
            dw[k + TWO] += s2
            dw[k + THREE] += s3
            k += FOUR
        while k < end:
            o0, w0, s0 = np.uint64(lines.indices[k]), w[k], dw.dtype.type(0)
            for b in range(n):
                dx[r, b] += w0 * g[o0, b]
                s0 = dot(s0, x[r, b], g[o0, b])
            dw[k] += s0
            k += ONE
