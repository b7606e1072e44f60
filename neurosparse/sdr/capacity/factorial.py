"""Factorials as double-doubles with an exponent: k! to 25 digits for any k, from a table of every 32nd.

    k! = (high + low) * 2**exponent = (32 j)! * (32 j + 1) ... k,   j = floor(k / 32)

A ratio of a few of them is a binomial coefficient or a probability of the overlap law, without any logarithm to lose
digits in: the sum of log10 k! cancels to a small difference of large numbers, the product of k! does not. A table is
made once for each power of two of sizes (1.5 MB and about 20 ms for a million).
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from neurosparse import jit
from neurosparse.sdr.capacity import double

STRIDE = 32  # factors below 2**26: their product stays below 2**832
LARGEST = 2**26 - 1  # the largest k; products of two whole numbers below are exact in float64


class Table(NamedTuple):
    """(32 j)! for j = 0, 1, ...: high, low float64 and exponent int64, each (n_rows,)."""

    high: np.ndarray
    low: np.ndarray
    exponent: np.ndarray


def table(n: int) -> Table:
    """Factorials up to n <= LARGEST at least."""
    return _table(max(int(n), 4095).bit_length())


@cache  # one for each power of two: 100 MB in all at most
def _table(bits: int) -> Table:
    rows = 2**bits // STRIDE
    parts = [_blocks(np.arange(first, min(first + 4096, rows))) for first in range(0, rows, 4096)]
    mantissa, low, shift = (np.concatenate(column) for column in zip(*parts))
    made = Table(np.ones(rows), np.zeros(rows), np.zeros(rows, dtype=np.int64))
    _accumulate(mantissa, low, shift, *made)
    for column in made:
        column.flags.writeable = False
    return made


def _blocks(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(32 j + 1) ... (32 j + 32) for each j of `rows`; few enough at a time to stay near the processor."""
    high, low = np.ones(len(rows)), np.zeros(len(rows))
    for i in range(1, STRIDE + 1):
        high, low = double.scale(high, low, rows * float(STRIDE) + i)
    mantissa, shift = np.frexp(high)
    return mantissa, np.ldexp(low, -shift), shift.astype(np.int64)


@jit.kernel
def _accumulate(block_high, block_low, block_exponent, high, low, exponent):
    """Row j: the product of the first j blocks."""
    for j in range(1, high.shape[0]):
        head, rest = double.multiply(high[j - 1], low[j - 1], block_high[j - 1], block_low[j - 1])
        high[j], low[j], exponent[j] = double.normal(head, rest, exponent[j - 1] + block_exponent[j - 1])


@jit.shared
def factorial(high, low, exponent, k):
    """k! as a normal (high, low, exponent), from the columns of a table that reaches k."""
    j = k // STRIDE
    head, rest = high[j], low[j]
    for i in range(j * STRIDE + 1, k + 1):
        head, rest = double.scale(head, rest, float(i))
    return double.normal(head, rest, exponent[j])
