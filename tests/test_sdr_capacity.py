"""The overlap law and the errors of a segment: reference values, whole numbers, laws that any n, a, s, theta keep.

`sdr_refs.json` was made with whole numbers only: rationals, and logarithms to 25 digits.
"""

import json
import math
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.sdr import capacity
from neurosparse.sdr.capacity import double, exact, factorial, result

REFS = json.loads((Path(__file__).parent / "sdr_refs.json").read_text(encoding="utf-8"))["references"]
PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
few = settings(max_examples=30 if PLAIN else 150)


def close(found, wanted, part=1e-2):
    """The bound of the issue, 1e-11 max(1, |log10| / 100) in log10; the code is held to a hundredth of it."""
    wanted = float(wanted)
    assert found == wanted or abs(found - wanted) <= part * 1e-11 * max(1.0, abs(wanted) / 100)


def total(n, a, s, theta):
    """P(overlap >= theta) from binomial coefficients, as the formula stands."""
    return Fraction(
        sum(math.comb(s, b) * math.comb(n - s, a - b) for b in range(theta, min(a, s) + 1) if a - b <= n - s),
        math.comb(n, a),
    )


def ids(rows):
    return ["-".join(str(v) for v in list(row.values())[:5]) for row in rows]


@pytest.mark.parametrize("row", REFS["false_positive"], ids=ids(REFS["false_positive"]))
def test_false_positive_references(row):
    case = [row[key] for key in ("n", "a", "s", "theta")]
    p, q = capacity.false_positive(*case), capacity.false_positive(*case, method="exact")
    close(p.log10, row["log10"])
    close(q.log10, row["log10"])
    assert p.fraction() == q.fraction() == total(*case)
    if "rational" in row:
        assert p.fraction() == Fraction(row["rational"])
    if float(row["value"]) or row["log10"] == "-inf":
        assert p.value == pytest.approx(float(row["value"]), rel=1e-14, abs=0)
    else:
        assert math.isnan(p.value)


@pytest.mark.parametrize("row", REFS["false_negative"], ids=ids(REFS["false_negative"]))
def test_false_negative_references(row):
    case = [row[key] for key in ("a", "s", "v", "theta")]
    p, q = capacity.false_negative(*case), capacity.false_negative(*case, method="exact")
    close(p.log10, row["log10"])
    close(q.log10, row["log10"])
    assert p.fraction() == q.fraction() == Fraction(row["rational"])
    assert capacity.true_positive(*case).fraction() == 1 - p.fraction()


@pytest.mark.parametrize("row", REFS["code_space"], ids=ids(REFS["code_space"]))
def test_code_space_references(row):
    size = capacity.code_space(row["n"], row["w"])
    close(size.log10, row["log10"])
    assert size.fraction() == math.comb(row["n"], row["w"])
    assert row["exact"] is None or size.fraction() == int(row["exact"])
    assert capacity.code_bits(row["n"], row["w"]) == pytest.approx(math.log2(size.fraction()), rel=1e-14)


FOUND_ELSEWHERE = [  # papers, their spreadsheets and notebooks, recomputed
    ((1024, 7, 7, 4), 2.6706911751e-8),
    ((1024, 20, 20, 10), 9.3292386243e-14),
    ((2048, 40, 40, 1), 0.54917094185),
    ((4000, 128, 24, 12), 1.3432393647e-12),
    ((19900, 64, 24, 12), 1.0749998950e-24),
    ((10000, 300, 30, 12), 2.2790794203e-11),
    ((10000, 300, 30, 15), 1.0491918252e-15),
    ((16000, 512, 30, 15), 3.0776557325e-15),
    ((100000, 2000, 10, 10), 1.0016321618e-17),
    ((100000, 2000, 120, 20), 4.2059966593e-13),
    ((200000, 2000, 40, 10), 6.3134028397e-12),
    ((65536, 1311, 1311, 100), 5.8289515240e-30),
    ((65536, 1300, 1300, 26), 0.51066822590),
    ((1024, 8, 4, 2), 3.18242e-4),
    ((20000, 40, 8, 4), 9.5436e-10),
    ((64, 32, 32, 16), 0.598574),
    ((65536, 1280, 40, 13), 4.18e-13),
    ((100000, 2000, 6, 6), 6.35309e-11),
    ((100000, 2000, 24, 12), 8.58694e-15),
]


@pytest.mark.parametrize(("case", "value"), FOUND_ELSEWHERE)
def test_quoted_false_positives(case, value):
    digits = len(f"{value:.12g}".split("e")[0].replace(".", "").lstrip("0"))
    assert capacity.false_positive(*case).value == pytest.approx(value, rel=0.5 * 10.0 ** (1 - min(digits, 10)))


