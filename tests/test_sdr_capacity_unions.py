"""Unions, populations, predictions and Bloom filters: enumeration, whole numbers, the papers' own numbers."""

import itertools
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
from neurosparse.sdr.capacity import cover, cover_windows, result

REFS = json.loads((Path(__file__).parent / "sdr_refs.json").read_text(encoding="utf-8"))["references"]
PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
few = settings(max_examples=15 if PLAIN else 60)


def close(found, wanted, part=1e-2):
    assert found == wanted or abs(found - wanted) <= part * 1e-11 * max(1.0, abs(wanted) / 100)


def sizes(n, s, m):
    """P(|union of m random s-sets| = u) as a dict, by the chain in Fractions."""
    law = {0: Fraction(1)}
    for _ in range(m):
        after = {}
        for u, p in law.items():
            for j in range(max(0, u + s - n), min(u, s) + 1):
                share = Fraction(math.comb(u, j) * math.comb(n - u, s - j), math.comb(n, s))
                after[u + s - j] = after.get(u + s - j, 0) + p * share
        law = after
    return law


def tail(n, a, s, theta):
    return Fraction(
        sum(math.comb(s, b) * math.comb(n - s, a - b) for b in range(theta, min(a, s) + 1)), math.comb(n, a)
    )


@pytest.mark.parametrize(
    "row", REFS["union_exact"], ids=[f"{r['n']}-{r['M']}-{r['theta']}" for r in REFS["union_exact"]]
)
def test_union_references(row):
    case = [row[key] for key in ("n", "a", "s", "M", "theta")]
    chain, whole = (capacity.union_false_positive(*case, method=method) for method in ("markov", "exact"))
    close(chain.log10, float(row["log10"]))
    close(whole.log10, float(row["log10"]))
    assert chain.fraction() == whole.fraction()
    assert whole.value == pytest.approx(float(row["value"]), rel=1e-14)


@pytest.mark.parametrize("case", [(5, 2, 2, 2, 1), (6, 3, 2, 2, 2), (6, 2, 3, 2, 1), (7, 3, 1, 3, 1), (12, 4, 2, 2, 2)])
def test_union_by_enumeration(case):
    """Every choice of the stored patterns, against one input: by symmetry each input is as good."""
    n, a, s, m, theta = case
    patterns = [frozenset(p) for p in itertools.combinations(range(n), s)]
    hits = sum(len(set().union(*choice) & set(range(a))) >= theta for choice in itertools.product(patterns, repeat=m))
    truth = Fraction(hits, len(patterns) ** m)
    assert capacity.union_false_positive(*case, method="exact").fraction() == truth
    assert capacity.union_false_positive(*case).value == pytest.approx(float(truth), rel=1e-14)


@st.composite
def unions(draw):
    n = draw(st.integers(1, 30))
    a, s, m = draw(st.integers(0, n)), draw(st.integers(0, n)), draw(st.integers(0, 5))
    return n, a, s, m, draw(st.integers(0, s))


@few
@given(unions())
def test_chain_is_the_mixture_over_sizes(case):
    n, a, s, m, theta = case
    law = sizes(n, s, m)
    truth = sum((p * tail(n, a, u, theta) for u, p in law.items()), Fraction(0))
    found = capacity.union_false_positive(*case)
    assert found.fraction() == truth
    close(found.log10, result.rounded(truth)[0])
    u = np.arange(n + 2)
    pmf = capacity.union_size_pmf(n, s, m, u)
    for one in range(n + 2):
        assert pmf.fraction()[one] == law.get(one, 0)
        close(pmf.log10[one], result.rounded(Fraction(law.get(one, 0)))[0])
    mean = sum(u * p for u, p in law.items())
    assert capacity.union_size_mean(n, s, m) == pytest.approx(float(mean), rel=1e-13, abs=0)


QUOTED = [  # 1503.07469: the plug-in form, correctly done; (n, bits of a pattern, patterns, theta)
    ((1024, 20, 20, 20), 1.2532e-10),
    ((1024, 20, 20, 18), 1.19338e-7),
    ((1024, 20, 30, 16), 1.24788e-3),
    ((2048, 20, 20, 18), 3.09138e-12),
    ((8192, 20, 60, 14), 1.25324e-8),
    ((8192, 40, 80, 40), 2.15567e-20),
    ((65536, 40, 80, 28), 2.78029e-28),
    ((65536, 40, 600, 36), 7.23692e-15),
    ((65536, 40, 1000, 36), 4.91401e-9),
    ((65536, 40, 1000, 28), 1.63795e-3),
]


