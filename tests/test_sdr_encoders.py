"""Every encoder against its law of overlap, and back from its codes: exact, disturbed, of several values."""

import datetime
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neurosparse import csr, rng
from neurosparse.sdr import Sdr, algebra, batch, encoders

STREAM = rng.stream(5, "test_sdr_encoders")
MOMENTS = st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59))
reals = st.floats(-1e6, 1e6)


@st.composite
def scalars(draw):
    n = draw(st.integers(2, 300))
    low = draw(reals)
    periodic = draw(st.booleans())
    high = low + draw(st.floats(0.01, 1e6))
    return encoders.scalar(n, draw(st.integers(1, n - 1)), low, high, periodic)


@given(scalars(), st.floats(0, 1), st.floats(0, 1))
def test_scalar_overlap_falls_by_one_a_bucket(e, x, y):
    x, y = (min(e.low + part * (e.high - e.low), e.high) for part in (x, y))
    a, b = e.encode(x), e.encode(y)
    assert a.w == b.w == e.w
    assert algebra.overlap(a, b) == e.expected_overlap(x, y)
    d = abs(int(e.bucket(x)) - int(e.bucket(y)))
    if not e.periodic or e.w + d <= e.n:
        assert e.expected_overlap(x, y) == max(0, e.w - d)
    assert batch.sdrs(csr.validate("test", e.encode_many([x, y]))) == [a, b]


def away(e, x, y):
    """Distance on the line or ring."""
    d = abs(x - y)
    return min(d, e.high - e.low - d) if e.periodic else d


@given(scalars(), st.floats(0, 1))
def test_scalar_decodes_to_its_bucket(e, x):
    x = min(e.low + x * (e.high - e.low), e.high)
    code = e.encode(x)
    tiny = 1e-9 * max(abs(e.low), abs(e.high), 1)
    assert abs(away(e, e.decode(code), x)) <= e.resolution / 2 + tiny
    assert e.low <= e.decode(code) <= e.high
    assert e.encode(e.decode(code)) == code
    likely = e.distribution(code, loss=0.5 * (1 - e.w / e.n))
    assert likely.p.sum() == pytest.approx(1)
    assert likely.p.size == e.buckets
    assert away(e, likely.best, x) <= e.resolution / 2 + tiny


@given(st.booleans(), st.floats(0, 1), st.integers(0, 14), st.integers(0, 1000))
def test_scalar_decodes_through_noise(periodic, x, v, sample):
    e = encoders.scalar(400, 29, 0.0, 1.0, periodic)
    noisy = algebra.noise(e.encode(x), v, STREAM, sample)
    assert away(e, e.decode(noisy), x) <= (2 * v + 0.5) * e.resolution + 1e-12


def test_scalar_ends_wrap_or_clip():
    hour = encoders.scalar(600, 29, 0, 24, periodic=True)
    assert hour.encode(24.0) == hour.encode(0) == hour.encode(-48)
    assert algebra.overlap(hour.encode(23.99), hour.encode(0.01)) == 28
    passengers = encoders.scalar(109, 29, 0, 40000, clip=True)
    assert passengers.encode(50000) == passengers.encode(40000) == Sdr(range(80, 109), 109)
    assert passengers.encode(-1) == Sdr(range(29), 109)
    assert passengers.resolution == 500
    assert passengers.buckets == 81


def test_a_union_decodes_to_both():
    e = encoders.scalar(200, 20, 0, 10)
    both = algebra.union([e.encode(2), e.encode(8)])
    likely = e.distribution(both, loss=0.01)
    assert likely.p[[36, 144]] == pytest.approx(0.5, abs=0.01)
    assert 1 < likely.entropy < 1.2
    assert e.distribution(e.encode(2), loss=0.01).entropy < 0.2
    unsure = e.distribution(algebra.subsample(e.encode(2), 5, STREAM), loss=0.3).entropy
    assert unsure > 3
    assert e.distribution(Sdr([], 200), loss=0.3).entropy == pytest.approx(math.log2(e.buckets))