def test_far_below_any_float():
    """Sizes where sums of logarithms of gamma functions lose five digits and floats underflow."""
    p = capacity.false_positive(65536, 1300, 1300, 1300)
    assert p.log10 == -capacity.code_space(65536, 1300).log10 == pytest.approx(-2770.2915895222144701, rel=1e-15)
    assert capacity.false_positive(1048576, 20972, 20972, 2000).log10 == pytest.approx(-726.93138721, abs=1e-8)
    near_one = capacity.overlap_cdf(65536, 1311, 1311, 99)
    assert near_one.log10 == pytest.approx(-5.8289515240e-30 / math.log(10), rel=1e-9)


@pytest.mark.slow
def test_a_million_cells():
    case = (10**6, 20_000, 20_000, 1000)
    close(capacity.false_positive(*case).log10, result.rounded(exact.at_least(*case))[0])


@pytest.mark.parametrize("v", [0, 12, 32, 64, 102, 128])
def test_a_worked_example_of_noise(v):
    """Of 128 active cells v are swapped, the segment has 30 of them: the sum of the paper, from whole numbers."""
    lost = sum(math.comb(30, b) * math.comb(98, v - b) for b in range(19, min(30, v) + 1) if v - b <= 98)
    assert capacity.false_negative(128, 30, v, 12).fraction() == Fraction(lost, math.comb(128, v))


@st.composite
def cases(draw, largest=400):
    n = draw(st.integers(1, largest))
    a, s = draw(st.integers(0, n)), draw(st.integers(0, n))
    return n, a, s, draw(st.integers(0, s))


@few
@given(cases())
def test_every_method_is_the_formula(case):
    n, a, s, theta = case
    truth, there = total(*case), max(0, a + s - n) <= theta <= min(a, s)
    p = capacity.false_positive(*case)
    assert p.fraction() == truth
    close(p.log10, result.rounded(truth)[0], 1e-3)
    assert p.value == pytest.approx(float(truth), rel=4e-16, abs=0) or 0 < truth < 1e-307
    one = Fraction(math.comb(s, theta) * math.comb(n - s, a - theta), math.comb(n, a)) if there else Fraction(0)
    pmf, cdf, sf = (f(n, a, s, theta) for f in (capacity.overlap_pmf, capacity.overlap_cdf, capacity.overlap_sf))
    assert (pmf.fraction(), sf.fraction(), cdf.fraction()) == (one, truth - one, 1 - truth + one)
    for found in (pmf, cdf, sf):
        close(found.log10, result.rounded(found.fraction())[0], 1e-3)


@few
@given(cases())
def test_symmetric_monotone_and_whole(case):
    n, a, s, _ = case
    b = np.arange(min(a, s) + 1)
    pmf = capacity.overlap_pmf(n, a, s, b)
    np.testing.assert_array_equal(pmf.log10, capacity.overlap_pmf(n, s, a, b).log10)
    values = np.nan_to_num(pmf.value)
    assert math.fsum(values) == pytest.approx(1.0, rel=1e-14)
    assert math.fsum(b * values) == pytest.approx(capacity.overlap_mean(n, a, s), rel=1e-13, abs=1e-300)
    spread = math.fsum((b - capacity.overlap_mean(n, a, s)) ** 2 * values)
    assert spread == pytest.approx(capacity.overlap_variance(n, a, s), rel=1e-12, abs=1e-25)
    tails = capacity.false_positive(n, a, s, np.arange(s + 1)).log10
    assert np.all(tails[1:] <= tails[:-1])
    assert tails[0] == 0


@few
@given(cases(), st.floats(0, 1))
def test_quantile_is_the_inverse_of_cdf(case, q):
    n, a, s, _ = case
    b = capacity.overlap_quantile(n, a, s, q)
    assert isinstance(b, int)
    assert capacity.overlap_cdf(n, a, s, b).value >= q
    before = capacity.overlap_cdf(n, a, s, b - 1).value >= q if b and q <= 0.5 else None
    after = (
        capacity.overlap_sf(n, a, s, b - 1).value <= 1 - q if b and q > 0.5 else None
    )  # it has the digits near q = 1
    assert b == max(0, a + s - n) or not (before or after)


@few
@given(cases())
def test_bounds_lie_where_they_should(case):
    p = capacity.false_positive(*case)
    leading, kl = (capacity.false_positive(*case, method=method).log10 for method in ("leading", "kl"))
    assert leading <= p.log10 + 1e-12 <= kl + 2e-12
    n, a, s, theta = case
    low, high = min(a, s), max(a, s)
    with_replacement = capacity.false_positive(*case, method="binomial")
    truth = sum(math.comb(low, b) * high**b * (n - high) ** (low - b) for b in range(theta, low + 1))
    assert with_replacement.fraction() == Fraction(truth, n**low)
    close(with_replacement.log10, result.rounded(Fraction(truth, n**low))[0], 1e-3)


