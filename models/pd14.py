"""The cortical microcircuit of Potjans & Diesmann: four layers, each of an excitatory and an inhibitory population.

Source: Potjans & Diesmann, Cerebral Cortex 24 (2014) 785, tables 4 and 5. Downscaling with preserved mean and variance
of the input: van Albada, Helias & Diesmann, PLoS Comput. Biol. 11 (2015) e1004490, applied to this network in van
Albada et al., Front. Neurosci. 12 (2018) 291: synapses grow by 1 / sqrt(in_degree_scale), and a constant current makes
up for the mean that is then missing.

Multapses: the paper draws K = log(1 - p) / log(1 - 1 / (N_pre N_post)) synapses with replacement, each with its weight
and delay. Here the m contacts of a pair are one synapse whose weight is the sum of theirs and whose delay is that of
one. Numbers and weights in all stay; the contacts of a pair arrive together rather than spread over about 1 ms, which a
membrane of 10 ms hardly tells apart. At every scale that leaves N_pre N_post p synapses; `merged` tells how many
contacts are not the first of their pair (4.7 % in all; L5I -> L5E most, 20 %). At scale 0.1 NEST, with its multapses,
gives 0.48, 2.12, 4.01, 5.05, 6.75, 7.84, 0.86, 7.02 Hz, and this model the same within 0.5 Hz.
"""

from typing import Any

import numpy as np
from pydantic import Field
from scipy import sparse, special

from neurosparse import csr, rng, theory, wire
from neurosparse.io import config
from neurosparse.network import Network, PoissonInput, Population, Projection

NAMES = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
FULL = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])  # neurons, table 5
P = np.array([  # probability that a pair has a synapse, [target, source], table 5
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000],
    [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
])  # fmt: skip
K_EXT = np.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100])  # external synapses of a neuron, table 5
EXTERNAL_HZ = 8.0  # of each
RATES = np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829])  # Hz, NEST at full scale, for the scaling
FIRST_MEAN = np.array([-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43])  # mV, near the stationary state
FIRST_SD = np.array([5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48])  # mV, of the authors' code, as RATES
MEMBRANE = {
    "tau_mem": 10.0,
    "tau_exc": 0.5,
    "tau_inh": 0.5,
    "v_rest": -65.0,
    "v_th": -50.0,
    "v_reset": -65.0,
    "t_ref": 2.0,
    "r": 10.0 / 250.0,
}  # fmt: skip  ms, mV, and GOhm: tau_mem / 250 pF
DELAY = {"E": (1.5, 0.75), "I": (0.75, 0.375)}  # ms, mean and deviation by the source


class Config(config.Config):
    """How much of the network, and what may be varied in it."""

    scale: float = Field(default=0.1, gt=0.001, le=1, description="share of the neurons")
    in_degree_scale: float = Field(default=0.1, gt=0.001, le=1, description="share of the synapses of a neuron")
    psp: float = Field(default=0.15, gt=0, le=10, description="excitatory potential, mV; L4E to L23E twice that")
    g: float = Field(default=-4.0, ge=-100, le=0, description="inhibitory over excitatory weight")
    spread: float = Field(default=0.1, ge=0, le=1, description="deviation of the weights over their mean")
    dt: float = Field(default=0.1, gt=0, le=0.5, description="ms")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of wiring, weights, delays, first potentials, drive")


def full_synapses() -> np.ndarray:
    """(8, 8) synapses of the whole network, [target, source]: 299 million in all."""
    pairs = np.outer(FULL, FULL).astype(float)
    return np.log1p(-P) / np.log1p(-1.0 / pairs)


def merged() -> np.ndarray:
    """(8, 8) share of the contacts that join another of their pair: 1 - p / -log(1 - p)."""
    contacts = -np.log1p(-P)
    return 1.0 - np.divide(P, contacts, out=np.ones_like(P), where=P > 0)


def sizes(c: Config) -> dict[str, int]:
    """Neurons of each population."""
    return {name: max(1, round(c.scale * int(n))) for name, n in zip(NAMES, FULL)}


def weights(c: Config) -> np.ndarray:
    """(8, 8) mean synaptic currents of the whole network, pA, [target, source]."""
    current = c.psp / theory.psp_peak("exp", MEMBRANE["tau_mem"], MEMBRANE["tau_exc"], MEMBRANE["r"]).height
    table = np.tile(current * np.array([1.0, c.g] * 4), (8, 1))
    table[0, 2] *= 2.0
    return table


def constant_current(c: Config) -> np.ndarray:
    """(8,) pA that replace the mean input lost by downscaling; RATES are those of the whole network."""
    w, k = weights(c), full_synapses() / FULL[:, None]
    mean = (w * k) @ RATES + w[0, 0] * K_EXT * EXTERNAL_HZ
    return MEMBRANE["tau_exc"] / 1000.0 * (1.0 - np.sqrt(c.in_degree_scale)) * mean


