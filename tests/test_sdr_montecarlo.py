"""The laws of SDRs against draws of subsets: plain, tilted and as bit vectors; and inputs that are correlated."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.sdr.capacity import correlated, draws, estimate, law
from neurosparse.sdr.capacity.estimate import Estimate
from neurosparse.sdr.capacity.match import false_negative, false_positive
from neurosparse.sdr.capacity.montecarlo import (
    Plan,
    verify_false_negative,
    verify_false_positive,
    verify_union_false_positive,
)
from neurosparse.sdr.capacity.union import union_false_positive

FEW = Plan(trials=800)

# (n, a, s, theta) -> log10 P, exact rationals of the specification
FALSE_POSITIVES = [
    ((1024, 20, 20, 20), -41.738776101860295190),
    ((2048, 40, 40, 20), -25.603582581990423373),
    ((16384, 328, 328, 164), -203.25255622966633642),
    ((1024, 20, 20, 10), math.log10(9.3292386243e-14)),
    ((4000, 128, 24, 12), math.log10(1.3432393647e-12)),
    ((16000, 4000, 30, 15), math.log10(2.7251563458e-3)),
    ((2048, 40, 40, 1), math.log10(0.54917094185)),
]
FALSE_NEGATIVES = [
    ((40, 8, 12, 4), 461 / 11951),
    ((128, 30, 64, 12), 229156487472332903 / 3196111999631198230),
    ((300, 30, 60, 12), 3.9474360874e-8),
    ((40, 20, 10, 16), 210533 / 328042),
]
UNIONS = [
    ((1024, 20, 20, 20, 20), 1.3286818788e-10),
    ((1024, 20, 20, 20, 18), 1.2426846088e-7),
    ((1024, 20, 20, 40, 20), 4.9418636098e-6),
    ((20000, 100, 25, 10, 15), 1.6983732432e-12),
    ((1000, 200, 25, 2, 15), 0.050773363243),
]


@pytest.mark.parametrize("at, log10", FALSE_POSITIVES)
def test_tilted_draws_verify_any_rarity(at, log10):
    found = verify_false_positive(*at, Plan(trials=150))
    assert found.log10_low <= log10 <= found.log10_high
    assert found.ess > 0.8 * 150
    assert found.log10_high - found.log10_low < 0.3


@pytest.mark.slow
def test_the_smallest_numbers_of_the_specification():
    found = verify_false_positive(65536, 1311, 1311, 656, FEW)
    assert found.log10_low <= -810.29323998020603710 <= found.log10_high
    assert found.value == 0.0
    found = verify_false_positive(65536, 1300, 1300, 1300, Plan(trials=10))
    assert found.log10 == pytest.approx(-2770.2915895222144701, abs=1e-10)


@pytest.mark.parametrize("at, p", FALSE_NEGATIVES)
def test_tilted_draws_verify_false_negatives(at, p):
    found = verify_false_negative(*at, FEW)
    assert found.covers(p)
    assert found.ess > 0.7 * FEW.trials


@pytest.mark.parametrize("at, p", UNIONS)
def test_tilted_draws_verify_unions(at, p):
    found = verify_union_false_positive(*at, Plan(trials=80))
    assert found.covers(p)
    assert found.ess > 0.95 * 80


@pytest.mark.slow
def test_many_patterns_that_fill_a_union():
    assert verify_union_false_positive(8192, 40, 40, 80, 36, Plan(trials=60)).covers(4.2877296830e-14)


@pytest.mark.parametrize("method", ["tilted", "plain", "bits"])
def test_the_three_methods_agree_with_the_laws(method):
    plan = Plan(300, method, confidence=0.9999)
    assert verify_false_positive(60, 12, 9, 3, plan).covers(false_positive(60, 12, 9, 3))
    assert verify_union_false_positive(60, 12, 5, 3, 3, plan).covers(union_false_positive(60, 12, 5, 3, 3))
    assert verify_false_negative(20, 10, 8, 6, plan).covers(false_negative(20, 10, 8, 6))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tilted", "plain", "bits"])
def test_the_three_methods_agree_with_the_laws_closely(method):
    plan = Plan(300_000, method, seed=5)
    assert verify_false_positive(200, 30, 20, 6, plan).covers(false_positive(200, 30, 20, 6))
    assert verify_union_false_positive(200, 20, 10, 4, 5, plan).covers(union_false_positive(200, 20, 10, 4, 5))
    assert verify_false_negative(40, 20, 10, 16, plan).covers(false_negative(40, 20, 10, 16))


def test_tilted_weights_are_the_probabilities_of_all_paths():
    """Summed over every path, weight times tilt is the exact probability: 5 cells, 2 patterns of 2 synapses."""
    n, a, s, m, theta = 5, 3, 2, 2, 3
    hits = 0
    pairs = list(itertools.combinations(range(n), s))
    for x, y in itertools.product(pairs, pairs):
        hits += len({*x, *y} & set(range(a))) >= theta
    exact = hits / len(pairs) ** 2
    found = verify_union_false_positive(n, a, s, m, theta, Plan(trials=3000))
    assert found.covers(exact)
    assert found.log10_high - found.log10_low < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("n, a, archived", [(300, 64, 1.09318e-3), (500, 128, 0.00737836), (1700, 256, 5.332e-5)])
def test_plain_draws_as_the_published_dots(n, a, archived):
    """The dots of Fig 4A, s = 24, theta = 12, from 1e8 trials each; here 4e6."""
    assert verify_false_positive(n, a, 24, 12, Plan(4_000_000, "plain", threads=2)).covers(archived)


@pytest.mark.parametrize("method", ["tilted", "plain", "bits"])
def test_same_bits_for_any_number_of_threads(method, monkeypatch):
    monkeypatch.setattr("neurosparse.sdr.capacity.montecarlo.CHUNK", 64)
    one = verify_false_positive(100, 20, 10, 4, Plan(200, method))
    assert one == verify_false_positive(100, 20, 10, 4, Plan(200, method, threads=3))
    others = [verify_false_positive(100, 20, 10, 4, Plan(200, method, seed=seed)) for seed in (1, 2, 3)]
    assert any(one != other for other in others)  # counts may be equal by chance


def test_certain_and_impossible_events():
    sure = verify_false_positive(50, 10, 5, 0, FEW)
    assert sure.value == pytest.approx(1.0, abs=1e-12)
    assert sure.covers(1.0)
    assert verify_false_positive(10, 8, 8, 6, FEW).covers(1.0)
    never = verify_false_positive(1000, 5, 20, 6, FEW)
    assert never.value == 0.0
    assert never.covers(0.0)
    assert not never.covers(0.01)
    assert verify_false_positive(1000, 5, 20, 6, FEW._replace(method="plain")) == never
    assert verify_union_false_positive(1000, 5, 20, 2, 6, FEW).value == 0.0
    assert verify_false_negative(40, 20, 0, 20, FEW).value == 0.0


def test_intervals_of_counts():
    """Clopper and Pearson: 0 of 10, 5 of 10 and 10 of 10 at 95 %, as tables print them."""
    for hits, low, high in ((0, 0.0, 0.3085), (5, 0.1871, 0.8129), (10, 0.6915, 1.0)):
        found = estimate.from_hits(hits, 10, 0.95)
        assert found.interval == pytest.approx((low, high), abs=1e-4)
        assert found.value == pytest.approx(hits / 10)


def test_intervals_cover_as_often_as_they_say():
    covered = [verify_false_positive(30, 8, 8, 3, Plan(60, "plain", seed, 1, 0.9)).covers(_p()) for seed in range(100)]
    assert 80 <= sum(covered) <= 100


def _p():
    return law.overlap_sf(30, 8, 8, 2)


@given(st.lists(st.floats(-800, 5), min_size=1, max_size=30), st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_moments_merge_in_any_split(logs, cut):
    logs = np.array(logs)
    whole = estimate.sums(logs)
    parts = estimate.merged(estimate.sums(logs[:cut]), estimate.sums(logs[cut:]))
    assert parts.hits == whole.hits == len(logs)
    assert parts.top == whole.top
    assert parts.first == pytest.approx(whole.first)
    assert parts.second == pytest.approx(whole.second)


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=50, deadline=None)
def test_popcount(x):
    assert draws.popcount(np.uint64(x)) == x.bit_count()


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_estimates_are_probabilities(data):
    n = data.draw(st.integers(1, 60))
    a, s = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    theta = data.draw(st.integers(0, s))
    for method in ("tilted", "plain"):
        found = verify_false_positive(n, a, s, theta, Plan(50, method))
        assert found.log10_low <= found.log10 <= found.log10_high <= 0.0
        assert 0 <= found.hits <= found.trials == 50
        assert 0 <= found.ess <= 50.000001


@pytest.mark.parametrize(
    "arguments, error, text",
    [
        ((10, 11, 5, 2), ValueError, r"a must be in \[0, 10\], got 11"),
        ((10, 5, 11, 2), ValueError, r"s must be in \[0, 10\], got 11"),
        ((10, 5, 5, 6), ValueError, r"theta must be in \[0, 5\], got 6; a segment can not reach"),
        ((10, 5.0, 5, 2), TypeError, r"a must be a whole number, got 5.0"),
        ((10, 5, 5, -1), ValueError, r"theta must be in \[0, 5\]"),
        ((10, 5, 5, 2, 7), TypeError, r"plan must be a Plan, got 7; write Plan\(trials"),
        ((10, 5, 5, 2, Plan(0)), ValueError, r"trials must be in \[1,"),
        ((10, 5, 5, 2, Plan(method="plane")), ValueError, r"did you mean 'plain'\?"),
        ((10, 5, 5, 2, Plan(threads=0)), ValueError, r"threads must be in \[1, 4096\]"),
        ((10, 5, 5, 2, Plan(confidence=1.0)), ValueError, r"confidence must be in \(0, 1\), got 1.0"),
        ((10, 5, 5, 2, Plan(2**33, "bits")), ValueError, r'trials times patterns .* or method "plain"'),
    ],
)
def test_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        verify_false_positive(*arguments)


def test_refused_negatives_unions_and_values():
    with pytest.raises(ValueError, match=r"verify_false_negative: v must be in \[0, 40\], got 41"):
        verify_false_negative(40, 20, 41, 10)
    with pytest.raises(ValueError, match=r"verify_false_negative: trials must be in"):
        verify_false_negative(40, 20, 4, 10, Plan(2**33, "bits"))
    with pytest.raises(ValueError, match=r"m must be in \[1,"):
        verify_union_false_positive(100, 20, 5, 0, 3)
    with pytest.raises(MemoryError, match=r'the tilts must fit in memory.*take method "plain"'):
        verify_union_false_positive(2**30, 2**20, 2**20, 2**20, 2**20)
    with pytest.raises(ValueError, match=r"probability must be in \[0.0, 1.0\], got 2"):
        verify_false_positive(50, 10, 5, 0, FEW).covers(2)


# correlated inputs


def test_clusters_are_sets_of_their_sizes():
    groups = correlated.make_clusters(200, [2, 5], [201, 100])
    sizes = np.diff(groups.indptr)
    assert sorted(set(sizes)) == [2, 5]
    assert (sizes == 2).sum() == 100
    assert (sizes == 5).sum() == 20
    for j in range(len(sizes)):
        cells = groups.cells[groups.indptr[j] : groups.indptr[j + 1]]
        assert len(set(cells)) == sizes[j]
        assert cells.min() >= 0
        assert cells.max() < 200


def test_patterns_have_a_cells_and_hold_whole_clusters():
    groups = correlated.make_clusters(100, [4], [40])
    active = correlated.correlated_patterns(groups, 13, 50, seed=3)
    assert active.shape == (50, 13)
    assert np.all(np.diff(active, axis=1) > 0)
    sets = [set(c) for c in groups.cells.reshape(-1, 4)]
    for row in active:  # 13 cells hold three clusters before the fourth does not fit, fewer only by shared cells
        assert sum(cells <= set(row) for cells in sets) >= 3
    again = correlated.correlated_patterns(groups, 13, 20, seed=3, first=30)
    assert np.array_equal(again, active[30:])


def test_correlation_is_numpys():
    groups = correlated.make_clusters(40, [3], [60])
    active = correlated.correlated_patterns(groups, 8, 200)
    dense = np.zeros((200, 40))
    np.put_along_axis(dense, active, 1.0, axis=1)
    matrix = np.corrcoef(dense, rowvar=False)
    pairs = [matrix[i, j] for row in active for i in row for j in row if i != j]
    assert correlated.pattern_correlation(active, 40) == pytest.approx(np.mean(pairs), rel=1e-12)
    constant = np.tile(np.arange(8), (10, 1))
    assert correlated.pattern_correlation(constant, 40) == 0.0


def test_no_clusters_are_independent_patterns():
    """Against the exact law: 12 segments, each hit independently of the others to within their shared test pattern."""
    none = correlated.make_clusters(60, [2], [0])
    found = correlated.correlated_false_positive(none, 12, 8, 4, segments=12, neurons=30)
    assert found.covers(1 - (1 - float(law.overlap_sf(60, 12, 8, 3))) ** 12)
    assert found.trials == 360


def test_clusters_make_errors():
    tight = correlated.make_clusters(60, [6], [60])
    rate = [
        correlated.correlated_false_positive(groups, 12, 8, 6, segments=12, neurons=30).value
        for groups in (correlated.make_clusters(60, [2], [0]), tight)
    ]
    assert rate[1] > 5 * rate[0]


@pytest.mark.slow
def test_published_means_of_false_positives():
    """Archived means for correlations of 0 - .02, .02 - .04, .04 - .06; single trials differ tenfold within a bin."""
    published = {0: 7.1e-4, 1: 3.4e-3, 2: 0.0164}
    found = {k: [] for k in range(50)}
    for seed in range(30):
        groups = correlated.sample_clusters(2000, seed)
        r = correlated.pattern_correlation(correlated.correlated_patterns(groups, 32, 20_000, seed), 2000)
        found[int(r / 0.02)].append(correlated.correlated_false_positive(groups, 32, 20, 10, seed=seed).value)
    for k, mean in published.items():
        assert mean / 3 < np.mean(found[k]) < 3 * mean


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: correlated.make_clusters(10, [], []), ValueError, "lists of one length, not empty"),
        (lambda: correlated.make_clusters(10, [2, 3], [10]), ValueError, r"one length, not empty, got \(2, 1\)"),
        (lambda: correlated.make_clusters(10, [11], [10]), ValueError, r"each size must be in \[1, 10\]"),
        (lambda: correlated.make_clusters(10, [2], [-1]), ValueError, "each cover must be in"),
        (lambda: correlated.sample_clusters(5), ValueError, r"sample_clusters: n must be in \[9,"),
        (lambda: correlated.correlated_patterns("no", 3, 1), TypeError, "clusters must be Clusters"),
        (lambda: correlated.correlated_patterns(_groups(), 41, 1), ValueError, r"a must be in \[0, 40\]"),
        (lambda: correlated.pattern_correlation(np.zeros((3, 1), int), 4), ValueError, r"of shape \(count, a >= 2\)"),
        (lambda: correlated.pattern_correlation(np.ones((3, 2)), 4), ValueError, "active must be whole numbers"),
        (lambda: correlated.pattern_correlation([[1, 4]], 4), ValueError, r"ids must be in \[0, 4\), got \(1, 4\)"),
        (lambda: correlated.correlated_false_positive(_groups(), 8, 9, 3), ValueError, r"s must be in \[1, 8\]"),
        (lambda: correlated.correlated_false_positive(_groups(), 8, 5, 6), ValueError, r"theta must be in \[1, 5\]"),
    ],
)
def test_refused_correlated(call, error, text):
    with pytest.raises(error, match=text):
        call()


def _groups():
    return correlated.make_clusters(40, [3], [60])


def test_estimate_is_a_value():
    assert Estimate(-1.0, -2.0, 0.0, 10, 1, 1.0, 0.9).value == pytest.approx(0.1)


def test_a_sure_event_may_still_fail():
    """Tilted draws of an event that fails once in a million may never see it fail, and must not exclude it."""
    found = verify_false_positive(300, 256, 24, 12, Plan(trials=1000))
    assert found.covers(0.9999979734431071)
    assert found.log10_high == 0.0
    assert found.value > 0.99
