"""Checks of what the calculator is given: whole numbers that fit each other, broadcast as NumPy arrays.

Numbers of cells go up to 2**26 - 1 = 67,108,863: then products of two of them are exact in float64.
"""

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity.factorial import LARGEST


def whole(owner: str, name: str, value, low: int = 0, high: int = LARGEST) -> np.ndarray:
    """`value` as int64: a whole number in [low, high], or an array (list) of them.

    Raises TypeError for what is not made of whole numbers (floats, even 3.0, bool, text), ValueError out of range.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return np.asarray(check.integer(owner, name, value, low, high), dtype=np.int64)
    array = check.array(owner, name, value)
    if array.dtype.kind not in "iu" and array.size:
        need, remedy = f"{name} must be a whole number or an array of them", "say round(share * n)"
        check.fail(owner, need, value, remedy if array.dtype.kind == "f" else "", TypeError)
    if array.size and (array.min() < low or array.max() > high):
        check.fail(owner, f"{name} must be in [{low}, {high}]", value)
    return array.astype(np.int64)


def at_most(owner: str, small: str, a: np.ndarray, large: str, b: np.ndarray, remedy: str) -> None:
    """Raise ValueError where a > b; the message names the first such pair."""
    wrong = np.argwhere(a > b)
    if len(wrong):
        place = tuple(wrong[0])
        got = tuple(int(np.broadcast_to(one, np.broadcast_shapes(a.shape, b.shape))[place]) for one in (a, b))
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


def probability(owner: str, name: str, value) -> np.ndarray:
    """`value` as float64 in [0, 1]."""
    return np.asarray(check.between(owner, name, value, 0, 1), dtype=np.float64)
