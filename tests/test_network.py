"""What a network means, and every mistake named before anything runs; neurons written outside the package."""

import os
import textwrap

import numpy as np
import pytest

from neurosparse import clock, csr, encode, resolve, wire
from neurosparse.network import (
    CurrentInput,
    Network,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSource,
    StateMonitor,
)
from neurosparse.neurons import lif

A, S = Population("a", 3, "lif"), SpikeSource("s", 2)
WIRING = wire.all_to_all(2, 3)


def net(*populations, **more):
    return Network(populations or (A, S), **more)


def projection(**change):
    return Projection(**({"source": "s", "target": "a", "csr": WIRING, "delay": 1.0, "port": "jump"} | change))


BAD = [
    (net(dt=0.0), "Network: dt must be > 0 ms, got 0.0"),
    (Network(()), r"Network: needs at least one population, got \(\)"),
    (net(A, A), "populations and inputs need distinct names, got 'a'"),
    (net(inputs=(CurrentInput("s", "a", "jump"),)), "populations and inputs need distinct names, got 's'"),
    (net(Population("a", 0, "lif")), r"Population 'a': n must be in \[1, .*got 0"),
    (net(Population("a", 3, "lif", {"tau_mem": -1.0})), "lif.params: tau_mem must be > 0 ms, got -1.0"),
    (net(Population("a", 3, "lif", {"tau_mem": np.ones(4)})), r"parameter decay: needs one number or shape \(3,\), got"),
    (net(Population("a", 3, "lif", {"dt": 0.1})), r"dt belongs to the Network, got 'dt=0.1 in params'; remove it"),
    (net(Population("a", 3, "lif", init={"u": 1.0})), "Population 'a': init must be one of v, r, got 'u'"),
    (net(Population("a", 3, "lif", init={"v": np.nan})), "init v: the value must be a finite number, got nan"),
    (net(Population("a", 3, "lif", init={"v": np.zeros((3, 1))})), r"init v: needs one number or shape \(3,\)"),
    (net(Population("a", 3, "liff")), "model in neurosparse.neurons .* must be one of .*lif, .*got 'liff'; did you"),
    (net(Population("a", 3, "no.such.module")), r"a module that can be imported \(No module named 'no'\), got"),
    (net(Population("a", 3, "lif", kernels={"x": ("exp", {})})), "port of a kernel must be one of current, jump, got 'x'"),
    (net(Population("a", 3, "lif", kernels={"jump": ("expp", {})})), "neurosparse.synapses .* got 'expp'; did you mean"),
    (net(projections=(projection(source="q"),)), "Projection 'q' -> 'a': population must be one of a, s, got 'q'"),
    (net(projections=(projection(target="s"),)), "the target must have neurons, got \"the source 's'\""),
    (net(projections=(projection(port="v"),)), "port of 'a' must be one of current, jump, got 'v'"),
    (net(projections=(projection(csr=wire.all_to_all(3, 2)),)), r"csr must have shape \(2, 3\), got \(3, 2\)"),
    (net(projections=(projection(delay=-1.0),)), r"delay must be in \[0, 10000.0\] ms, got -1.0"),
    (net(projections=(projection(delay=np.ones(5)),)), r"delay must be one number or have shape \(6,\), got \(5,\)"),
    (net(projections=(projection(delay=np.nan),)), "delay must be a finite number in ms, got nan"),
    (net(projections=(Projection("a", "a", wire.all_to_all(3, 3), 0.04, "jump"),)), "delay must be at least 1 step of 0.1"),
    (net(inputs=(CurrentInput("i", "s", "jump"),)), "CurrentInput 'i': the target must have neurons"),
    (net(inputs=(CurrentInput("i", "a", "x"),)), "port of 'a' must be one of current, jump, got 'x'"),
    (net(projections=(projection(csr=WIRING._replace(indptr=np.array([0, 9, 6]))),)), "indptr must rise from 0 to 6"),
]  # fmt: skip


@pytest.mark.parametrize("bad, message", BAD, ids=range(len(BAD)))
def test_bad_networks(bad, message):
    with pytest.raises(ValueError, match=message):
        clock.compile(bad)


