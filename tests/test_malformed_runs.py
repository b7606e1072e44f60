"""Malformed monitors, inputs, durations, moments and models of one's own: refused in words, before anything runs."""

import re
import textwrap
from contextlib import suppress

import numpy as np
import pytest

from neurosparse import check, clock, encode, jit, precise
from neurosparse.io import moments
from neurosparse.network import Network, Population, PopulationRateMonitor, Projection, SpikeMonitor, StateMonitor
from neurosparse.precise import Train
from tests import malformed
from tests.malformed import BACK, INF, JUNK, NAN, events, inputs, network, refused, tolerated

V = StateMonitor("a", ("v",))
MONITORS = [
    (SpikeMonitor("a"), r"a monitor is a|monitors must be a tuple"),
    ((3,), "a monitor is a"),
    ({"a": 1}, "monitors must be a tuple"),
    (None, "monitors must be a tuple, got None"),
    ((SpikeMonitor("b"),), "population must be one of s, q, a, got 'b'"),
    ((SpikeMonitor(None),), "population must be one of"),
    ((SpikeMonitor("a", 1),), "counts_only must be True or False, got 1"),
    ((SpikeMonitor("a", np.ones(3)),), "counts_only must be True or False"),
    ((SpikeMonitor("a"), SpikeMonitor("a")), "one monitor of a kind"),
    ((StateMonitor("s", ("v",)),), "the target must have neurons"),
    ((V._replace(fields=()),), "fields must be a tuple of names"),
    ((V._replace(fields="v"),), "fields must be a tuple of names"),
    ((V._replace(fields=("w",)),), "field must be one of v, r, got 'w'"),
    ((V._replace(fields=(3,)),), "field must be one of v, r, got 3"),
    ((V._replace(fields=("v", "v")),), "each field may be named once"),
    ((V._replace(every=0),), "every must be in"),
    ((V._replace(every=1.0),), "every must be a whole number"),
    ((V._replace(every=NAN),), "every must be a whole number"),
    ((V._replace(subset=3),), "subset must be a sequence of ids"),
    ((V._replace(subset=np.array(3)),), "subset must be a sequence of ids"),
    ((V._replace(subset="01"),), "subset must be a sequence of ids"),
    ((V._replace(subset=(3,)),), r"id in subset must be in \[0, 2\], got 3"),
    ((V._replace(subset=(-1,)),), "id in subset must be in"),
    ((V._replace(subset=(0.0,)),), "id in subset must be a whole number"),
    ((V._replace(subset=[[0], [0, 1]]),), "id in subset must be a whole number"),
    ((V._replace(window=3.0),), "window must be a pair"),
    ((V._replace(window=(NAN, 1.0)),), "edge of window must be a finite number"),
    ((V._replace(window=(2.0, 1.0)),), "end of window must be >= 2.0"),
    ((V._replace(window=(-1.0, 1.0)),), "start of window must be >= 0"),
    ((V._replace(window=(0.0, 1e300)),), "end of window must be in"),
    ((V._replace(window=((0.0, 1.0), 2.0)),), "edge of window must be"),
    ((PopulationRateMonitor(7),), "population must be one of"),
]  # fmt: skip


@pytest.mark.parametrize("monitors, words", MONITORS, ids=range(len(MONITORS)))
def test_malformed_monitors(monitors, words):
    message = refused(lambda: clock.compile(network(), monitors))
    assert re.search(words, message), message


def cut(**changes):
    return events()._replace(**changes)


