"""Memory capacity against systems whose memory is known: delay lines, linear reservoirs, noise."""

import numpy as np
import pytest

from neurosparse import measure


def delay_line(d, steps=600, seed=0):
    """(states, signal): states hold the d last numbers before the present one."""
    u = np.random.default_rng(seed).uniform(-1, 1, steps)
    return np.stack([np.concatenate([np.zeros(k), u[:-k]]) for k in range(1, d + 1)], axis=1), u


@pytest.mark.parametrize("d", [1, 5, 20])
def test_delay_line_remembers_its_taps(d):
    states, u = delay_line(d, 4000)
    found = measure.memory_capacity(states, u, d + 10)
    assert found.curve[:d] == pytest.approx(np.ones(d))
    assert found.total == pytest.approx(d, abs=0.1)
    assert np.all(found.curve[d:] < 0.02)  # by chance: one over 2000 test steps, each


def test_states_mixed_by_any_matrix_remember_the_same():
    states, u = delay_line(6)
    mixed = states @ np.random.default_rng(1).normal(size=(6, 9)) + 3.0
    plain, other = (measure.memory_capacity(s, u, 6, ridge=0.0).curve for s in (states, mixed))
    assert other == pytest.approx(plain)


@pytest.mark.parametrize("n", [5, 15])
def test_linear_reservoir_remembers_no_more_than_its_size(n):
    g = np.random.default_rng(n)
    u = g.uniform(-1, 1, 6000)
    w = g.normal(size=(n, n))
    w *= 0.9 / np.abs(np.linalg.eigvals(w)).max()
    w_in, x, states = g.normal(size=n), np.zeros(n), np.zeros((6000, n))
    for t in range(6000):
        x = w @ x + w_in * u[t]
        states[t] = x
    found = measure.memory_capacity(states, u, 3 * n, ridge=1e-12, washout=100)
    chance = 3 * n / 2900
    assert 0.5 * n < found.total < n + 2 * chance


def test_leaky_neuron_has_the_memory_of_its_formula():
    """x = a x + u: r^2(u(t - k), x) = (1 - a^2) a^(2 k); one neuron, so regression can not add to it."""
    a, u = 0.8, np.random.default_rng(2).normal(size=40_000)
    x = np.zeros_like(u)
    for t in range(1, len(u)):
        x[t] = a * x[t - 1] + u[t]
    curve = measure.memory_capacity(x, u, 5).curve
    assert curve == pytest.approx((1 - a * a) * a ** (2 * np.arange(1, 6)), abs=0.015)


def test_noise_and_silence_remember_nothing():
    g = np.random.default_rng(3)
    assert measure.memory_capacity(g.normal(size=(4000, 10)), g.normal(size=4000), 10).total < 0.05
    silent = measure.memory_capacity(np.zeros((50, 3)), g.normal(size=50), 4)
    assert silent.curve.tolist() == [0.0] * 4
    assert silent.total == 0.0


def test_a_readout_is_tested_on_steps_that_it_was_not_fitted_to():
    """With as many neurons as steps the fit is perfect; on other steps nothing is left of it."""
    g = np.random.default_rng(4)
    assert measure.memory_capacity(g.normal(size=(200, 120)), g.normal(size=200), 3, ridge=0.0).total < 0.3


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"signal": np.zeros(49)}, r"memory_capacity: states must be \(T, n\) and the signal \(T,\)"),
        ({"states": np.zeros((50, 0))}, "states must be"),
        ({"states": np.full((50, 1), np.inf)}, "states must be a finite number"),
        ({"signal": np.full(50, np.nan)}, "signal must be a finite number"),
        ({"max_delay": 0}, r"max_delay must be in \[1, "),
        ({"washout": -1}, r"washout must be in \[0, "),
        ({"train": 1.5}, r"train must be in \[0.0, 1.0\]"),
        ({"ridge": -1.0}, "ridge must be >= 0.0"),
        ({"train": 1.0}, r"two steps or more must be left to fit and to test, got \(45, 0\); run longer"),
        ({"max_delay": 60}, "two steps or more must be left"),
    ],
)
def test_memory_errors(changes, message):
    good = {"states": np.zeros((50, 2)), "signal": np.zeros(50), "max_delay": 5}
    with pytest.raises(ValueError, match=message):
        measure.memory_capacity(**{**good, **changes})
