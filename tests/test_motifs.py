"""Order motifs: the samples by the definition, that counts tell nothing and order everything, mistakes refused."""

import math

import numpy as np
import pytest
from scipy import stats

from neurosparse import jit, motifs
from neurosparse.motifs import Order

N = 200 if jit.disabled() else 3000


def test_without_noise_a_sample_is_its_permutation_within_the_jitter():
    found = motifs.order_motifs(N, seed=2, order=Order(noise=0.0))
    assert (found.x.shape, found.x.dtype) == ((N, 80, 8), np.uint8)
    assert np.all(found.x.sum(axis=1) == 1)
    late = found.x.argmax(axis=1) - (1 + 8 * found.slots[found.y])
    assert set(np.unique(late)) == {-1, 0, 1}
    assert stats.chisquare(np.bincount(late.ravel() + 1)).pvalue > 1e-3
    assert np.array_equal(found.y, np.arange(N) % 10)


def test_classes_are_distinct_permutations():
    slots = motifs.order_motifs(1).slots
    assert np.array_equal(np.sort(slots, axis=1), np.tile(np.arange(8), (10, 1)))
    assert len(np.unique(slots, axis=0)) == 10
    assert sorted(map(tuple, motifs.permutations(0, 6, 3).tolist())) == [
        (0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)
    ]  # fmt: skip
    assert motifs.order_motifs(2, order=Order(n_channels=1, n_classes=1, n_steps=3)).slots.tolist() == [[0]]


def test_noise_is_poisson_and_anywhere():
    quiet = motifs.order_motifs(N, seed=1, order=Order(noise=0.0)).x
    noisy = motifs.order_motifs(N, seed=1, order=Order(noise=2.5)).x
    assert np.all(noisy >= quiet)
    added = (noisy.astype(int) - quiet).sum(axis=(1, 2))
    free = 1 - 8 / 640  # a noise spike may fall on another
    assert added.mean() == pytest.approx(2.5 * free, abs=5 * math.sqrt(2.5 / N))
    expected = N * np.diff([0, *stats.poisson.cdf(range(6), 2.5 * free), 1])
    assert stats.chisquare(np.bincount(np.minimum(added, 6), minlength=7), expected).pvalue > 1e-4
    place = (noisy.astype(int) - quiet).sum(axis=0)
    assert stats.chisquare(place.sum(axis=0)).pvalue > 1e-4  # any channel
    assert stats.chisquare(place.sum(axis=1).reshape(8, 10).sum(axis=1)).pvalue > 1e-4  # any time


def test_parts_share_classes_but_no_sample_and_more_leaves_the_first():
    train, test = (motifs.order_motifs(50, 3, part) for part in ("train", "test"))
    assert np.array_equal(train.slots, test.slots)
    assert not np.array_equal(train.x, test.x)
    assert np.array_equal(motifs.order_motifs(20, 3).x, train.x[:20])
    assert not np.array_equal(motifs.order_motifs(1, 4).slots, train.slots)
    with pytest.raises(ValueError, match="read-only"):
        train.x[0, 0, 0] = 1


def test_counts_tell_nothing_and_aligned_spikes_everything():
    """The delays that make a class's spikes meet tell the classes apart; spikes of a channel and of a slot do not."""
    found = motifs.order_motifs(500, seed=5, part="test")
    shifted = np.zeros((500, 10))
    for label, slot in enumerate(found.slots):
        aligned = np.zeros((500, 80 + 56))
        for c in range(8):
            begin = 8 * (7 - slot[c])
            aligned[:, begin : begin + 80] += found.x[:, :, c]
        together = sum(aligned[:, k : k + 134] for k in range(3))
        shifted[:, label] = together.max(axis=1)
    assert (shifted.argmax(axis=1) == found.y).mean() > 0.99
    quiet = motifs.order_motifs(500, seed=5, order=Order(noise=0.0)).x
    assert np.all(quiet.sum(axis=1) == 1)
    assert np.all(np.add.reduceat(quiet.sum(axis=2), range(0, 64, 8), axis=1) <= 2)


@pytest.mark.parametrize("changed, error, message", [
    ({"n": 0}, ValueError, "n must be in"),
    ({"n": 1.5}, TypeError, "n must be a whole number"),
    ({"part": "valid"}, ValueError, "part must be one of train, test"),
    ({"order": 3}, TypeError, "order must be an Order, got 3; write Order"),
    ({"order": Order(n_channels=0)}, ValueError, "n_channels must be in"),
    ({"order": Order(n_channels=3)}, ValueError, r"n_classes must be in \[1, 6\], got 10"),
    ({"order": Order(n_classes=256)}, ValueError, r"n_classes must be in \[1, 255\]"),
    ({"order": Order(spacing=2)}, ValueError, r"spacing must be in \[3, "),
    ({"order": Order(n_steps=58)}, ValueError, r"n_steps must be in \[59, .* got 58; 8 slots of 8 steps need 59"),
    ({"order": Order(noise=-1.0)}, ValueError, "noise must be in"),
    ({"order": Order(n_steps=10**14)}, MemoryError, "the samples must fit in memory"),
])  # fmt: skip
def test_wrong_arguments(changed, error, message):
    with pytest.raises(error, match=f"^motifs.order_motifs: {message}"):
        motifs.order_motifs(**changed)
