"""Kanerva's memory, block codes and the fly's hash: formulas against integers, counts and a simulated memory."""

import itertools
import math
from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import rng
from neurosparse.sdr.capacity import blocks, fly, kanerva, law
from neurosparse.sdr.capacity.estimate import from_hits

# Kanerva


@pytest.mark.parametrize(
    "radius, p",
    [
        (447, 0.000444993),
        (448, 0.000557525),
        (449, 0.000695871),
        (450, 0.000865268),
        (451, 0.001071850),
        (452, 0.00132276),
    ],
)
def test_kanerva_activation_of_the_specification(radius, p):
    found = kanerva.kanerva_activation(1000, radius)
    assert found.value == pytest.approx(p, abs=0.5001e-9 if radius < 452 else 0.5001e-8)
    assert found.value == pytest.approx(float(found.fraction()), rel=1e-15)
    assert found.fraction() == Fraction(sum(comb(1000, i) for i in range(radius + 1)), 2**1000)


def test_kanerva_shared_of_the_specification():
    distance = np.array([0, 10, 50, 100, 200, 300, 400, 500])
    found = kanerva.kanerva_shared(1000, 451, distance, 10**6)
    printed = [1071.85, 795.87, 476.87, 285.83, 103.46, 32.32, 7.60, 1.10]
    assert found.value == pytest.approx(printed, abs=0.00501)
    assert found.value == pytest.approx([float(one) for one in found.fraction()], rel=1e-13)


def test_kanerva_shared_is_the_count_of_all_locations():
    bits, radius = 7, 3
    for distance in range(bits + 1):
        y = (1 << distance) - 1
        both = sum(h.bit_count() <= radius and (h ^ y).bit_count() <= radius for h in range(1 << bits))
        found = kanerva.kanerva_shared(bits, radius, distance)
        assert found.fraction() == Fraction(both, 1 << bits)
        assert found.value == pytest.approx(both / (1 << bits), rel=1e-14)


def kanerva_memory(bits, radius, locations, stored, distance, seed):
    """Share of right bits of a memory of counters, read `distance` bits away from each address."""
    g = np.random.default_rng(seed)
    places = g.integers(0, 2, (locations, bits)).astype(np.float32)
    address = g.integers(0, 2, (stored, bits)).astype(np.float32)
    data = g.choice(np.array([-1, 1], dtype=np.float32), (stored, bits))

    def active(x):
        return ((x @ (1 - places).T + (1 - x) @ places.T) < radius + 0.5).astype(np.float32)

    counters = active(address).T @ data
    flips = np.argsort(g.random((stored, bits)), axis=1)[:, :distance]
    cue = address.copy()
    np.put_along_axis(cue, flips, 1 - np.take_along_axis(address, flips, 1), 1)
    read = active(cue) @ counters * data
    return (read > 0).mean() + (read == 0).mean() / 2


@pytest.mark.parametrize("distance", [0, 20])
def test_kanerva_fidelity_is_that_of_a_memory(distance):
    at = 128, 54, 2000, 200
    right = [kanerva_memory(*at, distance, seed) for seed in range(12)]
    error = 4 * np.std(right) / np.sqrt(len(right)) + 0.01  # 0.01: the sum of the other items is not quite normal
    assert kanerva.kanerva_fidelity(*at, distance) == pytest.approx(np.mean(right), abs=error)
    assert kanerva.kanerva_fidelity(*at, distance, "independent") > np.mean(right) + 2 * error


@pytest.mark.slow
def test_kanerva_critical_distance():
    """Kanerva's own estimate of noise puts it at 220 for 10,000 items; the true noise, 2.3 times larger, at 152."""
    assert kanerva.kanerva_critical_distance(1000, 451, 10**6, 10**4, "independent") == 220
    assert kanerva.kanerva_critical_distance(1000, 451, 10**6, 10**4) == 152
    assert kanerva.kanerva_critical_distance(1000, 451, 10**6, 1) == 500
    assert kanerva.kanerva_critical_distance(1000, 451, 10**6, 10**6) == 0