@pytest.mark.parametrize(("case", "value"), QUOTED)
def test_plugin_of_the_papers(case, value):
    n, w, m, theta = case
    found = capacity.union_false_positive(n, w, w, m, theta, method="plugin")
    assert found.value == pytest.approx(value, rel=1e-5)
    assert float(found.fraction()) == pytest.approx(found.value, rel=1e-14)


def test_worked_example_of_a_union():
    """n = 20000, a = 100, s = 25, theta = 15, ten patterns: fewer than 250 synapses, fewer than 1 error in 10^11."""
    assert capacity.union_size_mean(20000, 25, 10) == pytest.approx(248.598, abs=5e-4)
    assert capacity.union_false_positive(20000, 100, 25, 10, 15).value == pytest.approx(1.6983732432e-12, rel=1e-10)
    plugin = capacity.union_false_positive(20000, 100, 25, 10, 15, method="plugin")
    assert plugin.value == pytest.approx(1.7347e-12, rel=1e-4)


@pytest.mark.parametrize(("case", "bloom", "exact"), [
    ((1024, 2, 2, 20, 2), 1.47043e-3, 1.43505e-3),
    ((1024, 20, 20, 20, 20), 1.83536e-10, 1.32868e-10),
    ((1024, 20, 20, 40, 20), 5.48219e-6, 4.94186e-6),
])  # fmt: skip
def test_bloom_form_is_too_high(case, bloom, exact):
    found = capacity.union_false_positive(*case, method="bloom")
    assert found.value == pytest.approx(bloom, rel=5e-6)
    assert found.value == pytest.approx(float(found.fraction()), rel=1e-12)
    assert capacity.union_false_positive(*case).value == pytest.approx(exact, rel=5e-6)


def test_unions_broadcast_and_grow():
    m = np.arange(0, 12)
    p = capacity.union_false_positive(np.array([[1000], [20000]]), 40, 12, m, 6)
    assert p.shape == (2, 12)
    assert np.isneginf(p.log10[:, 0]).all()
    assert np.all(np.diff(p.log10[:, 1:], axis=1) > 0)
    assert p.log10[1, 10] == capacity.union_false_positive(20000, 40, 12, 10, 6).log10
    assert p.log10[0, 1] == pytest.approx(capacity.false_positive(1000, 40, 12, 6).log10, rel=1e-14)


def test_union_far_below_any_float():
    """m = 1 is the law of one pattern, at any smallness."""
    p, q = capacity.union_false_positive(65536, 110, 110, 1, 110), capacity.false_positive(65536, 110, 110, 110)
    assert q.log10 < -340
    assert p.log10 == pytest.approx(q.log10, rel=1e-14)
    assert math.isnan(p.value)


def test_populations_of_the_predecessor():
    """1503.07469: the bound M P, and the simulation that only the exact form agrees with."""
    p = capacity.false_positive(100, 7, 7, [4, 5, 6, 7])
    bound = capacity.any_of(p, 500, method="bound")
    np.testing.assert_allclose(bound.value, [0.144691001, 0.002826477, 2.03654e-5, 3.12352e-8], rtol=1e-5)
    true = capacity.any_of(p, 500)
    np.testing.assert_allclose(true.value[:2], [0.134728, 0.00282249], rtol=4e-6)
    assert true.value[0] == pytest.approx(0.134632, rel=2e-3)  # simulated
    exact = capacity.any_of(p, 500, method="exact")
    np.testing.assert_allclose(true.log10, exact.log10, atol=1e-13)
    assert true.fraction().tolist() == exact.fraction().tolist()
    one = capacity.population_false_positive(64, 3, 3, 2, 10)
    assert one.value == pytest.approx(0.0432954, rel=2e-6)
    assert capacity.expected_false_cells(p, 1000, 500)[0] == pytest.approx(1000 * true.value[0], rel=1e-14)
    assert capacity.expected_false_cells(p[0], 1000, 500) == pytest.approx(1000 * true.value[0], rel=1e-14)


def test_a_claim_that_is_just_false():
    """'better than 1 in a billion' for a million segments: 1.049e-9."""
    assert capacity.population_false_positive(10000, 300, 30, 15, 10**6).value == pytest.approx(1.04919e-9, rel=1e-5)