@given(st.integers(2, 60), st.integers(2, 20), st.integers(-(10**9), 10**9), st.integers(0, 80), st.integers(0, 9))
def test_rdse_overlap_is_exact_within_w_buckets(w, ratio, bucket, d, seed):
    e = encoders.rdse(ratio * w + seed, w, 0.25, seed, offset=3.0)
    x, y = 3.0 + 0.25 * bucket, 3.0 + 0.25 * (bucket + d)
    a, b = e.encode(x), e.encode(y)
    assert a.w == b.w == w
    assert batch.sdrs(csr.validate("test", e.encode_many([x, y]))) == [a, b]
    if d <= w:
        assert algebra.overlap(a, b) == w - d == e.expected_overlap(x, y)


def test_rdse_overlap_by_chance_follows_its_law():
    w, n = 20, 500
    many = [encoders.rdse(n, w, 1.0, seed) for seed in range(150)]
    for d in (30, 47, 1000):
        seen = np.array([algebra.overlap(e.encode(-7), e.encode(-7 + d)) for e in many])
        expected = many[0].expected_overlap(-7, -7 + d)
        assert abs(seen.mean() - expected) < 5 * math.sqrt(max(expected, 1) / len(many))
    assert many[0].expected_overlap(0, 1020) == 0  # an odd number of turns: every channel is in the other half
    apart = many[0].encode_many(np.arange(0, 20000, 50.0))
    table = algebra.overlap(apart, apart)
    mean = (table.sum() - np.trace(table)) / (table.size - len(table))
    assert mean == pytest.approx(w * w / n, rel=0.1)


def test_rdse_has_no_bounds_and_no_memory():
    e = encoders.rdse(1000, 21, 1e-3, seed=4)
    early = e.encode(1e11)
    e.encode_many(np.linspace(-1e6, 1e6, 50))
    assert e.encode(1e11) == early
    assert encoders.rdse(1000, 21, 1e-3, seed=4).encode(1e11) == early
    assert encoders.rdse(1000, 21, 1e-3, seed=5).encode(1e11) != early
    # the codes of a seed stay what they are, on every machine and in every version
    assert list(encoders.rdse(100, 5, 1.0).encode(0.0)) == RDSE_ZERO


RDSE_ZERO = [1, 28, 45, 63, 80]


@given(st.floats(-40, 40), st.integers(0, 8), st.integers(0, 1000))
def test_rdse_decodes_through_noise(x, v, sample):
    e = encoders.rdse(2000, 29, 0.5)
    code = e.encode(x)
    assert abs(e.decode(code, -50, 50) - x) <= 0.25 + 1e-9
    noisy = algebra.noise(code, v, STREAM, sample)
    assert abs(e.decode(noisy, -50, 50) - x) <= (2 * v + 0.5) * 0.5 + 1e-9
    likely = e.distribution(noisy, -50, 50, loss=0.2)
    assert likely.p.sum() == pytest.approx(1)
    assert abs(likely.best - x) <= (2 * v + 0.5) * 0.5 + 1e-9


def test_category_codes():
    colours = ("red", "green", "blue")
    disjoint = encoders.category(colours, 7, unknown=True)
    assert disjoint.n == 28
    codes = [disjoint.encode(name) for name in (*colours, "pink")]
    assert np.array_equal(algebra.overlap(batch.of(codes), batch.of(codes)), 7 * np.eye(4))
    assert [disjoint.decode(code) for code in codes] == [*colours, None]
    assert disjoint.expected_overlap("red", "blue") == 0
    assert disjoint.expected_overlap("pink", "grey") == 7
    assert batch.sdrs(csr.validate("test", disjoint.encode_many([*colours, "pink"]))) == codes
    noisy = algebra.noise(codes[1], 3, STREAM)
    assert disjoint.decode(noisy) == "green"
    assert disjoint.distribution(noisy).best == "green"
    assert disjoint.distribution(codes[3], loss=1e-6).p[3] == pytest.approx(1)


def test_random_categories_overlap_by_chance():
    e = encoders.category(range(200), 12, n=300, seed=9)
    table = algebra.overlap(e.codes, e.codes)
    off = table[~np.eye(200, dtype=bool)]
    assert e.expected_overlap(3, 4) == 12 * 12 / 300
    assert off.mean() == pytest.approx(12 * 12 / 300, rel=0.05)
    assert [e.decode(x) for x in batch.sdrs(algebra.noise(e.codes, 3, STREAM))] == list(range(200))
    assert e.encode(np.int64(7)) == e.encode(7) == batch.sdr(e.codes, 7)
    assert encoders.category(range(200), 12, n=300, seed=8).encode(7) != e.encode(7)
    assert csr.validate("test", e.encode_many([])).n_rows == 0


