"""Rules and short-term plasticity: naive replays, others' numbers, sign and bounds, one answer for any split."""

import importlib
import itertools
import math
import pkgutil
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurosparse.plasticity
import neurosparse.release
from neurosparse import clock, csr, ops, rng, wire
from neurosparse.network import (
    CurrentInput,
    Modulator,
    Network,
    PoissonSource,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSource,
)

RULES = [m.name for m in pkgutil.iter_modules(neurosparse.plasticity.__path__)]
CASES = {
    "stdp": {"a_plus": 0.05, "a_minus": 0.06, "tau_plus": 8.0, "tau_minus": 12.0},
    "stdp nearest": {"a_plus": 0.05, "a_minus": 0.06, "tau_plus": 8.0, "tau_minus": 12.0, "pairing": "nearest"},
    "stdp soft": {"a_plus": 0.2, "a_minus": 0.2, "mu_plus": 1.0, "mu_minus": 0.4, "w_min": 0.1},
    "triplet": {"a2_plus": 0.02, "a3_plus": 0.03, "a2_minus": 0.02, "a3_minus": 0.02, "tau_x": 40.0},
    "triplet nearest": {"a2_plus": 0.02, "a3_plus": 0.03, "a2_minus": 0.04, "a3_minus": 0.02, "pairing": "nearest"},
    "reward_stdp": {"tau_e": 50.0, "eta": 2e-3, "every": 2.0},
    "homeostasis": {"beta": 1e-4, "target": 30.0, "tau_rate": 50.0, "every": 5.0},
    "astro_stdp": {"a_plus": 0.5, "a_minus": 0.6, "tau_trace": 8.0, "w_max": 1.0},
    "astro_stdp inhibitory": {"a_plus": 0.5, "a_minus": 0.6, "inhibitory": True, "w_max": 1.0},
    "ap_stdp": {"a": 0.5, "tau_c": 100.0, "c_theta": 4.0, "c_width": 3.0, "w_max": 1.0},
    "ap_stdp inhibitory": {"a": 0.5, "tau_c": 100.0, "c_theta": 4.0, "c_width": 3.0, "inhibitory": True, "w_max": 1.0},
}
LISTENS = {"reward_stdp": "m", "astro_stdp": ("m", "rate"), "ap_stdp": ("rate",)}


def network(case, sign=1.0, release=None, source="poisson"):
    """Sources at 30 Hz and neurons of their own noise, plastic synapses with several delays between them and among."""
    name = case.partition(" ")[0]
    stream = rng.stream(5, case)
    into = wire.bernoulli(stream, 30, 70, 0.3, sign * 0.5)
    among = wire.bernoulli(rng.stream(6, case), 70, 70, 0.1, 0.5)
    delays = 1.0 + np.floor(4 * rng.uniforms(rng.stream(7, "delays"), into.nnz))
    first = SpikeSource("s", 30) if source == "given" else PoissonSource("s", 30, 30.0, rng.stream(1, "s"))
    rule, listens = (name, CASES[case]), LISTENS.get(name)
    modulators = [Modulator(each, "n") for each in ("m", "rate") if each in (listens or ())]
    return Network(
        (first, Population("n", 70, "lif", {"tau_mem": 10.0, "v_th": 1.0, "t_ref": 2.0})),
        (Projection("s", "n", into, delays, "jump", rule, release, listens),
         Projection("n", "n", among, 2.0, "jump", rule, None, listens)),
        (CurrentInput("noise", "n", "current"), *modulators),
        dt=0.5,
    )  # fmt: skip


def drive(case, steps, begin=0):
    """Inputs of steps [begin, begin + steps)."""
    noise = rng.normals(rng.stream(2, "noise"), 400 * 70).reshape(400, 70)
    third = {"m": np.sin(np.arange(400) / 30.0)[:, None], "rate": np.exp(-np.arange(400) / 300.0)[:, None]}
    values = {"noise": 0.6 + 1.2 * noise[begin : begin + steps]}
    listens = LISTENS.get(case.partition(" ")[0], ())
    return values | {name: value[begin : begin + steps] for name, value in third.items() if name in listens}


WATCH = (SpikeMonitor("s"), SpikeMonitor("n"))


