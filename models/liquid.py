"""A liquid: spiking neurons on a grid, wired by distance, driven by input neurons (Maass 2002; NALSM 2021).

Sources: Maass, Natschläger & Markram, Neural Computation 14 (2002) 2531 for the geometry; Ivanov & Michmizos,
"Increasing liquid state machine performance with edge-of-chaos dynamics organized by astrocyte-modulated
plasticity", NeurIPS 2021, and its published code ("NALSM" below) for every constant. Weights are static here.

One step is 1 ms. The synaptic kernel is additive where the authors' code keeps only the newest spike of a synapse;
the two differ at the shortest interval, 3 ms, by 5 %.
"""

import inspect
from typing import NamedTuple

import numpy as np
from pydantic import Field

from neurosparse import csr, encode, rng, wire
from neurosparse.csr import Csr
from neurosparse.find import find_module
from neurosparse.io import config
from neurosparse.network import Network, Population, Projection, SpikeSource

CONNECT = ((0.2, 0.1), (0.3, 0.05))  # C[pre, post] for E, I: EE 0.2, EI 0.1, IE 0.3, II 0.05 (NALSM)


class Config(config.Config):
    """The liquid's constants; the defaults are NALSM's, for 1,000 neurons."""

    n_inputs: int = Field(default=784, ge=1, description="input channels; MNIST has 28 x 28")
    n_neurons: int = Field(default=1000, ge=1, le=20_000, description="neurons of the liquid; 10 x 10 x 10 on the grid")
    weight_scale: float = Field(
        default=0.9, ge=0, le=100, description="|w| of every synapse, mV; NALSM sweeps 0.4 to 1.4"
    )
    excitatory: float = Field(default=0.8, ge=0, le=1, description="share of excitatory neurons")
    length: float = Field(default=3.0, gt=0, description="lambda of the distance decay, grid units")
    input_density: float = Field(default=0.15, ge=0, le=1, description="share of input-liquid pairs that are connected")
    neuron: str = Field(default="lif", description="neuron of the liquid: a name, a module or a file.py")
    neuron_params: dict[str, float | str | bool] = Field(
        default={}, description="its parameters, over those of the liquid"
    )
    seed: int = Field(default=0, ge=0, description="of the wiring")


class Liquid(NamedTuple):
    """A built liquid. Populations: "events" (give Events of n_inputs elements), "input", "liquid"."""

    network: Network
    excitatory: np.ndarray  # (n_neurons,) bool
    positions: np.ndarray  # (n_neurons, 3) grid units
    recurrent: Csr  # liquid -> liquid
    inputs: Csr  # input -> liquid


# v <- v (1 - 1/64) + u, threshold 20, reset 0; v integrates while refractory; 2 refractory steps (NALSM).
MEMBRANE = {"tau_mem": 64.0, "method": "euler", "v_th": 20.0, "v_reset": 0.0, "t_ref": 2.0, "hold": False}
EVENT = 100.0  # mV that an event adds to its input neuron: it fires, unless refractory (NALSM)
TAU_SYN = 1.0  # ms; the code draws randint(1, 2), which is always 1 (NALSM)


def build(c: Config) -> Liquid:
    """Wire a liquid. Ids are random on the grid; the first ones are excitatory."""
    n = c.n_neurons
    positions = wire.lattice(n)[rng.permutation(rng.stream(c.seed, "liquid positions"), n)]
    excitatory = np.arange(n) < round(c.excitatory * n)
    kind = np.where(excitatory, 0, 1)
    recurrent = wire.distance(rng.stream(c.seed, "liquid wiring"), positions, kind, np.array(CONNECT), c.length)
    sign = np.where(excitatory, 1.0, -1.0)[csr.to_coo(recurrent)[0]]
    recurrent = csr.reweight(recurrent, c.weight_scale * sign)
    n_synapses = int(c.input_density * n * c.n_inputs)
    inputs = wire.pairs(rng.stream(c.seed, "input wiring"), c.n_inputs, n, n_synapses)
    flip = rng.bernoullis(rng.stream(c.seed, "input signs"), np.full(n_synapses, 0.5))
    inputs = csr.reweight(inputs, c.weight_scale * np.where(flip, -1.0, 1.0))
    params = {**membrane(c.neuron), **c.neuron_params}
    network = Network(
        populations=(
            SpikeSource("events", c.n_inputs),
            Population("input", c.n_inputs, "lif", MEMBRANE),
            Population("liquid", n, c.neuron, params, kernels={"jump": ("exp", {"tau_syn": TAU_SYN})}),
        ),
        projections=(
            Projection("events", "input", wire.one_to_one(c.n_inputs, EVENT), 0.0, "jump"),
            Projection("input", "liquid", inputs, 1.0, "jump"),
            Projection("liquid", "liquid", recurrent, 1.0, "jump"),
        ),
        dt=1.0,
    )
    return Liquid(network, excitatory, positions, recurrent, inputs)


def membrane(neuron: str) -> dict:
    """Those of the liquid's membrane parameters that a neuron's `params` takes, whoever wrote it."""
    takes = inspect.signature(find_module("Liquid", neuron, "neurons").params).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes):
        return MEMBRANE
    return {name: MEMBRANE[name] for name in MEMBRANE if name in {parameter.name for parameter in takes}}


def events(p: np.ndarray, n_steps: int, stream: rng.Stream, sample: int) -> dict:
    """Inputs of one run: Bernoulli events with probability p (n_inputs,) in each step, of sample number `sample`."""
    return {"events": encode.bernoulli(p, n_steps, stream, sample)}