@few
@given(st.fractions(0, 1, max_denominator=10**9), st.integers(0, 40))
def test_any_of_against_fractions(p, m):
    p = float(p)
    found = capacity.any_of(p, m)
    truth = 1 - (1 - Fraction(p)) ** m
    assert found.fraction() == truth
    close(found.log10, result.rounded(truth)[0])
    assert found.value == pytest.approx(float(truth), rel=1e-13, abs=0)


def test_any_of_where_no_float_reaches():
    p = capacity.false_positive(65536, 1311, 1311, 656)
    assert capacity.any_of(p, 10**6).log10 == pytest.approx(p.log10 + 6, rel=1e-15)
    assert capacity.any_of(p, 0).log10 == -math.inf
    assert capacity.any_of(1.0, [0, 1, 5]).value.tolist() == [0, 1, 1]
    near_one = capacity.any_of(capacity.overlap_cdf(65536, 1311, 1311, 99), 2)
    assert near_one.log10 == pytest.approx(-((5.828951524e-30) ** 2) / math.log(10), rel=1e-9)


def test_predictions():
    """Predictions: archived theory values, and the limits that they must have."""
    recall = capacity.prediction_recall(40, 20, 18, [8, 12, 16])
    np.testing.assert_allclose(recall.value, [0.98758, 0.37559, 0.00182], atol=5e-6)
    assert recall[0].fraction() == 1 - capacity.false_negative(40, 20, 18, 8).fraction()
    assert capacity.segments_per_cell(1000, 64, 20_000) == 1280
    p = capacity.false_positive(1000, 64, 20, 10).fraction()
    q = capacity.false_prediction(1000, 64, 20, 10, 20_000)
    truth = 1 - (1 - p) ** 1280
    assert q.value == pytest.approx(float(truth), rel=1e-13)
    assert capacity.prediction_similarity(1000, 64, 20, 10, 20_000) == pytest.approx(
        float(64 / (64 + truth * 936)), rel=1e-13
    )
    grows = capacity.prediction_similarity([600, 700, 800, 900, 1000, 10**6], 64, 20, 10, 20_000)
    assert np.all(np.diff(grows) > 0)
    assert grows[4] == pytest.approx(0.99887, abs=1e-4)  # simulated with a temporal memory
    surprise = capacity.union_surprise([2000, 4000], 40, 50)
    assert [float(x) for x in surprise.fraction()] == pytest.approx(surprise.value.tolist(), rel=1e-13)
    np.testing.assert_allclose(surprise.value, [0.3635, 0.6049], atol=1e-3)  # simulated
    np.testing.assert_allclose(capacity.union_overlap([2000, 4000], 40, 50), 40 * (1 - surprise.value), rtol=1e-13)
    assert capacity.union_overlap(40, 40, 0) == 0
    assert capacity.union_overlap(40, 40, 1) == 40


@pytest.mark.parametrize(("bits", "hashes", "items"), [(4, 2, 2), (5, 3, 1), (3, 4, 1), (6, 1, 3), (2, 2, 2)])
def test_bloom_by_enumeration(bits, hashes, items):
    throws, hits = range(bits), 0
    for stored in itertools.product(throws, repeat=hashes * items):
        hits += len(set(stored)) ** hashes
    truth = Fraction(hits, bits ** (hashes * items) * bits**hashes)
    exact = capacity.bloom_false_positive(bits, hashes, items, method="exact")
    assert exact.fraction() == truth
    assert capacity.bloom_false_positive(bits, hashes, items).value == pytest.approx(float(truth), rel=1e-13)


def test_bloom_filters():
    assert capacity.bloom_hashes(10**6, 10**5) == pytest.approx(10 * math.log(2))
    large = capacity.bloom_false_positive(10**5, 7, [0, 10, 1000])
    classic = capacity.bloom_false_positive(10**5, 7, [0, 10, 1000], method="classic")
    assert large.log10[0] == classic.log10[0] == -math.inf
    assert np.all(large.log10[1:] > classic.log10[1:])
    assert large.log10[2] == pytest.approx(classic.log10[2], rel=1e-3)


WIDE = [  # n, a, s, m
    (1000, 50, 40, 5),
    (300, 300, 20, 15),
    (1000, 200, 400, 3),
    (20000, 100, 25, 300),
    (100, 60, 99, 3),
    (30, 20, 10, 900),
    (60, 60, 60, 2),
]


