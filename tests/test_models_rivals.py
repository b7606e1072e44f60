"""Rivals of the benchmarks, where they are installed: each network runs in each simulator at about our rate."""

import importlib.util

import pytest

from simulations import bench_wiring
from simulations.rivals import compare

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
