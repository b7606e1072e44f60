"""Checks of what the calculator is given: numbers that fit each other, broadcast as NumPy arrays.

Numbers of cells go up to 2**26 - 1 = 67,108,863: then products of two of them are exact in float64. Of an array that is
refused the message shows the first wrong element and its place.
"""

from fractions import Fraction

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity.factorial import LARGEST
from neurosparse.sdr.capacity.result import LogNumber, from_fractions


def whole(owner: str, name: str, value, low: int = 0, high: int = LARGEST) -> np.ndarray:
    """`value` as int64: a whole number in [low, high], or an array (list) of them, of Python's ints too.

    Raises TypeError for what is not made of whole numbers (floats, even 3.0, bool, text), ValueError out of range.
    """
    array = _array(owner, name, value)
    if array.dtype.kind not in "iu" and array.size:
        array = _objects(value, array)
        wrong = np.array([not isinstance(part, int | np.integer) or isinstance(part, bool) for part in array.flat])
        got = array.flat[int(wrong.argmax())]
        need, remedy = f"{name} must be a whole number or an array of them", "say round(share * n)"
        _refuse(owner, need, array, wrong, remedy if isinstance(got, float | np.floating) else "", TypeError)
    if array.size:
        _refuse(owner, f"{name} must be in [{low}, {high}]", array, (array < low) | (array > high))
    return array.astype(np.int64)


def one(owner: str, name: str, value, low: int = 0, high: int = LARGEST) -> int:
    """`value` as an int: one whole number in [low, high]. Raises as `whole`, and ValueError for an array."""
    return int(_single(owner, name, "whole number", whole(owner, name, value, low, high)))


def number(owner: str, name: str, value, low: float, high: float = np.inf, unit: str = "") -> np.ndarray:
    """`value` as an array of finite numbers in [low, high], whole ones as they are."""
    array = _array(owner, name, value)
    if array.dtype.kind == "O" and all(isinstance(one, int) for one in array.flat):
        array = array.astype(np.float64)  # beyond int64
    if array.dtype.kind not in "iuf":
        check.number(owner, name, value if np.ndim(value) == 0 else array.flat[0], unit)
    _refuse(owner, f"{name} must be a finite number", array, ~np.isfinite(array))
    bound = f">= {low}" if high == np.inf else f"in [{low}, {high}]"
    _refuse(owner, f"{name} must be {bound}{unit and ' ' + unit}", array, (array < low) | (array > high))
    return array


def probability(owner: str, name: str, value) -> np.ndarray:
    """`value` as float64 in [0, 1]."""
    return number(owner, name, value, 0, 1).astype(np.float64)


def share(owner: str, name: str, value) -> np.ndarray:
    """`value` as float64 in [0, 1)."""
    array = _array(owner, name, value)
    wrong = ~((array >= 0) & (array < 1))
    _refuse(owner, f"{name} must be in [0, 1)", array, wrong, "a share of a, or whole cells")
    return array.astype(np.float64)


def chances(owner: str, name: str, value) -> LogNumber:
    """Probabilities known by their logarithms, however small: numbers, Fractions, arrays of either, or a LogNumber."""
    if isinstance(value, LogNumber):
        log10 = np.asarray(value.log10)
        wrong = ~(log10 <= 0)
        if wrong.any():
            check.fail(owner, f"{name} must be in [0, 1]", value[_place(wrong)] if wrong.ndim else value)
        return value
    array = _array(owner, name, value)
    if array.dtype.kind == "O" and all(isinstance(part, Fraction | int | float) for part in array.flat):
        _refuse(owner, f"{name} must be in [0, 1]", array, ~np.asarray((array >= 0) & (array <= 1), dtype=bool))
        return from_fractions(Fraction, array)
    p = probability(owner, name, value)
    with np.errstate(divide="ignore"):
        return LogNumber(np.log10(p), p, Fraction, (p,))


def chance(owner: str, name: str, value) -> LogNumber:
    """One probability. Raises as `chances`, and ValueError for an array."""
    found = chances(owner, name, value)
    _single(owner, name, "number", np.asarray(found.log10))
    return found


