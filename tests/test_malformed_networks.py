"""Malformed networks, monitors and inputs: each is refused in words, before anything runs or takes memory."""

import inspect
import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import check, clock, describe, find, neurons, plasticity, release, rng, wire
from neurosparse import synapses as synapses_
from neurosparse.network import (
    Network,
    PoissonSource,
    Population,
    Projection,
)
from tests import malformed
from tests.malformed import BACK, INF, JUNK, NAN, STREAM, WIRING, network, refused, tolerated, with_part

DEADLINE = 20.0  # s; a first call compiles


def pop(**changes):
    return with_part("populations", 2, **changes)


def poisson(**changes):
    return with_part("populations", 1, **changes)


def synapses(**changes):
    return with_part("projections", 0, csr=WIRING._replace(**changes))


def first(**changes):
    return with_part("projections", 0, **changes)


def plastic(**changes):
    return with_part("projections", 1, **changes)


def drive(**changes):
    return with_part("inputs", 1, **changes)


def size(n, **more):
    return Network((Population("a", n, "lif", **more),))


def later(n, builder, amount, **more):
    recipe = wire.later(builder, STREAM, n, n, amount, **more)
    return Network((Population("a", n, "lif"),), (Projection("a", "a", recipe, 1.0, "jump"),))


swapped = np.array([1, 0, 2, 0, 1, 2], dtype=np.int32)
twice = np.array([0, 0, 2, 0, 1, 2], dtype=np.int32)
outside = np.array([0, 1, 3, 0, 1, 2], dtype=np.int32)
below = np.array([-1, 1, 2, 0, 1, 2], dtype=np.int32)
bad_weight = np.array([0.5, NAN, 0.5, 0.5, 0.5, 0.5], dtype=np.float32)
mixed = np.array([0.5, -0.5] * 4 + [0.5], dtype=np.float32)

