"""NEST's and Brian2's neurons beside ours under the same spikes and currents, where the extra `oracles` is installed."""

import numpy as np
import pytest

from neurosparse import clock, csr, encode, rng
from neurosparse.network import Network, Population, Projection, SpikeMonitor, SpikeSource, StateMonitor

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def arrivals(n, steps, seed):
    """Steps at which one synapse is active, at most one spike a step."""
    return np.unique((rng.uniforms(rng.stream(seed, "arrivals"), n) * (steps - 20)).astype(int)) + 10


def ours(neuron, params, dt, steps, exc, inh, weights, fields=("v",), init=None):
    """(fields after each step, steps of the spikes) of one neuron with one excitatory and one inhibitory synapse."""
    one = [csr.from_coo([0], [0], weight, (1, 1)) for weight in weights]
    net = Network(
        (SpikeSource("e", 1), SpikeSource("i", 1), Population("a", 1, neuron, params, init=init or {})),
        (Projection("e", "a", one[0], 0.0, "exc"), Projection("i", "a", one[1], 0.0, "inh")), dt=dt,
    )  # fmt: skip
    events = {name: encode.events_from_pairs(np.zeros_like(at), at, steps) for name, at in (("e", exc), ("i", inh))}
    run = clock.run(net, steps * dt, events, (SpikeMonitor("a"), StateMonitor("a", fields)))
    return {name: value[:, 0] for name, value in run.states["a"].fields.items()}, run.spikes["a"].step


def nests(model, params, dt, steps, exc, inh, weights, fields=("V_m",)):
    """The same from NEST: a spike that arrives at time k dt acts from our step k on."""
    nest = pytest.importorskip("nest")
    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.resolution = dt
    cell = nest.Create(model, params=params)
    for at, weight in zip((exc, inh), weights):
        source = nest.Create("spike_generator", params={"spike_times": np.round((at - 1) * dt, 6).tolist()})
        nest.Connect(source, cell, syn_spec={"weight": weight, "delay": dt})
    meter = nest.Create("multimeter", params={"record_from": list(fields), "interval": dt})
    recorder = nest.Create("spike_recorder")
    nest.Connect(meter, cell)
    nest.Connect(cell, recorder)
    nest.Simulate((steps + 1) * dt)
    times = np.array(recorder.get("events")["times"])
    steps_of = np.rint(times / dt).astype(int) - 1
    return {name: np.array(meter.get("events")[name])[:steps] for name in fields}, steps_of[steps_of < steps]


def test_nest_alpha():
    """iaf_psc_alpha, both integrated exactly: rounding apart, the same."""
    dt, steps = 0.1, 5000
    exc, inh = arrivals(600, steps, 1), arrivals(150, steps, 2)
    theirs, spikes = nests("iaf_psc_alpha", {
        "C_m": 250.0, "tau_m": 10.0, "E_L": -70.0, "V_m": -70.0, "V_th": -55.0, "V_reset": -70.0, "t_ref": 2.0,
        "tau_syn_ex": 2.0, "tau_syn_in": 3.0, "I_e": 200.0,
    }, dt, steps, exc, inh, (150.0, -200.0))  # fmt: skip
    fields, fired = ours("lif_alpha", {
        "tau_mem": 10.0, "v_rest": -70.0, "v_th": -55.0, "v_reset": -70.0, "t_ref": 2.0, "r": 0.04,
        "tau_exc": 2.0, "tau_inh": 3.0, "i_bias": 200.0,
    }, dt, steps, exc, inh, (150.0, -200.0))  # fmt: skip
    np.testing.assert_array_equal(spikes, fired)
    np.testing.assert_allclose(fields["v"], theirs["V_m"], atol=1e-10)
    assert len(fired) > 10


COBA = {"tau_mem": 20.0, "c_m": 200.0, "v_rest": -60.0, "v_th": -50.0, "v_reset": -60.0}