INPUTS = [
    ([1], "inputs must be a dict of names"),
    (np.ones(3), "inputs must be a dict of names"),
    (0, "inputs must be a dict of names"),
    (lambda: None, "inputs must be a dict of names, got None"),
    ({}, "inputs must name s, i, m"),
    (inputs(z=1.0), "input must be one of s, i, m, got 'z'"),
    ({3: 1.0, **inputs()}, "input must be one of s, i, m, got 3"),
    (inputs(s=None), "events must be an encode.Events, got None"),
    (inputs(s=(1, 2)), "events must be an encode.Events"),
    (inputs(s=events(4)), "events must last 5 steps, got 4"),
    (inputs(s=encode.events_from_pairs([2], [0], 5)), r"events.index must be in \[0, 2\), got \(2, 2\)"),
    (inputs(s=cut(index=np.array([-1, 1], np.int32))), r"events.index must be in \[0, 2\)"),
    (inputs(s=cut(index=np.array([0, 1]))), "index .* int32"),
    (inputs(s=cut(index=None)), "events must hold two arrays"),
    (inputs(s=cut(start=[0, 1, 2])), "events must hold two arrays"),
    (inputs(s=cut(start=np.array([0, 0, 9, 1, 2, 2]))), "events.start must rise"),
    (inputs(s=cut(start=np.array([1, 1, 1, 1, 2, 2]))), "events.start must rise"),
    (inputs(s=cut(start=np.zeros(0, np.int64))), "events.start must rise"),
    (inputs(s=encode.Events(np.array([0, 2, 2, 2, 2, 2]), np.array([1, 0], np.int32))), "ascend within each step"),
    (inputs(i=NAN), "the values must be a finite number"),
    (inputs(i=np.full((5, 3), INF)), "the values must be a finite number"),
    (inputs(i="1"), "the values must be a finite number"),
    (inputs(i=None), "the values must be a finite number"),
    (inputs(i=[[1.0], [1.0, 2.0]]), "the values must be a finite number"),
    (inputs(i=np.ones(4)), r"needs one number, \(3,\), \(5, 1\) or \(5, 3\), got \(4,\)"),
    (inputs(i=np.ones((4, 3))), r"needs one number, \(3,\)"),
    (inputs(i=np.ones((1, 5, 3))), "needs one number"),
    (inputs(i=np.zeros(0)), "needs one number"),
    (inputs(i=np.longdouble("1e400")), "the values must be a finite number"),
    (inputs(m=1j), "modulator 'm': the values must be a finite number"),
    (inputs(m=np.ones((3, 5))), "modulator 'm': needs one number"),
]  # fmt: skip


@pytest.mark.parametrize("given, words", INPUTS, ids=range(len(INPUTS)))
def test_malformed_inputs(engine, given, words):
    message = refused(lambda: clock.run(engine, 0.5, given))
    assert re.search(words, message), message
    assert refused(lambda: [*clock.run_batch(engine, 0.5, [given], 1)]) == message


@pytest.fixture(scope="module")
def engine():
    return clock.compile(network(), (SpikeMonitor("a"),))


CALLS = [
    (lambda e: clock.run(e, NAN, inputs()), "duration must be a finite number in ms, got nan"),
    (lambda e: clock.run(e, INF, inputs()), "duration must be a finite number"),
    (lambda e: clock.run(e, -1.0, inputs()), "duration must be in"),
    (lambda e: clock.run(e, 1e300, inputs()), "duration must be in"),
    (lambda e: clock.run(e, 0.05, inputs()), "duration must be a whole number of steps of 0.1 ms"),
    (lambda e: clock.run(e, "1", inputs()), "duration must be a finite number"),
    (lambda e: clock.run(e, [1.0, 2.0], inputs()), r"duration must be one number, got \(2,\)"),
    (lambda e: clock.run(e, None, inputs()), "duration must be a finite number"),
    (lambda e: clock.run(e, 0.5, inputs(), (SpikeMonitor("a"),)), "an Engine has its monitors and threads already"),
    (lambda e: clock.run(e, 0.5, inputs(), threads=np.ones(2)), "an Engine has its monitors and threads already"),
    (lambda e: clock.run(None, 0.5), "needs a Network, got 'NoneType'"),
    (lambda e: clock.compile(network(), threads=0), "threads must be in"),
    (lambda e: clock.compile(network(), threads=2.0), "threads must be a whole number"),
    (lambda e: clock.compile(network(), threads=10**9), "threads must be in"),
    (lambda e: clock.compile(network(), threads=True), "threads must be a whole number"),
    (lambda e: clock.compile(network(), precision="float16"), "precision must be one of float64, float32"),
    (lambda e: clock.compile(network(), precision=np.float32), "precision must be one of float64, float32"),
    (lambda e: [*clock.run_batch(network(), 0.5, [])], "needs an Engine, got 'Network'"),
    (lambda e: [*clock.run_batch(e, NAN, [])], "duration must be a finite number"),
    (lambda e: [*clock.run_batch(e, 0.5, inputs())], "samples must be a sequence of inputs"),
    (lambda e: [*clock.run_batch(e, 0.5, 3)], "samples must be a sequence of inputs, got 3"),
    (lambda e: [*clock.run_batch(e, 0.5, [inputs()], 10**9)], "threads must be in"),
    (lambda e: clock.weights(e, 3), "start must be the end of a Run, got 3"),
    (lambda e: precise.run("net", 1.0), "needs a Network"),
    (lambda e: precise.run(Network((Population("a", 1, "lif"),)), NAN), "duration must be a finite number"),
    (lambda e: precise.run(Network((Population("a", 1, "lif"),)), [1.0, 2.0]), "duration must be one number"),
    (lambda e: precise.run(Network((Population("a", 1, "lif", {"i_bias": 1e300}),)), 1.0), "more often than every 0.001 ms"),
    (lambda e: precise.run(network(), 1.0, {"s": Train([[1], [1, 2]], [1.0])}), "inputs must|ids must be an array|are Population"),
]  # fmt: skip


