"""Rare errors on correlated patterns: an exact law of disjoint clusters, plain trials, and intervals that cover."""

import os

import numpy as np
import pytest
from scipy.stats import hypergeom

from neurosparse import rng
from neurosparse.sdr.capacity import correlated, correlated_draws, correlated_rare, law, verify_correlated
from neurosparse.sdr.capacity.correlated import Clusters, correlated_false_positive, make_clusters
from neurosparse.sdr.capacity.montecarlo import Plan

PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
slow_without_jit = pytest.mark.skipif(PLAIN, reason="takes minutes without compilation")


def disjoint(n, length):
    """n // length clusters that share no cells."""
    return Clusters(n, np.arange(0, n + 1, length, dtype=np.int64), np.arange(n - n % length, dtype=np.int64))


def of_disjoint(n, length, k, s, theta, segments=1):
    """Exact: patterns of k clusters and one random cell each, which may be in the other's clusters or the same."""
    a, clusters, free = k * length + 1, n // length, n - k * length
    p = 0.0
    for m in range(k + 1):  # clusters in both
        u = (k - m) * length / free
        more = (1 - u) * (1 - u - 1 / free), u * (1 - u) + (1 - u) * (u + 1 / free), u * u
        for extra, chance in enumerate(more):
            shared = min(m * length + extra, a)  # a + 1 has no chance
            p += hypergeom.pmf(m, clusters, k, k) * chance * hypergeom.sf(theta - 1, a, shared, s)
    return -np.expm1(segments * np.log1p(-p))


@slow_without_jit
@pytest.mark.parametrize(
    "at, segments, low, high",
    [
        ((2000, 4, 8, 20, 10), 500, 1e-4, 1e-2),
        ((2000, 4, 8, 20, 14), 1, 1e-10, 1e-8),
        ((2000, 4, 8, 20, 18), 20, 1e-14, 1e-10),
        ((1200, 2, 12, 18, 15), 1, 1e-16, 1e-9),
        ((60, 3, 4, 9, 6), 10, 1e-3, 1.0),
    ],
)
def test_disjoint_clusters_have_an_exact_law(at, segments, low, high):
    n, length, k, s, theta = at
    exact = of_disjoint(*at, segments)
    found = verify_correlated(disjoint(n, length), k * length + 1, s, theta, segments, Plan(2000))
    assert low < exact < high
    assert found.covers(exact)
    assert found.ess > 400


def test_disjoint_clusters_without_compilation_too():
    found = verify_correlated(disjoint(60, 3), 13, 9, 8, 2, Plan(80))
    assert found.covers(of_disjoint(60, 3, 4, 9, 8, 2))
    assert 40 < found.hits <= 80


@pytest.mark.slow
@slow_without_jit
def test_intervals_cover_as_often_as_they_say():
    exact, groups = of_disjoint(1000, 4, 5, 15, 12), disjoint(1000, 4)
    assert exact < 1e-5
    found = [verify_correlated(groups, 21, 15, 12, 1, Plan(300, seed=seed, confidence=0.9)) for seed in range(200)]
    assert 165 <= sum(estimate.covers(exact) for estimate in found) <= 194
    means = np.array([estimate.value for estimate in found])
    assert abs(means.mean() - exact) < 3.3 * means.std() / np.sqrt(200)


@pytest.mark.slow
@slow_without_jit
@pytest.mark.parametrize("sizes, cover", [([2, 9], [900, 900]), ([3, 5, 7], [600, 500, 300]), ([4], [1200])])
def test_intervals_of_shared_cells_cover_the_mean_of_many(sizes, cover):
    """Clusters that share cells have no law; the reference is the mean of all runs, whose own error is small."""
    groups = make_clusters(600, sizes, cover, seed=2)
    found = [verify_correlated(groups, 24, 15, 12, 1, Plan(1000, seed=seed, confidence=0.9)) for seed in range(60)]
    mean = np.mean([estimate.value for estimate in found])
    assert mean < 1e-5
    assert 46 <= sum(estimate.covers(mean) for estimate in found) <= 60


@slow_without_jit
@pytest.mark.parametrize("sizes, cover", [([4], [120]), ([2, 5], [100, 60]), ([6], [60]), ([1, 3], [60, 60])])
@pytest.mark.parametrize("theta", [4, 6, 7])
def test_plain_trials_agree(sizes, cover, theta):
    groups = make_clusters(60, sizes, cover)
    rare = verify_correlated(groups, 12, 8, theta, 12, Plan(6000))
    plain = correlated_false_positive(groups, 12, 8, theta, segments=12, neurons=3000)
    (low, high), (plain_low, plain_high) = rare.interval, plain.interval
    assert max(low, plain_low) < min(high, plain_high)
    if theta == 7:  # below 1 in 100: fewer draws, and surer
        assert high - low < (plain_high - plain_low) / 2