NETWORKS = [
    # Network
    ("net", "needs a Network, got 'str'"),
    (None, "needs a Network, got 'NoneType'"),
    (network(dt=NAN), "dt must be a finite number in ms, got nan"),
    (network(dt=INF), "dt must be a finite number"),
    (network(dt=-0.1), "dt must be > 0 ms"),
    (network(dt=0), "dt must be > 0 ms"),
    (network(dt="0.1"), "dt must be a finite number in ms, got '0.1'"),
    (network(dt=[0.1, 0.2]), r"dt must be one number, got \(2,\)"),
    (network(dt=[[1], [1, 2]]), "dt must be a finite number"),
    (network(dt=1e-300), r"dt must be in \[1e-09, 1000000000.0\] ms"),
    (network(dt=1e300), r"dt must be in \[1e-09, 1000000000.0\] ms"),
    (network(populations=()), "at least one population"),
    (network(populations=None), "populations must be a tuple, got None"),
    (network(populations={"a": 1}), "populations must be a tuple"),
    (network(populations=(3,)), "populations must hold"),
    (network(projections=7), "projections must be a tuple, got 7"),
    (network(projections=(None,)), "projections must hold"),
    (network(inputs="i"), "inputs must be a tuple"),
    (network(inputs=(malformed.Silent(),)), "inputs must hold .* got a Silent"),
    # names
    (pop(name=""), "a name is printable text"),
    (pop(name='a"""'), "a name is printable text without quotes"),
    (pop(name="a\nb"), "a name is printable text"),
    (pop(name="a\0b"), "a name is printable text"),
    (pop(name="\ud800"), "a name is printable text"),
    (pop(name=3), "name must be a name, got 3"),
    (pop(name=None), "name must be a name, got None"),
    (pop(name=np.ones(2)), "name must be a name"),
    (pop(name="s"), "distinct names, got 's'"),
    (with_part("inputs", 0, name="a"), "distinct names, got 'a'"),
    # sizes
    (pop(n=-1), r"n must be in \[1, 2147483647\], got -1"),
    (pop(n=3.0), "n must be a whole number, got 3.0"),
    (pop(n=NAN), "n must be a whole number, got nan"),
    (pop(n=True), "n must be a whole number, got True"),
    (pop(n=2**31), r"n must be in \[1, 2147483647\]"),
    (pop(n=10**5000), "n must be in .* got a int"),
    (poisson(n=0), r"PoissonSource 'q': n must be in"),
    (with_part("populations", 0, n="2"), "SpikeSource 's': n must be a whole number, got '2'"),
    # Population
    (pop(neuron=None), "a model is a module or its name, got None"),
    (pop(neuron=np.ones(3)), "a model is a module or its name"),
    (pop(neuron="liff"), "did you mean 'lif'"),
    (pop(neuron="../lif"), "a model is named by its module"),
    (pop(neuron=""), "a model is named by its module"),
    (pop(neuron="a\0b"), "a model is named by its module"),
    (pop(neuron="no/such/file.py"), "the model's file must exist"),
    (pop(neuron="a\0b.py"), "the model's file must exist"),
    (pop(neuron="json"), "a model defines"),
    (pop(neuron=np), "a model defines"),
    (pop(params=None), "params and init must be dicts"),
    (pop(params=[1, 2]), "params and init must be dicts"),
    (pop(params={3: 1.0}), "params and init must be dicts"),
    (pop(params={"tau_mem": NAN}), "tau_mem must be a finite number in ms, got nan"),
    (pop(params={"tau_mem": [[1], [1, 2]]}), "tau_mem must be a finite number"),
    (pop(params={"tau_mem": 1j}), "tau_mem must be a finite number"),
    (pop(params={"tau_mem": np.ma.masked}), "tau_mem must be a finite number"),
    (pop(params={"tau_mem": np.ones(2)}), r"needs one number or shape \(3,\), got \(2,\)"),
    (pop(params={"v_th": True}), "v_th must be a finite number"),
    (pop(params={"reset": np.ones(2)}), "reset must be one of value, subtract"),
    (pop(params={"method": "rk4"}), "method must be one of exact, euler"),
    (pop(params={"hold": "yes"}), "hold must be True or False"),
    (pop(params={"t_ref": 1e300}), "t_ref must be at most"),
    (pop(kernels={"jump": "exp"}), "a kernel is a pair"),
    (pop(kernels={"jump": ("exp", 5.0)}), "a kernel is a pair"),
    (pop(kernels={"jump": (None, {})}), "a model is a module or its name"),
    (pop(kernels={"nowhere": ("exp", {})}), "port of a kernel must be one of"),
    (pop(kernels=["jump"]), "kernels must be a dict"),
    (pop(kernels={"jump": ("exp", {"tau_syn": -1.0})}), "tau_syn must be > 0 ms"),
    (pop(init={"v": "0"}), "the value must be a finite number, got '0'"),
    (pop(init={"v": np.zeros(4)}), r"needs one number or shape \(3,\)"),
    (pop(init={"v": [[1], [1, 2]]}), "the value must be a finite number"),
    (pop(init={"w": 0.0}), "init must be one of v, r, got 'w'"),
    (pop(init=0.0), "params and init must be dicts"),
    # PoissonSource and PoissonInput
    (poisson(rate=-1.0), "rate must be in"),
    (poisson(rate=NAN), "rate must be a finite number"),
    (poisson(rate=1e9), "rate must be in"),
    (poisson(rate=[1.0, 2.0, 3.0]), r"rate must be one number or have shape \(2,\)"),
    (poisson(stream=7), "stream must be a Stream, got 7"),
    (poisson(stream=rng.Stream("a", 1.0)), "stream must be a Stream"),
    (drive(rate=INF), "rate must be a finite number"),
    (drive(rate=np.ones((3, 3))), "rate must be one number or have shape"),
    (drive(weight=NAN), "weight must be a finite number"),
    (drive(weight=np.ones(3)), "weight must be one number"),
    (drive(weight="1"), "weight must be a finite number"),
    (drive(target="s"), "the target must have neurons"),
    (drive(target=np.array(["a"])), "target must be a name"),
    (drive(port="v"), "port of 'a' must be one of"),
    (drive(stream=None), "stream must be a Stream"),
    # CurrentInput, Modulator
    (with_part("inputs", 0, port=3), "port must be a name, got 3"),
    (with_part("inputs", 0, target="b"), "population must be one of s, q, a"),
    (with_part("inputs", 2, target="s"), "the modulator must be of .a."),
    (with_part("inputs", 2, target=None), "population must be one of|target must be a name"),
    # Projection
    (first(source="z"), "population must be one of s, q, a, got 'z'"),
    (first(source=None), "source must be a name, got None"),
    (first(target=["a"]), "target must be a name"),
    (first(target="q"), "the target must have neurons"),
    (first(port="nowhere"), "port of 'a' must be one of"),
    (first(port=("jump",)), "port must be a name"),
    (first(delay=NAN), "delay must be a finite number in ms"),
    (first(delay=-1.0), "delay must be in"),
    (first(delay=1e300), "delay must be in"),
    (first(delay="1"), "delay must be a finite number"),
    (first(delay=1j), "delay must be a finite number"),
    (first(delay=True), "delay must be a finite number"),
    (first(delay=None), "delay must be a finite number"),
    (first(delay=np.ones(5)), r"delay must be one number or have shape \(6,\)"),
    (first(delay=[[1.0], [1.0, 2.0]]), "delay must be a finite number"),
    (first(delay=np.ones((2, 3))), r"delay must be one number or have shape \(6,\)"),
    (plastic(delay=0.0), "delay must be at least 1 step"),
    (plastic(delay=np.full(9, np.longdouble("1e400"))), "delay must be a finite number"),
    (first(csr=None), "csr must be a neurosparse.Csr, got 'NoneType'"),
    (first(csr=np.ones((2, 3))), "csr must be a neurosparse.Csr, got 'ndarray'"),
    (first(csr=WIRING[:2]), "csr must be a neurosparse.Csr"),
    (first(csr=BACK), r"csr must have shape \(2, 3\), got \(3, 3\)"),
    (synapses(indptr=None), "csr must be a neurosparse.Csr"),
    (synapses(indptr=np.array([0, 3])), "indptr must rise from 0 to 6"),
    (synapses(indptr=np.array([0, 7, 6])), "indptr must rise from 0 to 6"),
    (synapses(indptr=np.array([1, 3, 6])), "indptr must rise from 0 to 6"),
    (synapses(indptr=np.array([0, 2**62, 6])), "indptr must rise from 0 to 6"),
    (synapses(indptr=np.array([0.0, 3.0, 6.0])), "indptr must be an int64 vector"),
    (synapses(indptr=np.array([[0, 3, 6]])), "indptr must be an int64 vector"),
    (synapses(indptr=np.zeros(0, np.int64)), "indptr must be an int64 vector"),
    (synapses(indices=WIRING.indices.astype(np.int64)), "need int32 indices"),
    (synapses(indices=np.array(3, np.int32)), "csr must be a neurosparse.Csr"),
    (synapses(indices=WIRING.indices.reshape(2, 3)), "indices must be a vector"),
    (synapses(indices=swapped), "targets must ascend in each row"),
    (synapses(indices=twice), "targets must ascend in each row"),
    (synapses(indices=outside), r"indices must be in \[0, 3\)"),
    (synapses(indices=below), r"indices must be in \[0, 3\)"),
    (synapses(weight=np.ones(5, np.float32)), "of one shape"),
    (synapses(weight=np.ones(6)), "float32 weights"),
    (synapses(weight=bad_weight), "weight must be a finite number"),
    (synapses(n_cols=-3), "n_cols must be in"),
    (synapses(n_cols="3"), "n_cols must be a whole number"),
    (synapses(n_cols=2**40), "n_cols must be in"),
    # rules, releases, modulators
    (plastic(rule="stdp"), r"plasticity is a pair \(model, parameters\), got 'stdp'"),
    (plastic(rule=("stdp",)), "plasticity is a pair"),
    (plastic(rule=("stdp", None)), "plasticity is a pair"),
    (plastic(rule=("stpd", {})), "did you mean 'stdp'"),
    (plastic(rule=("lif", {})), "must be one of|a model defines"),
    (plastic(rule=("stdp", {"w_max": NAN})), "w_max must be a finite number"),
    (plastic(rule=("stdp", {"w_max": np.ones(9)})), "w_max must be one number"),
    (plastic(rule=("stdp", {"w_max": 0.1})), "weights must lie in the rule's bounds"),
    (plastic(rule=("stdp", {"tau_plus": -1.0})), "tau_plus must be > 0"),
    (plastic(rule=("reward_stdp", {"every": 0.0})), "every must be at least 1 step"),
    (plastic(rule=("stdp", {"pairing": 1})), "pairing must be one of all, nearest"),
    (plastic(csr=BACK._replace(weight=mixed)), "weights under a rule must have one sign"),
    (plastic(release=("tsodyks", {"u_0": 2.0})), "u_0 must be in"),
    (plastic(release=("tsodyks", {"u_0": np.ones(2)})), r"needs one number or shape \(3,\)"),
    (plastic(release=3.0), "release is a pair"),
    (plastic(modulator="i"), "modulator must be one of m"),
    (plastic(modulator=3), "modulator must be a name, got 3"),
    (plastic(rule=None), "a modulator needs a rule"),
    # huge
    (size(2**31 - 1), "must fit in memory"),
    (Network((PoissonSource("q", 2**31 - 1, 1.0, STREAM),)), "must fit in memory"),
    (later(10**6, wire.bernoulli, 1.0), "must fit in memory"),
    (later(10**7, wire.fixed_in_degree, 10**5), "must fit in memory"),
    (later(10**6, wire.multapses, 10**12), "must fit in memory"),
    (later(10**7, wire.fixed_in_degree, 10**6)._replace(dt=1e-9), "must fit in memory"),
]  # fmt: skip