@pytest.mark.parametrize("call, words", CALLS, ids=range(len(CALLS)))
def test_malformed_calls(engine, call, words):
    message = refused(lambda: call(engine))
    assert re.search(words, message), message


def test_recordings_that_do_not_fit(monkeypatch):
    monkeypatch.setattr(check, "memory", lambda: 1 << 20)
    net = Network((Population("a", 3, "lif"),))
    monkeypatch.setattr("neurosparse.describe.require", lambda net: None)
    for monitor in (V, PopulationRateMonitor("a")):
        assert "stream it to disk" in refused(lambda monitor=monitor: clock.run(net, 1e6, monitors=(monitor,)))


@pytest.fixture(scope="module")
def middle(engine):
    return clock.run(engine, 0.5, inputs()).end


def changed(middle, name, at, value):
    array = middle.arrays[name].copy()
    array[at] = value
    return middle._replace(arrays=middle.arrays | {name: array})


MOMENTS = [
    (lambda m: m._replace(step=-1), "step of the moment must be in"),
    (lambda m: m._replace(step=NAN), "step of the moment must be a whole number"),
    (lambda m: m._replace(step=10**30), "step of the moment must be in"),
    (lambda m: m._replace(arrays=None), "must hold a dict of arrays"),
    (lambda m: m._replace(arrays=m.arrays | {"ring2": [0]}), "must hold a dict of arrays"),
    (lambda m: m._replace(arrays={}), "start must come from this network"),
    (lambda m: m._replace(arrays=m.arrays | {"more": np.zeros(3)}), "start must come from this network"),
    (lambda m: m._replace(arrays=m.arrays | {"s2_v": np.zeros(4)}), "start must come from this network"),
    (lambda m: m._replace(arrays=m.arrays | {"s2_v": np.zeros(3, ">f8")}), "start must come from this network"),
    (lambda m: m._replace(arrays=m.arrays | {"start0": np.zeros((2, 1), np.int64)}), "start must come from this network"),
    (lambda m: changed(m, "ringn2", 0, 4), r"spikes of a step must be in \[0, 3\]"),
    (lambda m: changed(m, "ringn2", 0, -1), r"spikes of a step must be in \[0, 3\]"),
    (lambda m: changed(m, "ringn1", 0, 2**62), r"spikes of a step must be in \[0, 2\]"),
    (lambda m: changed(changed(m, "ringn2", 0, 1), "ring2", (0, 0), 3), r"ids must be in \[0, 2\]"),
    (lambda m: changed(changed(m, "ringn2", 0, 1), "ring2", (0, 0), -1), r"ids must be in \[0, 2\]"),
    (lambda m: changed(changed(m, "ringn2", 0, 2), "ring2", 0, 1), "ids must ascend in each step"),
    (lambda m: changed(m, "z2", 5, 1), "only 3 neurons can spike, got 5"),
    (lambda m: changed(m, "last1", 0, 99), "last spikes of projection 1 must be in"),
    (lambda m: changed(m, "start0", 0, 1), "events.start must rise"),
    (lambda m: m._replace(arrays=m.arrays | {"start0": np.array([0, 1]), "index0": np.array([7], np.int32)}), r"in \[0, 2\)"),
    (lambda m: m._replace(arrays=m.arrays | {"start0": np.zeros(0, np.int64)}), "events.start must rise"),
]  # fmt: skip


@pytest.mark.parametrize("tamper, words", MOMENTS, ids=range(len(MOMENTS)))
def test_tampered_moments(engine, middle, tmp_path, monkeypatch, tamper, words):
    moment = tamper(middle)
    message = refused(lambda: clock.run(engine, 0.5, inputs(), start=moment))
    assert re.search(words, message), message
    assert refused(lambda: moments.save(moment, engine, tmp_path / "m.h5")).startswith("moments.save")
    assert not [*tmp_path.iterdir()]
    monkeypatch.setattr(clock, "check_moment", lambda *_: None)
    if isinstance(moment.arrays, dict) and not any(isinstance(array, list) for array in moment.arrays.values()):
        with suppress(ValueError, OverflowError, TypeError):  # HDF5 has no such step
            path = moments.save(moment, engine, tmp_path / "m.h5")
            monkeypatch.undo()
            assert refused(lambda: moments.load(path, engine)).startswith("moments.load")


