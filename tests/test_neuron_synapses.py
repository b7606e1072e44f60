"""Synaptic currents and conductances against closed forms: alpha-shaped ones, exponential ones, where they meet tau_mem."""

import math

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq
from scipy.special import lambertw

from neurosparse import clock, csr, encode, rng
from neurosparse.network import CurrentInput, Network, Population, Projection, SpikeSource, StateMonitor
from neurosparse.neurons import lif, lif_alpha, lif_cond
from neurosparse.synapses import alpha
from tests.cells import one


def psp(neuron, params, w, dt, duration, port="exc"):
    """Times and voltage after one spike of weight w at a port."""
    wiring = csr.from_coo([0], [0], w, (1, 1))
    net = Network((SpikeSource("s", 1), Population("a", 1, neuron, params)),
                  (Projection("s", "a", wiring, 0.0, port),), dt=dt)  # fmt: skip
    events = encode.events_from_pairs([0], [0], round(duration / dt))
    states = clock.run(net, duration, {"s": events}, (StateMonitor("a", ("v",)),)).states["a"]
    return states.t, states.fields["v"][:, 0]


BRUNEL = {"tau_mem": 20.0, "tau_exc": 0.5, "tau_inh": 0.5, "r": 20.0, "v_th": 1e9}  # c_m = 1 pF


def alpha_psp(t, tau_mem=20.0, tau_syn=0.5, c_m=1.0):
    """mV per pA of peak, from two integrations by parts."""
    b = 1.0 / tau_syn - 1.0 / tau_mem
    return math.e / (tau_syn * c_m) * (np.exp(-t / tau_mem) / b**2 - np.exp(-t / tau_syn) * (t / b + 1.0 / b**2))


@pytest.mark.parametrize("dt", [0.1, 0.5, 1.0])
def test_alpha_psp_is_exact_on_every_grid(dt):
    t, v = psp(lif_alpha, BRUNEL, 2.0, dt, 60.0)
    np.testing.assert_allclose(v, 2.0 * alpha_psp(t), rtol=1e-11)
    t, v = psp(lif_alpha, BRUNEL, -2.0, dt, 60.0, "inh")
    np.testing.assert_allclose(v, -2.0 * alpha_psp(t), rtol=1e-11)


def test_alpha_psp_of_brunels_network():
    """Peak at 2.7565854767698 ms, 1.2088884104 mV per pA (tau_mem 20, tau_syn 0.5 ms, 1 pF): 1 mV needs 0.8272062097."""
    a = 20.0 / 0.5
    top = 0.5 / (1.0 - 1.0 / a) * float(-lambertw(-np.exp(-1.0 / a) / a, -1).real - 1.0 / a)
    slope = brentq(lambda t: alpha_psp(t + 1e-6) - alpha_psp(t - 1e-6), 2.0, 4.0, xtol=1e-14)
    assert top == pytest.approx(2.7565854767698, abs=1e-12)
    assert slope == pytest.approx(top, abs=1e-6)
    t, v = psp(lif_alpha, BRUNEL, 1.0, 2.7565854767698, 2.7565854767698)
    assert t[0] == pytest.approx(top)
    assert v[0] == pytest.approx(1.2088884104, abs=5e-11)
    assert 1.0 / v[0] == pytest.approx(0.8272062097, abs=5e-11)
    t, v = psp(lif_alpha, BRUNEL, 1.0, 0.001, 4.0)
    assert t[v.argmax()] == pytest.approx(top, abs=5.1e-4)


GAPS = [0.0, *(sign * 10.0**-k for k in range(1, 16) for sign in (1, -1)), 9.0, -0.95]


@pytest.mark.parametrize("dt", [0.1, 2.0])
def test_alpha_propagator_survives_equal_time_constants(dt):
    """tau_syn = tau_mem (1 + 1e-k), k = 1 .. 15, against the matrix exponential of the three linear equations."""
    for gap in GAPS:
        tau = 10.0 * (1.0 + gap)
        p = lif_alpha.params(tau_mem=10.0, tau_exc=tau, r=0.04, dt=dt)
        system = [[-1.0 / tau, 0.0, 0.0], [math.e / tau, -1.0 / tau, 0.0], [0.0, 0.04 / 10.0, -1.0 / 10.0]]
        exact = expm(dt * np.array(system))
        ours = [[p.decay_exc, 0.0, 0.0], [p.rise_exc, p.decay_exc, 0.0], [p.push_exc, p.gain_exc, p.decay]]
        np.testing.assert_allclose(ours, exact, rtol=1e-12, atol=0, err_msg=f"gap {gap}")


