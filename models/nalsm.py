"""NALSM: a liquid whose weights an astrocyte steers to the edge of chaos, and the baselines of its paper.

Source: Ivanov & Michmizos, "Increasing liquid state machine performance with edge-of-chaos dynamics organized by
astrocyte-modulated plasticity", NeurIPS 2021, and its published code (combra-lab/NALSM) for all constants, which stand
in `neurosparse.liquid`, `plasticity.astro_stdp` and here.

1. Initialisation: short snapshots of training samples, one after the other; weights and the traces of the rule carry
   over, all else begins anew. (Traces that begin anew as well lose about a point of accuracy: a snapshot of 20 ms holds
   two time constants of them, so that few pairs would meet.)
2. Features: each sample is run from the stored weights with plasticity on and all its rates falling by 1 % a step;
   the features are the spike counts of the liquid's neurons. Static liquids and AP-STDP do not learn here.
3. A linear readout.

compat = "nalsm2021" restores what the code does and the paper does not say (the defaults mend it): a sample begins with
the traces that the sample before it in its place of the batch of 250 left (the first ones with those of the
initialisation), only the newest spike of a synapse counts, test images are scaled by their own largest pixel, and the
readout is theirs (`models.nalsm_readout`). Two things are the engine's, not theirs: both changes of a synapse in a step
are clipped one by one (theirs together: up to 1e-3 mV), and the spikes that end a snapshot, which the next step would
deliver, are lost with it, their depression too. The paper's w_astro for 8,000 neurons is 0.0075.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
from pydantic import Field

from models import liquid
from neurosparse import check, clock, csr, rng
from neurosparse import liquid as parts
from neurosparse.csr import Csr
from neurosparse.io import config
from neurosparse.network import SpikeMonitor

SNAPSHOT_MS = 20.0
SAMPLE_MS = 250.0
ANNEAL = 0.99  # of all rates, a step
TAU_ADAPT = 100.0  # ms
BATCH = 250  # samples that the authors' code runs at once


class Config(config.Config):
    """The model; the defaults are the paper's for 1,000 neurons and images of 28 x 28."""

    n_inputs: int = Field(default=784, ge=1, description="input channels; MNIST has 28 x 28, N-MNIST 2 x 34 x 34")
    n_neurons: int = Field(default=1000, ge=8, le=20_000, description="neurons of the liquid")
    rule: Literal["nalsm", "static", "stdp", "ap_stdp"] = Field(default="nalsm", description="what changes weights")
    w_astro: float = Field(default=0.015, ge=0, le=10, description="weight of a spike on the astrocyte (nalsm)")
    listening: float = Field(default=1.0, ge=0, le=1, description="share of neurons and inputs that it hears")
    domains: tuple[int, int, int] = Field(default=(1, 1, 1), description="blocks of the grid with an astrocyte each")
    diffusion: float = Field(default=0.0, ge=0, le=100, description="coupling of neighbouring astrocytes")
    weight_scale: float = Field(default=0.9, ge=0, le=100, description="|w| of a static liquid, mV")
    c_theta: float = Field(default=37.0, ge=0, description="calcium threshold of AP-STDP, about Hz")
    c_width: float = Field(default=22.0, ge=0, description="width of its windows, about Hz")
    excitatory: float = Field(default=0.8, ge=0, le=1, description="share of excitatory neurons")
    length: float = Field(default=3.0, gt=0, description="lambda of the distance decay, grid units")
    input_density: float = Field(default=0.15, ge=0, le=1, description="share of input-liquid pairs that are connected")
    fields: float = Field(default=0.0, ge=0, le=100, description="SD of oriented receptive fields, pixels; 0: random")
    tau_spread: float = Field(default=0.0, ge=0, le=2, description="SD of the logarithms of time constants")
    adaptation: float = Field(default=0.0, ge=0, le=100, description="rise of the threshold with a spike, mV")
    max_delay: int = Field(default=1, ge=1, le=100, description="longest recurrent delay, ms; the shortest is 1")
    n_liquids: int = Field(default=1, ge=1, le=100, description="liquids that share the neurons evenly")
    compat: Literal["", "nalsm2021"] = Field(default="", description="nalsm2021: with the quirks of the authors' code")
    seed: int = Field(default=0, ge=0, description="of the wiring")

    @property
    def learns(self) -> bool:
        """Whether there is an initialisation."""
        return self.rule != "static"


def build(c: Config) -> liquid.Liquid:
    """Wire the model. Raises ValueError for liquids that do not share evenly, and fields on what is no square image."""
    wires = wiring(c)
    n, stream = len(wires.positions), rng.stream(c.seed, "time constants")
    spread = np.exp(c.tau_spread * rng.normals(stream, 2 * n).reshape(2, n)) if c.tau_spread else (1.0, 1.0)
    membrane = parts.MEMBRANE | {"tau_mem": parts.MEMBRANE["tau_mem"] * spread[0]}
    cell = ("alif", membrane | {"beta": c.adaptation, "tau_adapt": TAU_ADAPT}) if c.adaptation else ("lif", membrane)
    draws = rng.uniforms(rng.stream(c.seed, "delays"), wires.recurrent.nnz)
    delay = 1.0 if c.max_delay == 1 else 1.0 + np.floor(draws * c.max_delay)
    first = parts.FIRST.get(c.rule, c.weight_scale)
    net = parts.network(wires, first, cell, parts.TAU_SYN * spread[1], learning(c), bool(c.compat), delay)
    return liquid.Liquid(net, wires.excitatory, wires.positions, wires.recurrent, wires.inputs)


