"""Published numbers and closed forms for the integrate-and-fire neurons, each re-derived or frozen by another simulator."""

import importlib
import math

import numpy as np
import pytest

from neurosparse import clock, csr, encode, rng
from neurosparse.network import CurrentInput, Network, Population, Projection, SpikeSource, StateMonitor
from neurosparse.neurons import alif, lif
from tests.cells import one


def test_norse_golden_sequence():
    """Norse lif_feed_forward_step with its defaults, input 1: re-derived from its published recurrence (oracle 5)."""
    params = {"tau_mem": 10.0, "method": "euler", "v_th": 1.0}
    _, fields = one(params, 1.0, 9.0, (CurrentInput("x", "a", "current"),), {"x": 1.0},
                    {"current": ("exp", {"tau_syn": 5.0, "method": "euler"})})  # fmt: skip
    golden = [0.1, 0.27, 0.487, 0.7335, 0.9963, 0, 0.3951, 0.7717, 0]
    np.testing.assert_allclose(fields["v"], golden, atol=5.1e-5)


NEST = {"tau_mem": 10.0, "v_rest": -70.0, "v_th": -55.0, "v_reset": -70.0, "t_ref": 2.0, "r": 10.0 / 250.0}


def test_nest_frozen_voltages_at_1000_pA():
    """NEST test_iaf_psc_alpha.py, I_e = 1000 pA, dt 0.1 ms: its frozen four decimals."""
    spikes, fields = one(NEST | {"i_bias": 1000.0}, 0.1, 6.0)
    v = fields["v"]
    np.testing.assert_allclose(v[:5], [-69.602, -69.2079, -68.8178, -68.4316, -68.0492], atol=5.1e-5)
    np.testing.assert_allclose(v[44:47], [-55.5051, -55.2513, -55.0001], atol=5.1e-5)
    np.testing.assert_allclose(spikes.t, [4.8], atol=1e-12)


@pytest.mark.parametrize("dt", [0.1, 0.2, 0.5, 1.0])
def test_nest_frozen_voltages_at_1450_pA(dt):
    """NEST test_iaf_psc_alpha_1to2.py: the same voltages on every grid, spike at 3 ms, clamped to 5 ms."""
    spikes, fields = one(NEST | {"i_bias": 1450.0}, dt, 6.0)
    v = dict(zip(np.round((np.arange(len(fields["v"])) + 1) * dt, 6), fields["v"]))
    for t, expected in {0.1: -69.4229, 1.0: -64.4806, 2.9: -55.3993, 5.1: -69.4229}.items():
        if t in v:
            assert v[t] == pytest.approx(expected, abs=5.1e-5)
    assert spikes.t[0] == pytest.approx(3.0, abs=1e-12)
    assert all(v[t] == -70.0 for t in v if 3.0 <= t <= 5.0)
    assert v[1.0] == pytest.approx(-64.4806, abs=5.1e-5)


@pytest.mark.parametrize("k", range(14))
def test_nest_dc_accuracy(k):
    """NEST's test_iaf_ps_dc_accuracy: v after 5 ms and the first spike, at 14 step sizes of 2^-k ms.

    v(t) = (I tau / C) (1 - exp(-t / tau)) crosses 15 mV at 4.700036292457356 ms; a grid rounds up. To 1e-13 as in NEST
    down to 1/8 ms; below, the rounding of `decay`, half an ulp of 1 a step, adds up to 4e-11 mV at 2^-13 ms.
    """
    dt = 2.0**-k
    params = {"tau_mem": 10.0, "r": 0.04, "i_bias": 1000.0}
    _, fields = one(params | {"v_th": 1e9}, dt, 5.0)
    assert fields["v"][-1] == pytest.approx(40.0 * -math.expm1(-0.5), abs=1e-13 * 2 ** max(0, k - 3))
    crossing = -10.0 * math.log(1.0 - 250.0 * 15.0 / (10.0 * 1000.0))
    assert crossing == pytest.approx(4.700036292457356, abs=1e-13)
    spikes, _ = one(params | {"v_th": 15.0}, dt, 6.0)
    assert spikes.step[0] + 1 == math.ceil(crossing / dt)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(14))
def test_nest_dc_accuracy_in_the_long_run(k):
    """The same after 500 ms, to 1e-9: four million steps at the finest."""
    net = Network((Population("a", 1, lif, {"tau_mem": 10.0, "r": 0.04, "i_bias": 1000.0, "v_th": 1e9}),), dt=2.0**-k)
    run = clock.run(net, 500.0, monitors=(StateMonitor("a", ("v",), every=500 * 2**k),))
    assert run.states["a"].fields["v"][-1, 0] == pytest.approx(40.0 * -math.expm1(-50.0), abs=1e-9)


