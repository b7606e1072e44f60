"""The ways back: every answer is checked from both sides, and against a search through everything."""

import math

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


def test_largest_union_from_both_sides():
    case = 20000, 30, 12
    m = capacity.largest_union(*case, 6, 1e-9)
    assert m > 4
    assert (
        capacity.union_false_positive(*case, m, 6).value <= 1e-9 < capacity.union_false_positive(*case, m + 1, 6).value
    )
    assert capacity.largest_union(*case, 6, 1e-30) == 0
    assert capacity.largest_union(*case, 6, 1e-9, most=m - 1) == m - 1
    assert capacity.largest_union(*case, 0, 1.0, most=6) == 6


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