def test_alpha_propagator_has_all_its_digits():
    """The weights to 1e-14 against 50 digits, around both borders of the series too."""
    mp = pytest.importorskip("mpmath")
    for x in (0.0, 1e-15, 1e-9, 1e-3, 0.1, 0.999999, 1.000001, 5.0, 40.0):
        for sign in (1.0, -1.0):
            tau_syn = 1.0 / (1.0 - sign * x) if sign * x < 1.0 else None
            if tau_syn is None:
                continue
            with mp.workdps(50):
                y = 1 - 1 / mp.mpf(tau_syn)
                exact = [mp.exp(-1) * mp.quad(lambda u, n=n, y=y: u**n * mp.exp(y * u), [0, 1]) for n in (0, 1)]
            ours = lif_alpha.synaptic_weights(np.float64(1.0), np.float64(tau_syn), 1.0)
            np.testing.assert_allclose(ours, [float(value) for value in exact], rtol=1e-14)


def test_campbell_mean_of_alpha_shots():
    """NEST's test_poisson_generator_campbell_alpha: 294,303.553 Hz of 0.01 pA hold v at 20 mV on average."""
    mean = 294303.553 * 0.1 / 1000.0
    x = 0.01 * np.random.Generator(np.random.Philox(1)).poisson(mean, (800, 300))
    params = {"tau_mem": 5.0, "tau_exc": 0.5, "r": 5.0, "v_th": 1e9}
    net = Network((Population("a", 300, lif_alpha, params),), (), (CurrentInput("x", "a", "exc"),), 0.1)
    v = clock.run(net, 80.0, {"x": x}, (StateMonitor("a", ("v",), every=800),)).states["a"].fields["v"]
    assert 294.303553 * 0.01 * math.e * 0.5 * 5.0 == pytest.approx(20.0, abs=1e-4)
    assert v.mean() == pytest.approx(20.0, abs=0.05)


def test_alpha_kernel_peaks_at_its_weight():
    """The kernel gives w (e k dt / tau) exp(-k dt / tau) in the k-th step after the arrival, k = 0 in its own."""
    params = {"tau_mem": 1e18, "v_th": 1e9}
    x = np.zeros((200, 1))
    x[0] = 3.0
    _, fields = one(params, 0.5, 100.0, (CurrentInput("x", "a", "jump"),), {"x": x},
                    {"jump": (alpha, {"tau_syn": 5.0})})  # fmt: skip
    t = 0.5 * np.arange(200)
    expected = 3.0 * np.e * t / 5.0 * np.exp(-t / 5.0)
    np.testing.assert_allclose(np.diff(fields["v"], prepend=0.0), expected, atol=1e-12)
    assert expected.max() == pytest.approx(3.0)


def test_constant_conductance_settles_where_currents_cancel():
    """v_inf = (g_L v_rest + g_exc e_exc + g_inh e_inh) / (g_L + g_exc + g_inh), reached with tau = c_m / total."""
    params = {"tau_exc": 1e12, "tau_inh": 1e12, "v_th": 1e9}
    _, fields = one(params, 0.5, 50.0, neuron=lif_cond, init={"g_exc": 6.0, "g_inh": 14.0})
    v_inf = (10.0 * -60.0 + 6.0 * 0.0 + 14.0 * -80.0) / 30.0
    t = 0.5 * (np.arange(100) + 1)
    np.testing.assert_allclose(fields["v"], v_inf + (-60.0 - v_inf) * np.exp(-t * 30.0 / 200.0), rtol=1e-12)


def test_membranes_without_synapses_are_lif():
    drive = (CurrentInput("x", "a", "current"),)
    x = {"x": 900.0 * rng.uniforms(rng.stream(0, "x"), 300)[:, None]}
    params = {"tau_mem": 5.0, "t_ref": 1.0, "v_th": -50.0, "v_rest": -60.0, "v_reset": -60.0}
    plain, fields = one(params | {"r": 5.0 / 200.0}, 1.0, 300.0, drive, x)
    same, others = one(params | {"r": 5.0 / 200.0}, 1.0, 300.0, drive, x, neuron=lif_alpha)
    np.testing.assert_array_equal(plain.step, same.step)
    np.testing.assert_array_equal(fields["v"], others["v"])
    near, others = one(params | {"c_m": 200.0}, 1.0, 300.0, drive, x, neuron=lif_cond)
    np.testing.assert_array_equal(plain.step, near.step)
    np.testing.assert_allclose(fields["v"], others["v"], rtol=1e-12)
    assert len(plain.step) > 10


def test_step_of_a_delta_synapse_is_its_weight():
    """PyNN's scenario for IF_curr_delta: one spike moves v by its weight, to 1e-12."""
    t, v = psp(lif, {"tau_mem": 20.0, "v_th": 1e9}, 0.0625, 0.1, 1.0, "jump")
    np.testing.assert_allclose(v, 0.0625 * np.exp(-(t - t[0]) / 20.0), atol=1e-12)
    assert v[0] == 0.0625