@pytest.mark.parametrize("current, rate", [
    (376.0, 16.3143), (400.0, 33.6407), (500.0, 63.0400), (1000.0, 149.2529), (1450.0, 200.3033),
])  # fmt: skip
def test_f_I_curve(current, rate):
    """rate = 1000 / (t_ref - tau ln(1 - dV / (R I))); on the grid each interval is rounded up, never by more."""
    spikes, _ = one(NEST | {"i_bias": current}, 0.1, 500.0)
    interval = -10.0 * math.log(1.0 - 15.0 / (0.04 * current))
    assert 1000.0 / (2.0 + interval) == pytest.approx(rate, abs=5.1e-5)
    assert set(np.diff(spikes.step)) == {20 + math.ceil(interval / 0.1)}


def test_rheobase():
    """375 pA brings v to the threshold and never there."""
    assert len(one(NEST | {"i_bias": 374.999}, 0.1, 1000.0)[0].i) == 0
    assert len(one(NEST | {"i_bias": 375.1}, 0.1, 1000.0)[0].i) > 0


def test_brian2_feature_lif():
    """dv/dt = (1.2 - v) / 10 ms, threshold 1: 17.9176 ms exactly, 18.0 ms on the grid."""
    spikes, _ = one({"tau_mem": 10.0, "i_bias": 1.2}, 0.1, 500.0)
    assert set(np.diff(spikes.step)) == {180}
    assert 10.0 * math.log(6.0) == pytest.approx(17.9176, abs=5e-5)


@pytest.mark.parametrize("dt", [0.1, 0.3, 0.05, 0.01, 1.0 / 3.0])
@pytest.mark.parametrize("length", [1, 3, 10, 29])
def test_refractory_rounding_trap(dt, length):
    """A threshold that always holds: every interval is t_ref plus the one step that integrates, exactly.

    Ten steps from nine refractory ones; simulators that compare float times give some of eleven (Brian2's old test).
    """
    spikes, _ = one({"v_th": -1.0, "t_ref": (length - 1) * dt}, dt, 1000 * dt)
    assert set(np.diff(spikes.step)) == {length}
    assert len(spikes.step) == math.ceil(1000 / length)


LINEAR = {"tau_mem": 1e18, "v_th": 1.0}


def test_brian2_refractory_freezes():
    """dv/dt = 99.999 Hz, refractory 5 ms: spike at 10 ms, v = 0 until 15 ms. Brian2 counts the step of the spike."""
    spikes, fields = one(LINEAR | {"t_ref": 5.0 - 0.1}, 0.1, 16.0, (CurrentInput("x", "a", "jump"),), {"x": 0.0099999})
    assert spikes.times("step_start")[0] == pytest.approx(10.0, abs=1e-9)
    np.testing.assert_array_equal(fields["v"][100:150], 0.0)
    assert fields["v"][150] == pytest.approx(0.0099999)


def test_brian2_refractory_without_freeze():
    """dv/dt = 199.99 Hz, refractory 10 ms, v runs on: spikes at 5 and 15 ms."""
    params = LINEAR | {"t_ref": 10.0 - 0.1, "hold": False}
    spikes, _ = one(params, 0.1, 20.0, (CurrentInput("x", "a", "jump"),), {"x": 0.019999})
    np.testing.assert_allclose(spikes.times("step_start"), [5.0, 15.0], atol=1e-9)


def delayed(sources, targets, delays, weights, shape):
    """One projection with a delay for each synapse, in ms of a grid of 1 ms."""
    wiring = csr.from_coo(sources, targets, weights, shape)
    return (Projection("s", "a", wiring, np.array(delays, dtype=float), "jump"),)


def test_brian2_heterogeneous_timing_all_to_one():
    """Sources 0..5 of weights 1..6 and delays of 0 to 2 steps into one target: 3, 12, 33, 48."""
    projections = delayed(range(6), [0] * 6, [0, 0, 0, 1, 2, 1], range(1, 7), (6, 1))
    net = Network((SpikeSource("s", 6), Population("a", 1, lif, LINEAR | {"v_th": 1e9})), projections, dt=1.0)
    i, t = [0, 1, 4, 5, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], [0] * 4 + [1] * 4 + [2] * 6
    run = clock.run(net, 4.0, {"s": encode.events_from_pairs(i, t, 4)}, (StateMonitor("a", ("v",)),))
    np.testing.assert_array_equal(run.states["a"].fields["v"][:, 0], [3, 12, 33, 48])


def test_brian2_heterogeneous_timing_one_to_all():
    """One source, spikes at 0 and 2, delays 1, 1, 2, 4, 3, 2."""
    projections = delayed([0] * 6, range(6), [1, 1, 2, 4, 3, 2], [1] * 6, (1, 6))
    net = Network((SpikeSource("s", 1), Population("a", 6, lif, LINEAR | {"v_th": 1e9})), projections, dt=1.0)
    run = clock.run(net, 5.0, {"s": encode.events_from_pairs([0, 0], [0, 2], 5)}, (StateMonitor("a", ("v",)),))
    golden = [
        [0, 1, 1, 2, 2],
        [0, 1, 1, 2, 2],
        [0, 0, 1, 1, 2],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 1, 1],
        [0, 0, 1, 1, 2],
    ]
    np.testing.assert_array_equal(run.states["a"].fields["v"].T, golden)


