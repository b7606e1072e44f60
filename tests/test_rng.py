"""Random streams: published answers, the same bits everywhere, and the laws they promise."""

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neurosparse import jit, rng

S = rng.stream(2024, "test")
loose: Any = rng  # called with wrong types on purpose
SLOW = not isinstance(rng._uniforms, jit.Kernel)  # plain Python runs: NUMBA_DISABLE_JIT=1
MANY = 10_000 if SLOW else 200_000
KNOWN = [  # Random123's kat_vectors: counter, key, answer
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
LAMS = (0.0, 0.01, 0.5, 3.0, 9.9, 10.0, 50.0, 1000.0)


@jit.kernel
def compiled(stream, step, n, words, bits, below):
    for i in range(bits.size):
        words[i] = rng.philox(stream.key0, stream.key1, i, 0, step, 0)
        bits[i] = rng.bits(stream, i, step)
        below[i] = rng.below(stream, i, step, n)


def run_compiled(count, step, n):
    words, bits = np.empty((count, 4), np.uint64), np.empty(count, np.uint64)
    below = np.empty(count, np.int64)
    compiled(S, step, n, words, bits, below)
    return words, bits, below


@pytest.mark.parametrize("counter, key, answer", KNOWN)
def test_philox_gives_the_published_answers(counter, key, answer):
    assert tuple(map(int, rng.philox(*key, *counter))) == answer
    arrays = rng.philox(*key, *(np.full(3, word, np.uint64) for word in counter))
    assert all(np.array_equal(array, np.full(3, word)) for array, word in zip(arrays, answer))


def test_philox_is_one_function_on_scalars_arrays_and_in_compiled_code():
    words, bits, _ = run_compiled(300, 7, 10)
    vector = rng.philox(*S, np.arange(300, dtype=np.uint64), 0, 7, 0)
    assert np.array_equal(np.stack(vector, axis=1), words)
    assert np.array_equal([rng.philox(*S, i, 0, 7, 0) for i in range(300)], words)
    assert np.array_equal([rng.bits(S, i, 7) for i in range(300)], bits)


@pytest.mark.parametrize("n", [1, 2, 10, 2**32 + 1, 2**62 + 2**61, 2**63 - 1])
def test_below_is_the_same_in_python_and_compiled(n):
    below = run_compiled(1000, 3, n)[2]
    assert below.tolist() == [rng.below(S, i, 3, n) for i in range(1000)]
    assert below.min() >= 0
    assert below.max() < n


def test_below_nothing_is_minus_one():
    assert rng.below(S, 0, 0, 0) == -1
    assert np.all(run_compiled(2, 0, -5)[2] == -1)


def test_below_draws_again_in_the_incomplete_cycle():
    n = 2**62 + 2**61  # 2**64 = 2 n + 2**62: a quarter of the first draws is refused
    first = np.array([rng.bits(S, i, 3, 0) for i in range(1000)], dtype=object)
    redrawn = np.array([rng.below(S, i, 3, n) for i in range(1000)], dtype=object) != first % n
    assert np.array_equal(redrawn, first >= 2 * n)
    assert 0.2 < redrawn.mean() < 0.3


@pytest.mark.parametrize("step", [0, 5, 2**32 - 1])
def test_array_fillers_equal_python_scalars_bit_for_bit(step):
    n = 2000
    assert rng.uniforms(S, n, step).tolist() == [rng.uniform(S, i, step) for i in range(n)]
    assert rng.normals(S, n, step).tolist() == [rng.normal(S, i, step) for i in range(n)]
    p = np.linspace(0, 1, n)
    assert rng.bernoullis(S, p, step).tolist() == [rng.bernoulli(S, i, step, p[i]) for i in range(n)]
    lam = np.tile([*LAMS, 1e6, 1e12], n // 10)
    assert rng.poissons(S, lam, step).tolist() == [rng.poisson(S, i, step, lam[i]) for i in range(n)]


def test_elements_and_steps_may_be_any_integer_type():
    wanted = rng.uniform(S, 2**40 + 3, 9)
    assert rng.uniform(S, np.int64(2**40 + 3), np.int32(9)) == wanted
    assert rng.uniforms(S, 2, 9, first=2**40 + 2)[1] == wanted
    assert rng.uniform(S, 3, 9) != wanted


def test_a_number_does_not_depend_on_the_array_around_it():
    lam = np.full(1000, 20.0)
    assert np.array_equal(rng.uniforms(S, 10), rng.uniforms(S, 1000)[:10])
    assert np.array_equal(rng.normals(S, 10, first=5), rng.normals(S, 1000)[5:15])
    assert np.array_equal(rng.poissons(S, lam[:10]), rng.poissons(S, lam)[:10])
    assert np.array_equal(rng.poissons(S, lam.reshape(4, 250)).ravel(), rng.poissons(S, lam))
    assert np.array_equal(rng.bernoullis(S, [0.5] * 10), rng.bernoullis(S, [0.5] * 1000)[:10])


def test_scalars_give_arrays_without_axes():
    assert rng.poissons(S, 3.0).shape == rng.bernoullis(S, 1.0).shape == ()


def test_uniform_law():
    u = rng.uniforms(S, MANY)
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert stats.kstest([rng.uniform(S, 0, step) for step in range(2000)], "uniform").pvalue > 1e-3
    assert stats.kstest([rng.uniform(S, 0, 0, draw) for draw in range(2000)], "uniform").pvalue > 1e-3


def test_unit_stays_inside_the_open_interval():
    low, high = rng.unit(np.uint64(0), np.uint64(0)), rng.unit(rng.MASK, rng.MASK)
    assert 0.0 < low == 2.0**-53
    assert 1.0 > high == 1.0 - 2.0**-53


def test_normal_law():
    assert stats.kstest(rng.normals(S, MANY), "norm").pvalue > 1e-3


@pytest.mark.parametrize("lam", LAMS[1:])
def test_poisson_law(lam):
    k = rng.poissons(S, np.full(MANY, lam), step=1)
    low, high = stats.poisson.ppf([20 / MANY, 1 - 20 / MANY], lam).astype(int)
    expected = MANY * np.diff(stats.poisson.cdf([-1, *range(low, high), math.inf], lam))
    observed = np.bincount(np.clip(k, low, high) - low, minlength=high - low + 1)
    assert observed.size == expected.size >= 2
    assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_poisson_log_probability():
    for lam in (10.0, 50.0, 1000.0):
        for k in range(int(lam) * 3):
            assert rng._log_poisson(float(k), lam) == pytest.approx(stats.poisson.logpmf(k, lam), abs=1e-12 * lam)


def test_huge_means_keep_their_variance():
    lam = 1e12
    z = (rng.poissons(S, np.full(2000, lam)) - lam) / math.sqrt(lam)
    assert stats.kstest(z, "norm").pvalue > 1e-3


def test_inversion_ends_in_the_far_tail():
    assert rng._poisson_inversion(1.0 - 2.0**-53, 1e-3) < 10
    assert rng._poisson_inversion(1.0 - 2.0**-53, 9.99) < 60
    assert np.all(rng.poissons(S, np.zeros(100)) == 0)


@pytest.mark.parametrize("p", [0.0, 0.003, 0.3, 0.5, 0.97, 1.0])
def test_bernoulli_law(p):
    hits = int(rng.bernoullis(S, np.full(MANY, p)).sum())
    assert stats.binomtest(hits, MANY, p).pvalue > 1e-3


@pytest.mark.parametrize("n", [3, 7, 100])
def test_below_law(n):
    counts = np.bincount(run_compiled(MANY, 11, n)[2], minlength=n)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_streams_steps_and_elements_are_uncorrelated():
    u = rng.uniforms(S, MANY)
    others = {
        "name": rng.uniforms(rng.stream(2024, "tesu"), MANY),
        "seed": rng.uniforms(rng.stream(2025, "test"), MANY),
        "step": rng.uniforms(S, MANY, step=1),
        "element": rng.uniforms(S, MANY, first=1),
    }
    for what, v in others.items():
        assert abs(np.corrcoef(u, v)[0, 1]) < 4 / math.sqrt(MANY), what
        table = np.histogram2d(u, v, bins=8, range=[[0, 1], [0, 1]])[0]
        assert stats.chisquare(table.ravel()).pvalue > 1e-3, what


def test_the_two_numbers_of_a_pair_are_independent():
    u, v = np.array([rng.pair(S, i, 0, 0) for i in range(2000)]).T
    assert stats.chisquare(np.histogram2d(u, v, bins=4, range=[[0, 1], [0, 1]])[0].ravel()).pvalue > 1e-3


@settings(max_examples=50, deadline=None)
@given(n=st.integers(0, 200), seed=st.integers(0, 2**64 - 1), step=st.integers(0, 2**32 - 1))
def test_permutation_holds_every_number_once(n, seed, step):
    order = rng.permutation(rng.stream(seed, "order"), n, step)
    assert order.dtype == np.int64
    assert sorted(order) == list(range(n))


@settings(max_examples=50, deadline=None)
@given(data=st.data(), n=st.integers(0, 300), seed=st.integers(0, 2**64 - 1))
def test_choice_is_distinct_ascending_and_in_range(data, n, seed):
    k = data.draw(st.integers(0, n))
    chosen = rng.choice(rng.stream(seed, "chosen"), n, k)
    assert chosen.dtype == np.int64
    assert chosen.size == k
    assert np.all(np.diff(chosen) > 0)
    assert not k or (chosen[0] >= 0 and chosen[-1] < n)


def test_choice_from_a_huge_range_and_of_everything():
    assert rng.choice(S, 50, 50).tolist() == list(range(50))
    chosen = rng.choice(S, 2**62, 1000)
    assert stats.kstest(chosen / 2.0**62, "uniform").pvalue > 1e-3


def test_permutation_law():
    rounds = 1200 if SLOW else 12_000
    codes = [tuple(rng.permutation(S, 4, step)) for step in range(rounds)]
    counts = np.unique(codes, axis=0, return_counts=True)[1]
    assert counts.size == 24
    assert stats.chisquare(counts).pvalue > 1e-3


def test_choice_law():
    rounds = 1000 if SLOW else 10_000
    found = [tuple(rng.choice(S, 6, 3, step).tolist()) for step in range(rounds)]
    counts = [found.count(wanted) for wanted in combinations(range(6), 3)]
    assert sum(counts) == rounds
    assert stats.chisquare(counts).pvalue > 1e-3


def test_streams_are_pinned():
    assert tuple(map(int, rng.stream(0, "wiring"))) == (4152780102, 465280048)
    assert rng.stream(0, "a") != rng.stream(0, "b") != rng.stream(1, "b")
    assert loose.stream(np.int64(7), "a") == rng.stream(7, "a")


def test_ledger_collects_names_once_in_order():
    rng.stream(1, "before")
    with rng.ledger() as names:
        rng.stream(1, "b")
        with rng.ledger() as inner:
            rng.stream(2, "a")
        rng.stream(3, "b")
    rng.stream(1, "after")
    assert names == ["b", "a"]
    assert inner == ["a"]


NAN = float("nan")
WRONG = [
    (
        lambda: rng.stream(-1, "a"),
        ValueError,
        r"rng.stream: seed must be in \[0, 18446744073709551615\], got -1",
    ),
    (lambda: rng.stream(2**64, "a"), ValueError, "rng.stream: seed must be in"),
    (lambda: loose.stream(1.0, "a"), TypeError, "rng.stream: seed must be a whole number"),
    (lambda: loose.stream(1, 2), TypeError, "rng.stream: name must be a string, got 2"),
    (lambda: loose.uniforms((1, 2), 3), TypeError, "rng.uniforms: stream must be a Stream.*rng.stream"),
    (lambda: rng.uniforms(S, -1), ValueError, "rng.uniforms: n must be in"),
    (lambda: rng.uniforms(S, 1, first=-1), ValueError, "rng.uniforms: first must be in"),
    (lambda: rng.normals(S, 3, step=2**32), ValueError, r"rng.normals: step must be in \[0, 4294967295\]"),
    (lambda: loose.normals(S, 2.5), TypeError, "rng.normals: n must be a whole number"),
    (lambda: rng.bernoullis(S, [0.5, 1.1]), ValueError, r"rng.bernoullis: p must be in \[0.0, 1.0\]"),
    (lambda: rng.bernoullis(S, [NAN]), ValueError, "rng.bernoullis: p must be a finite number"),
    (lambda: rng.poissons(S, [-0.1]), ValueError, "rng.poissons: lam must be in"),
    (lambda: rng.poissons(S, [1e16]), ValueError, "rng.poissons: lam must be in"),
    (lambda: rng.poissons(S, [NAN]), ValueError, "rng.poissons: lam must be a finite number"),
    (lambda: rng.poissons(S, [1.0], step=-1), ValueError, "rng.poissons: step must be in"),
    (lambda: rng.permutation(S, -2), ValueError, "rng.permutation: n must be in"),
    (
        lambda: rng.choice(S, 5, 6),
        ValueError,
        r"rng.choice: k must be in \[0, 5\], got 6; draw at most n of n",
    ),
    (lambda: rng.choice(S, 5, -1), ValueError, "rng.choice: k must be in"),
]


@pytest.mark.parametrize("call, error, message", WRONG)
def test_wrong_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
