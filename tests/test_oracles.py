"""Other simulators side by side with ours, where the extra `oracles` is installed. Through their public interface."""

import numpy as np
import pytest

from neurosparse import clock, rng
from neurosparse.network import CurrentInput, Network, Population, SpikeMonitor, StateMonitor

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def ours(params, dt, steps, x, kernels=None):
    """(v after each step, steps of the spikes) of one neuron driven by a current x (steps,)."""
    net = Network((Population("a", 1, "lif", params, kernels or {}),), (), (CurrentInput("x", "a", "current"),), dt)
    monitors = (SpikeMonitor("a"), StateMonitor("a", ("v",)))
    run = clock.run(net, steps * dt, {"x": np.broadcast_to(x, (steps,))[:, None]}, monitors)
    return run.states["a"].fields["v"][:, 0], run.spikes["a"].step


def test_norse():
    """2,000 steps of noise through lif_feed_forward_step: the same voltages and spikes in float64."""
    torch = pytest.importorskip("torch")
    lif = pytest.importorskip("norse.torch.functional.lif")
    x = 1.5 * rng.uniforms(rng.stream(0, "norse"), 2000)
    state = lif.LIFFeedForwardState(*(torch.zeros(1, dtype=torch.float64) for _ in range(2)))
    p = lif.LIFParameters(method="super", alpha=torch.tensor(100.0))
    voltages, spikes = [], []
    for value in torch.as_tensor(x):
        z, state = lif.lif_feed_forward_step(value[None], state, p, dt=0.001)
        voltages.append(state.v.item())
        spikes.append(z.item())
    euler = {"method": "euler"}
    v, steps = ours({"tau_mem": 10.0} | euler, 1.0, 2000, x, {"current": ("exp", {"tau_syn": 5.0} | euler)})
    np.testing.assert_array_equal(np.flatnonzero(spikes), steps)
    np.testing.assert_allclose(v, voltages, atol=1e-5)  # Norse keeps its constants in float32
    assert len(steps) > 100


def test_nest():
    """A current that changes every 10 ms into iaf_psc_delta: the same voltages and spikes to rounding."""
    nest = pytest.importorskip("nest")
    nest.ResetKernel()
    nest.resolution = 0.1
    levels = 900.0 * rng.uniforms(rng.stream(0, "nest"), 50)
    cell = nest.Create("iaf_psc_delta", params={
        "C_m": 250.0, "tau_m": 10.0, "E_L": -70.0, "V_m": -70.0, "V_th": -55.0, "V_reset": -70.0, "t_ref": 2.0,
    })  # fmt: skip
    source = nest.Create("step_current_generator", params={
        "amplitude_times": (0.1 + 10.0 * np.arange(50)).tolist(), "amplitude_values": levels.tolist(),
    })  # fmt: skip
    meter, recorder = (
        nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.1}),
        nest.Create("spike_recorder"),
    )
    nest.Connect(source, cell, syn_spec={"delay": 0.1})
    nest.Connect(meter, cell)
    nest.Connect(cell, recorder)
    nest.Simulate(501.0)
    events = meter.get("events")
    params = {"tau_mem": 10.0, "v_rest": -70.0, "v_th": -55.0, "v_reset": -70.0, "t_ref": 2.0, "r": 0.04}
    v, steps = ours(params, 0.1, 5000, np.repeat(levels, 100))
    times = np.array(recorder.get("events")["times"])
    shift = round((times[0] - (steps[0] + 1) * 0.1) / 0.1)  # a generator's current arrives a few steps later
    np.testing.assert_array_equal(np.rint(times / 0.1).astype(int) - 1 - shift, steps[: len(times)])
    theirs = np.array(events["V_m"])[shift:]
    n = min(len(theirs), len(v))
    np.testing.assert_allclose(v[:n], theirs[:n], atol=1e-10)
    assert len(steps) > 10
    assert 0 <= shift <= 3


def test_brian2():
    """A noisy current, exact integration, refractory: the same spikes; Brian2 stamps and counts from the step's start."""
    b2 = pytest.importorskip("brian2")
    b2.prefs.codegen.target = "numpy"
    b2.start_scope()
    b2.defaultclock.dt = 0.1 * b2.ms
    x = 3.0 * rng.uniforms(rng.stream(0, "brian"), 3000)
    drive = b2.TimedArray(x, dt=0.1 * b2.ms)
    group = b2.NeuronGroup(
        1, "dv/dt = (drive(t) - v) / (10*ms) : 1 (unless refractory)", threshold="v >= 1", reset="v = 0",
        refractory=2 * b2.ms, method="exact", namespace={"drive": drive},
    )  # fmt: skip
    spikes = b2.SpikeMonitor(group)
    state = b2.StateMonitor(group, "v", record=True, when="end")
    b2.run(300 * b2.ms, namespace={})
    v, steps = ours({"tau_mem": 10.0, "t_ref": 2.0 - 0.1}, 0.1, 3000, x)
    np.testing.assert_array_equal(np.rint(np.asarray(spikes.t / b2.ms) / 0.1).astype(int), steps)
    np.testing.assert_allclose(state.v[0], v, atol=1e-12)
    assert len(steps) > 10
