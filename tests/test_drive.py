"""Poisson drive inside the loop: the law of the counts, their independence of shares, runs and recorders."""

import numpy as np
import pytest
from scipy import stats

from neurosparse import clock, drive, jit, rng, wire
from neurosparse.network import (
    Network,
    PoissonInput,
    PoissonSource,
    Population,
    PopulationRateMonitor,
    Projection,
    SpikeMonitor,
    StateMonitor,
)

STREAM = rng.stream(3, "drive")
SUM = {"tau_mem": 1e18, "v_th": 1e18}  # a neuron that adds up


def counts(rate, n, steps, dt=0.1, **kwargs):
    """(steps, n) arrivals."""
    net = Network((Population("n", n, "lif", SUM),), (), (PoissonInput("n", "jump", rate, 1.0, STREAM),), dt=dt)
    v = clock.run(net, steps * dt, monitors=(StateMonitor("n", ("v",)),), **kwargs).states["n"].fields["v"]
    return np.rint(np.diff(v, axis=0, prepend=np.zeros((1, n)))).astype(int)


@pytest.mark.parametrize("mean", [0.002, 0.5, 2.0, 29.9, 45.0])
def test_the_counts_are_poisson(mean):
    seen = np.bincount(counts(mean * 1e4, 300, 200).reshape(-1), minlength=3)
    expected = stats.poisson.pmf(np.arange(len(seen)), mean) * 60_000
    low, high = np.flatnonzero(expected > 10)[[0, -1]]  # rare counts belong to the last common one
    merged = [
        np.concatenate([[x[: low + 1].sum()], x[low + 1 : high], [60_000 - x[:high].sum()]]) for x in (seen, expected)
    ]
    assert stats.chisquare(*merged).pvalue > 1e-3


def test_steps_and_neurons_are_independent():
    x = counts(2e4, 300, 300)
    for pair in ((x[1:], x[:-1]), (x[:, 1:], x[:, :-1]), (x[:, 64:], x[:, :-64])):
        assert abs(np.corrcoef(*[part.reshape(-1) for part in pair])[0, 1]) < 0.015


def test_extremes():
    assert not counts(0.0, 10, 50).any()
    net = Network((PoissonSource("s", 5, 1e4, STREAM), PoissonSource("t", 300, 0.0, rng.stream(0, "t"))))
    run = clock.run(net, 2.0, monitors=(SpikeMonitor("s"), SpikeMonitor("t"), PopulationRateMonitor("s")))
    assert len(run.spikes["s"].i) == 100  # a rate of 1 / dt: in every step
    assert len(run.spikes["t"].i) == 0
    np.testing.assert_array_equal(run.rates["s"].rate, np.full(20, 1e4))


@pytest.mark.slow
def test_rates_of_their_own():
    rates = np.linspace(0, 4e4, 40)
    assert np.abs(counts(rates, 40, 2000).mean(0) - rates / 1e4).max() < 0.15
    run = clock.run(Network((PoissonSource("s", 40, rates / 100, STREAM),)), 2e4, monitors=(SpikeMonitor("s"),))
    seen = np.bincount(run.spikes["s"].i, minlength=40)
    assert np.all(np.abs(seen - rates / 5) < 5 * np.sqrt(rates / 5) + 1e-9)


@pytest.mark.slow
def test_intervals_are_exponential():
    """PyNN's scenario: the intervals of a Poisson source against the exponential law, D < 0.1."""
    run = clock.run(Network((PoissonSource("s", 1, 100.0, STREAM),)), 2e4, monitors=(SpikeMonitor("s"),))
    assert stats.kstest(np.diff(run.spikes["s"].t) / 10.0, "expon").statistic < 0.03


def test_groups_of_neurons_are_looked_up():
    """The same numbers as one rate for all, where the rate is the same; and fast for layers with rates of their own."""
    groups = np.repeat([2e4, 5e3, 2e4], [130, 70, 100])
    one, many = counts(2e4, 300, 30), counts(groups, 300, 30)
    same = groups == 2e4
    np.testing.assert_array_equal(many[:, same], one[:, same])
    assert many[:, ~same].mean() == pytest.approx(0.5, abs=0.1)
    np.testing.assert_array_equal(many, counts(groups, 300, 30, threads=3))


@pytest.mark.parametrize("rate", [2e4, 5e5, np.linspace(1e3, 3e4, 300)])
def test_shares_draw_the_same_numbers(rate):
    np.testing.assert_array_equal(counts(rate, 300, 30), counts(rate, 300, 30, threads=3))


def test_a_source_drives_neurons_after_its_delay():
    source = PoissonSource("s", 200, 50.0, STREAM)
    net = Network((source, Population("n", 200, "lif", SUM)),
                  (Projection("s", "n", wire.one_to_one(200, 1.0), 0.7, "jump"),))  # fmt: skip
    run = clock.run(net, 50.0, monitors=(SpikeMonitor("s"), StateMonitor("n", ("v",))))
    v = run.states["n"].fields["v"]
    spikes = run.spikes["s"]
    expected = np.zeros((500, 200))
    late = spikes.step + 7 < 500
    expected[spikes.step[late] + 7, spikes.i[late]] = 1
    np.testing.assert_array_equal(np.diff(v, axis=0, prepend=np.zeros((1, 200))), expected)
    assert len(spikes.i) > 300


def test_thresholds_are_the_cumulative_law():
    np.testing.assert_allclose(drive.thresholds(2.0)[:8] / 2.0**32, stats.poisson.cdf(np.arange(8), 2.0), atol=1e-9)
    assert drive.table(31.0).dtype == np.float64
    assert drive.table(30.0).dtype == np.uint64
    assert not jit.disabled() or drive.scratch().shape == (2, 256)


@pytest.mark.parametrize("parts, inputs, error, message", [
    ((PoissonSource("s", 2, -1.0, STREAM),), (), ValueError, r"PoissonSource 's': rate must be in \[0, 10000.0\] Hz"),
    ((PoissonSource("s", 2, np.ones(3), STREAM),), (), ValueError, r"one number or have shape \(2,\), got \(3,\)"),
    ((PoissonSource("s", 2, 1.0, 7),), (), TypeError, r"stream must be a Stream, got 7; make it with rng.stream"),
    ((), (PoissonInput("n", "jump", -1.0, 1.0, STREAM),), ValueError, "PoissonInput -> 'n': rate must be in"),
    ((), (PoissonInput("n", "jump", np.ones(3), 1.0, STREAM),), ValueError, r"have shape \(2,\), got \(3,\)"),
    ((), (PoissonInput("n", "jump", 1.0, np.ones(2), STREAM),), ValueError, r"weight must be one number, got \(2,\)"),
    ((), (PoissonInput("n", "leap", 1.0, 1.0, STREAM),), ValueError, "port of 'n' must be one of"),
    ((), (PoissonInput("m", "jump", 1.0, 1.0, STREAM),), ValueError, "population must be one of n"),
    ((), (PoissonInput("n", "jump", 1.0, 1.0, "x"),), TypeError, "stream must be a Stream, got 'x'"),
])  # fmt: skip
def test_bad_drive(parts, inputs, error, message):
    with pytest.raises(error, match=message):
        clock.compile(Network((Population("n", 2, "lif"), *parts), (), inputs))
