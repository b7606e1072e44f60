"""The event-driven engine against closed forms, a naive engine, NEST's precise neurons, and the grid."""

import heapq
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import clock, csr, encode, precise, rng
from neurosparse.network import (
    CurrentInput,
    Network,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSource,
)
from neurosparse.precise import Train, plan
from neurosparse.precise.models import intfire1, lif, lif_exp

NEST = {"tau_mem": 10.0, "v_th": -55.0, "v_reset": -70.0, "v_rest": -70.0, "t_ref": 2.0, "r": 10.0 / 250.0}
MODELS = {
    "intfire1": (intfire1, {"tau_mem": 10.0, "t_ref": 2.0}),
    "lif": (lif, {"tau_mem": 20.0, "t_ref": 1.5, "i_bias": 1.02}),
    "lif_exp": (lif_exp, {"tau_mem": 20.0, "tau_exc": 3.0, "tau_inh": 7.0, "v_th": 2.0, "t_ref": 2.0, "i_bias": 0.5}),
}
PORTS = {"intfire1": ("jump", "jump"), "lif": ("jump", "jump"), "lif_exp": ("exc", "inh")}


def train(*pairs):
    return Train(np.array([i for i, _ in pairs], dtype=int), np.array([t for _, t in pairs], dtype=float))


def one(source, target, weight=1.0, delay=1.0, port="jump", shape=(1, 1)):
    return Projection(source, target, csr.from_coo([0], [0], weight, shape), delay, port)


def into_one(neuron, weights, params):
    """Source k, of the weight weights[k], into one neuron, delay 1 ms."""
    wiring = csr.from_coo(range(len(weights)), [0] * len(weights), weights, (len(weights), 1))
    populations = (SpikeSource("in", len(weights)), Population("n", 1, neuron, params))
    return Network(populations, (Projection("in", "n", wiring, 1.0, PORTS[neuron][0]),))


# Closed forms


def test_first_spike_of_nest():
    run = precise.run(Network((Population("n", 1, "lif", NEST | {"i_bias": 1000.0}),)), 10.0)
    assert run.spikes["n"].t[0] == pytest.approx(4.700036292457356, abs=1e-13)


def test_rates_of_nest():
    """Rates to the four decimals of the table, intervals to rounding."""
    currents = np.array([375.0, 376.0, 400.0, 500.0, 1000.0, 1450.0])
    found = precise.run(Network((Population("n", 6, "lif", NEST | {"i_bias": currents}),)), 1000.0).spikes["n"]
    assert 0 not in found.i  # at the rheobase v_th is reached after an infinite time
    for i, rate in zip(range(1, 6), (16.3143, 33.6407, 63.0400, 149.2529, 200.3033)):
        t = found.t[found.i == i]
        exact = 2.0 - 10.0 * math.log(1.0 - 15.0 / (0.04 * currents[i]))
        np.testing.assert_allclose(np.diff(t), exact, atol=1e-9)
        assert 1000.0 / np.diff(t).mean() == pytest.approx(rate, abs=5.1e-5)


def test_current_input_is_a_bias():
    net = Network((Population("n", 1, "lif", NEST | {"i_bias": 600.0}),), (), (CurrentInput("dc", "n", "current"),))
    assert precise.run(net, 10.0, {"dc": 400.0}).spikes["n"].t[0] == pytest.approx(4.700036292457356, abs=1e-13)


def test_intfire1_by_hand():
    """0.6 + 0.6 exp(-5/10) is below one, 0.6 more is above; lost while refractory; what comes at its end counts."""
    net = into_one("intfire1", [0.6, 1.1], {"tau_mem": 10.0, "t_ref": 3.0})
    times = train((0, 0.0), (0, 5.0), (0, 6.0), (1, 8.999), (1, 9.0), (1, 12.5))
    run = precise.run(net, 20.0, {"in": times})
    np.testing.assert_array_equal(run.spikes["n"].t, [7.0, 10.0, 13.5])
    assert run.events == 6
    exactly_one = precise.run(into_one("intfire1", [1.0], {}), 5.0, {"in": train((0, 0.0))})
    assert len(exactly_one.spikes["n"].t) == 0