@slow_without_jit
def test_rare_errors_of_the_published_sizes_where_plain_trials_see_none():
    groups = make_clusters(2000, [2, 3, 5, 7], [3000] * 4)
    rare = verify_correlated(groups, 32, 20, 14, 500, Plan(500, threads=2))
    plain = correlated_false_positive(groups, 32, 20, 14, neurons=20)
    assert plain.value == 0.0
    assert 1e-7 < rare.value < 5e-7
    assert rare.ess > 200
    assert rare.interval[1] < plain.interval[1] / 1000


@pytest.mark.parametrize("theta", [3, 8])
def test_no_clusters_are_the_law_of_independent_patterns(theta):
    found = verify_correlated(make_clusters(60, [2], [0]), 12, 8, theta, 1, Plan(5))
    assert found.value == pytest.approx(law.overlap_sf(60, 12, 8, theta - 1).value, rel=1e-11)


def test_weights_are_of_whole_patterns():
    """Both patterns have a cells, those of the event; whole clusters come first, as plain patterns have them."""
    groups = make_clusters(50, [3], [100])
    design = correlated_draws.design(groups, 10.0 ** law.overlap_sf(11, np.arange(12), 8, 6).log10)
    x, stream = correlated_draws.scratch(design), rng.stream(0, "test pairs")
    sets = [set(cells) for cells in groups.cells.reshape(-1, 3)]
    came = 0
    for trial in range(20):
        assert np.isfinite(correlated_draws.first(stream, trial, 2 * trial, design, x))
        log = correlated_draws.second(stream, 100 + trial, 2 * trial + 1, design, x)
        correlated_draws.forget(x)
        assert not x.held.any()
        if log == -np.inf:  # out of reach of the event
            continue
        came += 1
        first, second = set(x.first.tolist()), set(x.second.tolist())
        assert len(first) == len(second) == 11
        assert len(first & second) >= 7
        for pattern in (first, second):
            assert sum(cells <= pattern for cells in sets) >= 3
    assert came > 10


def test_same_bits_for_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(correlated_rare, "CHUNK", 8)
    groups = make_clusters(60, [3, 4], [60, 60])
    one = verify_correlated(groups, 12, 8, 7, 3, Plan(30))
    assert one == verify_correlated(groups, 12, 8, 7, 3, Plan(30, threads=3))
    assert one != verify_correlated(groups, 12, 8, 7, 3, Plan(30, seed=1))


def test_trials_do_not_depend_on_those_before(monkeypatch):
    groups = make_clusters(60, [3, 4], [60, 60])
    whole = verify_correlated(groups, 12, 8, 7, 3, Plan(30))
    monkeypatch.setattr(correlated_rare, "CHUNK", 1)
    assert verify_correlated(groups, 12, 8, 7, 3, Plan(30)).log10 == pytest.approx(whole.log10, rel=1e-13)


@pytest.mark.parametrize(
    "arguments, error, text",
    [
        (("no", 3, 2, 1), TypeError, "verify_correlated: clusters must be Clusters, got 'no'"),
        ((41, 3, 1), ValueError, r"a must be in \[0, 40\]"),
        ((8, 9, 3), ValueError, r"s must be in \[1, 8\], got 9; a segment grows"),
        ((8, 5, 6), ValueError, r"theta must be in \[1, 5\], got 6"),
        ((8, 5, 3, 0), ValueError, r"segments must be in \[1,"),
        ((8, 5, 3, 2, 7), TypeError, r"plan must be a Plan, got 7"),
        ((8, 5, 3, 2, Plan(method="plain")), ValueError, "method must be one of tilted, got 'plain'"),
    ],
)
def test_refused(arguments, error, text):
    groups = () if arguments[0] == "no" else (make_clusters(40, [3], [60]),)
    with pytest.raises(error, match=text):
        verify_correlated(*groups, *arguments)


def test_refused_tables_too_large():
    huge = correlated.Clusters(2**31 - 1, np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    with pytest.raises(MemoryError, match="the chances must fit in memory"):
        verify_correlated(huge, 2**30, 5, 3)
