"""A non-negative number known by its logarithm: what every function of this package returns.

    p.log10       float64: log10 of it, -inf for 0. A float, or an array of the broadcast shape of the inputs
    p.value       float64 where one holds it, else nan: 0, or 2.2e-308 to 1.8e308 (no subnormals, which lose digits)
    p.fraction()  the exact rational number, worked out when asked for (an object array for arrays)
    float(p)      the value of a scalar; OverflowError, not nan, where no float holds it
    f"{p:.3g}"    a scalar in decimals, to as many digits as its logarithm holds: 1.23e-2770
    p < q, p == q with LogNumbers, numbers, Fractions and arrays of numbers, elementwise (see `order`); it has no hash

Most probabilities of SDRs lie far below 1e-308, and most sizes of code spaces above 1.8e308: plot `log10`.
"""

import math
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import double

TINY, HUGE = float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).max)
LOWEST, HIGHEST = np.log10(TINY), np.log10(HUGE)


class LogNumber:
    """`log10` and `value` of one number or an array of them; `exact(*arguments)` gives one Fraction for one element.

    arguments: what `exact` is called with, broadcast together to the shape of `log10`. value: worked out from `log10`
    where it is not given (a relative error of about 2e-16 times |ln value|).
    """

    __slots__ = ("_fraction", "arguments", "exact", "log10", "value")
    __array_priority__ = 1000  # comparisons with arrays are this class's
    __hash__ = None  # type: ignore[assignment]  # equal to numbers whose hash it could not know

    def __init__(self, log10, value=None, exact: Callable[..., Fraction] | None = None, arguments: tuple = ()):
        self.log10: Any = _plain(log10)
        self.value: Any = held(self.log10) if value is None else _plain(value)
        self.exact, self.arguments, self._fraction = exact, arguments, None

    def fraction(self) -> Any:
        """The exact Fraction of a scalar, an object array of them for arrays. Kept, once worked out.

        Raises ValueError where the number is no rational one, and what `exact` raises where its cost is out of reach.
        """
        if self.exact is None:
            remedy = "approximations, mean numbers and quotients of logarithms have no exact one: take .log10"
            check.fail("LogNumber.fraction", "the method must give a rational number", self, remedy)
        if self._fraction is None:
            self._fraction = _map(self.exact, self.arguments, self.shape)
        return self._fraction

    @property
    def shape(self) -> tuple[int, ...]:
        """() for a scalar."""
        return np.shape(self.log10)

    def __len__(self) -> int:
        return len(self.log10)

    def __getitem__(self, index) -> "LogNumber":
        arguments = [np.broadcast_to(np.asarray(one, dtype=object), self.shape)[index] for one in self.arguments]
        return LogNumber(self.log10[index], self.value[index], self.exact, tuple(arguments))

    def __array__(self, dtype=None, copy=None):
        return np.array(self.value, dtype=dtype)

    def __float__(self) -> float:
        if self.shape:
            check.fail("float(LogNumber)", "it must be one number", self.shape, "take .value", TypeError)
        if np.isnan(self.value):
            check.fail("float(LogNumber)", "a float must hold it", self, "take .log10 or .fraction()", OverflowError)
        return float(self.value)

    def __repr__(self) -> str:
        if self.shape:
            return f"LogNumber(log10={np.array2string(self.log10, precision=5, threshold=20)})"
        held = self.value == 0 or not np.isnan(self.value)
        return f"{self.value:.10g}" if held else f"10^{self.log10:.10g}"

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        if self.shape:
            check.fail("format(LogNumber)", "it must be one number", self.shape, "take .log10", TypeError)
        return format(float(self.value), spec) if not np.isnan(self.value) else _decimals(self.log10, spec)

    def __lt__(self, other):
        return _compared(self, other, lambda sign: sign < 0)

    def __le__(self, other):
        return _compared(self, other, lambda sign: sign <= 0)

    def __gt__(self, other):
        return _compared(self, other, lambda sign: sign > 0)

    def __ge__(self, other):
        return _compared(self, other, lambda sign: sign >= 0)

    def __eq__(self, other):
        return _compared(self, other, lambda sign: sign == 0)

    def __ne__(self, other):
        return _compared(self, other, lambda sign: sign != 0)