FULL = encoders.date((600, 29), (100, 29), 21, (500, 21), 21, ["2014-11-27", "12-25"])


@given(MOMENTS, MOMENTS)
def test_date_fields_decode(x, y):
    a = FULL.encode(x)
    back = FULL.decode(a)
    hours = x.hour + x.minute / 60 + x.second / 3600 + x.microsecond / 3.6e9
    d = abs(back.time_of_day - hours)
    assert min(d, 24 - d) <= 12 / 600 + 1e-9
    assert back.day_of_week == x.weekday()
    assert back.weekend == (x.weekday() >= 5)
    assert back.holiday == ((x.month, x.day) == (12, 25) or x.date() == datetime.date(2014, 11, 27))
    year = 366 if x.year % 4 == 0 and (x.year % 100 or x.year % 400 == 0) else 365
    part = (x.timetuple().tm_yday - 1 + hours / 24) / year
    d = abs(back.season - part)
    assert min(d, 1 - d) <= 0.5 / 500 + 1e-9
    assert a.w == FULL.w == 121
    assert algebra.overlap(a, FULL.encode(y)) == FULL.expected_overlap(x, y)


def test_date_takes_what_says_a_moment():
    taxi = encoders.date(time_of_day=(600, 29), day_of_week=(100, 29))
    assert (taxi.n, taxi.w) == (700, 58)
    start = datetime.datetime(2014, 7, 1, 0, 30)
    series = np.datetime64("2014-07-01T00:30") + np.arange(3) * np.timedelta64(30, "m")
    many = taxi.encode_many(series)
    moments = [start + k * datetime.timedelta(minutes=30) for k in range(3)]
    assert batch.sdrs(csr.validate("test", many)) == [taxi.encode(moment) for moment in moments]
    assert taxi.encode(series[1]) == batch.sdr(many, 1)
    assert taxi.encode(start.replace(tzinfo=datetime.UTC)) == taxi.encode(start)
    assert taxi.encode(start.date()) == taxi.encode(datetime.datetime(2014, 7, 1))
    assert taxi.encode_many([]).n_rows == 0
    assert taxi.decode(taxi.encode(start)) == encoders.Moment(pytest.approx(0.5, abs=0.02), 1)
    # half an hour is 12.5 buckets of 24 h / 600; the day stays
    assert taxi.expected_overlap(moments[0], moments[2]) == 29 - 25 + 29
    noisy = algebra.noise(taxi.encode(start), 5, STREAM)
    assert set(taxi.distribution(noisy)) == {"time_of_day", "day_of_week"}
    assert abs(taxi.decode(noisy).time_of_day - 0.5) < 0.5


@given(st.lists(st.integers(-(2**40), 2**40), min_size=2, max_size=2))
def test_coordinates_have_w_bits_and_are_found(place):
    e = encoders.coordinate(200, 15, 2)
    code = e.encode(place)
    assert code.w == 15
    box = np.array(place)
    found = e.decode(code, box - 3, box + 3)
    assert e.encode(found) == code  # two neighbours may have one code
    assert np.abs(found - box).max() <= 2
    assert batch.sdr(csr.validate("test", e.encode_many([place, [0, 0]])), 0) == code


def test_coordinates_overlap_as_their_neighbourhoods():
    e = encoders.coordinate(2000, 25, 5, dimensions=2, seed=2)
    here = np.stack(np.meshgrid(np.arange(10) * 40, np.arange(10) * 40), axis=-1).reshape(-1, 2)
    codes = e.encode_many(here)
    for step in ([0, 0], [1, 0], [2, 1], [5, 5], [0, -9], [11, 0], [1000, 3]):
        seen = np.diag(algebra.overlap(codes, e.encode_many(here + step)))
        expected = e.expected_overlap([0, 0], step)
        assert abs(seen.mean() - expected) < 1.5 + 0.05 * expected, step
    assert e.expected_overlap([3, 4], [3, 4]) == 25
    assert e.expected_overlap([0, 0], [11, 0]) == 25 * 25 / 2000
    line = encoders.coordinate(1000, 11, 5, dimensions=1)  # all neighbours are chosen: nothing but chance is left
    for d in range(12):
        shared = algebra.overlap(line.encode([100]), line.encode([100 + d]))
        assert abs(shared - max(0, 11 - d)) <= 1


