"""CUBA: the current-based network of Vogels & Abbott, the field's common benchmark of spiking simulators.

Source: Vogels & Abbott, J. Neurosci. 25 (2005) 10786; benchmark 2 of Brette et al., J. Comput. Neurosci. 23 (2007) 349,
in the parameters that Brian2 ships (its example CUBA). Currents are given in mV of steady depolarisation (r = 1).
"""

from typing import Literal

import numpy as np
from pydantic import Field

from neurosparse import csr, rng, wire
from neurosparse.io import config
from neurosparse.network import Network, Population, Projection


class Config(config.Config):
    """The network's constants; networks of another size keep 80 synapses a neuron."""

    n: int = Field(default=4000, ge=100, le=4_000_000, description="neurons, 80 % of them excitatory")
    wiring: Literal["bernoulli", "fixed"] = Field(
        default="bernoulli", description="bernoulli: every pair with one probability; fixed: one in-degree for all"
    )
    in_degree: int = Field(default=80, ge=1, description="synapses that a neuron receives, 80 % excitatory")
    w_exc: float = Field(default=1.62, ge=0, description="excitatory weight, mV: 60 * 0.27 / 10")
    w_inh: float = Field(default=-9.0, le=0, description="inhibitory weight, mV: -20 * 4.5 / 10")
    delay: float = Field(default=0.1, gt=0, description="ms; one step: Brian2 delivers at the end of the step")
    dt: float = Field(default=0.1, gt=0, le=1, description="ms")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of wiring and first membrane potentials")


MEMBRANE = {
    "tau_mem": 20.0,
    "tau_exc": 5.0,
    "tau_inh": 10.0,
    "v_rest": -49.0,
    "v_th": -50.0,
    "v_reset": -60.0,
    "t_ref": 5.0,
}  # fmt: skip  ms and mV


def build(c: Config, later: bool = False) -> Network:
    """Populations "exc" and "inh"; the ports are the kind of the source. `later`: with recipes for the synapses."""
    sizes = {"exc": round(0.8 * c.n), "inh": c.n - round(0.8 * c.n)}
    degree = {"exc": round(0.8 * c.in_degree), "inh": c.in_degree - round(0.8 * c.in_degree)}
    weight = {"exc": c.w_exc, "inh": c.w_inh}
    populations = tuple(
        Population(name, n, "lif_exp", MEMBRANE, init={"v": _first(c, name, n)}) for name, n in sizes.items()
    )
    follow = wire.later if later else _now
    projections = tuple(
        Projection(
            source, target, follow(*_recipe(c, source, target, sizes, degree[source], weight[source])), c.delay, source
        )
        for source in sizes
        for target in sizes
    )
    return Network(populations, projections, dt=c.dt)


def _first(c: Config, name: str, n: int) -> np.ndarray:
    """Uniform between reset and threshold."""
    low, high = MEMBRANE["v_reset"], MEMBRANE["v_th"]
    return low + (high - low) * rng.uniforms(rng.stream(c.seed, f"first v {name}"), n)


def _recipe(c: Config, source: str, target: str, sizes: dict, degree: int, weight: float) -> tuple:
    """A builder and its arguments."""
    stream, n_pre, n_post = rng.stream(c.seed, f"wiring {source} {target}"), sizes[source], sizes[target]
    if c.wiring == "fixed":
        return wire.fixed_in_degree, stream, n_pre, n_post, degree, weight, source != target
    return wire.bernoulli, stream, n_pre, n_post, degree / n_pre, weight


def _now(builder, *args) -> csr.Csr:
    return builder(*args)
