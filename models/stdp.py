"""STDP on Poisson inputs: competition drives the weights of a neuron apart.

Source: Song, Miller & Abbott, Nature Neuroscience 3 (2000) 919, in the parameters that Brian2 ships (its example STDP):
1,000 excitatory inputs, conductances in units of the leak, depression 5 % stronger than potentiation.
"""

from pydantic import Field

from neurosparse import csr, rng, wire
from neurosparse.io import config
from neurosparse.network import Network, PoissonSource, Population, Projection


class Config(config.Config):
    """The network's constants."""

    n: int = Field(default=1, ge=1, le=100_000, description="neurons, each with synapses of its own from all inputs")
    inputs: int = Field(default=1000, ge=1, le=1_000_000, description="Poisson sources")
    rate: float = Field(default=15.0, ge=0, description="of an input, Hz")
    g_max: float = Field(default=0.01, gt=0, description="largest weight, in units of the leak")
    a_plus: float = Field(default=0.01, ge=0, description="largest potentiation by a pair, in units of g_max")
    ratio: float = Field(default=1.05, ge=0, description="depression over potentiation, a_minus / a_plus")
    tau_plus: float = Field(default=20.0, gt=0, description="ms; tau_minus is the same")
    dt: float = Field(default=0.1, gt=0, le=1, description="ms")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="of inputs and first weights")


MEMBRANE = {
    "tau_mem": 10.0,
    "c_m": 10.0,  # pF, so that the leak is 1 nS and weights count in it
    "tau_exc": 5.0,
    "v_rest": -74.0,
    "v_th": -54.0,
    "v_reset": -60.0,
    "t_ref": 0.0,
    "e_exc": 0.0,
    "method": "start",
}  # fmt: skip  ms and mV


def build(c: Config) -> Network:
    """Populations "inputs" and "neurons"; first weights uniform between 0 and g_max."""
    all_pairs = wire.all_to_all(c.inputs, c.n)
    first = c.g_max * rng.uniforms(rng.stream(c.seed, "first weights"), all_pairs.nnz)
    rule = {
        "a_plus": c.a_plus * c.g_max,
        "a_minus": c.ratio * c.a_plus * c.g_max,
        "tau_plus": c.tau_plus,
        "tau_minus": c.tau_plus,
        "w_max": c.g_max,
    }
    return Network(
        (
            PoissonSource("inputs", c.inputs, c.rate, rng.stream(c.seed, "inputs")),
            Population("neurons", c.n, "lif_cond", MEMBRANE),
        ),
        (Projection("inputs", "neurons", csr.reweight(all_pairs, first), c.dt, "exc", ("stdp", rule)),),
        dt=c.dt,
    )