def naive(case, net, run, steps, third):
    """Final weights of each projection from the recorded spikes: every synapse on its own, exponentials when needed."""
    module = importlib.import_module(f"neurosparse.plasticity.{case.partition(' ')[0]}")
    p = module.params(**CASES[case], dt=net.dt)
    spikes = {name: [np.unique(s.step[s.i == i]) for i in range(70)] for name, s in run.spikes.items()}
    for projection in net.projections:
        rows, cols, weight = csr.to_coo(projection.csr)
        delays = np.rint(np.broadcast_to(projection.delay, rows.shape) / net.dt).astype(int)
        yield np.array([
            synapse(module, p, w, spikes[projection.source][i] + d, spikes["n"][o] + 1, steps, third)
            for i, o, w, d in zip(rows, cols, weight, delays)
        ])  # fmt: skip


def synapse(module, p, w, arrivals, spikes, steps, third):
    """One synapse; arrivals and spikes by the tick in which they act."""
    s = module.Synapse(float(w), *[0.0] * (len(module.Synapse._fields) - 1))
    pre, post = Trace(module.Pre, p, module), Trace(module.Post, p, module)
    every = int(getattr(p, "every", 10**9))
    for t in range(steps):
        m, past = third[t], pre.at(t)
        if t in arrivals:
            s = module.on_pre(p, s, past, post.at(t), *m)
            pre.spike(t)
        if t in spikes:
            s = module.on_post(p, s, pre.at(t) if getattr(module, "TIES", True) else past, post.at(t), *m)
            post.spike(t)
        if t > 0 and t % every == 0:
            s = module.sweep(p, s, post.at(t), *m)
    return s.w


class Trace:
    """Traces of one neuron, advanced only when they are needed."""

    def __init__(self, kind, p, module):
        self.kind, self.p, self.trace = kind, p, module.trace
        self.values, self.last = [0.0] * len(kind._fields), 0
        self.decays = [getattr(p, f"decay_{name}") for name in kind._fields]

    def at(self, t):
        return self.kind(*(v * d ** (t - self.last) for v, d in zip(self.values, self.decays)))

    def spike(self, t):
        self.values = [self.trace(self.p, d, v / d, 1.0) for v, d in zip(self.at(t), self.decays)]
        self.last = t


@pytest.mark.parametrize("case", CASES)
def test_lazy_equals_eager(case):
    net, steps = network(case), 300
    engine = clock.compile(net, WATCH)
    run = clock.run(engine, steps * net.dt, drive(case, steps))
    assert len(run.spikes["n"].i) > 300
    given = drive(case, steps)
    third = np.hstack([given[name] for name in ("m", "rate") if name in given] or [np.ones((steps, 1))])
    for before, after, expected in zip(
        net.projections, clock.weights(engine, run.end), naive(case, net, run, steps, third)
    ):
        np.testing.assert_allclose(after.weight, expected, rtol=2e-7, atol=2e-7)
        assert np.abs(after.weight - before.csr.weight).max() > 0.02
        assert after.weight.min() >= 0
        assert after.weight.max() <= 1


def test_every_rule_has_a_case():
    assert {case.partition(" ")[0] for case in CASES} == set(RULES)


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("case", ["stdp", "triplet", "reward_stdp", "homeostasis", "astro_stdp"])
def test_threads_change_nothing(case, threads):
    net = network(case, release=("tsodyks", {"tau_rec": 50.0, "tau_psc": 2.0}))
    one, many = (clock.run(net, 100.0, drive(case, 200), WATCH, threads=k) for k in (1, threads))
    for name in ("s", "n"):
        np.testing.assert_array_equal(one.spikes[name].i, many.spikes[name].i)
        np.testing.assert_array_equal(one.spikes[name].step, many.spikes[name].step)
    assert one.end.arrays.keys() == many.end.arrays.keys()
    for name, array in one.end.arrays.items():
        if not name.startswith(("ring", "amp")):  # beyond the counted spikes lies what happened to be there
            np.testing.assert_array_equal(array, many.end.arrays[name], err_msg=name)


@settings(max_examples=12, deadline=None)
@given(case=st.sampled_from(sorted(CASES)), cuts=st.lists(st.integers(1, 199), min_size=1, max_size=3, unique=True),
       threads=st.sampled_from([1, 2]))  # fmt: skip
