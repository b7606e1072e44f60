"""Ranks and distances against matrices of known rank and hand-computed classes."""

import numpy as np
import pytest

from neurosparse import measure, rng


def of_rank(k, m=30, n=20, seed=0):
    g = np.random.default_rng(seed)
    return g.normal(size=(m, k)) @ g.normal(size=(k, n))


@pytest.mark.parametrize("k", [1, 7, 20])
def test_rank_of_a_product_is_its_inner_size(k):
    states = of_rank(k)
    assert measure.kernel_rank(states) == measure.generalisation_rank(states) == k
    assert measure.kernel_rank(states.T) == k
    assert measure.kernel_rank(states) == np.linalg.matrix_rank(states)


def test_rank_of_silence_is_zero_and_of_whole_counts_exact():
    assert measure.kernel_rank(np.zeros((3, 4))) == 0
    counts = np.eye(5, dtype=np.uint8)[[0, 1, 2, 0, 1]]
    assert measure.kernel_rank(counts) == 3


def test_rank_falls_with_the_tolerance():
    states = np.diag([4.0, 2.0, 1.0, 0.0])
    assert [measure.kernel_rank(states, tolerance) for tolerance in (None, 0.5, 1.0, 3.0)] == [3, 3, 2, 1]


def test_mean_rank_takes_as_many_states_of_each_class():
    # each class is one line: any draw has the rank of the number of classes
    labels = np.repeat([3, 0, 9], [4, 6, 5])
    states = np.eye(3)[np.unique(labels, return_inverse=True)[1]] * np.arange(1, 16)[:, None]
    assert measure.mean_rank(states, labels, 2, 5, rng.stream(0, "draws")) == 3.0
    # one of two orthogonal states, or two of one class: the mean counts how often the draws differ
    two = measure.mean_rank(np.eye(2)[[0, 1, 0, 1]], [0, 0, 0, 0], 2, 600, rng.stream(1, "draws"))
    assert two == pytest.approx(1 + 2 / 3, abs=0.06)
    again = measure.mean_rank(np.eye(2)[[0, 1, 0, 1]], [0, 0, 0, 0], 2, 600, rng.stream(1, "draws"))
    assert again == two


def test_kernel_quality_rescales_as_in_the_paper():
    ranges = (558.1, 994.46), (127.5, 993.28)
    assert measure.kernel_quality(994.46, 127.5, *ranges) == pytest.approx(1.0)
    assert measure.kernel_quality(558.1, 993.28, *ranges) == pytest.approx(0.0)
    assert measure.kernel_quality(994.46, 993.28, *ranges) == pytest.approx(0.5)
    several = measure.kernel_quality([558.1, 994.46], [127.5, 127.5], *ranges, difference_range=(0.0, 1.0))
    assert several.tolist() == pytest.approx([0.0, 1.0])


def test_separation_by_hand():
    # centroids (0, 1) and (4, 1), distance 4; squared distances from them 1 and 0
    states = [[0.0, 0.0], [0.0, 2.0], [4.0, 1.0]]
    assert measure.separation(states, [5, 5, 2]) == pytest.approx(4.0 / (1.0 + 0.5))
    corners = [[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]
    assert measure.separation(corners, [0, 1, 2]) == pytest.approx((3 + 4 + 5) / 3)
    assert measure.separation(np.ones((4, 2)), [0, 0, 1, 1]) == 0.0
    assert np.isnan(measure.separation(states, [1, 1, 1]))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: measure.kernel_rank([1.0, 2.0]), r"kernel_rank: states must be a matrix \(inputs, neurons\)"),
        (lambda: measure.generalisation_rank([[np.nan]]), "generalisation_rank: states must be a finite number"),
        (lambda: measure.kernel_rank(np.eye(2), -1.0), "tolerance must be >= 0.0"),
        (lambda: measure.separation(np.eye(2), [0]), "separation: labels must be one for each of the 2 states, got 1"),
        (
            lambda: measure.mean_rank(np.eye(3), [0, 0, 1], 2, 1, rng.stream(0, "a")),
            r"per_class must be in \[1, 1\], got 2; draw no more",
        ),
        (lambda: measure.mean_rank(np.eye(2), [0, 1], 1, 0, rng.stream(0, "a")), r"n_draws must be in \[1, "),
        (lambda: measure.kernel_quality(1, 1, (0, 0), (0, 1)), r"sp_range must be a pair \(lowest, highest\)"),
        (lambda: measure.kernel_quality(1, 1, (0, 1), (0, 1, 2)), "ap_range must be a pair"),
        (lambda: measure.kernel_quality(np.nan, 1, (0, 1), (0, 1)), "kernel_quality: sp must be a finite number"),
        (
            lambda: measure.kernel_quality([1, 2], [1, 2, 3], (0, 1), (0, 1)),
            r"sp and ap must be one for each model, or a number for all, got \(\(2,\), \(3,\)\)",
        ),
    ],
)
def test_rank_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