@pytest.mark.parametrize("net, words", NETWORKS, ids=range(len(NETWORKS)))
def test_malformed_networks(net, words, monkeypatch):
    monkeypatch.setattr(check, "memory", lambda: 8 << 30)
    started = time.perf_counter()
    message = refused(lambda: clock.compile(net))
    assert time.perf_counter() - started < DEADLINE
    assert re.search(words, message), message


def test_a_printed_network_is_checked_too():
    for net, _ in NETWORKS[2:26]:
        refused(lambda net=net: str(net))
    assert "must be" in refused(lambda: describe.memory(network(), duration=NAN))


FIELDS = [
    (where, at, field)
    for where in ("populations", "projections", "inputs")
    for at, part in enumerate(getattr(network(), where))
    for field in part._fields
]


@pytest.mark.parametrize("where, at, field", FIELDS, ids=lambda value: str(value))
def test_junk_in_every_field_is_refused_or_run(where, at, field):
    for junk in JUNK:
        tolerated(lambda junk=junk: clock.compile(with_part(where, at, **{field: junk})))


@pytest.mark.parametrize("field", Network._fields)
def test_junk_for_a_network(field):
    for junk in JUNK:
        tolerated(lambda junk=junk: clock.compile(network(**{field: junk})))


def parameters():
    """Every parameter of every model that comes with the package."""
    for kind, package in (
        ("neurons", neurons),
        ("synapses", synapses_),
        ("plasticity", plasticity),
        ("release", release),
    ):
        for file in sorted(Path(package.__file__).parent.glob("*.py")):
            if file.stem != "__init__":
                module = find.find_module("test", file.stem, kind)
                for name, about in inspect.signature(module.params).parameters.items():
                    if name != "dt" and about.kind != about.VAR_KEYWORD:
                        yield kind, file.stem, name, about.default


