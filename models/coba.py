"""COBA: the conductance-based network of Vogels & Abbott; CUBA with synapses that have reversal potentials.

Source: Vogels & Abbott, J. Neurosci. 25 (2005) 10786; benchmark 1 of Brette et al., J. Comput. Neurosci. 23 (2007) 349:
weights of 6 and 67 nS beside a leak of 10 nS. Sizes, wiring and seeds are those of `models/cuba.py`.

Two kinds of background are in use. With v_rest = -49 mV, above threshold as in CUBA, the network never stops. The
benchmark itself has v_rest = -60 mV: then only a network that is started hard goes on, by itself, for a time that
nobody can foretell. A rate is no oracle here; liveness and speed are what it is for.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from models import cuba
from neurosparse import csr, rng
from neurosparse.io import config
from neurosparse.network import Network, Projection


class Config(config.Config):
    """The network's constants; networks of another size keep 80 synapses a neuron."""

    n: int = Field(default=4000, ge=100, le=4_000_000, description="neurons, 80 % of them excitatory")
    wiring: Literal["bernoulli", "fixed"] = Field(
        default="bernoulli", description="bernoulli: every pair with one probability; fixed: one in-degree for all"
    )
    in_degree: int = Field(default=80, ge=1, description="synapses that a neuron receives, 80 % excitatory")
    w_exc: float = Field(default=6.0, ge=0, description="excitatory weight, nS")
    w_inh: float = Field(default=67.0, ge=0, description="inhibitory weight, nS")
    v_rest: float = Field(default=-49.0, ge=-90, le=0, description="-49: driven background; -60: none, mV")
    start: Literal["rest", "open"] = Field(
        default="rest", description="rest: no conductance at first; open: those of lively activity, as in the benchmark"
    )
    delay: float = Field(default=0.1, gt=0, description="ms")
    dt: float = Field(default=0.1, gt=0, le=1, description="ms")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of wiring and first state")


MEMBRANE = {
    "tau_mem": 20.0,
    "c_m": 200.0,
    "tau_exc": 5.0,
    "tau_inh": 10.0,
    "e_exc": 0.0,
    "e_inh": -80.0,
    "v_th": -50.0,
    "v_reset": -60.0,
    "t_ref": 5.0,
}  # ms, pF, mV: a leak of 10 nS
OPEN = {"v": (-65.0, 5.0), "g_exc": (40.0, 15.0), "g_inh": (200.0, 120.0)}  # mean and deviation, mV and nS


def build(c: Config) -> Network:
    """Populations "exc" and "inh"; the ports are the kind of the source."""
    shared = {name: getattr(c, name) for name in ("n", "wiring", "in_degree", "w_exc", "delay", "dt", "seed")}
    net = cuba.build(cuba.Config(**shared, w_inh=-c.w_inh))
    membrane = MEMBRANE | {"v_rest": c.v_rest}
    populations = [p._replace(neuron="lif_cond", params=membrane) for p in net.populations]
    if c.start == "open":
        populations = [p._replace(init=_open(c, p.name, p.n)) for p in populations]
    weight = {"exc": c.w_exc, "inh": c.w_inh}
    projections = tuple(_reweighted(projection, weight[projection.source]) for projection in net.projections)
    return net._replace(populations=tuple(populations), projections=projections)


def _reweighted(projection: Projection, weight: float) -> Projection:
    assert isinstance(projection.csr, csr.Csr)
    return projection._replace(csr=csr.reweight(projection.csr, weight))


def _open(c: Config, name: str, n: int) -> dict[str, np.ndarray]:
    """Normal numbers, conductances cut off at 0."""
    drawn = {}
    for field, (mean, deviation) in OPEN.items():
        x = mean + deviation * rng.normals(rng.stream(c.seed, f"first {field} {name}"), n)
        drawn[field] = x if field == "v" else np.maximum(x, 0.0)
    return drawn