def test_nest_conductances():
    """iaf_cond_exp (adaptive Runge-Kutta) against the midpoint at 0.1 ms: 0.2 microvolts up to the first spike."""
    dt, steps = 0.1, 3000
    exc, inh = arrivals(600, steps, 3), arrivals(150, steps, 4)
    theirs, spikes = nests("iaf_cond_exp", {
        "C_m": 200.0, "g_L": 10.0, "E_L": -60.0, "V_m": -60.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0,
        "E_ex": 0.0, "E_in": -80.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0,
    }, dt, steps, exc, inh, (1.2, -2.0))  # fmt: skip
    fields, fired = ours("lif_cond", COBA | {"t_ref": 5.0}, dt, steps, exc, inh, (1.2, 2.0))
    np.testing.assert_allclose(fields["v"][: fired[0]], theirs["V_m"][: fired[0]], atol=2e-4)
    assert len(fired) == len(spikes) > 5
    np.testing.assert_allclose(fired, spikes, atol=2)


def test_nest_adex():
    """aeif_psc_exp with its tolerance at 1e-10: the same up to the upstroke, spikes to two steps."""
    dt, steps = 0.05, 8000
    exc, inh = arrivals(400, steps, 5), arrivals(100, steps, 6)
    theirs, spikes = nests("aeif_psc_exp", {
        "C_m": 281.0, "g_L": 30.0, "E_L": -70.6, "V_m": -70.6, "V_th": -50.4, "V_reset": -70.6, "V_peak": 20.0,
        "Delta_T": 2.0, "a": 4.0, "b": 80.5, "tau_w": 144.0, "t_ref": 1.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0,
        "I_e": 550.0, "gsl_error_tol": 1e-10,
    }, dt, steps, exc, inh, (60.0, -60.0), ("V_m", "w"))  # fmt: skip
    params = {"t_ref": 1.0, "tau_exc": 5.0, "tau_inh": 10.0, "i_bias": 550.0}
    fields, fired = ours("adex", params, dt, steps, exc, inh, (60.0, -60.0), ("v", "w"))
    before = slice(0, fired[0] - 20)
    np.testing.assert_allclose(fields["v"][before], theirs["V_m"][before], atol=1e-7)
    np.testing.assert_allclose(fields["w"][before], theirs["w"][before], atol=1e-7)
    assert len(fired) == len(spikes) > 5
    np.testing.assert_allclose(fired, spikes, atol=2)


def test_nest_hodgkin_huxley():
    """hh_cond_exp_traub at 0.01 ms, from its own gates; its spikes are at their tops, ours where v crosses -20 mV."""
    nest = pytest.importorskip("nest")
    start = nest.GetDefaults("hh_cond_exp_traub")
    gates = {"m": start["Act_m"], "h": start["Inact_h"], "n": start["Act_n"]}
    dt, steps = 0.01, 6000
    exc, inh = arrivals(200, steps, 7), arrivals(50, steps, 8)
    theirs, spikes = nests("hh_cond_exp_traub", {
        "C_m": 200.0, "g_L": 10.0, "g_Na": 20000.0, "g_K": 6000.0, "E_L": -60.0, "V_m": -60.0, "E_Na": 50.0,
        "E_K": -90.0, "V_T": -63.0, "E_ex": 0.0, "E_in": -80.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "t_ref": 3.0,
        "I_e": 0.0,
    }, dt, steps, exc, inh, (1.0, -1.5), ("V_m", "Act_m", "Inact_h"))  # fmt: skip
    fields, fired = ours("hh_traub", {}, dt, steps, exc, inh, (1.0, 1.5), ("v", "m", "h"), gates)
    assert len(fired) == len(spikes) > 2
    assert np.all((spikes - fired > 0) & (spikes - fired < 100))
    end = fired[0] - 50
    np.testing.assert_allclose(fields["v"][:end], theirs["V_m"][:end], atol=2e-3)
    np.testing.assert_allclose(fields["m"][:end], theirs["Act_m"][:end], atol=2e-4)