def build(c: Config) -> Network:
    """Populations "exc" and "inh", each of its four layers one after the other; see `order` for who is where.

    Two populations rather than eight: a loop over 55 projections takes most of a minute to compile, one over 4 seconds.
    """
    members = {"exc": NAMES[::2], "inh": NAMES[1::2]}
    populations = tuple(_population(c, name, layers) for name, layers in members.items())
    projections = tuple(_project(c, b, a, members[b], members[a]) for b in members for a in members)
    weight = float(weights(c)[0, 0] / np.sqrt(c.in_degree_scale))
    drive = tuple(
        PoissonInput(name, "exc", EXTERNAL_HZ * c.in_degree_scale * _each(c, K_EXT, layers), weight,
                     rng.stream(c.seed, f"external spikes {name}"))
        for name, layers in members.items()
    )  # fmt: skip
    return Network(populations, projections, drive, c.dt)


def order(c: Config) -> np.ndarray:
    """(n,) place of each neuron, "exc" before "inh", if the eight populations follow each other as in NAMES."""
    n = sizes(c)
    first = dict(zip(NAMES, np.cumsum([0, *n.values()])))
    return np.concatenate([first[name] + np.arange(n[name]) for name in NAMES[::2] + NAMES[1::2]])


def _each(c: Config, values: np.ndarray, layers: tuple[str, ...]) -> np.ndarray:
    """Values of the eight populations, [NAMES], as one for each neuron of these layers."""
    return np.repeat([float(values[NAMES.index(name)]) for name in layers], [sizes(c)[name] for name in layers])


def _population(c: Config, name: str, layers: tuple[str, ...]) -> Population:
    noise = [rng.normals(rng.stream(c.seed, f"first v {layer}"), sizes(c)[layer]) for layer in layers]
    v = _each(c, FIRST_MEAN, layers) + _each(c, FIRST_SD, layers) * np.concatenate(noise)
    params: dict[str, Any] = MEMBRANE | {"i_bias": _each(c, constant_current(c), layers)}
    return Population(name, len(v), "lif_exp", params, init={"v": v})


def _project(c: Config, source: str, target: str, sources: tuple[str, ...], targets: tuple[str, ...]) -> Projection:
    """All synapses between two populations: 16 blocks, drawn one by one, as one matrix."""
    table: list[list] = []
    strengths, delays, nnz = [], [], 0
    for b in sources:
        line = []
        for a in targets:
            made, strength, delay = _block(c, NAMES.index(a), NAMES.index(b))
            places = np.arange(nnz, nnz + made.nnz)
            line.append(sparse.csr_array((places, made.indices, made.indptr), shape=(made.n_rows, made.n_cols)))
            nnz += made.nnz
            strengths.append(strength)
            delays.append(delay)
        table.append(line)
    whole: Any = sparse.block_array(table, format="csr")
    wiring = csr.make(whole.indptr.astype(np.int64), whole.indices.astype(np.int32), np.empty(0), whole.shape[1])
    wiring = csr.reweight(wiring, np.concatenate(strengths)[whole.data])
    return Projection(source, target, wiring, np.concatenate(delays)[whole.data], source)


def _block(c: Config, a: int, b: int) -> tuple[csr.Csr, np.ndarray, np.ndarray]:
    """(pairs, their weights in pA, their delays in ms) from population b to population a."""
    n, here = sizes(c), f"{NAMES[b]} {NAMES[a]}"
    w = weights(c)[a, b] / np.sqrt(c.in_degree_scale)
    total = round(full_synapses()[a, b] * c.in_degree_scale * n[NAMES[a]] / FULL[a])
    made = wire.multapses(rng.stream(c.seed, f"wiring {here}"), n[NAMES[b]], n[NAMES[a]], total)
    noise = rng.normals(rng.stream(c.seed, f"weights {here}"), made.nnz)
    strength = w * np.maximum(made.weight + c.spread * np.sqrt(made.weight) * noise, 0.0)  # the sum of m normal ones
    return made, strength, _delays(rng.stream(c.seed, f"delays {here}"), made.nnz, *DELAY[NAMES[b][-1]], c.dt)


def _delays(stream: rng.Stream, n: int, mean: float, deviation: float, dt: float) -> np.ndarray:
    """(n,) normal numbers that round to one step or more, on the grid, ms."""
    least = special.ndtr((0.5 * dt - mean) / deviation)
    u = least + (1.0 - least) * rng.uniforms(stream, n)
    return dt * np.maximum(np.rint((mean + deviation * special.ndtri(u)) / dt), 1.0)
