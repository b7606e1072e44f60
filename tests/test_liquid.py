"""The liquid: wiring statistics, published numbers, a neuron of one's own, and errors of its simulations."""

import os

import numpy as np
import pytest

from models import liquid
from neurosparse import csr
from neurosparse.data import folder
from neurosparse.io import config, launch
from neurosparse.readout import Readout
from simulations import bench_liquid, liquid_branching, liquid_digits

needs_mnist = pytest.mark.skipif(
    not (folder() / "mnist" / "t10k-images-idx3-ubyte.gz").is_file(),
    reason="MNIST is not in the folder named by NEUROSPARSE_DATA",
)
slow_without_jit = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="takes minutes without compilation"
)


@slow_without_jit
def test_wiring_statistics():
    """A1: 16.7 k liquid synapses within 2 % over seeds, 117,600 input synapses exactly; signs and classes."""
    nets = [liquid.build(liquid.Config(seed=seed)) for seed in range(5)]
    counts = [net.recurrent.nnz for net in nets]
    assert all(abs(n - 16_700) < 0.02 * 16_700 for n in counts), counts
    assert len(set(counts)) > 1
    for net in nets:
        assert net.inputs.nnz == 117_600
        assert net.excitatory.sum() == 800
        rows, cols, weight = csr.to_coo(net.recurrent)
        np.testing.assert_allclose(weight, np.where(net.excitatory[rows], 0.9, -0.9), rtol=1e-6)
        assert not np.any(rows == cols)
        assert abs(net.inputs.weight.mean()) < 0.9 * 4 / np.sqrt(117_600)
        assert len(np.unique(net.positions, axis=0)) == 1000


def test_the_same_seed_is_the_same_liquid():
    one, same, other = (liquid.build(liquid.Config(n_neurons=60, n_inputs=9, seed=seed)) for seed in (1, 1, 2))
    for a, b in zip(one.recurrent[:3], same.recurrent[:3]):
        np.testing.assert_array_equal(a, b)
    assert one.recurrent.nnz != other.recurrent.nnz or np.any(one.recurrent.indices != other.recurrent.indices)


def test_distance_shortens_connections():
    net = liquid.build(liquid.Config(n_neurons=216, n_inputs=4))
    rows, cols, _ = csr.to_coo(net.recurrent)
    wired = np.linalg.norm(net.positions[rows] - net.positions[cols], axis=1).mean()
    everyone = np.linalg.norm(net.positions[:, None] - net.positions[None], axis=2).mean()
    assert wired < 0.75 * everyone


@pytest.mark.data
@needs_mnist
@slow_without_jit
def test_branching_factor_of_mnist():
    """A2: .46, 1.22, 1.41 within .05 (an independent re-implementation; the authors: .37, 1.13, 1.40)."""
    result = liquid_branching.run(liquid_branching.Config(weight_scales=(0.4, 0.9, 1.2)), threads=2)
    got = [row["branching_factor"] for row in result.rows]
    np.testing.assert_allclose(got, [0.46, 1.22, 1.41], atol=0.05)
    assert set(result.rows[0]) >= {"weight_scale", "branching_factor", "rate_hz"}


@pytest.mark.data
@pytest.mark.slow
@needs_mnist
@slow_without_jit
def test_accuracy_on_mnist():
    """A4: 6,000 train and 2,000 test of the test images: >= 91.5 % and 1.5 points over raw pixels."""
    result = liquid_digits.run(liquid_digits.Config(dataset="mnist", n_train=6000, n_test=2000), threads=2)
    assert result.metrics["accuracy"] >= 0.915
    assert result.metrics["accuracy"] >= result.metrics["baseline_accuracy"] + 0.015
    assert result.metrics["baseline_accuracy"] >= 0.9005  # a baseline set up to lose would fall below


@slow_without_jit
def test_digits_are_read():
    result = liquid_digits.run(liquid_digits.Config(n_train=600, n_test=200, n_neurons=300, duration_ms=100.0))
    assert result.metrics["accuracy"] > 0.9
    assert result.arrays["confusion"].sum() == 200
    assert np.trace(result.arrays["confusion"]) / 200 == result.metrics["accuracy"]
    assert len(result.arrays["raster_i"]) > 100


def test_threads_do_not_change_the_result():
    one, two = (liquid_digits.run(liquid_digits.tiny(), threads=threads) for threads in (1, 2))
    assert one.metrics == two.metrics
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, two.arrays[name])


NEURON = '''
"""Leak, threshold at 20 mV, reset to 0: tau dv/dt = -v."""
from typing import NamedTuple

from neurosparse import ops

PORTS = ("jump",)


class Params(NamedTuple):
    keep: float


class State(NamedTuple):
    v: float


def params(tau=64.0, dt=1.0):
    return Params(1.0 - dt / tau)


def init(p):
    return State(0.0)


def step(p, s, jump):
    v = p.keep * s.v + jump
    z = ops.spike(v - 20.0)
    return State(ops.where(z > 0, 0.0, v)), z
'''


def test_a_neuron_of_ones_own_in_the_liquid(tmp_path):
    """It is the liquid's lif without a refractory time: spike for spike the same rates and reading; it leaks if told."""
    path = tmp_path / "mine.py"
    path.write_text(NEURON)
    base = liquid_digits.tiny()
    own = base.model_copy(update={"neuron": str(path)})
    twin = base.model_copy(update={"neuron_params": {"t_ref": 0.0}})
    mine, lif = (liquid_digits.run(c) for c in (own, twin))
    assert np.all(np.isfinite(mine.arrays["rate"]))
    assert 1 < mine.metrics["rate_hz"] < 100
    np.testing.assert_array_equal(mine.arrays["rate"], lif.arrays["rate"])
    assert mine.metrics["accuracy"] == lif.metrics["accuracy"] > 0.3  # chance is 0.1
    leaky = liquid_digits.run(own.model_copy(update={"neuron_params": {"tau": 32.0}}))
    assert 0 < leaky.metrics["rate_hz"] < mine.metrics["rate_hz"]