def wiring(c: Config) -> parts.Wiring:
    """The paper's wiring, or one of its changes."""
    share, rest = divmod(c.n_neurons, c.n_liquids)
    if rest:
        check.fail("nalsm.build", f"n_neurons must be a multiple of n_liquids = {c.n_liquids}", c.n_neurons)
    if c.n_liquids == 1:
        wires = liquid.wiring(c)
    else:
        seeds = [int(word) for word in rng.permutation(rng.stream(c.seed, "liquids"), 2**20)[: c.n_liquids]]
        wires = parts.together(
            liquid.wiring(c.model_copy(update={"n_neurons": share, "seed": seed})) for seed in seeds
        )  # fmt: skip
    if c.fields:
        side = math.isqrt(c.n_inputs)
        if side**2 != c.n_inputs:
            check.fail("nalsm.build", "receptive fields need a square image", f"{c.n_inputs} inputs")
        n_synapses = max(1, round(c.input_density * c.n_inputs))
        inputs = parts.receptive_fields((side, side), c.n_neurons, n_synapses, c.fields, c.seed)
        wires = wires._replace(inputs=inputs)
    return wires


def learning(c: Config) -> parts.Learning | None:
    """What changes the weights."""
    window = {"c_theta": c.c_theta, "c_width": c.c_width} if c.rule == "ap_stdp" else {}
    return parts.learning(
        c.rule, c.w_astro, window, listening=c.listening, domains=c.domains, diffusion=c.diffusion, seed=c.seed
    )  # fmt: skip


def compile(built: liquid.Liquid, monitors: tuple = (SpikeMonitor("liquid", counts_only=True),)) -> clock.Engine:
    """The engine of both phases, in float32: half the memory for weights that each thread copies for each sample."""
    return clock.compile(built.network, monitors, precision="float32")


def initialise(c: Config, engine: clock.Engine, snapshots: Iterable[dict]) -> clock.Moment | None:
    """Weights after the snapshots; None for a static liquid."""
    if not c.learns:
        return None
    learn = ({"rate": 1.0} | inputs for inputs in snapshots)
    start = parts.initialise(engine, learn, SNAPSHOT_MS, traces=True)
    return start if c.compat else clock.restart(engine, start)


def samples(c: Config, shown: Iterable, duration=SAMPLE_MS) -> Iterable:
    """Inputs of the second phase, from functions that return a sample's events."""
    rate = parts.annealed(c.rule, round(duration), ANNEAL)
    return ((lambda sample=sample: sample() | rate) for sample in shown)


def features(
    c: Config, engine: clock.Engine, start: clock.Moment | None, shown: Iterable, threads: int, duration=SAMPLE_MS
) -> Iterator[clock.Run]:
    """Runs of all samples, each from the stored weights; a sample is a function that returns its events."""
    shown = samples(c, shown, duration)
    if start is None or not c.compat:
        return clock.run_batch(engine, duration, shown, threads, start)
    return _batches(engine, start, shown, threads, duration)


def _batches(engine, start: clock.Moment, shown: Iterable, threads: int, duration: float) -> Iterator[clock.Run]:
    """Each sample from the weights of `start` and the traces that the one before in its place of the batch left."""
    fixed = {name: array for name, array in start.arrays.items() if name[0] == "w"}
    left = [start] * BATCH

    def one(place: int, sample) -> clock.Run:
        run = clock.run(engine, duration, sample, start=left[place])
        assert run.end is not None
        begun = clock.restart(engine, run.end, traces=True, step=start.step)
        left[place] = clock.Moment(start.step, begun.arrays | fixed)
        return run._replace(end=None)

    rest = iter(shown)
    with ThreadPoolExecutor(threads) as pool:
        while batch := list(itertools.islice(rest, BATCH)):
            yield from pool.map(one, range(len(batch)), batch)


def recurrent(engine: clock.Engine, start: clock.Moment | None) -> Csr:
    """Synapses liquid -> liquid with the weights of `start`: those of excitatory and of inhibitory sources."""
    names = [part.name for part in engine.plan.parts]
    at = names.index("liquid")
    weights = clock.weights(engine, start)
    mine = [csr.to_coo(w) for w, r in zip(weights, engine.plan.routes, strict=True) if r.source == r.target == at]
    n = engine.plan.parts[at].n
    rows, cols, weight = (np.concatenate(each) for each in zip(*mine, strict=True))
    return csr.from_coo(rows, cols, weight, (n, n))
