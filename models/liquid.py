"""A static liquid of NALSM's constants: spiking neurons on a grid, wired by distance, driven by input neurons.

Sources: Maass, Natschläger & Markram, Neural Computation 14 (2002) 2531 for the geometry; Ivanov & Michmizos,
"Increasing liquid state machine performance with edge-of-chaos dynamics organized by astrocyte-modulated
plasticity", NeurIPS 2021, and its published code ("NALSM" below) for every constant. The liquid that learns is
`models/nalsm.py`; the parts of both stand in `neurosparse.liquid`.

One step is 1 ms. The synaptic kernel is additive where the authors' code keeps only the newest spike of a synapse;
the two differ at the shortest interval, 3 ms, by 5 %.
"""

import inspect
from typing import NamedTuple

import numpy as np
from pydantic import Field

from neurosparse import encode, rng
from neurosparse import liquid as parts
from neurosparse.csr import Csr
from neurosparse.find import find_module
from neurosparse.io import config
from neurosparse.network import Network


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


def wiring(c) -> parts.Wiring:
    """The wiring of a configuration of this file, or of `models/nalsm.py`."""
    names = ("n_inputs", "n_neurons", "excitatory", "length", "input_density", "seed")
    return parts.wiring(**{name: getattr(c, name) for name in names})


def build(c: Config) -> Liquid:
    """Wire a liquid. Ids are random on the grid; the first ones are excitatory."""
    wires = wiring(c)
    network = parts.network(wires, c.weight_scale, (c.neuron, {**membrane(c.neuron), **c.neuron_params}))
    inputs, recurrent = (projection.csr for projection in network.projections[1:])
    return Liquid(network, wires.excitatory, wires.positions, recurrent, inputs)  # type: ignore[arg-type]


def membrane(neuron: str) -> dict:
    """Those of the liquid's membrane parameters that a neuron's `params` takes, whoever wrote it."""
    takes = inspect.signature(find_module("Liquid", neuron, "neurons").params).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in takes):
        return parts.MEMBRANE
    return {name: value for name, value in parts.MEMBRANE.items() if name in {parameter.name for parameter in takes}}


def events(p: np.ndarray, n_steps: int, stream: rng.Stream, sample: int) -> dict:
    """Inputs of one run: Bernoulli events with probability p (n_inputs,) in each step, of sample number `sample`."""
    return {"events": encode.bernoulli(p, n_steps, stream, sample)}