def test_lif_refractory_and_resets():
    drive = {"in": train((0, 0.0), (0, 1.0), (0, 4.0))}
    held = precise.run(into_one("lif", [1.5], {"t_ref": 2.0}), 10.0, drive).spikes["n"].t
    np.testing.assert_array_equal(held, [1.0, 5.0])  # the second jump is lost
    free = precise.run(into_one("lif", [1.5], {"t_ref": 2.0, "hold": False}), 10.0, drive).spikes["n"].t
    np.testing.assert_array_equal(free, [1.0, 3.0, 5.0])  # it is kept, and fires as soon as it may
    twice = precise.run(into_one("lif", [2.5], {"reset": "subtract"}), 10.0, {"in": train((0, 0.0))}).spikes["n"].t
    np.testing.assert_array_equal(twice, [1.0, 1.0])  # 2.5 holds two thresholds


@pytest.mark.parametrize("tau", [(10.0, 2.0, 3.0), (10.0, 10.0, 10.0), (2.0, 10.0, 2.0), (5.0, 5.0 + 1e-9, 1.0)])
@pytest.mark.parametrize("currents", [(90.0, -40.0), (200.0, -300.0), (-60.0, 80.0), (0.0, 12.0), (30.0, 0.0)])
def test_lif_exp_misses_no_crossing(tau, currents):
    """The first of 20,000 places where v is above the threshold comes just after the crossing, or neither is."""
    p = lif_exp.params(tau_mem=tau[0], tau_exc=tau[1], tau_inh=tau[2], r=0.5, v_th=8.0, i_bias=4.0, t_ref=1.0)
    s = lif_exp.State(0.0, 0.5, 1.0, *currents)
    found = lif_exp.crossing(p, s)
    start = lif_exp.flow(p, s, 0.5)
    u = np.linspace(0.0, 200.0, 20001)
    v = np.array([lif_exp.after(p, start, each)[0] for each in u])
    above = np.flatnonzero(v >= p.v_th)
    if math.isinf(found):
        assert len(above) == 0
    else:
        assert lif_exp.flow(p, s, found).v == pytest.approx(p.v_th, abs=1e-11)
        assert u[above[0]] - 0.0100001 <= found - 0.5 <= u[above[0]] + 1e-9


def test_lif_exp_solves_its_equation():
    """The closed form against Runge-Kutta in steps of 1e-3 ms."""
    p = lif_exp.params(
        tau_mem=10.0, tau_exc=2.0, tau_inh=10.0, r=0.04, v_rest=-70.0, v_th=0.0, v_reset=-70.0, i_bias=100.0
    )

    def slope(y):
        i = p.r * (y[1] + y[2]) + p.v_inf - y[0]
        return np.array([i / 10.0, -y[1] / 2.0, -y[2] / 10.0])

    y, h = np.array([-65.0, 300.0, -500.0]), 1e-3
    for _ in range(5000):
        a = slope(y)
        b = slope(y + h / 2 * a)
        c = slope(y + h / 2 * b)
        y = y + h / 6 * (a + 2 * b + 2 * c + slope(y + h * c))
    found = lif_exp.flow(p, lif_exp.State(0.0, 0.0, -65.0, 300.0, -500.0), 5.0)
    np.testing.assert_allclose([found.v, found.i_exc, found.i_inh], y, rtol=1e-11)


