"""Kanerva's memory: bit for bit a plain loop's; active locations, fidelity and reach are what the laws say."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import binom
from scipy.stats import t as student

from neurosparse.sdr import kanerva_memory
from neurosparse.sdr.capacity import kanerva

PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
slow_without_jit = pytest.mark.skipif(PLAIN, reason="takes minutes without compilation")
AT = 256, 108, 4000, 100  # bits, radius, locations, stored


def flipped(word, distance, random):
    """`word` with `distance` random bits turned over."""
    word = word.copy()
    word[random.choice(len(word), distance, replace=False)] ^= 1
    return word


def unpacked(memory):
    """Addresses as lists of bits, read with Python's whole numbers."""
    return [[int(row[i // 64]) >> (i % 64) & 1 for i in range(memory.bits)] for row in memory.addresses]


def in_plain_loops(memory, addresses, data, cue):
    """(sums, active): counters as a list of lists."""
    hard, width = unpacked(memory), memory.counters.shape[1]
    hears = [lambda x, h=h: sum(a != b for a, b in zip(h, x)) <= memory.radius for h in hard]
    counters = [[0] * width for _ in hard]
    for address, word in zip(addresses, data):
        for row, heard in zip(counters, hears):
            if heard(address):
                for j in range(width):
                    row[j] += 1 if word[j] else -1
    near = [i for i, heard in enumerate(hears) if heard(cue)]
    return [sum(counters[i][j] for i in near) for j in range(width)], near


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_memory_is_that_of_plain_loops(data):
    bits, width = data.draw(st.sampled_from([1, 7, 63, 64, 65])), data.draw(st.integers(1, 5))
    memory = kanerva_memory.empty(bits, 12, data.draw(st.integers(0, bits)), width, data.draw(st.integers(0, 99)))
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    addresses, words = random.integers(0, 2, (4, bits)), random.integers(0, 2, (4, width))
    cue = flipped(addresses[0], data.draw(st.integers(0, bits)), random)
    total, near = in_plain_loops(memory, addresses, words, cue)
    full = kanerva_memory.store(memory, addresses, words)
    assert kanerva_memory.active(full, cue).tolist() == near
    assert kanerva_memory.sums(full, cue).tolist() == total
    assert kanerva_memory.recall(full, cue).tolist() == [x > 0 for x in total]
    assert full.stored == 4
    assert not memory.counters.any()
    halves = kanerva_memory.store(kanerva_memory.store(memory, addresses[:1], words[:1]), addresses[1:], words[1:])
    assert np.array_equal(halves.counters, full.counters)


def test_hard_locations_are_random_and_named_by_their_seed():
    memory = kanerva_memory.empty(70, 400, 30, seed=3)
    assert memory.addresses.shape == (400, 2)
    assert np.all(memory.addresses[:, 1] < 2**6)
    ones = np.sum(unpacked(memory), axis=0)
    low, high = binom.interval(1 - 0.001 / 70, 400, 0.5)
    assert np.all((low <= ones) & (ones <= high))
    assert np.array_equal(memory.addresses[:50], kanerva_memory.empty(70, 50, 30, 1, seed=3).addresses)
    assert not np.array_equal(memory.addresses, kanerva_memory.empty(70, 400, 30, seed=4).addresses)


@pytest.mark.parametrize("radius, distance", [(116, 0), (116, 40), (120, 128), (128, 256)])
def test_active_locations_are_binomial(radius, distance):
    """Locations are independent: how many hear one address, and how many two of them, is binomial."""
    locations = 6000
    memory = kanerva_memory.empty(256, locations, radius, 1, seed=radius + distance)
    random = np.random.default_rng(1)
    x = random.integers(0, 2, 256)
    near = kanerva_memory.active(memory, x)
    both = np.intersect1d(near, kanerva_memory.active(memory, flipped(x, distance, random)))
    for found, p in (
        (near, kanerva.kanerva_activation(256, radius)),
        (both, kanerva.kanerva_shared(256, radius, distance)),
    ):
        low, high = binom.interval(0.999, locations, min(float(p), 1.0))
        assert low <= len(found) <= high


def interval(means):
    """99.9 % interval of the mean of independent numbers."""
    half = student.ppf(0.9995, len(means) - 1) * np.std(means, ddof=1) / np.sqrt(len(means))
    return np.mean(means) - half, np.mean(means) + half


def given_active(bits, radius, locations, stored, distance):
    """Fidelity summed over the active locations A of the cue and the k of them that hold the item.

    Noise and signal rise with A together; the normal law is used only with A and k given.
    """
    p, q = float(kanerva.kanerva_activation(bits, radius)), float(kanerva.kanerva_shared(bits, radius, distance))
    a = np.arange(int(locations * p + 12 * np.sqrt(locations * p)))[:, None]
    k = np.arange(len(a))
    weight = binom.pmf(a, locations, p) * binom.pmf(k, a, min(q / p, 1.0))
    variance = (stored - 1) * (a * p + a * (a - 1) * kanerva._mean_square(bits, radius) / p**2)
    return float(np.sum(weight * np.where(k > 0, ndtr(k / np.sqrt(np.maximum(variance, 1e-9))), 0.5)))


@slow_without_jit
def test_fidelity_is_that_of_the_laws():
    """Of 60 memories with 20 readings each. The mixed law leaves out that A lifts both signal and noise: a bit low."""
    bits, radius, locations, stored = AT
    distances, random = (16, 32, 64, 96), np.random.default_rng(5)
    right = np.zeros((4, 60))
    for seed in range(60):
        addresses, data = random.integers(0, 2, (2, stored, bits))
        memory = kanerva_memory.store(kanerva_memory.empty(bits, locations, radius, seed=seed), addresses, data)
        for row, distance in enumerate(distances):
            read = [kanerva_memory.recall(memory, flipped(x, distance, random)) for x in addresses[:20]]
            right[row, seed] = np.mean(np.array(read) == data[:20])
    for means, distance in zip(right, distances):
        low, high = interval(means)
        assert high - low < 0.025
        assert low <= given_active(*AT, distance) <= high
        law = kanerva.kanerva_fidelity(*AT, distance)
        assert low - 0.006 <= law <= high
        if distance >= 64:
            assert low <= law


@slow_without_jit
def test_reading_again_ends_at_the_item_inside_the_critical_distance_only():
    bits, radius, locations, stored = AT
    critical, random = kanerva.kanerva_critical_distance(*AT), np.random.default_rng(7)
    assert critical == 54
    ends = {critical // 3: [], critical: [], 2 * critical: []}
    for seed in range(10):
        words = random.integers(0, 2, (stored, bits))
        memory = kanerva_memory.store(kanerva_memory.empty(bits, locations, radius, seed=seed), words, words)
        for distance, found in ends.items():
            cues = [flipped(word, distance, random) for word in words[:5]]
            found += [np.sum(kanerva_memory.settle(memory, cue).word != word) for cue, word in zip(cues, words)]
    inside, at, outside = (np.mean(np.array(found) <= 2) for found in ends.values())
    assert inside > 0.9
    assert 0.25 < at < 0.75
    assert outside < 0.1
    assert np.median(ends[2 * critical]) > 100


def test_settling_stops_where_nothing_changes():
    memory = kanerva_memory.empty(20, 30, 20)  # all locations hear all
    word = np.arange(20) % 2
    memory = kanerva_memory.store(memory, word[None], word[None])
    word_, readings, fixed = kanerva_memory.settle(memory, 1 - word)
    assert np.array_equal(word_, word)
    assert (readings, fixed) == (2, True)
    assert kanerva_memory.settle(memory, 1 - word, most=1)[1:] == (1, False)
    silent = kanerva_memory.empty(20, 30, 20)
    assert not kanerva_memory.recall(silent, word).any()


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: kanerva_memory.empty(0, 5, 0), ValueError, r"kanerva_memory.empty: bits must be in \[1,"),
        (lambda: kanerva_memory.empty(8, 0, 0), ValueError, r"locations must be in \[1,"),
        (lambda: kanerva_memory.empty(8, 5, 9), ValueError, r"radius must be in \[0, 8\], got 9; addresses differ"),
        (lambda: kanerva_memory.empty(8, 5, 2, 0), ValueError, r"width must be in \[1,"),
        (lambda: kanerva_memory.empty(8.0, 5, 2), TypeError, "bits must be a whole number, got 8.0"),
        (lambda: kanerva_memory.empty(2**30, 2**30, 2), MemoryError, "the counters must fit in memory"),
        (lambda: kanerva_memory.recall("no", [1]), TypeError, r"memory must be a Memory, got 'no'; make it with"),
        (
            lambda: kanerva_memory.active(_memory(), [1]),
            ValueError,
            r"address must have 1 dimension.*of 4 bits, got \(",
        ),
        (lambda: kanerva_memory.recall(_memory(), [0, 1, 2, 0]), ValueError, "cue must be zeros and ones"),
        (lambda: kanerva_memory.recall(_memory(), list("0101")), ValueError, "cue must be zeros and ones"),
        (lambda: kanerva_memory.recall(_memory(), [[0], [1, 1]]), ValueError, "cue must be an array"),
        (lambda: kanerva_memory.store(_memory(), [1] * 4, [[1] * 3]), ValueError, r"addresses must have 2 dim"),
        (lambda: kanerva_memory.store(_memory(), [[1] * 4], [[1] * 4]), ValueError, r"data must have.*of 3 bits"),
        (lambda: kanerva_memory.store(_memory(), [[1] * 4], [[1] * 3] * 2), ValueError, r"as many, got \(1, 2\)"),
        (
            lambda: kanerva_memory.store(_memory()._replace(stored=2**31 - 1), [[1] * 4], [[1] * 3]),
            ValueError,
            r"items must be in \[0, 2147483647\]",
        ),
        (lambda: kanerva_memory.settle(_memory(), [1] * 4), ValueError, r"width must be bits, got \(3, 4\); only what"),
        (lambda: kanerva_memory.settle(_memory(), [1] * 4, 0), ValueError, r"most must be in \[1,"),
    ],
)
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def _memory():
    return kanerva_memory.empty(4, 6, 2, 3)