def digits(log10: float, most: int) -> tuple[str, int]:
    """10**log10 as a mantissa of `most` digits, fewer where the logarithm holds no more, and a power of ten."""
    power = math.floor(log10)
    sure = max(min(most, 14 - len(str(abs(power)))), 1)
    mantissa = f"{10 ** (log10 - power):.{sure - 1}f}"
    return (f"{1:.{sure - 1}f}", power + 1) if mantissa.startswith("10") else (mantissa, power)


def _decimals(log10: float, spec: str) -> str:
    found = re.fullmatch(r"((?:.?[<>^])?\d*?)(?:\.(\d+))?([eg])", spec)
    if not found:
        check.fail("format(LogNumber)", "the format must end in e or g beyond floats", spec, "write .3g or .3e")
    pad, places, kind = found.groups()
    mantissa, power = digits(log10, int(places or 6) + (kind == "e"))
    if kind == "g" and "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return format(f"{mantissa}e{power:+03d}", f">{pad}" if pad.isdigit() else pad)


def _compared(x: LogNumber, y, what: Callable):
    from neurosparse.sdr.capacity import order

    found = order.signs(x, y)
    if found is None:
        return NotImplemented
    return what(found) if found.ndim else bool(what(found))


def from_fractions(exact: Callable[..., Fraction], *arguments) -> LogNumber:
    """Work out `exact` for every element of the broadcast `arguments`; its log10 and value are rounded once."""
    shape = np.broadcast_shapes(*map(np.shape, arguments))
    found = _map(exact, arguments, shape)
    pairs = np.array([rounded(one) for one in np.ravel(np.asarray(found, dtype=object))]).reshape(*shape, 2)
    made = LogNumber(pairs[..., 0], pairs[..., 1], exact, arguments)
    made._fraction = found
    return made


def rounded(number: Fraction) -> tuple[float, float]:
    """(log10, value) of an exact number >= 0, each within about one unit in its last place."""
    top, bottom = number.numerator, number.denominator
    if not top:
        return -np.inf, 0.0
    if bottom < 2 * top < 4 * bottom and top != bottom:  # near 1 the logarithm is that of the distance
        gap = abs(number - 1)
        sign = 1 if number > 1 else -1
        return float(np.log1p(sign * float(gap)) / double.LN10), float(number)
    shift = top.bit_length() - bottom.bit_length() - 110
    whole = (top << -shift if shift < 0 else top) // (bottom << shift if shift > 0 else bottom)
    high = float(whole)
    return double.log10(*double.normal(high, float(whole - int(high)), shift)), _value(number)


def _value(number: Fraction) -> float:
    try:
        value = number.numerator / number.denominator
    except OverflowError:
        return np.nan
    return value if value >= TINY else np.nan


def held(log10):
    """10**log10, nan where no float holds it."""
    log10 = np.asarray(log10, dtype=np.float64)
    there = np.isneginf(log10) | ((log10 >= LOWEST) & (log10 <= HIGHEST))
    return _plain(np.where(there, np.power(10.0, np.where(there, log10, 0.0)), np.nan))


def _map(exact: Callable[..., Fraction], arguments: tuple, shape: tuple):
    if not shape:
        return exact(*[np.asarray(one).item() for one in arguments])
    found = np.empty(shape, dtype=object)
    whole = [np.broadcast_to(np.asarray(one, dtype=object), shape) for one in arguments]
    for index in np.ndindex(*shape):
        found[index] = exact(*[one[index] for one in whole])
    return found


def _plain(value):
    """A Python float for a scalar, a float64 array else; 0 for -0."""
    array = np.asarray(value, dtype=np.float64) + 0.0
    return array if array.ndim else float(array)
