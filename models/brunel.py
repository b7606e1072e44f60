"""Brunel's sparse random network of excitatory and inhibitory integrate-and-fire neurons, model A.

Source: Brunel, J. Comput. Neurosci. 8 (2000) 183, sections 2 and 4, figure 8: both populations alike, delta synapses,
fixed in-degrees, external Poisson spikes. NEST's examples of this network reset to 0 mV instead of 10 mV.

g    inhibition over excitation: an inhibitory spike takes g J
eta  external rate over  nu_thr = theta / (J C_E tau),  the rate that alone holds the mean at threshold
"""

from typing import NamedTuple

from pydantic import Field

from neurosparse import csr, rng, wire
from neurosparse.io import config
from neurosparse.network import Network, PoissonInput, Population, Projection


class Config(config.Config):
    """The network's constants; `scale` shrinks neurons and in-degrees, and synapses grow as much, so that J C stays."""

    g: float = Field(default=5.0, ge=0, le=100, description="relative strength of inhibition")
    eta: float = Field(default=2.0, ge=0, le=100, description="external rate, in units of the threshold rate")
    v_reset: float = Field(default=10.0, lt=20, description="reset, mV: 10 in the paper, 0 in NEST's examples")
    scale: float = Field(default=1.0, ge=0.01, le=100, description="of neurons and in-degrees; 1: 12,500 and 1,250")
    delay: float = Field(default=1.5, gt=0, le=100, description="of every synapse, ms")
    dt: float = Field(default=0.1, gt=0, le=1, description="ms")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of wiring, first potentials and external spikes")


TAU_MEM, THETA, T_REF = 20.0, 20.0, 2.0  # ms, mV, ms: section 2.1


class Sizes(NamedTuple):
    """What `scale` stands for."""

    n: dict[str, int]  # neurons of "exc" and "inh"
    in_degree: dict[str, int]  # synapses that a neuron receives from each: a tenth of them
    weight: float  # J, mV


def sizes(c: Config) -> Sizes:
    """N_E = 10,000, N_I = 2,500, C = N / 10, J = 0.1 mV at scale 1."""
    degree = {"exc": round(1000 * c.scale), "inh": round(250 * c.scale)}
    return Sizes({name: 10 * k for name, k in degree.items()}, degree, 100.0 / degree["exc"])


def external_rate(c: Config) -> float:
    """Hz of all external spikes that one neuron receives: eta C_E nu_thr."""
    return c.eta * THETA / (sizes(c).weight * TAU_MEM) * 1000.0


def build(c: Config) -> Network:
    """Populations "exc" and "inh"; every input arrives at the port "jump"."""
    n, degree, j = sizes(c)
    membrane = {"tau_mem": TAU_MEM, "v_th": THETA, "v_reset": c.v_reset, "t_ref": T_REF}
    first = {name: THETA * rng.uniforms(rng.stream(c.seed, f"first v {name}"), size) for name, size in n.items()}
    populations = tuple(Population(name, size, "lif", membrane, init={"v": first[name]}) for name, size in n.items())
    weight = {"exc": j, "inh": -c.g * j}
    projections = tuple(
        Projection(source, target, _wire(c, source, target, n, degree[source], weight[source]), c.delay, "jump")
        for source in n
        for target in n
    )
    drive = tuple(
        PoissonInput(name, "jump", external_rate(c), j, rng.stream(c.seed, f"external spikes {name}")) for name in n
    )
    return Network(populations, projections, drive, c.dt)


def _wire(c: Config, source: str, target: str, n: dict[str, int], degree: int, weight: float) -> csr.Csr:
    stream = rng.stream(c.seed, f"wiring {source} {target}")
    return wire.fixed_in_degree(stream, n[source], n[target], degree, weight, loops=source != target)
