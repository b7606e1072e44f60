"""What the event-driven engine refuses: each mistake in one message, before anything runs."""

import math

import numpy as np
import pytest

from neurosparse import precise, rng
from neurosparse.network import (
    Coupling,
    CurrentInput,
    Modulator,
    Network,
    PoissonInput,
    PoissonSource,
    Population,
    SpikeSource,
)
from neurosparse.precise import Train
from tests.test_precise import one, train


def fine(**changes):
    parts = {"neuron": "lif", "params": {}, "delay": 1.0, "port": "jump", "kernels": {}, "init": {}} | changes
    population = Population("n", 1, parts["neuron"], parts["params"], parts["kernels"], parts["init"])
    return Network((SpikeSource("in", 1), population), (one("in", "n", 1.0, parts["delay"], parts["port"]),))


@pytest.mark.parametrize(
    "net, match",
    [
        ("net", "needs a Network, got 'str'"),
        (fine(neuron="liff"), "must be one of intfire1, lif, lif_exp, got 'liff'; did you mean 'lif'"),
        (fine(neuron="no.such.module"), "a module that can be imported"),
        (fine(neuron=3), "a model is a module or its name"),
        (fine(neuron="neurosparse.neurons.alif"), "others run on the grid: clock.run.* got 'alif'"),
        (fine(neuron="json"), "a closed form defines .* without PORTS, .*clock.run"),
        (fine(params={"tau": 3.0}), "takes other arguments"),
        (fine(params={"tau_mem": -1.0}), "tau_mem must be > 0 ms"),
        (fine(params={"v_reset": 1.0}), "v_reset must be below v_th"),
        (fine(params={"hold": 1}), "hold must be True or False"),
        (fine(params={"tau_mem": np.ones(3)}), r"needs one number or shape \(1,\)"),
        (fine(init={"m": 0.0}), "init must be one of ready, v"),
        (fine(kernels={"jump": ("exp", {})}), "runs without synaptic kernels"),
        (fine(delay=-1.0), "delay must be >= 0"),
        (fine(delay=np.ones(2)), r"delay must be one number or have shape \(1,\)"),
        (fine(neuron="lif_exp", params={"r": 0.0}, port="exc"), "r must be > 0 GOhm"),
        (fine(neuron="intfire1", params={"t_ref": -1.0}), "t_ref must be >= 0 ms"),
        (fine()._replace(inputs=(CurrentInput("dc", "n", "jump"),)), "inputs must name in, dc"),
        (fine(port="current"), "port of 'n' must be one of jump"),
        (fine()._replace(projections=(one("n", "n", 1.0, 0.0),)), "delay must be >= 1e-09 ms"),
        (fine()._replace(projections=(one("n", "in"),)), "the target must have neurons"),
        (fine()._replace(projections=(one("in", "n", shape=(2, 1)),)), r"csr must have shape \(1, 1\)"),
        (fine()._replace(projections=(one("in", "n")._replace(rule=("stdp", {})),)), "runs without a rule"),
        (fine()._replace(inputs=(PoissonInput("n", "jump", 1.0, 1.0, rng.stream(0, "x")),)), "inputs must be CurrentInput"),
        (fine()._replace(populations=(PoissonSource("in", 1, 5.0, rng.stream(0, "x")),)), "SpikeSources with given trains; 'in' is neither"),
    ],
)  # fmt: skip
def test_networks_that_can_not_run(net, match):
    with pytest.raises((ValueError, TypeError), match=match):
        precise.run(net, 10.0, {"in": train()})


@pytest.mark.parametrize(
    "inputs, match",
    [
        ({}, "inputs must name in"),
        ({"in": train(), "other": train()}, "input must be one of in"),
        ([1], "inputs must be a dict"),
        ({"in": [1, 2]}, "needs a Train"),
        ({"in": Train(np.zeros(2, int), np.zeros(1))}, "ids i and times t of one length"),
        ({"in": train((0, -1.0))}, "times must be >= 0 ms"),
        ({"in": train((0, math.nan))}, "times must be a finite number"),
        ({"in": train((1, 1.0))}, r"ids must be in \[0, 0\]"),
    ],
)
def test_inputs_that_can_not_run(inputs, match):
    with pytest.raises((ValueError, TypeError), match=match):
        precise.run(fine(), 10.0, inputs)


def test_a_model_that_does_not_compile(tmp_path, monkeypatch):
    (tmp_path / "strange.py").write_text(
        "from neurosparse.precise.models.lif import *\nfrom neurosparse.precise.models import lif\n"
        "def fire(p, s):\n    return eval('lif.fire(p, s)')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from numba import config

    if config.DISABLE_JIT:
        pytest.skip("plain Python compiles nothing")
    with pytest.raises(TypeError, match="the closed forms of strange must compile"):
        precise.run(fine(neuron="strange", params={"i_bias": 2.0})._replace(), 5.0, {"in": train()})


def test_currents_that_can_not_run():
    net = Network((Population("n", 1, "lif"),), (), (CurrentInput("dc", "n", "jump"),))
    with pytest.raises(ValueError, match="port must be one of current, got 'jump'"):
        precise.run(net, 1.0, {"dc": 1.0})
    net = net._replace(inputs=(CurrentInput("dc", "n", "current"),))
    with pytest.raises(ValueError, match=r"needs one number or shape \(1,\), got \(10, 1\)"):
        precise.run(net, 1.0, {"dc": np.ones((10, 1))})
    with pytest.raises(ValueError, match="duration must be >= 0 ms"):
        precise.run(net, -1.0, {"dc": 1.0})


def test_populations_need_names():
    cell = Population("n", 1, "lif")
    with pytest.raises(ValueError, match="populations and inputs need distinct names"):
        precise.run(Network((cell, cell)), 1.0)


@pytest.mark.parametrize("change, match", [
    ({"populations": (PoissonSource("s", 1, 5.0, rng.stream(0, "x")), Population("n", 1, "lif"))},
     "SpikeSources with given trains; 's' is neither, got 'PoissonSource'; draw its spikes beforehand"),
    ({"projections": (one("in", "n")._replace(rule=("stdp", {})),)}, "runs without a rule.*run it on the grid"),
    ({"projections": (one("in", "n")._replace(release=("tsodyks", {})),)}, "runs without a release"),
    ({"couplings": (Coupling("n", "n", one("n", "n").csr, "current", "v"),)}, "runs without couplings"),
    ({"populations": (*fine().populations[:-1], fine().populations[-1]._replace(every=1.0))}, "no clock of its own"),
    ({"inputs": (Modulator("m", "n"),)}, "inputs must be CurrentInput, got 'Modulator'"),
])  # fmt: skip
def test_what_only_the_grid_has_is_told_before_missing_inputs(change, match):
    with pytest.raises((ValueError, TypeError), match=match):
        precise.run(fine()._replace(**change), 10.0)
