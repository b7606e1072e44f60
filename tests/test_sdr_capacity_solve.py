"""The ways back: every answer is checked from both sides, and against a search through everything."""

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.sdr import capacity

few = settings(max_examples=20)
ERRORS = st.floats(-14, 0).map(lambda log10: 10**log10)


def test_example_of_the_spec():
    fp = capacity.false_positive(2048, 40, 20, [8, 9, 10, 11, 12])
    np.testing.assert_allclose(fp.value, [1.081e-9, 2.299e-11, 3.911e-13, 5.320e-15, 5.773e-17], rtol=5e-4)
    fn = capacity.false_negative(40, 20, 8, [12, 13, 14, 15, 16])
    assert fn.value[0] == 0
    np.testing.assert_allclose(fn.value[1:], [0.00164, 0.0218, 0.1176, 0.347], rtol=3e-3)
    assert capacity.thresholds(2048, 40, 20, 8, 1e-9, 0) == (9, 12)
    assert capacity.thresholds(2048, 40, 20, 0.2, 1e-9, 0.01) == (9, 13)
    assert capacity.thresholds(2048, 40, 20, 8, 1e-16, 1e-3) == (12, 12)


@few
@given(st.integers(2, 300), st.data(), ERRORS, ERRORS)
def test_thresholds_against_every_threshold(n, data, fp, fn):
    a = data.draw(st.integers(1, n))
    s, v = data.draw(st.integers(1, a)), data.draw(st.integers(0, a))
    theta = np.arange(s + 1)
    kept = theta[
        (capacity.false_positive(n, a, s, theta).log10 <= np.log10(fp))
        & (capacity.false_negative(a, s, v, theta).log10 <= np.log10(fn))
    ]
    low, high = capacity.thresholds(n, a, s, v, fp, fn)
    assert list(range(low, high + 1)) == kept.tolist()


def test_thresholds_broadcast():
    low, high = capacity.thresholds([[1000], [2048]], 40, 20, [0, 8, 40], 1e-9, 1e-3)
    assert low.shape == high.shape == (2, 3)
    assert (low[1, 1], high[1, 1]) == capacity.thresholds(2048, 40, 20, 8, 1e-9, 1e-3)
    assert np.all(high[:, 2] < low[:, 2])  # all cells swapped: only theta = 0 never misses


@few
@given(st.integers(1, 60), st.data(), st.floats(-8, -1))
def test_smallest_n_from_both_sides(a, data, log10):
    s = data.draw(st.integers(3, 60))
    theta = data.draw(st.integers(3, s))
    n = capacity.smallest_n(a, s, theta, 10**log10)
    assert capacity.false_positive(n, a, s, theta).log10 <= log10 + 1e-12
    assert n == max(a, s) or capacity.false_positive(n - 1, a, s, theta).log10 > log10 - 1e-12


def test_smallest_n_broadcasts():
    found = capacity.smallest_n(40, 20, [10, 12], 1e-12)
    assert found.tolist() == [capacity.smallest_n(40, 20, 10, 1e-12), capacity.smallest_n(40, 20, 12, 1e-12)]


def test_smallest_s_against_every_s():
    found = capacity.smallest_s(2048, 40, 0.2, 1e-9, 1e-3)
    assert found.fp.value <= 1e-9
    assert found.fn.value <= 1e-3
    for s in range(1, found.s):
        theta = np.arange(s + 1)
        fine = (capacity.false_positive(2048, 40, s, theta).value <= 1e-9) & (
            capacity.false_negative(40, s, 8, theta).value <= 1e-3
        )
        assert not fine.any()
    assert capacity.false_negative(40, found.s, 8, found.theta + 1).value > 1e-3


@few
@given(st.floats(-9, -0.01), st.integers(4, 7))
def test_largest_population_from_both_sides(log10, theta):
    error = 10**log10
    most = capacity.largest_population(100, 7, 7, theta, error)
    count = most.value
    assert count == math.floor(count)
    near = 1 + 1e-9
    assert capacity.population_false_positive(100, 7, 7, theta, int(count)).value <= error * near
    assert capacity.population_false_positive(100, 7, 7, theta, int(count) + 1).value * near > error


def test_largest_population_where_no_float_reaches():
    most = capacity.largest_population(65536, 1311, 1311, 656, 1e-9)
    assert most.log10 == pytest.approx(810.29323998 - 9, abs=1e-8)
    assert math.isnan(most.value)
    assert capacity.largest_population(100, 7, 7, 0, 0.5).value == 0


TINY = Fraction(1, 10**400)