def test_nest_precise_neuron():
    """iaf_psc_exp_ps of NEST, 500 random spikes off the grid: the same spike times to 1e-12 ms."""
    nest = pytest.importorskip("nest")
    nest.ResetKernel()
    nest.resolution = 0.1
    model = {"C_m": 250.0, "tau_m": 10.0, "E_L": -70.0, "V_th": -55.0, "V_reset": -70.0, "t_ref": 2.0, "I_e": 200.0}
    cell = nest.Create("iaf_psc_exp_ps", params=model | {"tau_syn_ex": 2.0, "tau_syn_in": 3.0})
    recorder = nest.Create("spike_recorder")
    nest.Connect(cell, recorder)
    draws = 1.0 + 489.0 * rng.uniforms(rng.stream(0, "spikes"), 500)
    times = {"exc": np.sort(draws[:400]), "inh": np.sort(draws[400:])}
    for port, weight in (("exc", 600.0), ("inh", -800.0)):
        source = nest.Create("spike_generator", params={"spike_times": times[port].tolist(), "precise_times": True})
        nest.Connect(source, cell, syn_spec={"weight": weight, "delay": 1.0})
    nest.Simulate(500.0)
    neuron = Population("n", 1, "lif_exp", NEST | {"tau_exc": 2.0, "tau_inh": 3.0, "i_bias": 200.0})
    net = Network(
        (SpikeSource("exc", 1), SpikeSource("inh", 1), neuron),
        (one("exc", "n", 600.0, port="exc"), one("inh", "n", -800.0, port="inh")),
    )
    given_ = {port: Train(np.zeros(len(t), int), t) for port, t in times.items()}
    found = precise.run(net, 500.0, given_).spikes["n"].t
    np.testing.assert_allclose(found, np.sort(recorder.get("events")["times"]), atol=1e-12, rtol=0)
    assert len(found) > 20


# The engine


def naive(net, duration, inputs):
    """One heap entry for each synapse and spike; neurons that may fire by themselves are asked each time."""
    offset = np.concatenate([[0], np.cumsum([p.n for p in net.populations])])
    names = [p.name for p in net.populations]
    models = [None if isinstance(p, SpikeSource) else MODELS[p.neuron][0] for p in net.populations]
    params = [None if m is None else m.params(**p.params) for m, p in zip(models, net.populations)]
    state = {}
    for k, p in enumerate(net.populations):
        if models[k] is not None:
            state |= {(k, i): models[k].init(params[k]) for i in range(p.n)}
    state = {key: s._replace(v=net.populations[key[0]].init["v"][key[1]]) if net.populations[key[0]].init else s
             for key, s in state.items()}  # fmt: skip
    queue, spikes, marks = [], [], iter(range(10**9))
    sends = sorted((t, offset[names.index(name)] + i, names.index(name), i)
                   for name, tr in inputs.items() for i, t in zip(tr.i.tolist(), tr.t.tolist()))  # fmt: skip

    def send(t, k, i):
        mark = next(marks)
        for at, route in enumerate(net.projections):
            if route.source == names[k]:
                rows, cols, weight = csr.to_coo(route.csr)
                delay = np.broadcast_to(route.delay, len(rows))
                target = names.index(route.target)
                port = models[target].PORTS.index(route.port)
                for j in np.flatnonzero(rows == i).tolist():
                    item = (t + float(delay[j]), mark, at, int(cols[j]), target, port, float(weight[j]))
                    heapq.heappush(queue, item)

    while True:
        own = [(m.crossing(params[key[0]], s), key) for key, s in state.items()
               if hasattr(m := models[key[0]], "crossing")]  # fmt: skip
        first = min(own, default=(math.inf, None))
        t_in = sends[0][0] if sends else math.inf
        arrives = queue[0][0] if queue else math.inf
        if min(t_in, first[0], arrives) > duration:
            return spikes
        if t_in <= first[0] and t_in <= arrives:
            t, _, k, i = sends.pop(0)
            send(t, k, i)
            continue
        if first[0] <= arrives:
            t, (k, i) = first
            s, fires = models[k].flow(params[k], state[k, i], t), True
        else:
            t, _, _, i, k, port, w = heapq.heappop(queue)
            s, fires = models[k].arrive(params[k], models[k].flow(params[k], state[k, i], t), port, w)
        if fires:
            s = models[k].fire(params[k], s)
            spikes.append((names[k], i, t))
            send(t, k, i)
        state[k, i] = s


