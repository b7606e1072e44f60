"""A sparse distributed representation: w active bits among n, and the views of it.

    Sdr([3, 7, 12], 64)            active bits and length, or a shape: Sdr([3, 7, 12], (8, 8))

n = length, w = number of active bits, sparsity = w / n. A value: no view can be written to, and every view is made
once, when it is first asked for. It is the set of its active bits: `len`, `in`, `iter`, `==`, `&`, `|`, `-` and `^`
mean what they mean for sets, of SDRs of one length. The shape says how `dense` looks, and does not count in `==`.
"""

import math

import numpy as np

from neurosparse import check
from neurosparse.csr import frozen

LARGEST = 2**31 - 1  # indices are int32, as in a Csr
WORD = 64


class Sdr:
    """w sorted active bits in [0, n). Raises ValueError or TypeError for bits out of range, twice, or not whole."""

    __slots__ = ("_dense", "_hash", "_indices", "_packed", "_shape")
    __array_ufunc__ = None  # an array is no SDR: `sdr & array` is refused

    def __init__(self, indices, n):
        self._shape = shape_of("Sdr", n)
        self._indices: np.ndarray | None = _sorted("Sdr", indices, math.prod(self._shape))
        self._dense = self._hash = self._packed = None

    @classmethod
    def from_dense(cls, array) -> "Sdr":
        """From zeros and ones (or bools) of any shape, which becomes the SDR's."""
        array = check.array("Sdr.from_dense", "array", array)
        if array.dtype.kind not in "biuf" or not np.all((array == 0) | (array == 1)):
            check.fail("Sdr.from_dense", "array must hold zeros and ones", array, "compare it: array > threshold")
        return trusted(np.flatnonzero(array).astype(np.int32), shape_of("Sdr.from_dense", array.shape))

    @classmethod
    def from_packed(cls, words, n) -> "Sdr":
        """From packed bits: (ceil(n / 64),) uint64 or (ceil(n / 8),) uint8, bit i % 64 of word i // 64 is bit i."""
        owner, shape = "Sdr.from_packed", shape_of("Sdr.from_packed", n)
        words = check.array(owner, "words", words)
        n = math.prod(shape)
        if words.dtype not in (np.uint64, np.uint8) or words.shape != (-(-n // (8 * words.dtype.itemsize)),):
            need = f"words must be {-(-n // WORD)} of uint64 or {-(-n // 8)} of uint8"
            check.fail(owner, need, (str(words.dtype), words.shape))
        data = np.zeros(8 * -(-n // WORD), np.uint8)
        data[: words.nbytes] = np.ascontiguousarray(words).view(np.uint8)
        if np.unpackbits(data, bitorder="little")[n:].any():
            check.fail(owner, f"bits from {n} on must be 0", words)
        made = trusted(None, shape)
        made._packed = frozen(data.view(np.uint64))
        return made

    @classmethod
    def from_coordinates(cls, coordinates, shape) -> "Sdr":
        """From (w, ndim) whole coordinates of the active bits in an array of `shape`."""
        owner, shape = "Sdr.from_coordinates", shape_of("Sdr.from_coordinates", shape)
        points = np.asarray(check.number(owner, "coordinates", coordinates))
        points = points.reshape(0, len(shape)) if not points.size else points
        if points.ndim != 2 or points.shape[1] != len(shape) or (points.size and points.dtype.kind not in "iu"):
            check.fail(owner, f"coordinates must be whole numbers of shape (w, {len(shape)})", points)
        if np.any((points < 0) | (points >= shape)):
            check.fail(owner, f"coordinates must be inside {shape}", points)
        return cls(np.ravel_multi_index(tuple(points.T.astype(np.int64)), shape), shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """How `dense` looks; (n,) if nothing else was said."""
        return self._shape

    @property
    def n(self) -> int:
        """Length, bits."""
        return math.prod(self._shape)

    @property
    def w(self) -> int:
        """Number of active bits."""
        return len(self.indices)

    @property
    def sparsity(self) -> float:
        """w / n."""
        return self.w / self.n

    @property
    def indices(self) -> np.ndarray:
        """(w,) int32, ascending: the active bits."""
        if self._indices is None:
            self._indices = frozen(np.flatnonzero(self.dense).astype(np.int32))
        return self._indices

    @property
    def dense(self) -> np.ndarray:
        """Bool array of `shape`."""
        if self._dense is None:
            if self._indices is None:
                flat = np.unpackbits(self.packed.view(np.uint8), bitorder="little")[: self.n].view(np.bool_)
            else:
                flat = np.zeros(self.n, np.bool_)
                flat[self._indices] = True
            self._dense = frozen(flat).reshape(self._shape)
        return self._dense

    @property
    def packed(self) -> np.ndarray:
        """(ceil(n / 64),) uint64: bit i % 64 of word i // 64 is bit i."""
        if self._packed is None:
            words = np.zeros(8 * -(-self.n // WORD), np.uint8)
            small = np.packbits(self.dense.reshape(-1), bitorder="little")
            words[: small.size] = small
            self._packed = frozen(words.view(np.uint64))
        return self._packed

    @property
    def coordinates(self) -> np.ndarray:
        """(w, ndim) int64: the active bits as places in an array of `shape`."""
        return np.stack(np.unravel_index(self.indices, self._shape), axis=1)

    def reshape(self, *shape: int) -> "Sdr":
        """The same bits with another shape of `dense`."""
        new = shape_of("Sdr.reshape", shape)
        if math.prod(new) != self.n:
            check.fail("Sdr.reshape", f"shape must hold {self.n} bits", new)
        return trusted(self.indices, new)

    def __len__(self) -> int:
        return self.w

    def __iter__(self):
        return iter(self.indices.tolist())

    def __contains__(self, bit) -> bool:
        if not isinstance(bit, int | float | np.integer | np.floating) or not 0 <= bit < self.n:
            return False
        place = np.searchsorted(self.indices, bit)
        return bool(place < self.w and self.indices[place] == bit)

    def __eq__(self, other):
        if not isinstance(other, Sdr):
            return NotImplemented
        return self.n == other.n and np.array_equal(self.indices, other.indices)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.n, self.indices.tobytes()))
        return self._hash

    def __and__(self, other):
        return _combine("&", np.intersect1d, self, other)

    def __or__(self, other):
        return _combine("|", lambda a, b, assume_unique: np.union1d(a, b), self, other)

    def __sub__(self, other):
        return _combine("-", np.setdiff1d, self, other)

    def __xor__(self, other):
        return _combine("^", np.setxor1d, self, other)

    def __array__(self, dtype=None, copy=None):
        return self.dense.astype(dtype or np.bool_, copy=bool(copy))

    def __reduce__(self):
        return Sdr, (self.indices, self._shape)

    def __repr__(self) -> str:
        bits = ", ".join(map(str, self.indices[:6])) + (", ..." if self.w > 6 else "")
        size = self.n if len(self._shape) == 1 else self._shape
        return f"Sdr([{bits}], {size}, w={self.w})"


def trusted(indices: np.ndarray | None, shape: tuple[int, ...]) -> Sdr:
    """An Sdr of ascending, distinct int32 indices in the shape, unchecked."""
    made = Sdr.__new__(Sdr)
    made._shape = shape
    made._indices = None if indices is None else frozen(indices)
    made._dense = made._hash = made._packed = None
    return made


def checked(owner: str, name: str, value, n: int | None = None) -> Sdr:
    """`value` if it is an Sdr (of n bits); raises TypeError and ValueError as `owner`."""
    if not isinstance(value, Sdr):
        check.fail(owner, f"{name} must be an Sdr", value, "make one: Sdr(indices, n)", TypeError)
    if n is not None and value.n != n:
        check.fail(owner, f"{name} must have {n} bits", value.n, "SDRs of one length go together")
    return value


def truth(owner: str, name: str, value) -> bool:
    """`value` if it is True or False, NumPy's too; raises TypeError as `owner` for others, "no" among them."""
    if not isinstance(value, bool | np.bool_):
        check.fail(owner, f"{name} must be True or False", value, error=TypeError)
    return bool(value)


def shape_of(owner: str, n) -> tuple[int, ...]:
    """A whole number or a tuple of them as a shape of 1 .. 2**31 - 1 bits."""
    sides = n if isinstance(n, tuple | list) else (n,)
    shape = tuple(check.integer(owner, "n", side, 1, LARGEST, "give a length or a shape") for side in sides)
    check.integer(owner, "n", math.prod(shape), 1, LARGEST)
    if not shape:
        check.fail(owner, "n must be a length or a shape", n)
    return shape


def _sorted(owner: str, indices, n: int) -> np.ndarray:
    array = _whole(owner, indices, n)
    if array.size > n:
        check.fail(owner, f"at most n = {n} bits can be active", array.size)
    if array.size and (array.min() < 0 or array.max() >= n):
        check.fail(owner, f"indices must be in [0, {n})", (int(array.min()), int(array.max())))
    array = np.sort(array.astype(np.int32))
    twice = array[1:][array[1:] == array[:-1]]
    if twice.size:
        check.fail(owner, "each bit may be named once", int(twice[0]), "numpy.unique drops the others")
    return frozen(array)


def _whole(owner: str, indices, n: int) -> np.ndarray:
    """A vector of whole numbers."""
    try:
        array = None if isinstance(indices, np.ma.MaskedArray) else np.asarray(indices)
    except (ValueError, TypeError, RuntimeError):  # lists of unequal length, objects that refuse
        array = None
    if array is not None and array.dtype == object and array.size and all(type(bit) is int for bit in array.flat):
        check.fail(owner, f"indices must be in [0, {n})", indices)  # larger than 64 bits
    if array is None or array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        check.fail(owner, "indices must be a vector of whole numbers", indices, "Sdr.from_dense takes zeros and ones")
    return array


def _combine(sign: str, function, a: Sdr, b) -> Sdr:
    if not isinstance(b, Sdr):
        return NotImplemented
    checked(f"Sdr {sign} Sdr", "the second", b, a.n)
    return trusted(function(a.indices, b.indices, assume_unique=True).astype(np.int32), a.shape)