def test_a_run_cut_anywhere_is_the_same(case, cuts, threads):
    net = network(case, release=("tsodyks", {"tau_rec": 50.0, "tau_fac": 30.0}))
    whole = clock.run(net, 100.0, drive(case, 200), WATCH)
    engine, moment, at = clock.compile(net, WATCH, threads), None, [0, *sorted(cuts), 200]
    pieces = []
    for low, high in itertools.pairwise(at):
        run = clock.run(engine, (high - low) * net.dt, drive(case, high - low, low), start=moment)
        moment = run.end
        pieces.append(run.spikes["n"])
    np.testing.assert_array_equal(np.concatenate([piece.step for piece in pieces]), whole.spikes["n"].step)
    np.testing.assert_array_equal(np.concatenate([piece.i for piece in pieces]), whole.spikes["n"].i)
    for name in ("w0_w", "w1_w", "g0_y", "h0_x", "sr0__x"):
        if name in whole.end.arrays:
            np.testing.assert_array_equal(moment.arrays[name], whole.end.arrays[name])


def test_sign_is_kept():
    net = network("stdp", sign=-1.0)
    engine = clock.compile(net, WATCH)
    run = clock.run(engine, 100.0, {"noise": drive("stdp", 200)["noise"] + 2.0})
    after = clock.weights(engine, run.end)[0].weight
    assert -1 <= after.min() < -0.5 < after.max() <= 0
    np.testing.assert_array_equal(clock.weights(engine)[0].weight, net.projections[0].csr.weight)


def test_signed_weights_pass_through_zero():
    net = network("astro_stdp")
    into = net.projections[0].csr
    small = csr.reweight(into, np.where(np.arange(into.nnz) % 2, 0.02, -0.02))
    rule = ("astro_stdp", CASES["astro_stdp"] | {"w_min": -1.0})
    net = net._replace(projections=(net.projections[0]._replace(csr=small, rule=rule), net.projections[1]))
    engine = clock.compile(net, WATCH)
    given = drive("astro_stdp", 200)
    run = clock.run(engine, 100.0, given | {"noise": given["noise"] + 2.0})
    after = clock.weights(engine, run.end)[0].weight
    assert np.mean((small.weight < 0) & (after > 0)) > 0.005 < np.mean((small.weight > 0) & (after < 0))
    assert -1 <= after.min() < -0.02 < 0.02 < after.max() <= 1


class Decays(NamedTuple):
    """Constants of the rule of Brian2's test_vectorisation_STDP_like."""

    decay_x: float
    decay_y: float


class Two(NamedTuple):
    """A synapse of two weights, delivering their difference."""

    w: float
    dep: float
    fac: float


class X(NamedTuple):
    """Trace of a source, which its three synapses raise at once."""

    x: float


class Y(NamedTuple):
    """Trace of a target."""

    y: float


def _params(dt=0.1):
    return Decays(0.9, 0.9)


def _trace(p, decay, r, z):
    return decay * r + 3.0 * z


def _on_pre(p, s, pre, post, m):
    dep = s.dep + post.y
    return Two(dep - s.fac, dep, s.fac)


def _on_post(p, s, pre, post, m):
    fac = s.fac + pre.x
    return Two(s.dep - fac, s.dep, fac)


class Ramp(NamedTuple):
    """State of a neuron that rises by 0.1 a step; what arrives is summed."""

    v: float
    ge: float


class Nothing(NamedTuple):
    """No constants."""

    none: float


def _rise(p, s, x):
    v = s.v + 0.1
    z = ops.where(v > 1.0, 1.0, 0.0)
    return Ramp(ops.where(v > 1.0, 0.0, v), s.ge + x), z


def module(name, **parts):
    """A module made of functions, as a file would be."""
    made = type(neurosparse)(name)
    vars(made).update(parts)
    return made


RAMP = module("ramp", PORTS=("x",), Params=Nothing, State=Ramp, params=lambda dt=0.1: Nothing(0.0),
              init=lambda p: Ramp(0.0, 0.0), step=_rise)  # fmt: skip
LIKE = module("stdp_like", Params=Decays, Synapse=Two, Pre=X, Post=Y,
              params=_params, trace=_trace, on_pre=_on_pre, on_post=_on_post)  # fmt: skip


