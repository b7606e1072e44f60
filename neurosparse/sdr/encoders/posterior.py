"""Back from an SDR to a value: overlaps with every code, the best of them, and how likely each is.

    P(x | code) = (1 - loss)^o loss^(w - o) add^(w_x - o) (1 - add)^(n - w - w_x + o),    add = loss w / (n - w)
    P(code | x)  proportional to  [(1 - loss) (1 - add) / (loss add)]^o

o = overlap of the code with x; w = active bits of a code; w_x = active bits of x; n = bits. Each active bit of the code
was lost with probability `loss`, and as many others came, on average; all values were equally likely before. An SDR
that holds several codes (a union of predictions) spreads over all of them.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check


class Distribution(NamedTuple):
    """Values, and how likely each is."""

    values: Any  # (k,) or (k, d) array, or k names
    p: np.ndarray  # (k,) float64, sums to 1

    @property
    def best(self):
        """The likeliest value; the first of several."""
        return self.values[int(np.argmax(self.p))]

    @property
    def entropy(self) -> float:
        """Bits of uncertainty: 0 for one value, log2 k for k that are equally likely."""
        p = self.p[self.p > 0]
        return float(-np.sum(p * np.log2(p))) + 0.0


def distribution(owner: str, values, overlap: np.ndarray, n: int, w: int, loss: float) -> Distribution:
    """P(code | x) from the overlaps (k,). Raises ValueError unless 0 < loss < 1 - w / n."""
    check.between(owner, "loss", check.scalar(owner, "loss", loss), 0.0, 1.0)
    if not 0.0 < loss < 1.0 - w / n:
        check.fail(owner, f"loss must be in (0, 1 - w / n = {1.0 - w / n:.4g})", loss, "beyond it nothing can be told")
    add = loss * w / (n - w)
    gain = math.log1p(-loss) + math.log1p(-add) - math.log(loss) - math.log(add)
    weight = np.exp(gain * (overlap - np.max(overlap).astype(np.float64)))
    return Distribution(values, weight / weight.sum())


def peak(owner: str, overlap: np.ndarray, ring: bool = False) -> float:
    """Place of the largest overlap: the middle of the longest run of it, the first of several; may end in .5.

    On a ring the place may be len(overlap) or more. Raises ValueError where every overlap is zero.
    """
    best = overlap == some(owner, overlap)
    turn = int(np.argmin(best)) if ring else 0  # so that no run passes the end
    best = np.roll(best, -turn)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], best, [False]]).astype(np.int8)))
    start, end = edges[::2], edges[1::2]
    longest = int(np.argmax(end - start))
    return turn + (int(start[longest]) + int(end[longest]) - 1) / 2


def some(owner: str, overlap: np.ndarray):
    """The largest overlap. Raises ValueError where it is zero."""
    if not overlap.max(initial=0):
        check.fail(owner, "the sdr must share active bits with the code of a value", 0, "nothing can be told of it")
    return overlap.max()