@pytest.mark.parametrize("at", WIDE)
def test_windows_give_what_the_whole_chain_gives(at):
    """On both sides of the mean, and at the ends; the truncation is below 1e-17 of the answer."""
    n, a, s, m = at
    whole = cover.distribution("union", n, a, s, m)
    for theta in np.unique(np.linspace(0, a, 5 if PLAIN else 12).astype(int)).tolist():
        close(cover_windows.at_least(n, a, s, m, theta)[0], cover.summed(*whole, theta)[0], 1e-1)
        mantissa, exponent = float(whole[0][theta]), int(whole[1][theta])
        wanted = math.log10(mantissa) + exponent * math.log10(2) if mantissa else -math.inf
        close(cover_windows.exactly(n, a, s, m, theta)[0], wanted, 1e-1)


@few
@given(st.integers(1, 60), st.data())
def test_windows_of_any_numbers(n, data):
    a, s, m = data.draw(st.integers(1, n)), data.draw(st.integers(1, n)), data.draw(st.integers(1, 9))
    theta = data.draw(st.integers(0, a))
    close(cover_windows.at_least(n, a, s, m, theta)[0], cover.summed(*cover.distribution("x", n, a, s, m), theta)[0], 1)


def test_a_window_that_misses_the_event_is_widened():
    """All patterns apart and within the input: a single path, far from that of independent cells."""
    n, a, s, m = 400, 120, 12, 10
    truth = Fraction(math.factorial(a), math.factorial(s) ** m) / math.comb(n, s) ** m
    close(cover_windows.at_least(n, a, s, m, a)[0], result.rounded(truth)[0], 1e-1)


def test_no_state_is_dropped_that_matters():
    """The bound of the windows is one: f_i(k) b_i(k), worked out, is nowhere above it."""
    n, a, s, m, theta = 120, 24, 12, 5, 16
    low, high = cover_windows.windows(n, a, s, m, (theta, a), -20.0)
    for i in range(1, m):
        before = np.ldexp(*cover.distribution("x", n, a, s, i))
        for k in [*range(low[i]), *range(high[i] + 1, min(a, i * s) + 1)]:
            rest = cover.distribution("x", n, a - k, s, m - i)
            after = np.ldexp(*rest)[max(theta - k, 0) :].sum()
            assert before[k] * after <= math.exp(-20.0)


@pytest.mark.slow
def test_unions_of_a_million_cells():
    """In seconds, and as by the whole chain, which takes minutes for the second."""
    found = capacity.union_false_positive(10**6, [1000, 5000], [1000, 5000], [100, 50], [500, 3000])
    close(found.log10[0], cover.summed(*cover.distribution("union", 10**6, 1000, 1000, 100), 500)[0], 1)
    assert found.log10[1] == pytest.approx(-724.8856580, abs=1e-6)
    sparse = capacity.union_false_positive(10**6, 20_000, 20_000, 100, [15_000, 17_348, 18_000])
    assert sparse.value[0] == 1
    assert sparse.value[1] == pytest.approx(0.5, abs=0.02)
    assert -120 < sparse.log10[2] < -10


def test_beyond_the_reach_of_few_patterns():
    several = capacity.union_false_positive(20000, 100, 25, [1, 2, 3], 30)
    assert several.log10[0] == -math.inf
    assert several.log10[1] == capacity.union_false_positive(20000, 100, 25, 2, 30).log10 < several.log10[2]
    for method in ("markov", "exact", "plugin"):
        none = capacity.union_false_positive(1000, 80, 10, 5, 51, method)
        assert (none.log10, none.fraction()) == (-math.inf, 0)


def test_distance_of_predictions():
    at = 1000, 64, 20, 10, 20_000
    assert capacity.prediction_distance(*at).value == pytest.approx(1 - capacity.prediction_similarity(*at), rel=1e-9)
    far = capacity.prediction_distance(10**6, 64, 20, 15, 20_000)
    q = capacity.false_prediction(10**6, 64, 20, 15, 20_000)
    assert far.log10 == pytest.approx(q.log10 + math.log10((10**6 - 64) / 64), rel=1e-14)
    assert capacity.prediction_distance(64, 64, 20, 15, 1).log10 == -math.inf
