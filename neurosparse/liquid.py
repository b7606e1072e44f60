"""Liquids: spiking neurons on a grid, wired by distance, driven by input neurons, with or without plasticity.

    wires = liquid.wiring(784, 1000, seed=0)
    net = liquid.network(wires, 3.0, learning=Learning("astro_stdp", w_astro=0.015))
    engine = clock.compile(net, (SpikeMonitor("liquid", counts_only=True),))
    start = liquid.initialise(engine, snapshots, 20.0)          # plastic: weights settle on short snapshots
    for run in clock.run_batch(engine, 250.0, samples, start=start): ...

Populations: "events" (give Events of the input channels), "input", "liquid", and "astro" where one listens. A plastic
network also takes "rate", the course of its learning rate. One step is 1 ms.

Sources: Maass, Natschläger & Markram, Neural Computation 14 (2002) 2531 for the geometry; Ivanov & Michmizos, NeurIPS
2021, and its published code for the phases and all constants.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, clock, csr, rng, wire
from neurosparse.csr import Csr
from neurosparse.network import Coupling, Modulator, Network, Population, Projection, SpikeSource

# v <- v (1 - 1/64) + u, threshold 20, reset 0; v integrates while refractory; 2 refractory steps.
MEMBRANE = {"tau_mem": 64.0, "method": "euler", "v_th": 20.0, "v_reset": 0.0, "t_ref": 2.0, "hold": False}
EVENT = 100.0  # mV that an event adds to its input neuron: it fires, unless refractory
TAU_SYN = 1.0  # ms
TAU_TRACE = -1.0 / math.log(0.90477)  # ms; the code's decay, found by a search on a grid for 10 ms
FIRST = {"nalsm": 3.0, "stdp": 3.0, "ap_stdp": 1.0}  # |w| before learning, mV
CONNECT = ((0.2, 0.1), (0.3, 0.05))  # C[pre, post] for E, I


class Wiring(NamedTuple):
    """Who is wired to whom; weights are +1 and -1."""

    positions: np.ndarray  # (n, 3) grid units
    excitatory: np.ndarray  # (n,) bool
    recurrent: Csr  # liquid -> liquid
    inputs: Csr  # input -> liquid


class Learning(NamedTuple):
    """What changes the weights, and the astrocytes that steer it.

    rule: "astro_stdp" or "ap_stdp", with `params` over w_min, w_max and the signs of its synapses.
    w_astro: weight of a spike of the liquid, and minus that of a spike of an input; 0 leaves depression at b_astro.
    listening: share of the neurons and inputs that an astrocyte hears.
    domains: blocks of the grid along its axes, each with an astrocyte of its own that hears its neurons.
    diffusion: coupling of astrocytes in neighbouring domains.
    """

    rule: str = "astro_stdp"
    params: Mapping[str, Any] = {}
    w_max: float = 3.0
    w_astro: float = 0.015
    tau_astro: float = 100.0
    b_astro: float = 0.15
    listening: float = 1.0
    domains: tuple[int, int, int] = (1, 1, 1)
    diffusion: float = 0.0
    seed: int = 0


def wiring(
    n_inputs: int, n_neurons: int, excitatory=0.8, connect=CONNECT, length=3.0, input_density=0.15, seed=0
) -> Wiring:  # fmt: skip
    """Wire a liquid: ids are random on the grid, the first share is excitatory; signs of inputs are random."""
    n = n_neurons
    positions = wire.lattice(n)[rng.permutation(rng.stream(seed, "liquid positions"), n)]
    first = np.arange(n) < round(excitatory * n)
    kind = np.where(first, 0, 1)
    recurrent = wire.distance(rng.stream(seed, "liquid wiring"), positions, kind, np.array(connect), length)
    recurrent = csr.reweight(recurrent, np.where(first, 1.0, -1.0)[csr.to_coo(recurrent)[0]])
    n_synapses = int(input_density * n * n_inputs)
    inputs = wire.pairs(rng.stream(seed, "input wiring"), n_inputs, n, n_synapses)
    flip = rng.bernoullis(rng.stream(seed, "input signs"), np.full(n_synapses, 0.5))
    return Wiring(positions, first, recurrent, csr.reweight(inputs, np.where(flip, -1.0, 1.0)))


def receptive_fields(shape: tuple[int, int], n_neurons: int, n_synapses: int, sigma: float, seed: int) -> Csr:
    """Input synapses (height * width, n_neurons) from a patch of the image, +1 on one side of a line in it, else -1.

    Each neuron has `n_synapses` different pixels, drawn with a weight that falls as a Gaussian of `sigma` pixels around
    a centre at least sigma from the border, and an orientation of its own: edges drive it, as in a simple cell.
    Raises ValueError for more synapses than pixels and sigma <= 0.
    """
    owner = "liquid.receptive_fields"
    if np.shape(shape) != (2,):
        check.fail(owner, "shape must be (height, width)", shape)
    rows, cols = (each.ravel() for each in np.indices(shape))
    check.integer(owner, "n_neurons", n_neurons, low=1)
    check.integer(owner, "n_synapses", n_synapses, low=1, high=rows.size)
    check.between(owner, "sigma", sigma, 0.01, 1e6, "pixels")
    margin = np.minimum(sigma, (np.array(shape) - 1.0) / 2.0)
    place = rng.uniforms(rng.stream(seed, "receptive fields"), 3 * n_neurons).reshape(n_neurons, 3)
    centres = margin + place[:, :2] * (np.array(shape) - 1.0 - 2.0 * margin)
    made, keys = [], rng.stream(seed, "pixels of receptive fields")
    for i, (row, col) in enumerate(centres):
        far = ((rows - row) ** 2 + (cols - col) ** 2) / (2.0 * sigma**2)
        order = np.log(-np.log(rng.uniforms(keys, rows.size, i))) + far  # weighted draw without replacement
        pixels = np.sort(np.argsort(order)[:n_synapses])
        angle = 2.0 * np.pi * place[i, 2]
        side = np.cos(angle) * (rows - row)[pixels] + np.sin(angle) * (cols - col)[pixels]
        made.append((pixels, np.where(side > 0.0, 1.0, -1.0)))
    pixels, signs = (np.concatenate(each) for each in zip(*made, strict=True))
    return csr.from_coo(pixels, np.repeat(np.arange(n_neurons), n_synapses), signs, (rows.size, n_neurons))


def together(parts: Iterable[Wiring]) -> Wiring:
    """Several liquids with the same inputs as one: no synapses between them, and one beside the other on the grid."""
    parts = list(parts)
    sizes = {part.inputs.n_rows for part in parts}
    if len(sizes) != 1:
        check.fail("liquid.together", "needs liquids with the same number of inputs", sorted(sizes))
    first = np.cumsum([0, *(len(part.positions) for part in parts)])
    width = max(part.positions[:, 0].max() for part in parts) + 2.0
    n, n_inputs = int(first[-1]), parts[0].inputs.n_rows

    def joined(blocks: list[Csr], n_rows: int, down: bool) -> Csr:
        rows, cols, weight = zip(*map(csr.to_coo, blocks), strict=True)
        rows = np.concatenate([each + down * first[k] for k, each in enumerate(rows)])
        cols = np.concatenate([each + first[k] for k, each in enumerate(cols)])
        return csr.from_coo(rows, cols, np.concatenate(weight), (n_rows, n))

    return Wiring(
        np.concatenate([part.positions + np.array([k * width, 0.0, 0.0]) for k, part in enumerate(parts)]),
        np.concatenate([part.excitatory for part in parts]),
        joined([part.recurrent for part in parts], n, True),
        joined([part.inputs for part in parts], n_inputs, False),
    )


def network(
    wires: Wiring, weight: float, cell: tuple[Any, Mapping] = ("lif", MEMBRANE), tau_syn: Any = TAU_SYN,
    learning: Learning | None = None, latest: bool = False, delay: Any = 1.0,
) -> Network:  # fmt: skip
    """The network; every |w| is `weight`, mV, and where it learns at most w_max.

    cell: neuron and its parameters, of the liquid. delay: ms, one number or one for each recurrent synapse.
    latest: only the newest spike of a source counts, see `release.latest`.
    """
    if latest and np.ndim(tau_syn):
        check.fail("liquid.network", "latest needs one tau_syn for all, as sources forget by it", np.shape(tau_syn))
    if np.shape(delay) not in ((), (wires.recurrent.nnz,)):
        check.fail("liquid.network", f"delay must be one number or ({wires.recurrent.nnz},)", np.shape(delay))
    if learning is not None:
        _check(learning)
    n, n_inputs = len(wires.positions), wires.inputs.n_rows
    scaled = wires._replace(
        recurrent=csr.reweight(wires.recurrent, wires.recurrent.weight * np.float32(weight)),
        inputs=csr.reweight(wires.inputs, wires.inputs.weight * np.float32(weight)),
    )
    newest: Any = ("latest", {"tau_syn": tau_syn}) if latest else None
    populations = (
        SpikeSource("events", n_inputs),
        Population("input", n_inputs, "lif", MEMBRANE),
        Population("liquid", n, cell[0], cell[1], kernels={"jump": ("exp", {"tau_syn": tau_syn})}),
    )
    events = Projection("events", "input", wire.one_to_one(n_inputs, EVENT), 0.0, "jump")
    if learning is None:
        inputs = Projection("input", "liquid", scaled.inputs, 1.0, "jump", release=newest)
        among = Projection("liquid", "liquid", scaled.recurrent, delay, "jump", release=newest)
        return Network(populations, (events, inputs, among), dt=1.0)
    return _plastic(scaled, learning, Network(populations, (events,), dt=1.0), newest, delay)


def learning(rule: str, w_astro: float, params: Mapping[str, Any] | None = None, **more) -> Learning | None:
    """What changes the weights of a liquid: rule "nalsm", "stdp", "ap_stdp" or "static", which is None.

    STDP is NALSM whose astrocyte hears nothing, so that depression stays as strong as potentiation. params go to the
    rule, more to `Learning`.
    """
    check.one_of("liquid.learning", "rule", rule, ("nalsm", "static", "stdp", "ap_stdp"))
    if rule == "static":
        return None
    kind = "ap_stdp" if rule == "ap_stdp" else "astro_stdp"
    given = {"tau_trace": TAU_TRACE} | dict(params or {})
    return Learning(kind, given, w_astro=w_astro if rule == "nalsm" else 0.0, **more)


def annealed(rule: str, n_steps: int, factor: float) -> dict[str, np.ndarray]:
    """The learning rate of a sample as inputs of its run: falling by `factor` a step; 0 for AP-STDP; none if static."""
    if rule == "static":
        return {}
    level = 0.0 if rule == "ap_stdp" else factor ** np.arange(n_steps)
    return {"rate": np.broadcast_to(level, (n_steps,))[:, None]}


def _check(learning: Learning) -> None:
    """Raise ValueError or TypeError for what can not be learnt by."""
    owner = "liquid.Learning"
    check.one_of(owner, "rule", learning.rule, ("astro_stdp", "ap_stdp"))
    check.between(owner, "listening", check.scalar(owner, "listening", learning.listening), 0, 1)
    check.at_least(owner, "diffusion", check.scalar(owner, "diffusion", learning.diffusion), 0)
    if not isinstance(learning.domains, tuple | list) or len(learning.domains) != 3:
        check.fail(owner, "domains must be three whole numbers", learning.domains)
    alone = np.prod(learning.domains) == 1
    if (learning.diffusion or not alone) and learning.rule != "astro_stdp":
        check.fail(owner, "domains and diffusion are those of astrocytes, which astro_stdp listens to", learning.rule)
    if learning.diffusion and alone:
        check.fail(owner, "diffusion needs several domains", learning.domains, "as domains=(2, 2, 2)")


def _plastic(wires: Wiring, learning: Learning, net: Network, newest: Any, delay: Any) -> Network:
    """Add the synapses that learn, and what steers them."""
    steered = learning.rule == "astro_stdp"
    heard = ("astro of the liquid", "rate") if steered else ("rate",)
    bounds = {"w_max": learning.w_max} | dict(learning.params)

    def synapses(source: str, wiring: Csr, when: Any, **more) -> Projection:
        rule = (learning.rule, bounds | more)
        return Projection(source, "liquid", wiring, when, "jump", rule, newest, heard)

    rows = csr.to_coo(wires.recurrent)[0]
    from_exc = wires.excitatory[rows]
    spread = np.broadcast_to(delay, rows.shape)
    projections = [synapses("input", wires.inputs, 1.0, w_min=-learning.w_max)]
    for of, inhibitory in ((from_exc, False), (~from_exc, True)):
        when = delay if np.ndim(delay) == 0 else spread[of]
        projections.append(synapses("liquid", _subset(wires.recurrent, of), when, inhibitory=inhibitory))
    net = net._replace(projections=(*net.projections, *projections), inputs=(Modulator("rate", "liquid"),))
    return astrocytes(net, wires.positions, learning) if steered else net


def astrocytes(net: Network, positions: np.ndarray, learning: Learning) -> Network:
    """Add leaky integrators that hear liquid and inputs and speak to the synapses of their domain."""
    domain, shape = domains(positions, learning.domains)
    cells, n_inputs = int(np.prod(shape)), net.populations[0].n
    stream = rng.stream(learning.seed, "astrocyte listening")
    near = rng.uniforms(stream, len(domain)) < learning.listening
    far = rng.uniforms(stream, n_inputs, 1) < learning.listening
    from_liquid = csr.from_coo(
        np.flatnonzero(near), domain[near], np.full(near.sum(), cells * learning.w_astro), (len(domain), cells)
    )
    rows = np.repeat(np.flatnonzero(far), cells)
    to = np.tile(np.arange(cells), int(far.sum()))
    from_inputs = csr.from_coo(rows, to, np.full(len(rows), -learning.w_astro), (n_inputs, cells))
    cell = {"tau_astro": learning.tau_astro, "b_astro": learning.b_astro, "method": "euler"}
    couplings = net.couplings
    if learning.diffusion and cells > 1:
        links = grid(shape, learning.diffusion)
        most = 0.5 * (2.0 * learning.tau_astro / net.dt - 1.0) / np.diff(links.indptr).max()  # of an explicit step
        check.between("liquid.Learning", "diffusion", learning.diffusion, 0, most)
        couplings = (*couplings, Coupling("astro", "astro", links, "gap", "a"))
    return net._replace(
        populations=(*net.populations, Population("astro", cells, "leaky_integrator", cell)),
        projections=(
            *net.projections,
            Projection("liquid", "astro", from_liquid, 1.0, "spikes"),
            Projection("input", "astro", from_inputs, 1.0, "spikes"),
        ),
        inputs=(Modulator("astro of the liquid", "liquid", "astro", "a", domain if cells > 1 else None), *net.inputs),
        couplings=couplings,
    )


def domains(positions: np.ndarray, blocks: tuple[int, int, int]) -> tuple[np.ndarray, tuple[int, ...]]:
    """(block of each position (n,) int64, shape of the blocks): the grid cut evenly along its axes."""
    extent = positions.max(axis=0) + 1.0
    for axis, size in zip(blocks, extent, strict=True):
        check.integer("liquid.domains", "blocks along an axis", axis, low=1, high=int(size))
    at = np.minimum(positions * np.asarray(blocks) // extent, np.asarray(blocks) - 1).astype(np.int64)
    return np.asarray(np.ravel_multi_index(tuple(at.T), blocks)), tuple(blocks)


def grid(shape: tuple[int, ...], weight: float) -> Csr:
    """Both directions between cells that are neighbours on a grid."""
    ids = np.arange(int(np.prod(shape))).reshape(shape)
    pairs = [(np.delete(ids, -1, axis).ravel(), np.delete(ids, 0, axis).ravel()) for axis in range(len(shape))]
    one, other = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    both = np.concatenate([one, other]), np.concatenate([other, one])
    return csr.from_coo(*both, np.full(len(both[0]), weight), (ids.size, ids.size))


def _subset(wiring: Csr, of: np.ndarray) -> Csr:
    rows, cols, weight = csr.to_coo(wiring)
    return csr.from_coo(rows[of], cols[of], weight[of], (wiring.n_rows, wiring.n_cols))


def initialise(engine: clock.Engine, snapshots: Iterable, duration: float, traces: bool = False) -> clock.Moment:
    """Weights carried from one short run to the next, all else begun anew; what `run_batch` takes as `start`.

    traces: keep those of the rules as well (the authors' code does).
    """
    start = None
    for inputs in snapshots:
        end = clock.run(engine, duration, inputs, start=start).end
        assert end is not None
        start = clock.restart(engine, end, traces)
    if start is None:
        check.fail("liquid.initialise", "needs at least one snapshot", 0)
    return start