def brians(equations, steps, dt, exc, inh, record, init, **group):
    """Brian2 under the same spikes, in its exponential Euler; what arrives in a step counts from its start."""
    b2 = pytest.importorskip("brian2")
    b2.prefs.codegen.target = "numpy"
    b2.start_scope()
    b2.defaultclock.dt = dt * b2.ms
    active = [np.isin(np.arange(steps), at).astype(float)[:, None] for at in (exc, inh)]
    names = {"exc_in": b2.TimedArray(active[0], dt=dt * b2.ms), "inh_in": b2.TimedArray(active[1], dt=dt * b2.ms)}
    cell = b2.NeuronGroup(1, equations, method="exponential_euler", namespace=names, **group)
    for name, value in init.items():
        setattr(cell, name, value)
    cell.run_regularly("ge += we * exc_in(t, 0)\ngi += wi * inh_in(t, 0)", when="before_groups")
    state, spikes = b2.StateMonitor(cell, record, record=True, when="end"), b2.SpikeMonitor(cell)
    b2.run(steps * dt * b2.ms, namespace={})
    return {name: np.asarray(getattr(state, name))[0] for name in record}, np.rint(spikes.t / b2.ms / dt).astype(int)


LEAKY = """
dv/dt = (10*(-60 - v) + ge*(0 - v) + gi*(-80 - v))/200/ms : 1 (unless refractory)
dge/dt = -ge/(5*ms) : 1
dgi/dt = -gi/(10*ms) : 1
we : 1
wi : 1
"""


def test_brian2_conductances():
    """COBA in Brian2's exponential Euler is `method="start"`, to rounding; Brian2 counts the spike's step as refractory."""
    b2 = pytest.importorskip("brian2")
    dt, steps = 0.1, 3000
    exc, inh = arrivals(600, steps, 9), arrivals(150, steps, 10)
    theirs, spikes = brians(LEAKY, steps, dt, exc, inh, ("v",), {"v": -60.0, "we": 1.2, "wi": 2.0},
                            threshold="v >= -50", reset="v = -60", refractory=5 * b2.ms)  # fmt: skip
    fields, fired = ours("lif_cond", COBA | {"t_ref": 5.0 - dt, "method": "start"}, dt, steps, exc, inh, (1.2, 2.0))
    np.testing.assert_array_equal(fired, spikes)
    np.testing.assert_allclose(fields["v"], theirs["v"], atol=5e-6)  # our weights are float32
    assert len(fired) > 5


TRAUB = """
dv/dt = (10*(-60 - v) + ge*(0 - v) + gi*(-80 - v) - 20000*m**3*h*(v - 50) - 6000*n**4*(v + 90))/200/ms : 1
dm/dt = (am*(1 - m) - bm*m)/ms : 1
dh/dt = (ah*(1 - h) - bh*h)/ms : 1
dn/dt = (an*(1 - n) - bn*n)/ms : 1
dge/dt = -ge/(5*ms) : 1
dgi/dt = -gi/(10*ms) : 1
am = 0.32*4/exprel((13 - v - 63)/4) : 1
bm = 0.28*5/exprel((v + 63 - 40)/5) : 1
ah = 0.128*exp((17 - v - 63)/18) : 1
bh = 4/(1 + exp((40 - v - 63)/5)) : 1
an = 0.032*5/exprel((15 - v - 63)/5) : 1
bn = 0.5*exp((10 - v - 63)/40) : 1
we : 1
wi : 1
"""


def test_brian2_hodgkin_huxley():
    """COBAHH in Brian2's exponential Euler is `method="start"`: the same voltages through many spikes."""
    b2 = pytest.importorskip("brian2")
    dt, steps = 0.05, 4000
    exc, inh = arrivals(400, steps, 11), arrivals(100, steps, 12)
    gates = {"m": 0.05, "h": 0.8, "n": 0.2}
    theirs, spikes = brians(TRAUB, steps, dt, exc, inh, ("v", "m"), gates | {"v": -60.0, "we": 1.5, "wi": 2.0},
                            threshold="v > -20", refractory=3 * b2.ms)  # fmt: skip
    fields, fired = ours("hh_traub", {"method": "start"}, dt, steps, exc, inh, (1.5, 2.0), ("v", "m"), gates)
    np.testing.assert_array_equal(fired, spikes)
    np.testing.assert_allclose(fields["v"], theirs["v"], atol=1e-7)
    np.testing.assert_allclose(fields["m"], theirs["m"], atol=1e-8)
    assert len(fired) > 5
