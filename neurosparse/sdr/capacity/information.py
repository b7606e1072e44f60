"""How much a Willshaw memory holds: the number of patterns for a given quality, and the bits for each synapse.

    false ones     (n - l) P01, in answers of l cells: quality = (n - l) P01 / l, such as 1 %
    C = (M / m) I(l / n; P01)   bits for each synapse
    I(x; e) = h(x + (1 - x) e) - (1 - x) h(e),   h(x) = -x log2 x - (1 - x) log2 (1 - x)

I is what one output cell tells: a one stays a one, a zero becomes a one with chance e = P01. As n grows, with
k = log2 n, C goes to ln 2 = .693, and slowly: .41 at a thousand cells, .53 at a million (1 % false ones).

Source: Palm, Biological Cybernetics 36 (1980) 19-31.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import inputs
from neurosparse.sdr.capacity.result import LogNumber
from neurosparse.sdr.capacity.willshaw import MOST, willshaw_false_one, willshaw_load


class WillshawCapacity(NamedTuple):
    """The most that a memory holds at a quality."""

    patterns: int
    load: float  # share of synapses that are on
    false_one: LogNumber
    bits: float  # for each synapse


def willshaw_information(m, n, l, patterns, false_one):  # noqa: E741
    """C in bits for each synapse: a float or an array. false_one: P01, numbers of [0, 1], Fractions or a LogNumber.

    Raises TypeError or ValueError for sizes as willshaw_false_one does, and for a false_one outside [0, 1].
    """
    owner = "willshaw_information"
    m, n, part = inputs.whole(owner, "m", m, 1), inputs.whole(owner, "n", n, 1), inputs.whole(owner, "l", l)
    patterns = inputs.whole(owner, "patterns", patterns, 0, MOST)
    false_one = np.nan_to_num(np.asarray(inputs.chances(owner, "false_one", false_one).value))
    m, n, part, patterns, e = inputs.together(owner, m=m, n=n, l=part, patterns=patterns, false_one=false_one)
    inputs.at_most(owner, "l", part, "n", n, "no more cells can be active than there are")
    x = part / n
    return (patterns / m * (_entropy(x + (1.0 - x) * e) - (1.0 - x) * _entropy(e)))[()]


def willshaw_capacity(m: int, n: int, k: int, l: int, quality=0.01, method: str = "exact") -> WillshawCapacity:  # noqa: E741
    """The largest number of patterns with at most quality * l false ones in an answer, for a full cue.

    Raises as willshaw_false_one, and ValueError for l = 0, l = n, k = 0 or a quality that even one pattern breaks.
    """
    owner = "willshaw_capacity"
    check.integer(owner, "n", n, 2)
    check.integer(owner, "l", l, 1, n - 1, "some cells must be on and some off")
    check.integer(owner, "k", k, 1, remedy="a cue needs a cell")
    if isinstance(quality, LogNumber):
        wanted = quality.log10 + np.log10(l / (n - l))
    else:
        wanted = np.log10(check.positive(owner, "quality", check.scalar(owner, "quality", quality)) * l / (n - l))
    low, high = 0, 1
    while high <= MOST and willshaw_false_one(m, n, k, l, high, method).log10 <= wanted:
        low, high = high, high * 2
    if not low:
        check.fail(owner, "quality must be one that a single pattern keeps", quality, "allow more false ones")
    if high > MOST:
        check.fail(owner, "quality must set a limit below 2**53 patterns", quality, "allow fewer false ones")
    while high - low > 1:
        middle = (low + high) // 2
        if willshaw_false_one(m, n, k, l, middle, method).log10 <= wanted:
            low = middle
        else:
            high = middle
    false_one = willshaw_false_one(m, n, k, l, low, method)
    bits = willshaw_information(m, n, l, low, false_one)
    return WillshawCapacity(low, float(willshaw_load(m, n, k, l, low)), false_one, float(bits))


def _entropy(x) -> np.ndarray:
    """h(x) in bits; 0 at 0 and 1."""
    x = np.asarray(x, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        both = -x * np.log2(x) - (1.0 - x) * np.log1p(-x) / np.log(2.0)
    return np.where((x <= 0.0) | (x >= 1.0), 0.0, both)