def at_most(owner: str, small: str, a: np.ndarray, large: str, b: np.ndarray, remedy: str) -> None:
    """Raise ValueError where a > b; the message names the first such pair."""
    wrong = a > b
    if np.any(wrong):
        place = _place(wrong)
        got = tuple(int(np.broadcast_to(part, wrong.shape)[place]) for part in (a, b))
        check.fail(owner, f"{small} must be <= {large}", got, remedy)


def together(owner: str, **named: np.ndarray) -> tuple[np.ndarray, ...]:
    """The arrays broadcast to one shape. Raises ValueError where NumPy could not."""
    try:
        return tuple(np.broadcast_arrays(*named.values()))
    except ValueError:
        shapes = {name: array.shape for name, array in named.items()}
        check.fail(owner, f"{', '.join(named)} must broadcast together", shapes)


def flat(*arrays: np.ndarray) -> list[np.ndarray]:
    """Copies of one broadcast shape as vectors: kernels shall see one kind of array, writeable and contiguous."""
    shape = np.broadcast_shapes(*[array.shape for array in arrays])
    return [np.array(np.broadcast_to(array, shape), order="C").reshape(-1) for array in arrays]


def overlapping(owner: str, n, a, s) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """n >= 1 cells, of which a are active and s are on the segment: a <= n, s <= n."""
    n, a, s = whole(owner, "n", n, 1), whole(owner, "a", a), whole(owner, "s", s)
    n, a, s = together(owner, n=n, a=a, s=s)
    at_most(owner, "a", a, "n", n, "no more cells can be active than there are")
    at_most(owner, "s", s, "n", n, "a segment has one synapse for each cell at most")
    return n, a, s


def reachable(owner: str, s: np.ndarray, theta) -> np.ndarray:
    """theta in [0, s]: a threshold above all synapses of the segment is a mistake, not a probability of 0."""
    theta = whole(owner, "theta", theta)
    together(owner, s=s, theta=theta)
    at_most(owner, "theta", theta, "s", s, "a segment of s synapses can not be hit more often: lower theta or raise s")
    return theta


def in_union(owner: str, n: np.ndarray, s: np.ndarray, m, theta) -> tuple[np.ndarray, np.ndarray]:
    """m and theta; where no m is above 1, theta is in [0, s], as for a segment; several may fail to reach it."""
    m, theta = whole(owner, "m", m), whole(owner, "theta", theta)
    together(owner, n=n, s=s, m=m, theta=theta)
    if m.max(initial=0) <= 1:
        at_most(owner, "theta", theta, "s", s, "a pattern of s cells covers no more: lower theta or raise m")
    return m, theta


def _array(owner: str, name: str, value) -> np.ndarray:
    if isinstance(value, np.ma.MaskedArray):
        check.fail(owner, f"{name} must have no mask", type(value).__name__, "take its .compressed() or .filled(0)")
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError):
        need = f"{name} must be an array"
        check.fail(owner, need, type(value).__name__, "its rows need one length")


def _objects(value, array: np.ndarray) -> np.ndarray:
    """The elements as they were given: lists of Python's ints may have become floats."""
    return array if isinstance(value, np.ndarray) else np.asarray(value, dtype=object)


def _single(owner: str, name: str, kind: str, array: np.ndarray) -> np.ndarray:
    if array.ndim:
        check.fail(owner, f"{name} must be one {kind}", f"an array of shape {array.shape}")
    return array


def _place(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(wrong)[0])


def _refuse(
    owner: str, need: str, array: np.ndarray, wrong: np.ndarray, remedy="", error: type[Exception] = ValueError
) -> None:
    """Raise where any element is wrong; the message has the first one."""
    wrong = np.reshape(wrong, array.shape)
    if wrong.any():
        place = _place(wrong)
        got = array[place]
        there = f"element {list(place)} is the first such" if place else ""
        got = got.item() if isinstance(got, np.generic | np.ndarray) else got
        check.fail(owner, need, got, "; ".join(filter(None, [remedy, there])), error)
