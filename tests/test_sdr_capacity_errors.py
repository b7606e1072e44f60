"""What the calculator refuses, and in which words."""

import re
from fractions import Fraction

import numpy as np
import pytest

from neurosparse.sdr import capacity
from neurosparse.sdr.capacity import cover, exact

BIG = 2**26
MISTAKES = [
    (lambda: capacity.false_positive(2048, 40, 20, 21), ValueError, r"theta must be <= s, got \(21, 20\); .*lower theta"),
    (lambda: capacity.false_positive(2048, 40, [20, 5], 6), ValueError, r"theta must be <= s, got \(6, 5\)"),
    (lambda: capacity.false_positive(30, 40, 20, 6), ValueError, r"a must be <= n, got \(40, 30\)"),
    (lambda: capacity.false_positive(30, 20, 40, 6), ValueError, r"s must be <= n, got \(40, 30\)"),
    (lambda: capacity.false_positive(2048.0, 40, 20, 6), TypeError, r"n must be a whole number.*2048\.0.*round"),
    (lambda: capacity.false_positive(2048, 40.5, 20, 6), TypeError, r"a must be a whole number.*40\.5"),
    (lambda: capacity.false_positive(2048, 40, np.array([20.0]), 6), TypeError, "s must be a whole number"),
    (lambda: capacity.false_positive(2048, 40, 20, float("nan")), TypeError, "theta must be a whole number.*nan"),
    (lambda: capacity.false_positive(2048, 40, True, 1), TypeError, "s must be a whole number.*True"),
    (lambda: capacity.false_positive(2048, 40, [True, False], 0), TypeError, "s must be a whole number"),
    (lambda: capacity.false_positive("2048", 40, 20, 6), TypeError, "n must be a whole number.*'2048'"),
    (lambda: capacity.false_positive(None, 40, 20, 6), TypeError, "n must be a whole number or an array of them, got None$"),
    (lambda: capacity.false_positive(2048, [[1], [1, 2]], 20, 6), ValueError, "a must be an array"),
    (lambda: capacity.false_positive(0, 0, 0, 0), ValueError, r"n must be in \[1, 67108863\], got 0"),
    (lambda: capacity.false_positive(2048, -1, 20, 6), ValueError, r"a must be in \[0, 67108863\], got -1"),
    (lambda: capacity.false_positive(2048, 40, [20, -3], 0), ValueError, r"s must be in \[0, .*-3"),
    (lambda: capacity.false_positive(2048, 40, 20, -1), ValueError, r"theta must be in \[0, .*-1"),
    (lambda: capacity.false_positive(BIG, 40, 20, 6), ValueError, r"n must be in \[1, 67108863\], got 67108864"),
    (lambda: capacity.false_positive(10**30, 40, 20, 6), ValueError, r"n must be in \[1, 67108863\]"),
    (lambda: capacity.false_positive([10**30, 5], 1, 1, 1), ValueError, r"n must be in \[1, 67108863\], got 10{30}; element \[0\]"),
    (lambda: capacity.false_positive(np.uint64(2**64 - 1), 40, 20, 6), ValueError, r"n must be in \[1, 67108863\]"),
    (lambda: capacity.false_positive([100, 200], [1, 2, 3], 1, 1), ValueError, r"n, a, s must broadcast together, got .*\(2,\)"),
    (lambda: capacity.false_positive(100, 3, 3, 1, method="logs"), ValueError, "method must be one of.*did you mean 'log'"),
    (lambda: capacity.false_positive(2048, 40, 40, 20, method="kl").fraction(), ValueError, "must give a rational number.*approximations.*take .log10"),
    (lambda: capacity.false_negative(40, 41, 8, 12), ValueError, r"s must be <= a, got \(41, 40\)"),
    (lambda: capacity.false_negative(40, 20, 41, 12), ValueError, r"v must be <= a, got \(41, 40\)"),
    (lambda: capacity.false_negative(40, 20, 8, 21), ValueError, r"theta must be <= s, got \(21, 20\)"),
    (lambda: capacity.false_negative(40, 20, 0.2, 12), TypeError, "v must be a whole number"),
    (lambda: capacity.false_negative(40, 20, 8, 12, method="kl"), ValueError, "method must be one of log, exact"),
    (lambda: capacity.true_positive(40, 41, 8, 12), ValueError, "true_positive: s must be <= a"),
    (lambda: capacity.code_space(10, 11), ValueError, r"code_space: w must be <= n, got \(11, 10\)"),
    (lambda: capacity.overlap_pmf(10, 5, 5, 1.0), TypeError, "overlap_pmf: b must be a whole number"),
    (lambda: capacity.overlap_quantile(10, 5, 5, 1.5), ValueError, r"q must be in \[0, 1\], got 1.5"),
    (lambda: capacity.overlap_quantile(10, 5, 5, float("nan")), ValueError, "q must be a finite number"),
    (lambda: capacity.any_of(1.5, 3), ValueError, r"p must be in \[0, 1\], got 1.5"),
    (lambda: capacity.any_of(0.5, -1), ValueError, r"m must be in \[0, 1e\+18\] segments, got -1"),
    (lambda: capacity.any_of([0.5, 0.1], [1, 2, 3]), ValueError, "p, m must broadcast together"),
    (lambda: capacity.any_of(0.5, 2.5, method="exact"), TypeError, "m must be whole for an exact power.*log"),
    (lambda: capacity.any_of(0.1, 2.5).fraction(), ValueError, "must give a rational number"),
    (lambda: capacity.any_of(0.1, 10**12, method="exact"), ValueError, "exact sums may take 1e.12 steps.*log10"),
    (lambda: capacity.any_of(0.5, 2, method="kl"), ValueError, "any_of: method must be one of log, bound, exact"),
    (lambda: capacity.population_false_positive(9, 3, 3, 1, 2, method="kl"), ValueError, "method must be one of log, bound"),
    (lambda: capacity.expected_false_cells(0.5, -1, 2), ValueError, "cells must be >= 0"),
    (lambda: capacity.union_false_positive(1000, 80, 10, 1, 11), ValueError, r"theta must be <= s, got \(11, 10\); a pattern of s cells covers no more: lower theta or raise m"),
    (lambda: capacity.union_false_positive(40, 40, 10, [0, 1], 40), ValueError, r"union_false_positive: theta must be <= s, got \(40, 10\)"),
    (lambda: capacity.largest_union(1000, 20, 10, 11, 0.1, most=1), ValueError, r"largest_union: most must be above the answer, got 1; so many patterns still keep the error: raise most"),
    (lambda: capacity.largest_union(20000, 100, 25, 15, 1e-9, most=10), ValueError, "most must be above the answer, got 10; so many"),
    (lambda: capacity.largest_union(20000, 100, 25, 15, 1e-9, most=15), ValueError, "most must be above the answer, got 15; so many"),
    (lambda: capacity.largest_union(20000, 100, 25, 15, 1), ValueError, "most must be above the answer, got 100000; any number of patterns keeps"),
    (lambda: capacity.largest_union(20000, 10, 25, 15, 0.1), ValueError, "any number of patterns keeps the error"),
    (lambda: capacity.largest_union([20000, 30000], 100, 25, 15, [1e-9, 1e-8, 1e-7]), ValueError, "largest_union: n, a, s, theta, most, error must broadcast together"),
    (lambda: capacity.smallest_n(40, 20, None, 1e-9), ValueError, "smallest_n: theta must be given, got None; or v and fn, which choose it"),
    (lambda: capacity.smallest_n(40, 20, None, 1e-9, v=8), ValueError, r"smallest_n: v and fn must be given together, got \(8, None\); the noise"),
    (lambda: capacity.largest_population(2048, 40, 20, 10, 0.1, v=8, fn=0.1), ValueError, "theta must be None where v and fn choose it, got 10; leave out theta"),
    (lambda: capacity.largest_union(2048, 20, 40, None, 0.1, v=8, fn=0.1), ValueError, r"largest_union: s must be <= a, got \(40, 20\)"),
    (lambda: capacity.smallest_n(40, 20, None, 1e-9, v=40, fn=1e-3), ValueError, "some n < 2.*must reach log10 fp = -9, got 0.0; raise theta"),
    (lambda: capacity.any_of(1e-9, 10**30), ValueError, r"m must be in \[0, 1e\+18\] segments, got 1e\+30"),
    (lambda: capacity.overlap_sf(9, 3, 3, -2), ValueError, r"overlap_sf: b must be in \[-1, 67108863\], got -2"),
    (lambda: capacity.overlap_cdf(9, 3, 3, -1), ValueError, r"overlap_cdf: b must be in \[0, 67108863\], got -1"),
    (lambda: capacity.union_false_positive(10**6, 500_000, 20_000, 10**5, 250_000), ValueError, r"union: the chain of unions may take 5e\+09 steps, got .*plugin"),
    (lambda: capacity.false_positive(10**6, 500_000, 500_000, 300_000).fraction(), ValueError, "exact sums may take 1e.12 steps, got '1.1e.12'"),
    (lambda: capacity.false_prediction(2048, 40, 20, 10, 777).fraction(), ValueError, "mean numbers.*take .log10$"),
    (lambda: capacity.largest_population(2048, 40, 20, 10, 0.1).fraction(), ValueError, "quotients of logarithms.*take .log10$"),
    (lambda: capacity.kanerva_error(10, 3, 5, 0, 1), ValueError, r"kanerva_error: stored must be in \[1,"),
    (lambda: capacity.kanerva_error(10, 3, 5, 2, 1, "x"), ValueError, "kanerva_error: method must be one of exact, independent"),
    (lambda: capacity.kanerva_activation(65537, 3), ValueError, r"bits must be in \[1, 65536\]"),
    (lambda: capacity.prediction_distance(10, 0, 5, 2, 100), ValueError, "prediction_distance: a must be > 0"),
    (lambda: capacity.smallest_s([2048, 1024], 40, 8, 1e-9, 1e-3), ValueError, r"smallest_s: n must be one whole number, got .*\(2,\)"),
    (lambda: capacity.smallest_s(2048, 40, [8], 1e-9, 1e-3), ValueError, "smallest_s: v must be one whole number or share"),
    (lambda: capacity.smallest_s(2048, 40, 8, [1e-9], 1e-3), ValueError, "smallest_s: fp must be one number"),
    (lambda: capacity.smallest_s(2048, 40, 41, 1e-9, 1e-3), ValueError, r"smallest_s: v must be <= a, got \(41, 40\)"),
    (lambda: capacity.pareto(2048, 40, [], 8), ValueError, r"pareto: s must have a whole number or more, got \[\]; write pareto"),
    (lambda: capacity.pareto([2048, 1024], 40, [8], 8), ValueError, "pareto: n must be one whole number"),
    (lambda: capacity.smallest_n(40, 20, 10, 0), ValueError, r"smallest_n: fp must be > 0, got 0; an overlap"),
    (lambda: capacity.false_positive([5, -7], 5, 5, 2), ValueError, r"n must be in \[1, 67108863\], got -7; element \[1\] is the first such"),
    (lambda: capacity.false_positive(9, [[2, 3], [4, 5.5]], 5, 2), TypeError, r"a must be a whole number or an array of them, got 5.5; say round.*; element \[1, 1\]"),
    (lambda: capacity.false_positive(9, [2, "x"], 5, 2), TypeError, r"a must be a whole number or an array of them, got 'x'; element \[1\]"),
    (lambda: capacity.false_positive([2**63, -1], 1, 1, 1), ValueError, r"n must be in .*, got 9223372036854775808; element \[0\]"),
    (lambda: capacity.false_positive(9, np.ma.array([3]), 1, 1), ValueError, "a must have no mask, got 'MaskedArray'; take its"),
    (lambda: capacity.false_positive(np.full((40, 40), 9), np.full((40, 40), -3), 5, 2), ValueError, r"^.*got -3; element \[0, 0\] is the first such$"),
    (lambda: capacity.any_of(np.full((40, 40), 3.0), 8), ValueError, r"^any_of: p must be in \[0, 1\], got 3.0; element \[0, 0\] is the first such$"),
    (lambda: capacity.any_of([0.5, float("nan")], 8), ValueError, r"p must be a finite number, got nan; element \[1\]"),
    (lambda: capacity.any_of("half", 8), ValueError, "p must be a finite number, got 'half'"),
    (lambda: capacity.any_of(Fraction(3, 2), 8), ValueError, r"p must be in \[0, 1\], got Fraction\(3, 2\)$"),
    (lambda: capacity.any_of(capacity.code_space(9, [0, 2]), 8), ValueError, r"p must be in \[0, 1\], got 36"),
    (lambda: capacity.any_of(0.5, np.full((40, 40), -2.0)), ValueError, r"^any_of: m must be in \[0, 1e\+18\] segments, got -2.0; element \[0, 0\] is the first such$"),
    (lambda: capacity.thresholds(2048, 40, 20, [0.2, 1.0], 0.1, 0.1), ValueError, r"v must be in \[0, 1\), got 1.0; a share of a, or whole cells; element \[1\]"),
    (lambda: f"{capacity.false_positive(65536, 1300, 1300, 1300):d}", ValueError, "the format must end in e or g beyond floats, got 'd'"),
    (lambda: f"{capacity.false_positive(9, 3, 3, [1, 2]):.3g}", TypeError, r"it must be one number, got \(2,\)"),
    (lambda: capacity.false_positive(9, 3, 3, 2) < "x", TypeError, "'<' not supported"),
    (lambda: hash(capacity.false_positive(9, 3, 3, 2)), TypeError, "unhashable"),
    (lambda: capacity.union_false_positive(1000, 20, 20, 5, 11, method="bloom"), ValueError, "bloom needs theta = a.*markov"),
    (lambda: capacity.union_false_positive(1000, 20, 20, 2.5, 11), TypeError, "m must be a whole number"),
    (lambda: capacity.union_false_positive(10**6, 20_000, 20_000, 10**7, 11), ValueError, "union: m .* must be <= 5e.10"),
    (lambda: capacity.union_false_positive(10**6, 20_000, 20_000, 10**4, 11, method="exact"), ValueError, "exact sums"),
    (lambda: capacity.union_size_pmf(10, 11, 2, 5), ValueError, "s must be <= n"),
    (lambda: capacity.union_size_mean(10, 5, -2), ValueError, r"m must be in \[0"),
    (lambda: capacity.union_surprise(10, 11, 2), ValueError, "union_surprise: a must be <= n"),
    (lambda: capacity.segments_per_cell(10, 5, -2), ValueError, "transitions must be in"),
    (lambda: capacity.prediction_similarity(10, 0, 5, 2, 100), ValueError, "a must be > 0"),
    (lambda: capacity.bloom_false_positive(10, 0, 2), ValueError, r"hashes must be in \[1, 10000\]"),
    (lambda: capacity.bloom_false_positive(10, 2, 2, method="x"), ValueError, "method must be one of log, exact, classic"),
    (lambda: capacity.bloom_hashes(10, 0), ValueError, "items must be > 0"),
    (lambda: capacity.thresholds(2048, 40, 20, 1.5, 0.1, 0.1), ValueError, r"v must be in \[0, .*a share of a, or whole cells"),
    (lambda: capacity.thresholds(2048, 40, 20, 8, 2.0, 0.1), ValueError, r"fp must be in \[0, 1\]"),
    (lambda: capacity.smallest_s(100, 10, 9, 1e-9, 1e-9), ValueError, "some s <= a must keep FP <= 1e-09 and FN <= 1e-09.*raise n"),
    (lambda: capacity.largest_population(1000, 5, 20, 6, 0.1), ValueError, "false positives must be possible.*any number"),
    (lambda: capacity.largest_population(1000, 5, 5, 2, 1.0), ValueError, "error must be in"),
    (lambda: capacity.largest_union(1000, 5, 5, 2, 0.1, most=-1), ValueError, "most must be in"),
    (lambda: capacity.pareto(1000, 50, [0], 2), ValueError, r"s must be in \[1, 4096\]"),
    (lambda: float(capacity.false_positive(65536, 1311, 1311, 656)), OverflowError, "a float must hold it.*10.-810.*log10"),
    (lambda: float(capacity.false_positive(100, 5, 5, [1, 2])), TypeError, r"must be one number, got \(2,\)"),
    (lambda: capacity.nothing, AttributeError, "no attribute 'nothing'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("mistake", "error", "words"), MISTAKES, ids=[re.sub(r"\W+", "-", m[2])[:50] for m in MISTAKES]
)
def test_mistakes(mistake, error, words):
    with pytest.raises(error, match=words):
        mistake()


def test_a_table_without_room(monkeypatch):
    from neurosparse import check

    monkeypatch.setattr(check, "memory", lambda: 1000)
    with pytest.raises(MemoryError, match="the transitions of the chain must fit in memory"):
        cover.distribution("union", 1000, 100, 10, 3)


def test_no_number_of_cells_is_enough():
    with pytest.raises(ValueError, match=r"some n < 2\*\*26 must reach log10 fp = -9, got 0\.0; raise theta"):
        capacity.smallest_n(40, 20, 0, 1e-9)


def test_windows_without_room(monkeypatch):
    from neurosparse import check
    from neurosparse.sdr.capacity import cover_windows

    monkeypatch.setattr(check, "memory", lambda: 1000)
    with pytest.raises(MemoryError, match="union: the transitions of the chain must fit in memory"):
        cover_windows.at_least(1000, 100, 10, 3, 20)


def test_exact_sums_of_hours_are_refused():
    with pytest.raises(ValueError, match="exact sums may take 1e.12 steps"):
        exact.at_least(5 * 10**7, 10**7, 10**7, 10**6)


def test_every_name_is_there():
    for name in capacity.__all__:
        assert getattr(capacity, name).__doc__
    assert set(capacity.__all__) <= set(dir(capacity))
    assert capacity.law.overlap_pmf is capacity.overlap_pmf
