# ruff: noqa: E741  l is the name of the field
"""Willshaw's memory: the exact law against digits, counts of all memories and real memories; what it holds."""

import itertools
import math
from decimal import Decimal, getcontext
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import rng
from neurosparse.sdr import Sdr, batch, willshaw_memory
from neurosparse.sdr.capacity import information, result, willshaw
from neurosparse.sdr.capacity.estimate import from_sums, sums

# m, n, k, l, patterns: false ones, exact and with independent synapses
WILLSHAW = [
    ((1000, 1000, 10, 10, 6000), 0.47969, 0.34624),
    ((1000, 1000, 10, 10, 3000), 3.126e-3, 1.355e-3),
    ((2048, 2048, 40, 40, 1000), 7.85e-12, 2.27e-17),
    ((2048, 2048, 40, 40, 4327), 1.17, 0.40),
    ((4096, 4096, 12, 12, 63289), 0.1433, 0.1200),
    ((65536, 65536, 16, 16, 9905333), 0.1640, 0.1600),
]


def digits(value):
    """Half a unit of the last printed digit."""
    return 0.5001 * 10.0 ** Decimal(str(value)).as_tuple().exponent


@pytest.mark.parametrize("at, exact, independent", WILLSHAW)
def test_willshaw_numbers_of_the_specification(at, exact, independent):
    _, n, _, l, _ = at
    ones = (n - l) * willshaw.willshaw_false_one(*at).value
    assert ones == pytest.approx(exact, abs=digits(exact))
    ones = (n - l) * willshaw.willshaw_false_one(*at, method="independent").value
    assert ones == pytest.approx(independent, abs=digits(independent))


@pytest.mark.parametrize("at", [case[0] for case in WILLSHAW])
def test_willshaw_against_400_digits(at):
    m, n, k, l, patterns = at
    getcontext().prec, getcontext().Emax, getcontext().Emin = 400, 10**15, -(10**15)
    total = Decimal(0)
    for j in range(k + 1):
        base = Decimal((n - l) * comb(m, k) + l * comb(m - j, k)) / Decimal(n * comb(m, k))
        total += (-1) ** j * comb(k, j) * base ** (patterns - 1)
    p = willshaw.willshaw_false_one(*at)
    assert abs(p.log10 - float(total.log10())) < 1e-13
    assert float(abs(Decimal(p.value) - total) / total) < 2e-14


@pytest.mark.parametrize(
    "m, n, k, l, patterns, misses", [(5, 6, 2, 2, 3, 0), (5, 6, 3, 2, 3, 1), (4, 4, 2, 4, 2, 0), (6, 5, 2, 1, 4, 0)]
)
def test_willshaw_is_the_count_of_all_memories(m, n, k, l, patterns, misses):
    """Every choice of the other pairs, counted: cell 0 of the output is silent in the pair that is asked for."""
    cue = set(range(k - misses))
    subsets = [set(u) for u in itertools.combinations(range(m), k)]
    total = Fraction(0)
    for chosen in itertools.product([None, *subsets], repeat=patterns - 1):  # None: output cell not in v
        weight = Fraction(1)
        for u in chosen:
            weight *= 1 - Fraction(l, n) if u is None else Fraction(l, n * len(subsets))
        if cue <= set().union(*[u for u in chosen if u is not None]):
            total += weight
    p = willshaw.willshaw_false_one(m, n, k, l, patterns, misses=misses)
    assert p.fraction() == total
    assert p.value == pytest.approx(float(total), rel=1e-13)


def test_auto_association_is_the_count_of_all_memories():
    n, k, patterns = 5, 2, 3
    subsets = [set(u) for u in itertools.combinations(range(n), k)]
    hits = 0
    for chosen in itertools.product(subsets, repeat=patterns - 1):  # asked for: {0, 1}; silent: cell 4
        hits += {0, 1} <= set().union(*[u for u in chosen if 4 in u])
    p = willshaw.willshaw_auto_false_one(n, k, patterns)
    assert p.fraction() == Fraction(hits, len(subsets) ** (patterns - 1))
    assert p.value == pytest.approx(float(p.fraction()), rel=1e-13)


def memory_of(m, n, k, l, patterns, seed):
    stream = rng.stream(seed, "test pairs")
    inputs = np.stack([rng.choice(stream, m, k, step=2 * i) for i in range(patterns)])
    outputs = np.stack([rng.choice(stream, n, l, step=2 * i + 1) for i in range(patterns)])
    return inputs, outputs, willshaw_memory.store(willshaw_memory.empty(m, n), inputs, outputs)


