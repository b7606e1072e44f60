"""Rivals of the benchmarks, where they are installed: each network runs in each simulator at about our rate."""

import importlib.util

import numpy as np
import pytest

from neurosparse.io.results import Result
from simulations import bench_coba, bench_wiring
from simulations.rivals import agree, compare

pytestmark = pytest.mark.slow
RATES = {"cuba": (3.0, 9.0), "coba": (14.0, 26.0), "brunel": (33.0, 43.0)}


def need(name):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


@pytest.mark.parametrize("name, network", [
    ("neurosparse 2 threads", "cuba"), ("nest", "cuba"), ("nest", "coba"), ("nest", "brunel"), ("brian2 cpp", "coba"),
    ("brian2 cpp", "brunel"),
])  # fmt: skip
def test_rates(name, network):
    if not name.startswith("neurosparse"):
        need(name.split()[0])
    n = {"brunel": 12_500}.get(network, 4000)
    config = compare.Config(duration_ms=60.0 if network == "brunel" else 200.0)
    with compare.start(compare.Task(network, {}), name, n, config) as rival:
        rival.run()
        _, spikes = rival.run()  # for NEST the time after the transient
    low, high = RATES[network]
    assert low < spikes / n / config.duration_ms * 1000.0 < high


def test_what_is_compared():
    """A clock, one with two intervals, and silence; a spike of the warm-up is not seen."""
    config = bench_coba.Config(compare_n=100, compare_ms=1000.0)
    i, t = np.repeat([3, 5], [6, 3]), np.array([100.0, 510.0, 520.0, 530.0, 540.0, 550.0, 600.0, 650.0, 1400.0])
    rate, cv = bench_coba.describe(i, t, config)
    assert rate[[0, 3, 5]].tolist() == [0.0, 5.0, 3.0]
    assert cv.tolist() == [0.0]


def test_tests_of_agreement():
    """Ten seeds of one law, then one a standard deviation off; by hand, standard errors."""
    draws = np.random.default_rng(3).normal(size=(20, 50))
    same, far = agree.pooled(draws[:10], draws[10:]), agree.pooled(draws[:10], draws[10:] + 1.0, "_far")
    assert same["ks_p"] > 0.01 > far["ks_p_far"]
    means = draws.mean(axis=1)
    same, far = agree.welch(means[:10], means[10:], "_x"), agree.welch(means[:10], means[10:] + 1.0, "_x")
    assert same["welch_p_x"] > 0.01 > far["welch_p_x"]
    found = agree.mean("x", "brian2 cpp", [1.0, 2.0, 3.0])
    assert found == pytest.approx({"compared_x_brian2_cpp": 2.0, "compared_x_error_brian2_cpp": 1 / 3**0.5})


def test_coba_is_compared(monkeypatch):
    """Two seeds of a small network; ids count through the populations, and the integrators give different spikes."""
    need("brian2")
    monkeypatch.setattr(agree, "SEEDS", 2)
    monkeypatch.setattr(compare, "run", lambda task, config: Result({}, {}, [], {}))  # nothing is timed
    result = bench_coba.run(bench_coba.Config(rivals=(agree.THEM,), compare_n=200, compare_ms=300.0))
    rates = [result.arrays[f"rate {name}"] for name in (*bench_coba.OURS, agree.THEM)]
    assert [rate.shape for rate in rates] == [(400,)] * 3
    assert all(rate.reshape(2, 200)[:, [0, -1]].any() for rate in rates)
    assert not np.array_equal(rates[0], rates[1])
    assert result.metrics["compared_rate_neurosparse"] == pytest.approx(rates[0].mean())
    tests = [
        f"{test}_{what}{of}" for test in ("ks_p", "welch_p") for what in ("rate", "cv") for of in ("", "_first_order")
    ]
    assert all(0.0 <= result.metrics[name] <= 1.0 for name in tests)


def test_cold_and_warm():
    """The second process finds the kernels of the first."""
    config = compare.Config(sizes=(200,), rivals=(), duration_ms=10.0)
    cold, warm = compare.first_results(compare.Task("cuba", {}), compare.US, config)
    assert 0.0 < warm < cold


@pytest.mark.parametrize(
    "name, rule", [("nest", "bernoulli"), ("nest", "fixed out-degree"), ("brian2", "fixed in-degree")]
)
def test_wiring(name, rule):
    need(name)
    config = bench_wiring.Config(n=400, in_degree=20, rivals=(name,), repeats=1)
    both = bench_wiring.measure(rule, config)
    assert both[name][0, 1] == pytest.approx(both["neurosparse"][0, 1], rel=0.1)
