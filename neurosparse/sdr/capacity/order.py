"""Which of two numbers is larger where no float holds them: the sign of x - y for LogNumbers and plain numbers.

By log10; where these are so near that rounding may decide, by the exact fractions, if both numbers have one in reach.
"""

from fractions import Fraction

import numpy as np

from neurosparse.sdr.capacity import result

NEAR = 1e-12  # of log10: what its rounding may make, relative to it or to 1


def signs(x: "result.LogNumber", y) -> np.ndarray | None:
    """-1, 0, 1, or nan for a y that is nan, of the broadcast shape; None where y is no number.

    y: a LogNumber, a number, a Fraction, or an array of numbers.
    """
    made = _known(y)
    if made is None:
        return None
    other, below = made
    left, right, below = np.broadcast_arrays(np.asarray(x.log10), np.asarray(other.log10), below)
    with np.errstate(invalid="ignore"):
        gap = np.where(left == right, 0.0, left - right)
        found = np.where(below, 1.0, np.sign(gap))
    near = (np.abs(gap) <= NEAR * np.maximum(1.0, np.abs(right))) & np.isfinite(left) & np.isfinite(right) & ~below
    if x.exact is not None and other.exact is not None:
        for place in np.argwhere(near):
            found[tuple(place)] = _exact(
                _at(x, place, near.shape), _at(other, place, near.shape), float(found[tuple(place)])
            )
    return found


def _known(y) -> "tuple[result.LogNumber, np.ndarray] | None":
    """y by its logarithm, and where it is negative; None where it is no number."""
    if isinstance(y, result.LogNumber):
        return y, np.asarray(False)
    if isinstance(y, Fraction | int):
        return result.from_fractions(Fraction, max(Fraction(y), Fraction(0))), np.asarray(y < 0)
    if np.asarray(y).dtype.kind not in "iuf":
        return None
    array = np.asarray(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        return result.LogNumber(np.log10(np.where(array < 0, 0, array)), exact=Fraction, arguments=(array,)), array < 0


def _at(x: "result.LogNumber", place: np.ndarray, shape: tuple) -> "result.LogNumber":
    """The element that broadcasting puts at a place."""
    index = np.broadcast_to(np.arange(np.size(x.log10)).reshape(x.shape), shape)[tuple(place)]
    return x[np.unravel_index(index, x.shape)] if x.shape else x


def _exact(x: "result.LogNumber", y: "result.LogNumber", sign: float) -> float:
    """The sign of x - y by fractions; as given where working them out would take hours."""
    try:
        a, b = x.fraction(), y.fraction()
    except ValueError:
        return sign
    return float(a > b) - float(a < b)
