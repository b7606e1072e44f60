"""Arguments of the calculator as they are typed: 8, 1e6, 8:20, 1000:10000:1000, 32,64 and lists of such.

Ends of a range are part of it. Numbers are read as decimals, so that 0.1:0.5:0.1 has five values, the last of them 0.5,
and so that 1e-400 is not 0: what no float holds is a LogNumber.
"""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import product
from math import prod

from neurosparse import check
from neurosparse.io.capacity_commands import REAL, WHOLE, Argument
from neurosparse.sdr.capacity.result import TINY, LogNumber

MOST = 10_000  # rows of a table
LONGEST = 18  # decimal digits of a whole number


def read(owner: str, argument: Argument, text: str) -> list:
    """Values of an argument: ints, floats or LogNumbers. Raises ValueError for what is no number, range or list."""
    return [value for part in text.split(",") for value in _part(owner, argument, part.strip())]


def grid(owner: str, given: dict[str, list]) -> list[dict]:
    """All combinations, the last argument fastest. Raises ValueError for more than MOST."""
    count = prod(map(len, given.values()))
    if count > MOST:
        check.fail(owner, f"the ranges must make {MOST} rows or fewer", count, "take larger steps, as in 0:1000:100")
    return [dict(zip(given, row)) for row in product(*given.values())]


def _part(owner: str, argument: Argument, text: str) -> list:
    ends = [_decimal(owner, argument, end, text) for end in text.split(":")]
    if len(ends) == 1:
        return [_number(owner, argument, ends[0], text)]
    name = argument.option
    if len(ends) > 3:
        check.fail(owner, f"a range of {name} must be low:high or low:high:step", text)
    if len(ends) == 2 and argument.kind != WHOLE:
        check.fail(owner, f"a range of {name} needs a step", text, f"write {text}:0.1, say")
    low, high, step = [*ends, Decimal(1)][:3]
    if step <= 0 or low > high:
        check.fail(owner, f"a range of {name} must go up", text, "write low:high or low:high:step")
    count = int((high - low) / step) + 1
    if count > MOST:
        check.fail(owner, f"a range of {name} must have {MOST} values or fewer", count, "add a step: low:high:step")
    return [_number(owner, argument, low + i * step, text) for i in range(count)]


def _decimal(owner: str, argument: Argument, end: str, text: str) -> Decimal:
    try:
        value = Decimal(end)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        need = "a number" if argument.kind == REAL else "a whole number"
        check.fail(
            owner, f"{argument.option} must be {need}, a range or a list", text, "write 8, 8:20, 0:100:10 or 32,64"
        )
    return value


def _number(owner: str, argument: Argument, value: Decimal, text: str):
    if argument.kind == REAL:
        return _real(owner, argument, value, text)
    whole = value.adjusted() <= LONGEST and value == value.to_integral_value()
    pointed = int(value.as_tuple().exponent) < 0  # 1.0 is a share, and refused as one; 1 is a cell
    if argument.kind == WHOLE or (whole and not pointed):
        if not whole:
            short = value.adjusted() > LONGEST
            need = f"have {LONGEST} digits or fewer" if short else "be a whole number"
            check.fail(owner, f"{argument.option} must {need}", text)
        return int(value)
    return float(value)


def _real(owner: str, argument: Argument, value: Decimal, text: str) -> float | LogNumber:
    if value.is_zero() or abs(value) >= Decimal(TINY):
        found = float(value)
        if abs(found) == float("inf"):
            check.fail(owner, f"{argument.option} must be below 1.8e308", text)
        return found
    if value < 0:
        check.fail(owner, f"{argument.option} must be >= 0", text)
    return LogNumber(float(value.log10()), None, Fraction, (value,))