def test_an_adaptive_liquid_is_calmer():
    """alif in place of lif: the threshold that rises with each spike lowers the rate."""
    base = liquid_digits.tiny().model_copy(update={"duration_ms": 100.0})
    adaptive = base.model_copy(update={"neuron": "alif", "neuron_params": {"beta": 5.0}})
    assert 0 < liquid_digits.run(adaptive).metrics["rate_hz"] < liquid_digits.run(base).metrics["rate_hz"]


@pytest.mark.parametrize("kind", ["ridge", "logistic"])
def test_the_penalty_is_chosen_on_training_images(kind):
    """The grid again, by hand: the best on the last fifth of the training images, then a fit to all of them."""
    best_of = set()
    for seed in range(4):
        draw = np.random.default_rng(seed)
        y = draw.integers(0, 3, 100)
        x = draw.poisson(3 + 2 * (np.arange(40) % 3 == y[:, None]) * (np.arange(40) < 6))

        def readout(value):
            return Readout(kind, C=value, alpha=value)

        held_out = {v: readout(v).fit(x[:80], y[:80]).score(x[80:], y[80:]) for v in liquid_digits.PENALTIES[kind]}
        fitted, best = liquid_digits.fit(kind, x, y)
        assert held_out[best] == max(held_out.values()) > min(held_out.values())
        np.testing.assert_array_equal(fitted.decision_function(x), readout(best).fit(x, y).decision_function(x))
        best_of.add(best)
    assert len(best_of) > 1  # the data decide


@pytest.mark.parametrize("change, message", [
    ({"n_train": 1700, "n_test": 200}, r"n_train \+ n_test must be <= 1797, got 1700 \+ 200"),
    ({"n_train": 10}, r"n_train must be >= 50 .*got 10"),
    ({"pool": "all"}, "pool=all needs an official split, got dataset=digits"),
    ({"dataset": "mnist", "pool": "all", "n_test": 20_000}, r"n_test must be <= 10000 with pool=all, got 20000"),
    ({"dataset": "minst"}, "dataset"),
])  # fmt: skip
def test_bad_configurations(change, message):
    with pytest.raises(ValueError, match=message):
        liquid_digits.Config(**change)


@pytest.mark.parametrize("counts", [(1, 2), (2, 1), (2,)])
def test_bench_rows_and_metrics(tmp_path, counts):
    """The first thread count is the rival: its own ratio is 1, those of the others are quotients of one repetition."""
    setting = bench_liquid.tiny().model_copy(update={"threads": counts})
    record = launch.run("bench_liquid", bench_liquid, setting, 1, tmp_path)
    seconds = record.arrays["seconds"]
    assert seconds.shape == (2, len(counts))
    assert np.all(seconds > 0)
    assert [row["threads"] for row in record.rows] == list(counts) == record.arrays["threads"].tolist()
    assert {row["rival"] for row in record.rows} == {f"neurosparse, {counts[0]} thread{'s' * (counts[0] > 1)}"}
    assert {row["case"] for row in record.rows} == {"digits, 100 neurons, 50 ms"}
    names = {1: "ms_per_sample_1_thread", 2: "ms_per_sample_2_threads"}
    for row, column in zip(record.rows, seconds.T):
        assert row["seconds"] == pytest.approx(np.median(column))
        assert record.metrics[names[row["threads"]]] == pytest.approx(1e3 * row["seconds"])
        quartiles = np.percentile(seconds[:, 0] / column, [25, 50, 75])
        assert [row["ratio_q1"], row["ratio_median"], row["ratio_q3"]] == pytest.approx(quartiles)
    assert record.rows[0]["ratio_median"] == 1.0
    shares = [record.metrics[f"{name}_share"] for name in ("encode", "deliver", "step", "record")]
    assert min(shares) > 0
    assert sum(shares) == pytest.approx(1.0)
    assert shares == pytest.approx(record.arrays["phase_ms"] / record.arrays["phase_ms"].sum())
    assert record.metrics["state_bytes_per_thread"] > 8 * 100 * 3


@pytest.mark.parametrize("simulation, change, message", [
    (bench_liquid, "threads=[0]", r"threads must be list of int in \[1, 256\].*got \[0\]"),
    (bench_liquid, "threads=[1, 257]", r"threads must be list of int in \[1, 256\]"),
    (bench_liquid, "threads=[]", "threads must be list of int .* of length >= 1"),
    (bench_liquid, "threads=[1, 2, 1]", r"threads: thread counts must differ .*got \[1, 2, 1\]; name each once"),
    (bench_liquid, "duration_ms=50.7", r"duration_ms must be float .*multiples of 1 .*got 50\.7"),
    (liquid_branching, "duration_ms=100.5", r"duration_ms must be float .*multiples of 1 .*got 100\.5"),
    (liquid_branching, "weight_scales=[-1]", r"weight_scales must be list of float in \[0, 100\].*got \[-1\]"),
    (liquid_branching, "weight_scales=[0.9, 101]", r"weight_scales must be list of float in \[0, 100\]"),
])  # fmt: skip
def test_wrong_settings_are_named(simulation, change, message):
    with pytest.raises(config.ConfigError, match=message):
        config.build(simulation.Config, overrides=[change])


def test_keys_that_others_rely_on():
    known = {key.key for key in config.keys(liquid_digits.Config)}
    assert known >= {"dataset", "n_train", "n_test", "n_neurons", "weight_scale", "duration_ms", "seed"}