def test_errors_that_no_float_holds():
    law = 65536, 1300, 1300  # P = 10^-2770 at theta = 1300
    logs = capacity.false_positive(*law, np.arange(1301)).log10
    low = int(np.flatnonzero(logs <= -400)[0])
    for tiny in (TINY, capacity.any_of(TINY, 1)):
        assert capacity.thresholds(*law, 0.2, tiny, 1e-3).low == low
    assert np.asarray(capacity.thresholds(*law, 0.2, [TINY, 1e-9], 1e-3).low)[0] == low
    assert capacity.smallest_n(1300, 1300, low, TINY) <= 65536
    assert capacity.smallest_s(*law[:2], 8, TINY, 1e-3).fp.log10 <= -400
    most = capacity.largest_population(*law, 1300, TINY)
    assert most.log10 == pytest.approx(2770.2915895222144701 - 400, rel=1e-13)
    assert capacity.largest_population(*law, 1300, capacity.false_positive(*law, 1300)).value == 1
    assert capacity.any_of(TINY, 3).fraction() == 1 - (1 - TINY) ** 3
    assert capacity.any_of([TINY, 0.5], 1).log10.tolist() == [-400, math.log10(0.5)]
    assert capacity.expected_false_cells(Fraction(1, 4), 8, 1) == pytest.approx(2)
    with pytest.raises(ValueError, match=r"FP <= 10\^-400 and FN <= 0, got"):
        capacity.smallest_s(100, 10, 9, TINY, 0)


def test_largest_union_of_an_error_that_no_float_holds():
    m = capacity.largest_union(10**7, 80, 80, 77, TINY)
    law = capacity.union_false_positive(10**7, 80, 80, [m, m + 1], 77)
    assert (law <= TINY).tolist() == [True, False]


def test_no_error_allows_no_segment():
    none = capacity.largest_population(65536, 1300, 1300, [1300, 2], 0)
    assert none.value.tolist() == [0, 0]
    assert none.log10.tolist() == [-math.inf] * 2
    assert capacity.smallest_n(5, 20, 6, 0) == 20  # theta > a: nothing to reach


@pytest.mark.parametrize("n, a, s, m", [(5, 3, 2, 2), (6, 6, 2, 3), (6, 4, 1, 4), (4, 3, 3, 2), (5, 2, 1, 0)])
def test_unions_of_several_patterns_against_all_of_them(n, a, s, m):
    every = [set(part) for part in combinations(range(n), s)]
    sizes = [len(set(range(a)) & {cell for one in drawn for cell in one}) for drawn in product(every, repeat=m)]
    for theta in range(min(max(m, 1) * s, n) + 1):
        wanted = Fraction(sum(size >= theta for size in sizes), len(sizes))
        assert capacity.union_false_positive(n, a, s, m, theta, "exact").fraction() == wanted
        assert capacity.union_false_positive(n, a, s, m, theta).value == pytest.approx(float(wanted), rel=1e-13)


def test_a_bloom_of_all_cells_of_an_input_larger_than_a_pattern():
    bloom = capacity.union_false_positive(1000, 30, 20, [2, 3], 30, "bloom")
    assert bloom.value == pytest.approx((capacity.union_size_mean(1000, 20, [2, 3]) / 1000) ** 30)
    assert np.all(capacity.union_false_positive(1000, 30, 20, [2, 3], 30) < bloom)
    m = capacity.largest_union(1000, 30, 20, 25, 1e-9)
    law = capacity.union_false_positive(1000, 30, 20, [m, m + 1], 25)
    assert (law <= 1e-9).tolist() == [True, False]


@pytest.mark.parametrize("n, a, s", [(2048, 40, 20), (12, 9, 7), (30, 5, 3), (65536, 1300, 1300)])
def test_quantiles_by_their_definition(n, a, s):
    assert capacity.overlap_quantile(n, a, s, 1) == min(a, s)
    assert capacity.overlap_quantile(n, a, s, 0) == max(0, a + s - n)
    for q in (1e-300, 0.01, 0.5, 0.75, 1 - 2**-20, 1 - 2**-53):
        b = capacity.overlap_quantile(n, a, s, q)
        fine = [
            capacity.overlap_sf(n, a, s, one) <= 1 - q if q > 0.5 else capacity.overlap_cdf(n, a, s, one) >= q
            for one in range(max(0, a + s - n, b - 1), b + 1)
        ]
        assert fine[-1]
        assert not any(fine[:-1])


def test_a_quantile_of_a_chance_that_no_float_holds():
    b = capacity.overlap_quantile(65536, 40000, 40000, TINY)
    near = capacity.overlap_cdf(65536, 40000, 40000, [b - 1, b]).log10
    assert near[0] < -400 <= near[1]


def test_objects_of_whole_numbers():
    law = capacity.false_positive(np.array([100, 2048], dtype=object), 40, 20, 10)
    assert law.log10.tolist() == capacity.false_positive([100, 2048], 40, 20, 10).log10.tolist()