def test_approximations_of_the_spec():
    rows = {
        (2048, 40, 40, 20): (-25.60358, -23.209, -25.608, -22.316),
        (10000, 300, 30, 12): (-10.64224, -10.557, -10.660, -9.744),
        (4000, 128, 24, 12): (-11.87185, -11.662, -11.884, -10.883),
        (65536, 1311, 1311, 100): (-29.23441, -28.286, -29.348, -27.026),
    }
    for case, wanted in rows.items():
        found = [capacity.false_positive(*case, method=m).log10 for m in ("log", "binomial", "leading", "kl")]
        np.testing.assert_allclose(found, wanted, atol=6e-4)


def test_arrays_broadcast_and_agree_with_scalars():
    n, theta = np.array([[300], [2048], [65536]]), np.arange(0, 25)
    p = capacity.false_positive(n, 64, 24, theta)
    assert p.shape == p.log10.shape == p.value.shape == p.fraction().shape == (3, 25)
    for index in [(0, 0), (1, 12), (2, 24)]:
        one = capacity.false_positive(int(n[index[0], 0]), 64, 24, index[1])
        assert (p.log10[index], p.fraction()[index]) == (one.log10, one.fraction())
        assert p[index].fraction() == one.fraction()
    assert p[1].shape == (25,)
    assert len(p) == 3
    np.testing.assert_array_equal(np.asarray(p), p.value)
    assert capacity.false_positive(n[:0], 64, 24, 12).shape == (0, 1)
    assert capacity.code_space([64, 600], [12, 40]).fraction().tolist() == [math.comb(64, 12), math.comb(600, 40)]
    assert capacity.overlap_quantile([64, 100], 10, 10, 0.5).tolist() == [
        capacity.overlap_quantile(64, 10, 10, 0.5),
        capacity.overlap_quantile(100, 10, 10, 0.5),
    ]


def test_what_a_number_shows():
    assert repr(capacity.false_positive(4000, 128, 24, 12)) == "1.343239365e-12"
    assert repr(capacity.false_positive(65536, 1311, 1311, 656)) == "10^-810.29324"
    assert repr(capacity.code_space(65536, 1300)) == "10^2770.29159"
    assert repr(capacity.false_positive(1000, 5, 20, 6)) == "0"
    assert repr(capacity.false_positive(1000, 5, 20, [6])).startswith("LogNumber(log10=[-inf")
    assert float(capacity.false_positive(64, 4, 4, 3)) == pytest.approx(241 / 635376, rel=1e-15)
    huge = capacity.code_space(65536, 1300)
    assert math.isnan(huge.value)
    assert huge.fraction() is huge.fraction()


@given(st.fractions(min_value=0, max_value=10**6, max_denominator=10**40))
def test_fractions_are_rounded_once(number):
    log10, value = result.rounded(number)
    assert value == float(number)
    if number > 0:
        assert 10**log10 == pytest.approx(float(number), rel=1e-13)


def test_a_logarithm_near_one_keeps_its_digits():
    for gap in (Fraction(1, 10**30), Fraction(-1, 10**30)):
        assert result.rounded(1 + gap)[0] == pytest.approx(float(gap) / math.log(10), rel=1e-15)
    assert result.rounded(Fraction(1)) == (0.0, 1.0)
    assert math.isnan(result.rounded(Fraction(1, 10**310))[1])
    assert math.isnan(result.rounded(Fraction(10**310))[1])


@given(st.integers(0, 5000))
def test_factorials_to_25_digits(k):
    high, low, exponent = factorial.factorial(*factorial.table(5000), k)
    found = (Fraction(high) + Fraction(low)) * Fraction(2) ** int(exponent)
    assert abs(found / math.factorial(k) - 1) < Fraction(1, 10**25)


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3), st.floats(-1e-17, 1e-17), st.floats(-1e-17, 1e-17))
def test_double_double_against_fractions(a, b, a_low, b_low):
    x, y = Fraction(a) + Fraction(a_low * a), Fraction(b) + Fraction(b_low * b)
    pairs = (a, a_low * a, b, b_low * b)
    for found, truth in (
        (double.add(*pairs), x + y),
        (double.multiply(*pairs), x * y),
        (double.divide(*pairs), x / y),
        (double.scale(a, a_low * a, b), x * Fraction(b)),
        (double.ratio(a, b), Fraction(a) / Fraction(b)),
    ):
        assert abs((Fraction(found[0]) + Fraction(found[1])) / truth - 1) < Fraction(1, 2**98)


@pytest.mark.parametrize("n, k", [(20_000, 9_000), (16_385, 12_000), (10_007, 5_003), (7, 9), (9, 9)])
def test_binomial_coefficients_of_many_factors(n, k):
    assert exact.comb(n, k) == math.comb(n, k)


def test_an_overlap_above_minus_1_is_certain():
    above = capacity.overlap_sf(100, 10, 5, [-1, 0])
    assert above.value.tolist() == [1, capacity.false_positive(100, 10, 5, 1).value]
    assert above.fraction()[0] == 1