@given(st.integers(1, 30), st.data())
@settings(max_examples=25, deadline=None)
def test_kanerva_falls_with_distance(bits, data):
    radius = data.draw(st.integers(0, bits))
    shared = kanerva.kanerva_shared(bits, radius, np.arange(bits + 1))
    assert shared.log10[0] == pytest.approx(kanerva.kanerva_activation(bits, radius).log10, abs=1e-12)
    finite = shared.log10[np.isfinite(shared.log10)]
    assert np.all(np.diff(finite) <= 1e-12)
    assert np.all(shared.log10 <= 1e-12)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: kanerva.kanerva_activation(10, 11), ValueError, r"radius must be <= bits, got \(11, 10\)"),
        (lambda: kanerva.kanerva_activation(10.0, 1), TypeError, "bits must be a whole number"),
        (lambda: kanerva.kanerva_shared(10, 3, 11), ValueError, r"distance must be <= bits, got \(11, 10\)"),
        (lambda: kanerva.kanerva_shared(10, 3, 1, 0), ValueError, r"locations must be in \[1,"),
        (lambda: kanerva.kanerva_fidelity(10, 3, 5, 0, 1), ValueError, r"stored must be in \[1,"),
        (lambda: kanerva.kanerva_fidelity(10, 3, 5, 1, 1, "rough"), ValueError, "method must be one of exact, indep"),
        (lambda: kanerva.kanerva_critical_distance(1, 1, 5, 1), ValueError, r"bits must be in \[2,"),
    ],
)
def test_refused_kanerva(call, error, text):
    with pytest.raises(error, match=text):
        call()


# block codes


def test_block_codes_by_counting():
    q, k = 4, 3
    codes = list(itertools.product(range(k), repeat=q))
    counts = np.bincount([sum(x == 0 for x in code) for code in codes], minlength=q + 1)
    assert blocks.block_code_space(q, k).fraction() == len(codes)
    assert blocks.block_code_space(q, k).value == pytest.approx(81, rel=1e-14)
    for b in range(q + 1):
        assert blocks.block_overlap_pmf(q, k, b).fraction() == Fraction(int(counts[b]), 81)
        assert blocks.block_false_positive(q, k, b).fraction() == Fraction(int(counts[b:].sum()), 81)
    mean = (counts * np.arange(q + 1)).sum() / 81
    assert blocks.block_overlap_mean(q, k) == pytest.approx(mean)
    assert blocks.block_overlap_variance(q, k) == pytest.approx((counts * (np.arange(q + 1) - mean) ** 2).sum() / 81)


def test_block_codes_are_narrower_than_free_ones():
    free = law.overlap_sf(24 * 8, 24, 24, 9).log10
    assert blocks.block_false_positive(24, 8, 10).log10 != pytest.approx(free, abs=0.05)


@given(st.integers(1, 300), st.integers(1, 50), st.data())
@settings(max_examples=30, deadline=None)
def test_block_law_in_doubles_is_the_exact_one(q, k, data):
    b = data.draw(st.integers(0, q))
    for found in (blocks.block_overlap_pmf(q, k, b), blocks.block_false_positive(q, k, b)):
        exact = found.fraction()
        assert found.log10 <= 0.0
        if exact:
            log10 = math.log10(exact.numerator) - math.log10(exact.denominator)
            assert found.log10 == pytest.approx(log10, rel=1e-12, abs=1e-12)
        else:
            assert found.log10 == -np.inf
    tail = blocks.block_false_positive(q, k, np.arange(q + 1)).log10
    assert np.all(np.diff(tail[np.isfinite(tail)]) <= 0.0)