def test_nalsm_shortest_interval():
    """NALSM: a refractory time of 2 ms at 1 ms steps means intervals of 3 ms and more, v integrating meanwhile."""
    params = {"tau_mem": 64.0, "method": "euler", "v_th": 20.0, "t_ref": 2.0, "hold": False}
    spikes, fields = one(params, 1.0, 20.0, (CurrentInput("x", "a", "jump"),), {"x": 100.0})
    assert set(np.diff(spikes.step)) == {3}
    np.testing.assert_allclose(fields["v"][:3], [0.0, 100.0, 100.0 * 63 / 64 + 100.0])


def test_reset_by_subtraction_keeps_the_overshoot():
    spikes, fields = one({"v_th": 1.0, "reset": "subtract", "tau_mem": 1e18}, 1.0, 5.0,
                         (CurrentInput("x", "a", "jump"),), {"x": 0.75})  # fmt: skip
    np.testing.assert_allclose(fields["v"], [0.75, 0.5, 0.25, 0.0, 0.75], atol=1e-15)
    np.testing.assert_array_equal(spikes.step, [1, 2, 3])


def test_alif_without_adaptation_is_lif():
    drive = (CurrentInput("x", "a", "current"),)
    x = {"x": 3.0 * rng.uniforms(rng.stream(0, "x"), 300)[:, None]}
    plain, _ = one({"tau_mem": 5.0, "t_ref": 1.0}, 1.0, 300.0, drive, x)
    adaptive, _ = one({"tau_mem": 5.0, "t_ref": 1.0, "beta": 0.0}, 1.0, 300.0, drive, x, neuron=alif)
    np.testing.assert_array_equal(plain.step, adaptive.step)
    assert len(plain.step) > 20


def test_alif_threshold_follows_its_equation():
    spikes, fields = one({"tau_mem": 5.0, "beta": 0.5, "tau_adapt": 50.0, "i_bias": 2.0}, 1.0, 200.0,
                         fields=("v", "a"), neuron=alif)  # fmt: skip
    a, decay, fired = 0.0, math.exp(-1.0 / 50.0), set(spikes.step.tolist())
    for t in range(200):
        a = decay * a + (t in fired)
        assert fields["a"][t] == a
    intervals = np.diff(spikes.step)
    assert intervals[0] < intervals[-1]


def psp(tau_mem, tau_syn, w, dt, duration=60.0):
    """Voltage after one spike of weight w at lif_exp's excitatory port."""
    net = Network((SpikeSource("s", 1), Population("a", 1, "lif_exp", {
        "tau_mem": tau_mem, "tau_exc": tau_syn, "v_th": 1e9, "r": tau_mem / 250.0,
    })), (Projection("s", "a", csr.from_coo([0], [0], w, (1, 1)), 0.0, "exc"),), dt=dt)  # fmt: skip
    n = round(duration / dt)
    run = clock.run(net, duration, {"s": encode.events_from_pairs([0], [0], n)}, (StateMonitor("a", ("v",)),))
    return run.states["a"].t, run.states["a"].fields["v"][:, 0]


def test_exponential_psp_of_the_microcircuit():
    """Potjans & Diesmann: 87.8085 pA give 0.15 mV at tau_mem 10, tau_syn 0.5 ms, C 250 pF (weights are float32)."""
    t, v = psp(10.0, 0.5, 87.8085, 0.001)
    assert v.max() == pytest.approx(0.15, abs=2e-7)
    peak = 10.0 * 0.5 / (10.0 - 0.5) * math.log(10.0 / 0.5)
    assert t[v.argmax()] == pytest.approx(peak, abs=1e-3)


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
def test_exponential_psp_is_exact_on_every_grid(dt):
    t, v = psp(20.0, 5.0, 2.0, dt)
    expected = 2.0 * 20.0 / 250.0 * 5.0 / (20.0 - 5.0) * (np.exp(-t / 20.0) - np.exp(-t / 5.0))
    np.testing.assert_allclose(v, expected, rtol=1e-12)


@pytest.mark.parametrize("gap", [0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3])
def test_propagator_survives_equal_time_constants(gap):
    """NEST's test_iaf_singularity: the naive formula loses all digits where tau_syn meets tau_mem."""
    t, v = psp(10.0, 10.0 * (1.0 + gap), 1.0, 0.1)
    limit = 1.0 / 250.0 * t * np.exp(-t / 10.0)
    np.testing.assert_allclose(v, limit, rtol=1e-12 + 10 * gap)


def test_lif_exp_without_synapses_is_lif():
    drive = (CurrentInput("x", "a", "current"),)
    x = {"x": 3.0 * rng.uniforms(rng.stream(0, "x"), 300)[:, None]}
    plain, fields = one({"tau_mem": 5.0, "t_ref": 1.0}, 1.0, 300.0, drive, x)
    same, others = one(
        {"tau_mem": 5.0, "t_ref": 1.0},
        1.0,
        300.0,
        drive,
        x,
        neuron=importlib.import_module("neurosparse.neurons.lif_exp"),
    )
    np.testing.assert_array_equal(plain.step, same.step)
    np.testing.assert_array_equal(fields["v"], others["v"])