@pytest.mark.parametrize("bad, message", [
    (net(Population("a", 3, 7)), "a model is a module or its name, got 7"),
    (net(Population("a", 3, np)), "a model defines PORTS, Params, .*got 'numpy without PORTS"),
    (net(Population("a", 3, "lif", {"tau": 1.0})), r"lif.params takes other arguments \(.*'tau'.*\), got \['tau'\]"),
    (net(Population("a", 2.5, "lif")), "n must be a whole number, got 2.5"),
    (Network(Population("a", 3, "lif")), r"populations must be a tuple, .*its comma: \(item,\)"),
    (net(projections=projection()), r"projections must be a tuple, .*its comma"),
    (net(inputs=(3,)), "inputs must hold .*CurrentInput.*, got 3"),
    ("net", "needs a Network, got 'str'"),
    (net(projections=(projection(csr=np.ones((2, 3))),)), "csr must be a neurosparse.Csr, got 'ndarray'"),
    (net(Population("a", 3, "lif", kernels={"jump": "exp"})), r"a kernel is a pair \(model, parameters\), got 'exp'"),
    (net(Population("a", 3, "lif", kernels={"jump": (lif, {})})), "a kernel has one port, got 'neurosparse.neurons.lif"),
    (net(Population("a", 3, "lif", None)), "params and init must be dicts, got None"),
    (net(Population("a", 3, "lif", {"hold": "false"})), "hold must be True or False, got 'false'"),
])  # fmt: skip
def test_bad_types(bad, message):
    with pytest.raises(TypeError, match=message):
        clock.compile(bad)


def test_a_missing_file():
    with pytest.raises(FileNotFoundError, match="the model's file must exist, got 'nowhere/mine.py'"):
        clock.compile(net(Population("a", 3, "nowhere/mine.py")))


def test_the_plan_is_explicit():
    plan = resolve.resolve(
        net(A._replace(params={"tau_mem": np.array([1.0, 2.0, 3.0])}), S, projections=(projection(delay=0.3),))
    )
    assert plan.routes[0].delays.tolist() == [3]
    assert plan.parts[1].dynamics is None
    np.testing.assert_allclose(plan.parts[0].dynamics.params["decay"], np.exp(-0.1 / np.array([1.0, 2.0, 3.0])))
    assert isinstance(plan.parts[0].dynamics.params["v_th"], float)
    assert [plan.index("test", name) for name in ("a", "s")] == [0, 1]


def test_each_neuron_may_have_its_own_parameters():
    many = net(Population("a", 3, "lif", {"tau_mem": np.array([5.0, 10.0, 20.0]), "i_bias": 2.0, "t_ref": np.arange(3.0)}),
               dt=0.1)  # fmt: skip
    together = clock.run(many, 100.0, monitors=(SpikeMonitor("a"),)).spikes["a"]
    for k, (tau, ref) in enumerate([(5.0, 0.0), (10.0, 1.0), (20.0, 2.0)]):
        one = net(Population("a", 1, lif, {"tau_mem": tau, "i_bias": 2.0, "t_ref": ref}), dt=0.1)
        alone = clock.run(one, 100.0, monitors=(SpikeMonitor("a"),)).spikes["a"]
        np.testing.assert_array_equal(together.step[together.i == k], alone.step)


NEURON = '''
"""Quadratic integrate-and-fire:  tau dv/dt = v^2 + x,  v <- v_reset at v_peak."""
from typing import NamedTuple

from neurosparse import ops

PORTS = ("x",)


class Params(NamedTuple):
    rate: float  # dt / tau
    v_peak: float
    v_reset: float


class State(NamedTuple):
    v: float


def params(tau=10.0, v_peak=10.0, v_reset=-10.0, dt=0.1):
    return Params(dt / tau, v_peak, v_reset)


def init(p):
    return State(p.v_reset)


def step(p, s, x):
    v = s.v + p.rate * (s.v * s.v + x)
    z = ops.spike(v - p.v_peak)
    return State(ops.where(z > 0, p.v_reset, v)), z
'''


@pytest.fixture
def neuron_file(tmp_path):
    path = tmp_path / "quadratic.py"
    path.write_text(NEURON)
    return path


def test_a_neuron_in_a_file_of_ones_own(neuron_file):
    """Nothing but its name: it runs, at the rate of the analytic curve pi tau / sqrt(x)."""
    own = net(Population("q", 2, str(neuron_file), {"v_peak": 1e3, "v_reset": -1e3}), dt=0.001,
              inputs=(CurrentInput("x", "q", "x"),))  # fmt: skip
    run = clock.run(own, 200.0, {"x": np.array([4.0, 1.0])}, (SpikeMonitor("q"), StateMonitor("q", ("v",), every=1000)))
    spikes = run.spikes["q"]
    for k, x in enumerate([4.0, 1.0]):
        interval = np.diff(spikes.t[spikes.i == k])
        assert interval.mean() == pytest.approx(np.pi * 10.0 / np.sqrt(x), rel=0.01)