def test_block_law_far_out():
    assert blocks.block_false_positive(10_000, 20, 10_000).log10 == pytest.approx(-10_000 * math.log10(20), rel=1e-15)
    assert blocks.block_overlap_pmf(70, 20, np.arange(71)).value.sum() == pytest.approx(1.0, rel=1e-14)
    assert blocks.block_overlap_mean([24, 10, 70], [8, 10, 20]) == pytest.approx([3.0, 1.0, 3.5])


def test_block_intersection_ends():
    assert blocks.block_intersection(24, 8, 1.0, 1.0) == 3.0  # chance
    assert blocks.block_intersection(24, 8, 5.0, 0.0) == 24.0
    assert blocks.block_intersection(24, 8, 7.0, 1.0) == 12.0


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: blocks.block_code_space(0, 3), ValueError, r"q must be in \[1,"),
        (lambda: blocks.block_overlap_pmf(3, 2, 4), ValueError, r"b must be <= q, got \(4, 3\)"),
        (lambda: blocks.block_false_positive(3, 2, 4), ValueError, r"theta must be <= q, got \(4, 3\)"),
        (lambda: blocks.block_false_positive(3, 2.5, 4), TypeError, "k must be a whole number"),
        (lambda: blocks.block_false_positive([1, 2], [1, 2, 3], 1), ValueError, "q, k must broadcast together"),
        (lambda: blocks.block_intersection(3, 2, 0.0, 1.0), ValueError, "psi_match must be > 0"),
        (lambda: blocks.block_intersection(3, 2, 1.0, -1.0), ValueError, "psi_other must be >= 0"),
    ],
)
def test_refused_blocks(call, error, text):
    with pytest.raises(error, match=text):
        call()


# the fly


def test_fly_by_counting():
    cells = [set(c) for c in itertools.combinations(range(7), 3)]
    shared = np.bincount([len(cells[0] & other) for other in cells], minlength=4)
    found = fly.fly_shared_inputs(7, 3, np.arange(4))
    assert found.value == pytest.approx(shared / len(cells), rel=1e-14)
    assert fly.fly_shared_mean(7, 3) == pytest.approx((shared * np.arange(4)).sum() / len(cells))
    assert fly.fly_tag_collision(7, 3, 2).fraction() == Fraction(int(shared[2:].sum()), len(cells))
    assert fly.fly_tag_overlap(7, 3) == pytest.approx(9 / 7)
    assert fly.fly_twins(10, 7, 3).fraction() == Fraction(45, 35)
    assert fly.fly_twins([1, 10], 7, 3).value == pytest.approx([0.0, 45 / 35])


def test_fly_of_the_antennal_lobe():
    """50 types, 6 inputs, 2000 cells, tags of 5 %."""
    assert fly.fly_shared_mean(50, 6) == pytest.approx(0.72)
    assert fly.fly_tag_overlap(2000, 100) == pytest.approx(5.0)
    assert fly.fly_twins(2000, 50, 6).value == pytest.approx(1999000 / comb(50, 6), rel=1e-13)
    stream = rng.stream(4, "test cells")
    first = rng.choice(stream, 50, 6, step=0)
    hits = sum(len(np.intersect1d(first, rng.choice(stream, 50, 6, step=i), True)) == 1 for i in range(1, 2001))
    assert from_hits(hits, 2000, 0.999).covers(fly.fly_shared_inputs(50, 6, 1))


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: fly.fly_shared_inputs(5, 6, 1), r"p must be <= d, got \(6, 5\); a cell samples"),
        (lambda: fly.fly_tag_overlap(5, 6), r"k must be <= m, got \(6, 5\); a tag has"),
        (lambda: fly.fly_tag_collision(5, 3, 4), r"theta must be <= k, got \(4, 3\)"),
        (lambda: fly.fly_twins(0, 5, 3), r"m must be in \[1,"),
    ],
)
def test_refused_fly(call, text):
    with pytest.raises(ValueError, match=text):
        call()