def rate(m, n, k, l, patterns, asked, seeds, misses=0):
    """Estimate of P01 whose interval comes from the spread over memories, cells of one memory being dependent."""
    ones = []
    for seed in seeds:
        inputs, outputs, memory = memory_of(m, n, k, l, patterns, seed)
        count = 0
        for u, v in zip(inputs[:asked], outputs[:asked]):
            found = willshaw_memory.recall(memory, u[misses:])
            assert set(v) <= set(found)
            count += len(found) - l
        ones.append(count / (asked * (n - l)))
    with np.errstate(divide="ignore"):
        return from_sums(sums(np.log(ones)), len(ones), 0.999, 0.0)


def test_a_real_memory_makes_the_exact_number_of_errors():
    at = 256, 256, 12, 12, 300
    found = rate(*at, asked=40, seeds=range(6))
    assert found.covers(willshaw.willshaw_false_one(*at))
    assert not found.covers(willshaw.willshaw_false_one(*at, method="independent"))


@pytest.mark.slow
def test_a_real_memory_with_missing_cue_cells():
    at = 256, 256, 12, 12, 200
    found = rate(*at, asked=30, seeds=range(12), misses=6)
    assert found.covers(willshaw.willshaw_false_one(*at, misses=6))


@pytest.mark.slow
@pytest.mark.parametrize("at, seeds", [((1000, 1000, 10, 10, 6000), 6), ((2048, 2048, 40, 40, 4327), 6)])
def test_real_memories_at_the_sizes_of_the_specification(at, seeds):
    found = rate(*at, asked=1500, seeds=range(seeds))
    assert found.covers(willshaw.willshaw_false_one(*at))
    assert not found.covers(willshaw.willshaw_false_one(*at, method="independent"))


def test_memory_recalls_heals_and_counts():
    patterns = np.array([[0, 1, 2], [3, 4, 5], [60, 64, 69]])
    memory = willshaw_memory.store(willshaw_memory.empty(70, 70), patterns, patterns)
    assert willshaw_memory.recall(memory, [60, 64]).tolist() == [60, 64, 69]
    assert willshaw_memory.recall(memory, [3, 4, 69]).tolist() == []
    assert willshaw_memory.recall(memory, [3, 4, 69], threshold=2).tolist() == [3, 4, 5]
    assert willshaw_memory.load(memory) == 27 / 4900


def test_load():
    _, _, memory = memory_of(200, 300, 8, 9, 400, 1)
    p1 = willshaw.willshaw_load(200, 300, 8, 9, 400)
    assert p1 == pytest.approx(1 - (1 - 72 / 60000) ** 400)
    assert willshaw_memory.load(memory) == pytest.approx(p1, rel=0.02)


# m = n, k = l: patterns and bits a synapse for 1 % and 10 % false ones, with independent synapses
CAPACITIES = [
    (1000, 10, 5083, 0.407, 6965, 0.529),
    (2048, 40, 4327, 0.290, 5080, 0.321),
    (4096, 12, 63289, 0.443, 82584, 0.554),
    (10000, 13, 323256, 0.460, 413084, 0.566),
    (65536, 16, 9.905e6, 0.493, 1.214e7, 0.586),
    (1_000_000, 20, 1.55e9, 0.527, 1.83e9, 0.606),
]


@pytest.mark.parametrize("n, k, few, few_bits, many, many_bits", CAPACITIES)
def test_capacities_of_the_specification(n, k, few, few_bits, many, many_bits):
    for quality, patterns, bits in ((0.01, few, few_bits), (0.1, many, many_bits)):
        found = information.willshaw_capacity(n, n, k, k, quality, "independent")
        unit = 1 if isinstance(patterns, int) else 0.005 * 10 ** math.floor(math.log10(patterns))
        assert abs(found.patterns - patterns) <= unit  # the specification rounds, we stay below
        assert found.bits == pytest.approx(bits, abs=0.0006)  # .4425 is printed as .443
        assert (n - k) * found.false_one.value <= quality * k


def test_exact_capacity_is_the_last_that_keeps_the_quality():
    found = information.willshaw_capacity(1000, 1000, 10, 10)
    wanted = 0.01 * 10 / 990
    assert found.patterns == 4791
    assert willshaw.willshaw_false_one(1000, 1000, 10, 10, 4791).value <= wanted
    assert willshaw.willshaw_false_one(1000, 1000, 10, 10, 4792).value > wanted
    assert found.load == pytest.approx(willshaw.willshaw_load(1000, 1000, 10, 10, 4791))