def test_numbers_are_compared_beyond_floats():
    p, q = (capacity.false_positive(65536, 1300, 1300, theta) for theta in (1300, 1299))
    assert p < q
    assert q > p
    assert p != q
    assert p == p.fraction()
    assert p <= capacity.false_positive(65536, 1300, 1300, 1300)
    assert p > p.fraction() * (1 - Fraction(1, 10**30))  # nearer than any logarithm tells
    assert 0 < p < 1e-300
    assert np.float64(1e-300) > p
    assert p > -1
    assert not p < math.nan
    assert p != "p"
    assert capacity.any_of(0.1, 1) == 0.1
    assert capacity.any_of(0.1, 1) != Fraction(1, 10)


def test_arrays_are_compared_elementwise():
    some = capacity.false_positive(100, 5, 6, [0, 1, 2, 6])
    assert (some >= [1, 0.5, 0, 0]).tolist() == [True, False, True, True]
    assert (np.array([1, 0.5, 0, 0]) < some).tolist() == [False, False, True, False]
    assert (some == capacity.false_positive(100, 5, 6, [0, 1, 3, 6])).tolist() == [True, True, False, True]
    assert (some == 0).tolist() == [False] * 3 + [True]
    assert (some != some[1]).tolist() == [True, False, True, True]


def test_numbers_are_written_beyond_floats():
    p = capacity.false_positive(65536, 1300, 1300, 1300)
    assert f"{p:.3g} {p:.2e} {p:>12.3g} {p:12.3g}" == "5.11e-2771 5.11e-2771   5.11e-2771   5.11e-2771"
    assert f"{capacity.any_of(TINY, 1):g} {capacity.any_of(0.25, 1):.3f} {p}" == f"1e-400 0.250 {p!r}"


def test_no_logarithm_is_minus_0():
    for zero in (capacity.LogNumber(-0.0), capacity.any_of(1.0, 1), capacity.false_positive(9, 3, 3, 0)):
        assert math.copysign(1, zero.log10) == 1


def test_largest_union_from_both_sides():
    case = 20000, 30, 12
    m = capacity.largest_union(*case, 6, 1e-9)
    assert m > 4
    assert (
        capacity.union_false_positive(*case, m, 6).value <= 1e-9 < capacity.union_false_positive(*case, m + 1, 6).value
    )
    assert capacity.largest_union(*case, 6, 1e-30) == 0
    assert capacity.largest_union(*case, 6, 1e-9, most=m + 1) == m
    assert capacity.largest_union(*case, 0, 0.5) == 0
    assert capacity.largest_union(20000, 30, 12, 30, 1e-9) >= 2  # two patterns can not reach it


def test_largest_unions_broadcast():
    theta, error = np.array([6, 7, 5]), np.array([[1e-9], [1e-6], [0.5]])
    found = capacity.largest_union(5000, 40, 10, theta, error)
    assert found.shape == (3, 3)
    for (i, j), m in np.ndenumerate(found):
        law = capacity.union_false_positive(5000, 40, 10, [m, m + 1], int(theta[j]))
        assert (law <= float(error[i, 0])).tolist() == [True, False]


def test_noise_chooses_theta():
    """The largest theta that keeps the false negatives: the upper end of the window of thresholds."""
    theta = capacity.thresholds(2048, 40, 20, 0.2, 1, 1e-3).high
    assert theta == 12
    errors = {"v": 0.2, "fn": 1e-3}
    assert capacity.smallest_n(40, 20, None, 1e-9, **errors) == capacity.smallest_n(40, 20, theta, 1e-9)
    most = capacity.largest_population(2048, 40, 20, None, 0.01, **errors)
    assert most.log10 == capacity.largest_population(2048, 40, 20, theta, 0.01).log10
    union = capacity.largest_union(20000, 40, 20, None, 1e-9, **errors)
    assert union == capacity.largest_union(20000, 40, 20, theta, 1e-9)
    n = capacity.smallest_n(40, 20, None, 1e-9, v=[0, 8, 10], fn=1e-3)
    assert n[1] == capacity.smallest_n(40, 20, 12, 1e-9)
    assert n[0] < n[1] < n[2]


def test_pareto_front_is_what_nothing_beats():
    table = capacity.pareto(2048, 40, [4, 10, 20], 0.2)
    assert table.s.tolist() == [4] * 4 + [10] * 10 + [20] * 20
    x, y = table.fp.log10, table.fn.log10
    for i in range(len(x)):
        beaten = (x <= x[i]) & (y <= y[i]) & ((x < x[i]) | (y < y[i]))
        assert table.front[i] == (not beaten.any())
    i = int(np.flatnonzero((table.s == 20) & (table.theta == 12))[0])
    assert table.fp[i].log10 == capacity.false_positive(2048, 40, 20, 12).log10
    assert table.fn[i].value == 0