def test_coordinates_decode_through_noise():
    e = encoders.coordinate(1000, 25, 4, dimensions=3)
    noisy = algebra.noise(e.encode([4, -2, 7]), 5, STREAM)
    found = e.decode(noisy, [3, -3, 6], [5, -1, 8])
    assert np.abs(found - [4, -2, 7]).max() <= 1
    likely = e.distribution(noisy, [3, -3, 6], [5, -1, 8], loss=0.2)
    assert likely.values.shape == (27, 3)
    assert likely.best.tolist() == found.tolist()


pictures = st.lists(st.integers(0, 255), min_size=12, max_size=12).map(lambda x: np.array(x, np.uint8).reshape(3, 4))


@given(pictures, pictures, st.integers(0, 10))
def test_images_come_back(x, y, v):
    grey = encoders.image((3, 4), "thermometer", levels=7)
    assert np.abs(grey.decode(grey.encode(x)) - x).max() <= 255 / 16 + 1e-9
    black = encoders.image((3, 4), threshold=99)
    assert np.array_equal(black.decode(black.encode(x)), np.where(x > 99, 255.0, 0.0))
    edge = encoders.image((3, 4), "on_off", threshold=10, radius=1)
    padded = np.pad(x.astype(float), 1, mode="edge")
    mean = sum(padded[i : i + 3, j : j + 4] for i in range(3) for j in range(3)) / 9
    close = np.abs(np.abs(x - mean) - 10) < 1e-6
    assert np.array_equal(edge.decode(edge.encode(x))[~close], ((x - mean > 10) * 1.0 - (mean - x > 10))[~close])
    for e in (grey, black, edge, encoders.image((3, 4)), encoders.image((3, 4), "on_off")):
        a, b = e.encode(x), e.encode(y)
        assert a.shape == e.shape
        assert algebra.overlap(a, b) == e.expected_overlap(x, y)
        assert batch.sdrs(csr.validate("test", e.encode_many([x, y]))) == [a, b]
    a = grey.encode(x)
    assume(v <= min(a.w, a.n - a.w))
    moved = grey.decode(algebra.noise(a, v, STREAM)) - grey.decode(a)
    assert np.abs(moved).sum() <= 2 * v * 255 / 8 + 1e-6


def test_grey_overlap_is_the_sum_of_smaller_bands():
    e = encoders.image((1, 3), "thermometer", levels=3, high=4)
    assert e.bands([[0, 1.5, 4]]).tolist() == [[0, 1, 3]]
    assert e.expected_overlap([[0, 1.5, 4]], [[3, 3, 2]]) == 0 + 1 + 2


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=12))
def test_otsu_is_the_best_cut(values):
    found = encoders.otsu(values)
    x = np.array(values)

    def between(cut):
        low, high = x[x <= cut], x[x > cut]
        return len(low) * len(high) * (low.mean() - high.mean()) ** 2 if len(low) and len(high) else 0.0

    assert between(found) == pytest.approx(max(between(cut) for cut in values), rel=1e-6, abs=1e-9)


def test_an_even_image_has_no_active_bit():
    for kind in ("binary", "on_off"):
        assert encoders.image((4, 4), kind).encode(np.full((4, 4), 7)).w == 0