def test_information_is_that_of_the_channel():
    x, e = 0.1, 0.02  # by the joint distribution
    joint = {(1, 1): x, (0, 1): (1 - x) * e, (0, 0): (1 - x) * (1 - e)}
    one = x + (1 - x) * e
    bits = sum(p * math.log2(p / ((x if i else 1 - x) * (one if o else 1 - one))) for (i, o), p in joint.items())
    assert information.willshaw_information(100, 50, 5, 30, e) == pytest.approx(0.3 * bits)
    assert information.willshaw_information(100, 50, 5, 30, [0.0, 1.0])[1] == pytest.approx(0.0, abs=1e-12)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_willshaw_is_a_probability_that_rises(data):
    m, n = data.draw(st.integers(1, 60)), data.draw(st.integers(1, 60))
    k, l = data.draw(st.integers(0, min(m, 8))), data.draw(st.integers(0, n))
    p = willshaw.willshaw_false_one(m, n, k, l, [1, 2, 3, 10, 1000, 2**40])
    assert np.all(p.log10 <= 0.0)
    assert np.all(np.diff(p.log10[np.isfinite(p.log10)]) >= -1e-12)
    assert p.log10[0] == (0.0 if k == 0 else -np.inf)
    fewer = willshaw.willshaw_false_one(m, n, k, l, 50, misses=np.arange(k + 1))
    assert np.all(np.diff(fewer.log10[np.isfinite(fewer.log10)]) >= -1e-12)
    q = willshaw.willshaw_false_one(m, n, k, l, 10)
    assert math.isclose(q.value if q.value == q.value else 0.0, float(q.fraction()), rel_tol=1e-12, abs_tol=1e-300)


def test_willshaw_near_one_and_far_below_floats():
    near = willshaw.willshaw_false_one(40, 40, 4, 4, [2000, 4000])
    exact = [float(1 - one) for one in near.fraction()]
    assert -near.log10 * math.log(10) == pytest.approx(exact, rel=1e-9)
    low = willshaw.willshaw_false_one(4000, 4000, 200, 200, 2)  # the other pair must have the same 200 cells
    assert low.log10 == pytest.approx(math.log10(1 / 20) - math.log10(comb(4000, 200)), rel=1e-14)
    assert low.log10 < -308
    assert math.isnan(low.value)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: willshaw.willshaw_false_one(10, 10, 11, 2, 3), ValueError, r"k must be <= m, got \(11, 10\)"),
        (lambda: willshaw.willshaw_false_one(10, 10, 2, 11, 3), ValueError, r"l must be <= n, got \(11, 10\)"),
        (lambda: willshaw.willshaw_false_one(10, 10, 2, 2, -1), ValueError, r"patterns must be in \[0,"),
        (lambda: willshaw.willshaw_false_one(10, 10, 2, 2, 3.5), TypeError, "patterns must be a whole number"),
        (
            lambda: willshaw.willshaw_false_one(10, 10, 2, 2, 3, misses=3),
            ValueError,
            r"misses must be <= k, got \(3, 2",
        ),
        (lambda: willshaw.willshaw_false_one(10, 10, 2, 2, 3, "exakt"), ValueError, "did you mean 'exact'"),
        (
            lambda: willshaw.willshaw_false_one(10**6, 10, 10**5, 2, 10**9),
            ValueError,
            r"a cue of 100000 cells may take 1e.13 steps, got .*independent",
        ),
        (lambda: willshaw.willshaw_false_one(999, 999, 9, 9, 10**9).fraction(), ValueError, "exact sums may take"),
        (lambda: willshaw.willshaw_auto_false_one(1, 1, 3), ValueError, r"n must be in \[2,"),
        (lambda: willshaw.willshaw_auto_false_one(5, 0, 3), ValueError, r"k must be in \[1,"),
        (lambda: information.willshaw_capacity(9, 9, 2, 9), ValueError, r"l must be in \[1, 8\].*some cells must be"),
        (lambda: information.willshaw_capacity(9, 9, 0, 2), ValueError, "k must be in .*a cue needs a cell"),
        (lambda: information.willshaw_capacity(9, 9, 2, 2, -1.0), ValueError, "quality must be > 0"),
        (lambda: information.willshaw_capacity(9, 9, 2, 2, 1e9), ValueError, r"quality must set a limit below 2\*\*53"),
        (lambda: information.willshaw_capacity(9, 9, 2, 2, 1e-9, "independent"), ValueError, "that a single pattern"),
        (lambda: information.willshaw_information(9, 9, 10, 2, 0.1), ValueError, r"l must be <= n, got \(10, 9\)"),
        (lambda: information.willshaw_information(9, 9, 2, 2, 1.1), ValueError, r"false_one must be in \[0, 1\]"),
        (lambda: willshaw_memory.empty(0, 3), ValueError, r"m must be in \[1,"),
        (lambda: willshaw_memory.empty(2**31 - 1, 2**31 - 1), MemoryError, "the synapses must fit in memory"),
        (lambda: willshaw_memory.load("no"), TypeError, "memory must be a Memory"),
        (lambda: willshaw_memory.recall(_memory(), [9]), ValueError, r"cue must be in \[0, 4\), got \(9, 9\)"),
        (lambda: willshaw_memory.recall(_memory(), []), ValueError, "cue must have an active cell"),
        (lambda: willshaw_memory.recall(_memory(), [1.5]), ValueError, "cue must be ids of cells"),
        (lambda: willshaw_memory.recall(_memory(), [1], 2), ValueError, r"threshold must be in \[1, 1\]"),
        (lambda: willshaw_memory.store(_memory(), [[1]], [[1], [2]]), ValueError, "must be as many"),
        (lambda: willshaw_memory.recall(_memory(), Sdr([1], 5)), ValueError, "cue must have 4 bits, got 5"),
        (
            lambda: willshaw_memory.recall(_memory(), EVEN),
            TypeError,
            "cue must be one Sdr or vector of ids, not a batch",
        ),
        (lambda: willshaw_memory.store(_memory(), EVEN, [[1]]), ValueError, r"must be as many, got \(2, 1\)"),
        (lambda: willshaw_memory.store(_memory(), Sdr([1], 5), [[1]]), ValueError, "inputs must have 4 bits, got 5"),
        (lambda: willshaw_memory.store(_memory(), batch.of([], 5), [[1]]), ValueError, "batch must have 4 bits, got 5"),
        (
            lambda: willshaw_memory.store(_memory(), EVEN, batch.of([Sdr([1], 4), Sdr([], 4)])),
            ValueError,
            r"outputs must be SDRs of equal w, got \(0, 1\); store those of one w",
        ),
    ],
)
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


