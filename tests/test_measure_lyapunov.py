"""Distance and Lyapunov exponent of twin runs against trains whose distance is a formula."""

import numpy as np
import pytest

from neurosparse import measure

NOTHING = ([], [])


def test_one_spike_more_decays_with_the_filter():
    d = measure.filtered_distance(([1, 0], [5, 2]), ([0], [2]), 3, 12, tau=4.0, dt=0.5)
    expected = np.where(np.arange(12) < 5, 0.0, np.exp(-0.5 * (np.arange(12) - 5) / 4.0))
    assert d == pytest.approx(expected)
    found = measure.lyapunov(([1, 0], [5, 2]), ([0], [2]), 3, 12, tau=4.0, dt=0.5)
    assert found.exponent == pytest.approx(-1 / 4.0)
    assert np.array_equal(found.distance, d)


def test_a_spike_moved_by_one_step_is_a_difference_of_filters():
    d = measure.filtered_distance(([0], [3]), ([0], [4]), 1, 8, tau=2.0)
    later = (1 - np.exp(-0.5)) * np.exp(-np.arange(4) / 2.0)
    assert d == pytest.approx([0, 0, 0, 1, *later])


def test_distance_is_the_norm_of_the_filtered_trains():
    """Against trains filtered one by one, in any order of spikes, several in a step among them."""
    g = np.random.default_rng(0)
    n, steps, tau = 6, 40, 7.0
    runs = [(g.integers(0, n, 60), g.integers(0, steps, 60)) for _ in range(2)]
    x = np.zeros((2, n, steps))
    for run, (i, t) in enumerate(runs):
        for neuron, when in zip(i, t):
            x[run, neuron, when:] += np.exp(-np.arange(steps - when) / tau)
    expected = np.linalg.norm(x[0] - x[1], axis=0)
    assert measure.filtered_distance(*runs, n, steps, tau) == pytest.approx(expected)


def doubling(generations):
    """A spike in 2^t neurons, each once, in step t: what differs from a silent twin doubles in every step."""
    t = np.repeat(np.arange(generations), 2 ** np.arange(generations))
    return np.arange(len(t)), t


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_growth_of_differences_is_found(dt):
    i, t = doubling(14)
    q = np.exp(-2 * dt / 5.0)
    found = measure.lyapunov((i, t), NOTHING, len(i), 14, tau=5.0, window=(8, 14), dt=dt)
    step = np.arange(14)
    assert found.distance**2 == pytest.approx(2.0**step * (1 - (q / 2) ** (step + 1)) / (1 - q / 2))
    assert found.exponent == pytest.approx(0.5 * np.log(2) / dt, rel=2e-3)
    twins = measure.lyapunov(NOTHING, (i, t), len(i), 14, tau=5.0, window=(8, 14), dt=dt)
    assert twins.exponent == found.exponent


def test_window_of_two_steps_is_the_ratio_of_distances():
    i, t = doubling(5)
    found = measure.lyapunov((i, t), NOTHING, len(i), 5, window=(3, 5))
    assert found.exponent == pytest.approx(np.log(found.distance[4] / found.distance[3]))


def test_equal_runs_have_no_exponent():
    run = ([0, 1, 1], [3, 0, 7])
    found = measure.lyapunov(run, run, 2, 9)
    assert np.isnan(found.exponent)
    assert not found.distance.any()
    assert not measure.filtered_distance(NOTHING, NOTHING, 2, 4, 1.0).any()
    assert np.isnan(measure.lyapunov(([0], [8]), NOTHING, 1, 9).exponent)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"a": ([2], [0])}, r"lyapunov: i must be in \[0, 1\]"),
        ({"b": ([0], [9])}, r"t must be in \[0, 8\]"),
        ({"b": ([0], [1], [2])}, r"b must be a pair \(i, t\)"),
        ({"tau": 0.0}, "tau must be > 0 ms"),
        ({"dt": -1.0}, "dt must be > 0 ms"),
        ({"window": (9, 10)}, r"the first step of the window must be in \[0, 8\]"),
        ({"window": (3, 3)}, r"the end of the window must be in \[4, 9\]"),
    ],
)
def test_lyapunov_errors(changes, message):
    good = {"a": ([0], [0]), "b": ([1], [3]), "n": 2, "n_steps": 9}
    with pytest.raises(ValueError, match=message):
        measure.lyapunov(**{**good, **changes})


def test_distance_errors_name_their_own_owner():
    with pytest.raises(ValueError, match=r"measure\.filtered_distance: tau must be > 0 ms"):
        measure.filtered_distance(NOTHING, NOTHING, 1, 1, 0.0)