def test_a_neuron_by_dotted_name(neuron_file, monkeypatch):
    monkeypatch.syspath_prepend(neuron_file.parent)
    own = net(Population("q", 1, "quadratic"), inputs=(CurrentInput("x", "q", "x"),))
    assert clock.run(own, 100.0, {"x": 4.0}, (SpikeMonitor("q"),)).spikes["q"].i.size > 2


def test_an_edited_file_is_another_neuron(neuron_file):
    own = net(Population("q", 1, str(neuron_file)), inputs=(CurrentInput("x", "q", "x"),))
    before = clock.run(own, 100.0, {"x": 4.0}, (SpikeMonitor("q"),)).spikes["q"].i.size
    neuron_file.write_text(NEURON.replace("v_peak=10.0", "v_peak=1e6"))
    assert clock.run(own, 100.0, {"x": 4.0}, (SpikeMonitor("q"),)).spikes["q"].i.size != before


def test_a_broken_file_says_so(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("PORTS = (1 / 0,)\n")
    with pytest.raises(TypeError, match=r"the model's file must load \(ZeroDivisionError: division by zero\)"):
        clock.compile(net(Population("q", 1, str(path))))
    path.write_text(textwrap.dedent(NEURON).replace("def step", "def stop"))
    with pytest.raises(TypeError, match="without step'; copy neurosparse/neurons/lif.py"):
        clock.compile(net(Population("q", 1, str(path))))


def test_sources_may_be_alone_with_their_targets():
    """Delay 0 counts in the step of the event."""
    given = encode.events_from_pairs([0], [2], 4)
    small = net(SpikeSource("s", 1), Population("a", 1, "lif", {"tau_mem": 1e18, "v_th": 9.0}),
                projections=(Projection("s", "a", csr.from_coo([0], [0], 1.5, (1, 1)), 0.0, "jump"),), dt=1.0)  # fmt: skip
    run = clock.run(small, 4.0, {"s": given}, (StateMonitor("a", ("v",)),))
    np.testing.assert_array_equal(run.states["a"].fields["v"][:, 0], [0, 0, 1.5, 1.5])


def test_lists_of_parameters_are_arrays():
    many = net(Population("a", 3, "lif", {"r": [1.0, 2.0, 3.0], "v_rest": [0.0, 0.1, 0.2], "v_th": [1, 2, 3]}))
    params = resolve.resolve(many).parts[0].dynamics.params
    assert params["gain"].shape == params["drive"].shape == params["v_th"].shape == (3,)


def test_a_step_that_does_not_compile(tmp_path):
    if bool(int(os.environ.get("NUMBA_DISABLE_JIT", "0"))):
        pytest.skip("nothing is compiled")
    path = tmp_path / "odd.py"
    path.write_text(NEURON.replace("z = ops.spike(v - p.v_peak)", "z = no_such_function(v)"))
    with pytest.raises(TypeError, match="the steps of neurosparse_user_.* must compile, got .*a step holds arithmetic"):
        clock.run(net(Population("q", 1, str(path)), dt=0.1), 1.0)


def test_a_network_of_sources_alone():
    given = encode.events_from_pairs([0], [2], 4)
    run = clock.run(net(SpikeSource("s", 1), dt=1.0), 4.0, {"s": given}, (SpikeMonitor("s"),))
    assert run.spikes["s"].t.tolist() == [3.0]


def test_results_and_networks_share_no_memory():
    """Writing into what a run returned, or was given, changes no later run."""
    wiring = csr.from_coo([0, 0], [0, 2], [1.5, 2.5], (2, 3))
    small = net(projections=(projection(csr=csr.Csr(*(np.array(a) for a in wiring[:3]), 3), delay=0.1),))
    engine = clock.compile(small, (StateMonitor("a", ("v",)), SpikeMonitor("s")))
    events = encode.events_from_pairs([0], [1], 5)
    first = clock.run(engine, 0.5, {"s": events})
    expected = first.states["a"].fields["v"].copy()
    for array in (first.states["a"].ids, first.states["a"].fields["v"], first.spikes["s"].i):
        array[:] = 0
    small.projections[0].csr.weight[:] = 0.0
    small.projections[0].csr.indices[:] = 10**6
    again = clock.run(engine, 0.5, {"s": events})
    np.testing.assert_array_equal(again.states["a"].fields["v"], expected)
    np.testing.assert_array_equal(again.states["a"].ids, [0, 1, 2])
    assert events.index.tolist() == [0]
    with pytest.raises(ValueError, match="read-only"):
        wiring.weight[0] = 0.0