EVEN = batch.of([Sdr([0, 1], 4), Sdr([1, 3], 4)])


def test_sdrs_are_stored_and_recalled():
    by_ids = willshaw_memory.store(_memory(), [[0, 1], [1, 3]], [[2], [0]])
    for inputs, outputs in ((EVEN, batch.of([Sdr([2], 4), Sdr([0], 4)])), (EVEN, [[2], [0]])):
        assert np.array_equal(willshaw_memory.store(_memory(), inputs, outputs).rows, by_ids.rows)
    memory = willshaw_memory.store(_memory(), Sdr([0, 1], 4), Sdr([2], 4))
    assert willshaw_memory.recall(memory, Sdr([0, 1], 4)).tolist() == [2]
    for none in (batch.of([], 4), batch.of([Sdr([], 4)])):
        assert willshaw_memory.load(willshaw_memory.store(memory, none, none)) == willshaw_memory.load(memory)


def _memory():
    return willshaw_memory.empty(4, 4)


def test_an_empty_memory_answers_nothing():
    empty = willshaw.willshaw_false_one(10, 10, 3, 3, [0, 1, 2])
    assert empty.log10[:2].tolist() == [-np.inf, -np.inf]
    assert empty.fraction()[0] == empty.fraction()[1] == 0 < empty.fraction()[2]
    assert willshaw.willshaw_load(10, 10, [3, 10], [3, 10], 0).tolist() == [0, 0]
    assert willshaw.willshaw_false_one(10, 10, 3, 3, 0, misses=3).value == 1


@pytest.mark.parametrize("at", [(10**6, 10**6, 200, 200, 10**5, 200), (10**5, 300, 90, 30, 3000, 70)])
def test_a_willshaw_sum_with_twice_the_bits(at):
    pool, _, draw, part, patterns, cue = at
    found = willshaw.willshaw_false_one(*at[:5], misses=draw - cue)
    total = willshaw._sum(pool, draw, part, at[1], patterns - 1, cue, 6000)
    assert found.log10 == pytest.approx(result.rounded(Fraction(total, 1 << 6000))[0], rel=1e-15)
