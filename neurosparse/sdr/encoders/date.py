"""A moment as its time of day, day of week, weekend, season and holiday, side by side.

    time_of_day     ring of 24 hours                        scalar code of (n, w)
    day_of_week     ring of 7 days, Monday = 0              scalar code of (n, w): all hours of a day are one
    weekend         Saturday and Sunday, or not             two disjoint codes of w bits
    season          ring of the year, its part in [0, 1)    scalar code of (n, w); as long in leap years
    holiday         a day of the list, or not               two disjoint codes of w bits

Overlap law: the sum of those of the fields (see scalar.py, category.py). A moment with a time zone counts by its own
clock.
"""

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import algebra, batch
from neurosparse.sdr.encoders.category import Category, category
from neurosparse.sdr.encoders.posterior import Distribution
from neurosparse.sdr.encoders.scalar import Scalar, scalar
from neurosparse.sdr.sdr import LARGEST, Sdr, checked

OWNER = "encoders.date"
PERIODS = {"time_of_day": 24.0, "day_of_week": 7.0, "season": 1.0}
THURSDAY = 3  # 1970-01-01


class Moment(NamedTuple):
    """What was decoded of each field; None for one that the encoder does not have."""

    time_of_day: float | None = None  # hours, [0, 24)
    day_of_week: int | None = None  # 0 .. 6, Monday = 0
    weekend: bool | None = None
    season: float | None = None  # part of the year, [0, 1)
    holiday: bool | None = None


class Date(NamedTuple):
    """Made by `date`."""

    time_of_day: Scalar | None
    day_of_week: Scalar | None
    weekend: Category | None
    season: Scalar | None
    holiday: Category | None
    holidays: tuple[str, ...]

    @property
    def fields(self) -> dict[str, Scalar | Category]:
        """The encoders of the fields that there are, in the order of their bits."""
        return {name: getattr(self, name) for name in Moment._fields if getattr(self, name) is not None}

    @property
    def n(self) -> int:
        """Bits of all fields."""
        return sum(field.n for field in self.fields.values())

    @property
    def w(self) -> int:
        """Active bits of all fields."""
        return sum(field.w for field in self.fields.values())

    def encode(self, value) -> Sdr:
        """The code of one datetime, date or numpy.datetime64; raises as `encode_many`."""
        return batch.sdr(self.encode_many([value]), 0)

    def encode_many(self, values) -> Csr:
        """A row for each of values (k,): datetimes, dates, or an array of datetime64.

        Raises TypeError for anything else, ValueError for NaT and years outside 1 .. 9999.
        """
        told = self._told(_times(values))
        return algebra.concatenate([field.encode_many(told[name]) for name, field in self.fields.items()])

    def decode(self, sdr: Sdr) -> Moment:
        """Each field decoded from its own bits. Raises ValueError for another length, or a field of no known bit."""
        parts = self._parts(sdr)
        found: dict[str, Any] = {name: field.decode(parts[name]) for name, field in self.fields.items()}
        if "day_of_week" in found:
            found["day_of_week"] = int(found["day_of_week"])
        return Moment(**found)

    def distribution(self, sdr: Sdr, loss: float = 0.1) -> dict[str, Distribution]:
        """How likely each value of each field is (see posterior.py)."""
        parts = self._parts(sdr)
        return {name: field.distribution(parts[name], loss) for name, field in self.fields.items()}

    def expected_overlap(self, x, y) -> int:
        """The overlap of the codes of two moments, exactly."""
        told = self._told(_times([x, y]))
        return sum(int(field.expected_overlap(*told[name])) for name, field in self.fields.items())

    def _parts(self, sdr: Sdr) -> dict[str, Sdr]:
        sizes = [field.n for field in self.fields.values()]
        return dict(zip(self.fields, algebra.split(checked(OWNER, "sdr", sdr, self.n), sizes)))

    def _told(self, times: np.ndarray) -> dict[str, Any]:
        """What every field says of the times, each (k,)."""
        days, years = times.astype("M8[D]"), times.astype("M8[Y]")
        weekday = (days.astype(np.int64) + THURSDAY) % 7
        begin, end = years.astype("M8[us]"), (years + np.timedelta64(1, "Y")).astype("M8[us]")
        names = np.datetime_as_string(days)
        return {
            "time_of_day": (times - days) / np.timedelta64(1, "h"),
            "day_of_week": weekday + 0.5,  # the middle of the day, so that its codes decode to it
            "weekend": (weekday >= 5).tolist(),
            "season": (times - begin) / (end - begin),
            "holiday": [name in self.holidays or name[5:] in self.holidays for name in names.tolist()],
        }


def date(
    time_of_day: tuple[int, int] | None = None,
    day_of_week: tuple[int, int] | None = None,
    weekend: int | None = None,
    season: tuple[int, int] | None = None,
    holiday: int | None = None,
    holidays: Sequence[str] = (),
) -> Date:
    """Encoder of moments: (n, w) for each field on a ring, w for the two that are yes or no; None leaves one out.

    `holidays` are days, "2014-11-27", or days of every year, "12-25". Raises ValueError for no field at all, days of
    another form, holidays without their field, and what `scalar` and `category` refuse.
    """
    rings = {"time_of_day": time_of_day, "day_of_week": day_of_week, "season": season}
    made: dict[str, Any] = {name: _ring(name, size) for name, size in rings.items() if size is not None}
    answers = {"weekend": weekend, "holiday": holiday}
    for name, w in answers.items():
        if w is not None:
            made[name] = category((False, True), check.integer(OWNER, f"w of {name}", w, 1, LARGEST // 2))
    if not made:
        check.fail(OWNER, "there must be at least one field", made, "date(time_of_day=(600, 29))")
    days = tuple(_day(day) for day in holidays)
    if bool(days) != (holiday is not None):
        check.fail(OWNER, "holiday and holidays go together", (holiday, holidays), 'holiday=21, holidays=["12-25"]')
    return Date(*(made.get(name) for name in Moment._fields), days)  # type: ignore[arg-type]


def _ring(name: str, size) -> Scalar:
    if not isinstance(size, tuple | list) or len(size) != 2:
        check.fail(OWNER, f"{name} must be a pair (n, w)", size, error=TypeError)
    if name == "day_of_week":
        check.integer(OWNER, "n of day_of_week", size[0], 7, remedy="else two days have one code")
    return scalar(size[0], size[1], 0.0, PERIODS[name], periodic=True)


def _day(text) -> str:
    try:
        datetime.date.fromisoformat(text if len(text) == 10 else f"2000-{text}")  # a leap year: it has every day
    except (TypeError, ValueError):
        check.fail(OWNER, 'holidays must be days like "2014-11-27" or "12-25"', text)
    return text


def _times(values) -> np.ndarray:
    """(k,) datetime64[us]."""
    if not (isinstance(values, np.ndarray) and values.dtype.kind == "M"):
        values = np.array([_one(value) for value in values], "M8[us]")
    if values.ndim != 1:
        check.fail(OWNER, "values must have shape (k,)", values.shape, "encode takes one")
    year = values.astype("M8[Y]").astype(np.int64) + 1970
    if np.any(np.isnat(values) | (year < 1) | (year > 9999)):
        check.fail(OWNER, "value must be a moment of the years 1 .. 9999", values)
    return values.astype("M8[us]")


def _one(value):
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    if not isinstance(value, datetime.date | np.datetime64):
        remedy = "datetime.fromisoformat reads text"
        check.fail(OWNER, "value must be a datetime, a date or a numpy.datetime64", value, remedy, TypeError)
    return value
