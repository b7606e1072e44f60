"""Poisson spikes drawn inside a loop: a number for each neuron and step, the same for any share of neurons or run.

One Philox block gives four neurons their 32 bits for a step. A common rate is looked up: the count is the number of
thresholds, multiples of 2**-32 of the cumulative probability, that the bits reach. Rates of their own for each neuron
take `rng.poisson`, with the neuron as its element. A source fires with probability rate * dt in a step.

Counters: (64 (neuron // 256) + neuron % 64, 0, step mod 2**32, step // 2**32); the neuron takes word
(neuron % 256) // 64 of the four; with a rate for each neuron (neuron, 0, step mod 2**32, draw); waiting times along
the sources of a block (block, 0, step mod 2**32, draw).
"""

import math
from typing import Any

import numpy as np

from neurosparse import rng
from neurosparse.jit import shared

LOOKED_UP = 30.0  # largest mean count of a step that is looked up
WORDS = 1 << 32
SKIPPED = 0.05  # probability of a step below which waiting times are drawn instead
BLOCK = 4096  # sources along which waiting times are drawn
CHUNK = 256  # neurons whose bits are drawn at a time, from CHUNK // 4 blocks
QUARTER = CHUNK // 4


def thresholds(mean: float) -> np.ndarray:
    """(k,) uint64 cumulative probabilities of a Poisson number, times 2**32, below 2**32; ascending."""
    found, term, total, k = [], math.exp(-mean), 0.0, 0
    while (total := total + term) < 1.0 and round(total * WORDS) < WORDS:
        found.append(round(total * WORDS))
        k += 1
        term *= mean / k
    return np.array(found, dtype=np.uint64)


def table(mean) -> np.ndarray:
    """What the loop needs for a mean count a step, one number or (n,): thresholds (uint64), or the means (float64)."""
    if np.ndim(mean) == 0 and mean <= LOOKED_UP:
        return thresholds(float(mean))
    return np.array(np.atleast_1d(mean), dtype=np.float64)


def chances(probability, n: int) -> np.ndarray:
    """What the loop needs for sources that fire with a probability in a step, one number or (n,).

    (n,) uint64: a source fires where its 32 bits are below; or, for one small probability, (1,) float64 log(1 - p).
    """
    if np.ndim(probability) == 0 and probability < SKIPPED:
        return np.array([math.log1p(-float(probability))])
    return np.array(np.broadcast_to(np.rint(np.asarray(probability) * WORDS), (n,)), dtype=np.uint64)


def scratch() -> Any:
    """Memory that one thread needs for its draws."""
    return np.zeros((2, CHUNK), dtype=np.uint64)


@shared
def draw_words(words, stream, chunk, t):
    """words[i] = the 32 bits of neuron chunk * CHUNK + i in step t."""
    step, late = np.uint64(t) & rng.MASK, np.uint64(t) >> rng.HALF
    for b in range(QUARTER):
        element = np.uint64(chunk * QUARTER + b)
        x0, x1, x2, x3 = rng.philox(stream.key0, stream.key1, element, np.uint64(0), step, late)
        words[b], words[QUARTER + b], words[2 * QUARTER + b], words[3 * QUARTER + b] = x0, x1, x2, x3


@shared
def add_counts(out, low, high, t, stream, levels, weight, room):
    """Leaf: out[i] += weight * Poisson number, for i in [low, high); `levels` from `table`."""
    words, counts = room[0], room[1]
    for chunk in range(low // CHUNK, (high + CHUNK - 1) // CHUNK):
        draw_words(words, stream, chunk, t)
        counts[:] = np.uint64(0)
        for k in range(levels.shape[0]):
            level = levels[k]
            for i in range(CHUNK):
                counts[i] += np.uint64(1) if words[i] >= level else np.uint64(0)
        first = chunk * CHUNK
        for i in range(max(low, first), min(high, first + CHUNK)):
            out[i] += weight * np.float64(counts[i - first])


@shared
def add_each(out, low, high, t, stream, means, weight):
    """Leaf: as `add_counts`, with a mean of its own for each neuron, (n,) or (1,)."""
    each = 1 if means.shape[0] > 1 else 0
    step = np.uint64(t) & rng.MASK
    for i in range(low, high):
        out[i] += weight * rng.poisson(stream, i, step, means[i * each])


@shared
def fire(ring, low, high, t, stream, chance, room):
    """Leaf: write the sources of [low, high) that fire in step t to `ring` from `low` on; returns how many."""
    words, n = room[0], 0
    for chunk in range(low // CHUNK, (high + CHUNK - 1) // CHUNK):
        draw_words(words, stream, chunk, t)
        first = chunk * CHUNK
        for i in range(max(low, first), min(high, first + CHUNK)):
            if words[i - first] < chance[i]:
                ring[low + n] = i
                n += 1
    return n


@shared
def fire_rarely(ring, low, high, t, stream, log_silent, room):
    """Leaf: as `fire`, by the waiting times from one source to the next that fires: P(gap > g) = exp(g log_silent)."""
    step, n = np.uint64(t) & rng.MASK, 0
    if log_silent[0] == 0.0:
        return 0  # they never fire
    for block in range(low // BLOCK, (high + BLOCK - 1) // BLOCK):
        i, draw = float(block * BLOCK - 1), 0
        end = float(min((block + 1) * BLOCK, high))
        while True:
            i += 1.0 + math.floor(math.log(rng.uniform(stream, block, step, draw)) / log_silent[0])
            if not i < end:
                break
            if i >= low:
                ring[low + n] = int(i)
                n += 1
            draw += 1
    return n