@st.composite
def networks(draw):
    """A population of each model, random sizes and wiring, delays that are one, few or all different, many ties."""
    kinds = sorted(MODELS)  # one structure: one compilation
    stream = rng.stream(draw(st.integers(0, 10**6)), "network")
    coarse = draw(st.booleans())
    sizes = [draw(st.integers(1, 5)) for _ in kinds]
    populations = [SpikeSource("in", 4)]
    for k, (kind, n) in enumerate(zip(kinds, sizes)):
        init = {} if kind == "intfire1" else {"v": rng.uniforms(stream, n, 100 + k)}
        populations.append(Population(f"{k}{kind}", n, kind, MODELS[kind][1], {}, init))
    projections = []
    for a, source in enumerate(populations):
        for b, (target, kind) in enumerate(zip(populations[1:], kinds)):
            for sign in (0, 1):
                u = rng.uniforms(stream, source.n * target.n * 3, 20 * a + 2 * b + sign).reshape(3, -1)
                keep = np.flatnonzero(u[0] < 0.4)
                delay = (1 + np.rint(2 * u[1, keep])) if coarse else 0.3 + 3 * u[1, keep]
                scale = 0.7 if PORTS[kind][0] == "jump" else 3.0
                weight = scale * u[2, keep] * (-0.5 if sign else 1.0)
                wiring = csr.from_coo(keep // target.n, keep % target.n, weight, (source.n, target.n))
                projections.append(Projection(source.name, target.name, wiring, delay, PORTS[kind][sign]))
    u = rng.uniforms(stream, 60, 999).reshape(2, 30)
    times = np.rint(25 * u[1]) if coarse else 25 * u[1]
    return Network(tuple(populations), tuple(projections)), {"in": Train((4 * u[0]).astype(int), times)}


@given(case=networks())
@settings(max_examples=25)
def test_equals_the_naive_engine(case):
    net, inputs = case
    wanted = naive(net, 25.0, inputs)
    found = precise.run(net, 25.0, inputs)
    for population in net.populations[1:]:
        mine = [(i, t) for name, i, t in wanted if name == population.name]
        spikes = found.spikes[population.name]
        assert spikes.i.tolist() == [i for i, _ in mine]
        np.testing.assert_allclose(spikes.t, [t for _, t in mine], rtol=1e-12)


def test_ties_are_taken_in_the_order_of_sending():
    """At 1 ms a and b fire, b first, for its input is listed first; then b's -1 reaches c before a's +1.2."""
    populations = (SpikeSource("in", 1), *(Population(name, 1, "intfire1") for name in "abc"))
    through = (one("in", "b", 1.5), one("in", "a", 1.5), one("a", "c", 1.2, 2.0), one("b", "c", -1.0, 2.0))
    inputs = {"in": train((0, 0.0))}
    found = precise.run(Network(populations, through), 10.0, inputs)
    assert found.spikes["a"].t.tolist() == found.spikes["b"].t.tolist() == [1.0]
    assert len(found.spikes["c"].t) == 0
    other = precise.run(Network(populations, (through[1], through[0], *through[2:])), 10.0, inputs)
    assert other.spikes["c"].t.tolist() == [3.0]


def test_delays_stay_off_the_grid_and_sources_may_have_none():
    net = Network(
        (SpikeSource("in", 1), Population("a", 1, "lif"), Population("b", 1, "lif")),
        (one("in", "a", 2.0, 0.0), one("a", "b", 2.0, 1.23456789)),
        dt=1.0,
    )
    found = precise.run(net, 20.0, {"in": train((0, 3.3), (0, 8.7654321101))})
    np.testing.assert_array_equal(found.spikes["a"].t, [3.3, 8.7654321101])
    np.testing.assert_array_equal(found.spikes["b"].t, [3.3 + 1.23456789, 8.7654321101 + 1.23456789])


def test_the_last_moment_counts_and_late_inputs_do_not():
    net = into_one("lif", [2.0], {})
    assert precise.run(net, 5.0, {"in": train((0, 4.0), (0, 4.1), (0, 99.0))}).spikes["n"].t.tolist() == [5.0]


def test_events_of_the_grid_are_inputs_too():
    net = into_one("lif", [2.0], {})
    events = encode.events_from_pairs([0, 0], [3, 9], 20)
    found = precise.run(net, 5.0, {"in": events})
    np.testing.assert_allclose(found.spikes["n"].t, [1.4, 2.0], atol=1e-12)


def test_more_spikes_than_the_first_buffers_hold():
    """Three thousand regular neurons: 18,000 spikes, each 1 ms after the other."""
    n = 3000
    net = Network((Population("n", n, "lif", {"tau_mem": 10.0, "i_bias": 1.0 / (1.0 - math.exp(-0.1))}),))
    found = precise.run(net, 6.5).spikes["n"]
    assert np.bincount(found.i).tolist() == [6] * n
    np.testing.assert_array_equal(found.i.reshape(6, n), np.broadcast_to(np.arange(n), (6, n)))
    np.testing.assert_allclose(found.t.reshape(6, n)[:, 0], np.arange(1, 7), rtol=1e-12)


@pytest.mark.parametrize("name", ["lif", "lif_exp", "intfire1"])
def test_the_grid_comes_nearer_as_its_step_falls(name):
    """One neuron under random spikes: as many spikes on a fine grid, and errors of a few steps."""
    stream = rng.stream(1, name)
    u = rng.uniforms(stream, 300)
    times = np.sort(200.0 * u)
    scale = 2.0 if name == "lif_exp" else 0.4
    sources = np.arange(300)  # one each: no two spikes of a source in one step
    net = into_one(name, [scale] * 300, {**MODELS[name][1], **({} if name == "intfire1" else {"i_bias": 0.3})})
    exact = precise.run(net, 200.0, {"in": Train(sources, times)}).spikes["n"].t
    assert len(exact) > 20
    for dt in (0.01, 0.0025):
        events = encode.events_from_pairs(sources, np.rint(times / dt).astype(int) - 1, round(200 / dt))
        run = clock.run(net._replace(dt=dt), 200.0, {"in": events}, (SpikeMonitor("n"),))
        near = run.spikes["n"].t
        assert len(near) == len(exact)
        assert np.median(np.abs(near - exact)) < 5.0 * dt  # errors add up from spike to spike


def test_initial_state_and_per_neuron_parameters():
    init = {"v": np.array([0.0, 0.5])}
    params = {"tau_mem": np.array([10.0, 20.0]), "i_bias": 2.0}
    found = precise.run(Network((Population("n", 2, "lif", params, {}, init),)), 8.2).spikes["n"]
    assert found.i.tolist() == [0, 1]
    np.testing.assert_allclose(found.t, [10.0 * math.log(2.0), 20.0 * math.log(1.5)], rtol=1e-14)


def test_a_model_of_ones_own(tmp_path, monkeypatch):
    """A grid model names its closed form; both are files of the user."""
    text = (
        "from typing import NamedTuple\nimport math\nPORTS = ('jump',)\n"
        "class Params(NamedTuple):\n    period: float\n"
        "class State(NamedTuple):\n    t: float\n    last: float\n"
        "def params(period=1.0):\n    return Params(period)\n"
        "def init(p):\n    return State(0.0, 0.0)\n"
        "def flow(p, s, t):\n    return State(t, s.last)\n"
        "def arrive(p, s, port, w):\n    return s, w > 0\n"
        "def fire(p, s):\n    return State(s.t, s.t)\n"
        "def crossing(p, s):\n    return s.last + p.period\n"
    )
    (tmp_path / "clockwork_exact.py").write_text(text)
    (tmp_path / "clockwork.py").write_text("PRECISE = 'clockwork_exact'\n")
    monkeypatch.syspath_prepend(tmp_path)
    net = Network((Population("n", 1, "clockwork", {"period": 1.5}),))
    assert precise.run(net, 5.0).spikes["n"].t.tolist() == [1.5, 3.0, 4.5]


def test_a_network_of_sources_alone():
    assert precise.run(Network((SpikeSource("in", 1),)), 5.0, {"in": train((0, 1.0))}).spikes == {}


def test_the_plan_orders_segments_by_delay():
    wiring = csr.from_coo([0, 0, 0], [0, 1, 2], 1.0, (1, 3))
    net = Network(
        (SpikeSource("in", 1), Population("n", 3, "lif")), (Projection("in", "n", wiring, [3.0, 1.0, 3.0], "jump"),)
    )
    made = plan.plan(net, {})
    assert made.delay.tolist() == [1.0, 3.0]
    assert made.target.tolist() == [1, 0, 2]
    assert made.start.tolist() == [0, 1, 3]