def test_brian2_stdp_like():
    first = 0.7 + 0.1 * np.abs(3.0 - np.arange(6))
    net = Network(
        (Population("pre", 3, RAMP, init={"v": first[:3]}), Population("post", 3, RAMP, init={"v": first[3:]})),
        (Projection("pre", "post", wire.all_to_all(3, 3, 0.0), 0.1, "x", (LIKE, {})),),
    )
    engine = clock.compile(net)
    end = clock.run(engine, 2.1).end.arrays  # what happens at the end of a step here belongs to the next one
    a = np.concatenate([end["h0_x"][19 % 3], end["g0_y"]])
    np.testing.assert_allclose(a, [1.69665715, 1.88517461, 2.09463845, 2.32737606, 2.09463845, 1.88517461], atol=3e-8)
    dep = [1.29140162, 1.16226149, 1.04603529, 1.16226149, 1.04603529, 0.94143176, 1.04603529, 0.94143176, 6.2472887]
    fac = [5.06030369, 5.62256002, 6.2472887, 5.62256002, 6.2472887, 6.941432, 6.2472887, 6.941432, 1.04603529]
    np.testing.assert_allclose(end["w0_dep"], dep, atol=3e-7)
    np.testing.assert_allclose(end["w0_fac"], fac, atol=3e-7)
    np.testing.assert_allclose(end["s1_ge"], [-7.317, -8.13, -4.046035], atol=1e-6)


BAD = [
    ({"rule": "stdp"}, r"plasticity is a pair \(model, parameters\), got 'stdp'; write"),
    ({"rule": ("sdtp", {})}, "model in neurosparse.plasticity .* did you mean 'stdp'"),
    ({"rule": ("stdp", {"tau": 3.0})}, "stdp.params takes other arguments"),
    ({"rule": ("stdp", {"w_max": 0.2})}, r"weights must lie in the rule's bounds \[0.0, 0.2\], got"),
    ({"rule": ("stdp", {"dt": 0.2})}, "dt belongs to the Network"),
    ({"rule": (SimpleNamespace, {})}, "a model is a module or its name"),
    ({"rule": (math, {})}, "a model defines Params, Synapse, .* copy neurosparse/plasticity/stdp.py"),
    ({"delay": 0.0, "rule": ("stdp", {})}, "delay must be at least 1 step"),
    ({"modulator": "m"}, "a modulator needs a rule to act on, got 'm'"),
    ({"rule": ("stdp", {}), "modulator": "n"}, "modulator must be one of m"),
    ({"release": ("tsodyks", {"u_0": 2.0})}, "u_0 must be in"),
    ({"release": ("exp", {})}, "model in neurosparse.release .* must be one of .*tsodyks"),
    ({"rule": ("stdp", {}), "csr": csr.from_coo([0, 1], [0, 0], [0.5, -0.5], (2, 1))}, "must have one sign"),
]


@pytest.mark.parametrize("change, message", BAD, ids=range(len(BAD)))
def test_bad_rules(change, message):
    made = Projection("s", "n", wire.all_to_all(2, 1, 0.5), 1.0, "jump")._replace(**change)
    net = Network((SpikeSource("s", 2), Population("n", 1, "lif")), (made,), (Modulator("m", "n"),), dt=0.5)
    with pytest.raises((ValueError, TypeError), match=message):
        clock.compile(net)


@pytest.mark.parametrize("name", RULES)
def test_contract_of_rules(name):
    rule = importlib.import_module(f"neurosparse.plasticity.{name}")
    assert "Source" in rule.__doc__
    p = rule.params(dt=0.1)
    assert all(math.isfinite(v) for v in p)
    with pytest.raises(ValueError, match="w_max must be > 0"):
        rule.params(w_max=0.0)
    with pytest.raises(ValueError, match="w_min must be"):
        rule.params(w_min=p.w_max + 1.0)
    with pytest.raises(ValueError, match="dt must be > 0"):
        rule.params(dt=0.0)


@pytest.mark.parametrize("kwargs, message", [
    ({"pairing": "some"}, "pairing must be one of all, nearest"),
    ({"a_plus": float("nan")}, "a_plus"),
    ({"mu_plus": -1}, "mu_plus must be >= 0"),
    ({"tau_plus": 0}, "tau_plus must be > 0"),
])  # fmt: skip
def test_bad_stdp(kwargs, message):
    with pytest.raises(ValueError, match=message):
        importlib.import_module("neurosparse.plasticity.stdp").params(**kwargs)


@pytest.mark.parametrize("name, kwargs", [
    ("stdp", {"a_plus": 1e300}), ("triplet", {"a3_plus": -1e200}), ("homeostasis", {"beta": 1e13}),
    ("homeostasis", {"target": 1e13}), ("reward_stdp", {"eta": 1e300}), ("reward_stdp", {"tau_e": 1e300}),
])  # fmt: skip
def test_amplitudes_are_bounded(name, kwargs):
    (key,) = kwargs
    with pytest.raises(ValueError, match=rf"{name}.params: {key} must be in \[.*, 1000000000000.0\]"):
        importlib.import_module(f"neurosparse.plasticity.{name}").params(**kwargs)