def test_junk_in_every_array_of_a_moment(engine, middle):
    for name in middle.arrays:
        for junk in JUNK:
            start = middle._replace(arrays=middle.arrays | {name: junk})
            tolerated(lambda start=start: clock.run(engine, 0.5, inputs(), start=start))
    for name in middle.arrays:
        for value in (-1, 1, 127):
            array = np.zeros_like(middle.arrays[name]) + np.array(value).astype(middle.arrays[name].dtype)
            start = middle._replace(arrays=middle.arrays | {name: array})
            tolerated(lambda start=start: clock.run(engine, 0.5, inputs(), start=start))


NEURON = """
    from typing import NamedTuple
    from neurosparse import ops
    PORTS = ("x",)
    class Params(NamedTuple):
        th: float
    class State(NamedTuple):
        v: float
    def params(th=1.0, dt=0.1):
        return Params(th)
    def init(p):
        return State(0.0)
    def step(p, s, x):
        return State(s.v + x), ops.spike(s.v - p.th)
"""
FILES = [
    ("PORTS", "P0RTS", "a model defines PORTS.* without PORTS"),
    ("def step", "def stop", "without step"),
    ("class State", "class Stat", "the model's file must load|without State"),
    ('("x",)', '"x"', "PORTS must be a tuple of names, got 'x'"),
    ('("x",)', '("x y",)', "PORTS must be a tuple of names"),
    ('("x",)', "(3,)", "PORTS must be a tuple of names"),
    ("th: float", "th: float = 1.0", r"Params must have no defaults, got \{'th': 1.0\}"),
    ("v: float", "v: float = 0.0", "State must have no defaults"),
    ("class State(NamedTuple)", "class State", "State must be a NamedTuple"),
    ("def step(p, s, x):", "def step(p, s, x)", r"the model's file must load \(SyntaxError"),
    ("import ops", "import nothing_here", r"the model's file must load \(ImportError"),
    ("PORTS =", "1 / 0\nPORTS =", r"the model's file must load \(ZeroDivisionError"),
    ("return Params(th)", "return th", "params must return its Params, got 1.0"),
    ("return Params(th)", "return Params(float('nan'))", "the value must be a finite number, got nan"),
    ("return Params(th)", "return Params('x')", "the value must be a finite number, got 'x'"),
    ("return Params(th)", "return Params(1.0 / 0)", r"params takes other values \(ZeroDivisionError"),
    ("return Params(th)", "return Params([1, 2][3])", r"params takes other values \(IndexError"),
    ("th=1.0, dt=0.1", "th=1.0", r"params takes other arguments \(TypeError"),
    ("return State(0.0)", "return 0.0", "init must return its State, got 0.0"),
    ("return State(0.0)", "return State([0.0, 1.0])", r"needs one number or shape \(3,\)"),
    ("return State(0.0)", "return State(None)", "the value must be a finite number"),
    ("return State(0.0)", "raise KeyError('v')", r"init takes other values \(KeyError"),
    ("def step(p, s, x):", "step = 3\n    def other(p, s, x):", "step must be a function, got 3"),
    ('PORTS = ("x",)', 'PORTS = ("x",)\n    ADDS = {"y": "v"}', "ADDS must be a dict from ports to fields"),
    ('PORTS = ("x",)', 'PORTS = ("x",)\n    ADDS = {"x": "w"}', "ADDS must be a dict from ports to fields"),
    ('PORTS = ("x",)', 'PORTS = ("x",)\n    ADDS = ["x"]', "ADDS must be a dict from ports to fields"),
]  # fmt: skip
STEPS = [
    "return s",
    "return 1.0",
    "return None",
    "return State(s.v)",
    "return s, z",
    "return open('x')",
    "return s.w, 0.0",
]


def own(folder, old, new):
    text = textwrap.dedent(NEURON)
    new = new.replace("\n    ", "\n")
    assert old in text
    (folder / "mine.py").write_text(text.replace(old, new, 1))
    return Network((Population("a", 3, str(folder / "mine.py")),), (Projection("a", "a", BACK, 1.0, "x"),))


def test_the_model_that_is_broken_here_runs(tmp_path):
    assert clock.run(own(tmp_path, "PORTS", "PORTS"), 0.5).n_steps == 5


@pytest.mark.parametrize("old, new, words", FILES, ids=range(len(FILES)))
def test_malformed_models(tmp_path, old, new, words):
    message = refused(lambda: clock.compile(own(tmp_path, old, new)))
    assert re.search(words, message), message


@pytest.mark.skipif(jit.disabled(), reason="plain Python compiles nothing")
@pytest.mark.parametrize("end", STEPS)
def test_steps_that_do_not_compile(tmp_path, end):
    net = own(tmp_path, "return State(s.v + x), ops.spike(s.v - p.th)", end)
    assert "must compile" in refused(lambda: malformed.run(net, {}, monitors=()))