@pytest.mark.parametrize("kind, model, name, default", [*parameters()])
def test_junk_for_every_parameter(kind, model, name, default):
    for junk in JUNK:
        tolerated(lambda junk=junk: clock.compile(one(kind, model, {name: junk})))
    for junk in (NAN, "abc", 1j, [[1], [1, 2]], np.ones((3, 3)), *([] if default is None else [None])):
        refused(lambda junk=junk: clock.compile(one(kind, model, {name: junk})))


def one(kind, model, given):
    """A network with one model of this kind."""
    if kind == "neurons":
        return Network((Population("a", 3, model, given),))
    if kind == "synapses":
        return Network((Population("a", 3, "lif", {}, {"jump": (model, given)}),))
    spec = {"rule" if kind == "plasticity" else "release": (model, given)}
    return Network((Population("a", 3, "lif"),), (Projection("a", "a", BACK, 1.0, "jump", **spec),))


@given(st.sampled_from(FIELDS), st.one_of(st.sampled_from(JUNK), st.floats(), st.integers(), st.text(), st.binary(),
       st.lists(st.one_of(st.floats(), st.integers(), st.none(), st.lists(st.integers()))),
       st.dictionaries(st.text(), st.floats()), st.tuples(st.text(), st.dictionaries(st.text(), st.floats()))))  # fmt: skip
@settings(max_examples=60)
def test_one_random_field_of_a_network_that_runs(spot, junk):
    """It runs with spikes that are ids in steps, or it is refused in words; never anything else, and never long."""
    where, at, field = spot
    started = time.perf_counter()
    tolerated(lambda: malformed.run(with_part(where, at, **{field: junk})))
    assert time.perf_counter() - started < DEADLINE