LINE = encoders.scalar(20, 3, 0, 10)
RANDOM = encoders.rdse(40, 4, 1.0)
NAMES = encoders.category(["red", "green"], 3)
PLACE = encoders.coordinate(40, 5, 1)
PICTURE = encoders.image((2, 2), "thermometer")
DAY = encoders.date(time_of_day=(24, 3))
NAN = float("nan")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: encoders.scalar(10, 10, 0, 1), ValueError, r"encoders.scalar: w must be in \[1, 9\], got 10"),
        (lambda: encoders.scalar(10, 0, 0, 1), ValueError, r"w must be in \[1, 9\]"),
        (lambda: encoders.scalar(10.0, 2, 0, 1), TypeError, "n must be a whole number"),
        (lambda: encoders.scalar(10, 2, 1, 1), ValueError, "low must be below high"),
        (lambda: encoders.scalar(10, 2, 0, math.inf), ValueError, "high must be a finite number"),
        (lambda: encoders.scalar(10, 2, -1.7e308, 1.7e308), ValueError, "high - low must be a finite number"),
        (lambda: encoders.scalar(10, 2, 0, 1, True, True), ValueError, "periodic values have no end to clip to"),
        (lambda: LINE.encode(10.5), ValueError, r"value must be in \[0.0, 10.0\], got 10.5; clip=True takes the near"),
        (lambda: LINE.encode(NAN), ValueError, "encoders.scalar: value must be a finite number, got nan"),
        (lambda: LINE.encode("5"), ValueError, "value must be a finite number"),
        (lambda: LINE.encode([1, 2]), ValueError, "value must be one number"),
        (lambda: LINE.encode_many(3), ValueError, r"values must have shape \(k,\)"),
        (lambda: LINE.decode(Sdr([1], 21)), ValueError, "sdr must have 20 bits, got 21"),
        (lambda: LINE.decode(Sdr([], 20)), ValueError, "sdr must share active bits with the code of a value"),
        (lambda: LINE.decode([1]), TypeError, "sdr must be an Sdr"),
        (lambda: LINE.distribution(Sdr([1], 20), loss=0), ValueError, r"loss must be in \(0, 1 - w / n = 0.85\)"),
        (lambda: LINE.distribution(Sdr([1], 20), loss=2), ValueError, r"loss must be in \[0.0, 1.0\]"),
        (lambda: encoders.rdse(10, 6, 1.0), ValueError, r"encoders.rdse: w must be in \[1, 5\], got 6"),
        (lambda: encoders.rdse(10, 2, 0.0), ValueError, "resolution must be > 0"),
        (lambda: encoders.rdse(10, 2, 1.0, offset=NAN), ValueError, "offset must be a finite number"),
        (lambda: RANDOM.encode(1e300), ValueError, r"value must be within 2\*\*53 resolutions of the offset"),
        (lambda: RANDOM.encode(NAN), ValueError, "value must be a finite number"),
        (lambda: RANDOM.encode([1]), ValueError, "value must be one number"),
        (lambda: RANDOM.decode(Sdr([1], 40), 5, 4), ValueError, "low must not be above high"),
        (lambda: RANDOM.decode(Sdr([1], 40), 0, 1e14), MemoryError, "the range must fit in memory"),
        (lambda: RANDOM.decode(Sdr([1], 41), 0, 1), ValueError, "sdr must have 40 bits, got 41"),
        (lambda: encoders.category([], 3), ValueError, "names must be at least one, each once"),
        (lambda: encoders.category(["a", "a"], 3), ValueError, "names must be at least one, each once"),
        (lambda: encoders.category([[]], 3), TypeError, "names must be hashable"),
        (lambda: encoders.category(["a"], 3, n=3), ValueError, r"w must be in \[1, 2\], got 3"),
        (lambda: encoders.category(["a"], 2**31), ValueError, "w must be in"),
        (lambda: NAMES.encode("rad"), ValueError, "value must be one of the 2 names, got 'rad'; did you mean 'red'"),
        (lambda: encoders.scalar(400, 21, "a", 100), ValueError, "scalar: low must be a finite number, got 'a'"),
        (lambda: encoders.scalar(400, 21, 0, None), ValueError, "scalar: high must be a finite number, got None"),
        (lambda: NAMES.encode(5), ValueError, "unknown=True keeps a code for all others"),
        (lambda: NAMES.encode([]), TypeError, "value must be hashable"),
        (lambda: NAMES.decode(Sdr([], 6)), ValueError, "sdr must share active bits"),
        (lambda: NAMES.decode(Sdr([], 5)), ValueError, "sdr must have 6 bits, got 5"),
        (lambda: encoders.date(), ValueError, "there must be at least one field"),
        (lambda: encoders.date(time_of_day=24), TypeError, r"time_of_day must be a pair \(n, w\), got 24"),
        (lambda: encoders.date(day_of_week=(6, 2)), ValueError, r"n of day_of_week must be in \[7"),
        (lambda: encoders.date(weekend=(10, 5)), TypeError, "encoders.date: w of weekend must be a whole number"),
        (lambda: encoders.date(weekend=0), ValueError, r"encoders.date: w of weekend must be in \[1, "),
        (lambda: encoders.date(holiday=3), ValueError, "holiday and holidays go together"),
        (lambda: encoders.date((24, 3), holidays=["12-25"]), ValueError, "holiday and holidays go together"),
        (lambda: encoders.date(holiday=3, holidays=["25.12."]), ValueError, 'holidays must be days like "2014-11-27"'),
        (lambda: encoders.date(holiday=3, holidays=[25]), ValueError, "holidays must be days like"),
        (
            lambda: DAY.encode("2014-07-01"),
            TypeError,
            "must be a datetime, a date or a numpy.datetime64.*fromisoformat",
        ),
        (lambda: DAY.encode(np.datetime64("NaT", "s")), ValueError, r"a moment of the years 1 \.\. 9999"),
        (lambda: DAY.encode_many(np.array(["0000-01-01"], "M8[D]")), ValueError, r"a moment of the years 1 \.\. 9999"),
        (lambda: DAY.encode_many(np.zeros((2, 2), "M8[D]")), ValueError, r"values must have shape \(k,\)"),
        (lambda: DAY.decode(Sdr([], 25)), ValueError, "sdr must have 24 bits, got 25"),
        (lambda: encoders.coordinate(40, 5, 1, dimensions=0), ValueError, r"dimensions must be in \[1, 16\]"),
        (lambda: encoders.coordinate(40, 10, 1), ValueError, "neighbourhood must hold w = 10 places, got 9"),
        (lambda: encoders.coordinate(40, 21, 5), ValueError, r"w must be in \[1, 20\]"),
        (lambda: encoders.coordinate(40, 5, 2**20, 3), MemoryError, "the neighbourhood must fit in memory"),
        (lambda: PLACE.encode([1, 2, 3]), ValueError, "value must be 2 whole numbers"),
        (lambda: PLACE.encode([1.5, 2.0]), ValueError, "value must be 2 whole numbers"),
        (lambda: PLACE.encode([2**63 - 1, 0]), ValueError, "value must be in"),
        (lambda: PLACE.decode(Sdr([1], 40), [0, 0], [0, -1]), ValueError, "low must not be above high"),
        (lambda: PLACE.decode(Sdr([1], 40), [0, 0], [2**40, 2**40]), MemoryError, "the codes of the box"),
        (lambda: encoders.image((2, 2), "grey"), ValueError, "kind must be one of binary, thermometer, on_off"),
        (lambda: encoders.image(4), TypeError, r"shape must be a pair \(height, width\)"),
        (lambda: encoders.image((2, 0)), ValueError, "n must be in"),
        (lambda: encoders.image((2, 2), low=1, high=1), ValueError, "low must be below high"),
        (lambda: encoders.image((2, 2), threshold=NAN), ValueError, "threshold must be a finite number"),
        (lambda: encoders.image((2, 2), levels=0), ValueError, "levels must be in"),
        (lambda: PICTURE.encode(np.zeros((2, 3))), ValueError, r"image must have shape \(2, 2\), got \(2, 3\)"),
        (lambda: PICTURE.encode(np.full((2, 2), 256)), ValueError, r"image must be in \[0.0, 255.0\]"),
        (lambda: PICTURE.encode(np.full((2, 2), NAN)), ValueError, "image must be a finite number"),
        (lambda: PICTURE.decode(Sdr([], 5)), ValueError, "sdr must have 32 bits, got 5"),
        (lambda: encoders.otsu([]), ValueError, "pixels must be at least one"),
    ],
)
def test_mistakes_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_encoders_are_values():
    for e in (LINE, RANDOM, NAMES, PLACE, PICTURE, DAY, FULL):
        assert hash(e) == hash(e._replace())
        assert e == e._replace()
        assert type(e).__name__ in repr(e)
