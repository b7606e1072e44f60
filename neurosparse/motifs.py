"""Order motifs: a task that only the order of spikes solves, so that a network needs memory, or delays.

    channel c fires once, in step  1 + spacing slot_c + j ,  slot a permutation of 0 .. M - 1 ,  j uniform on -1, 0, 1
    beside them Poisson many noise spikes, of mean `noise`, each in any channel and any step

A class is one permutation; all classes have the same number of spikes in every channel, so counts tell nothing. A
synapse whose delay is spacing (M - 1 - slot_c) makes the spikes of its class meet. Time is in steps. Sample k of a part
depends on (seed, part, k) alone, its class is k modulo the number of classes.

Source: the task of Grimaldi & Perrinet, Biological Cybernetics 117 (2023) 373 (a motif that delays make
synchronous), cut down to one spike for each input.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, rng

PARTS = ("train", "test")
JITTER = 1  # steps, either way


class Order(NamedTuple):
    """What the motifs are; the defaults last 80 steps."""

    n_channels: int = 8  # M
    n_classes: int = 10
    spacing: int = 8  # steps from one slot to the next
    n_steps: int = 80
    noise: float = 1.0  # mean number of noise spikes in a sample


class Motifs(NamedTuple):
    """Samples and their classes; the arrays are read-only."""

    x: np.ndarray  # (n, n_steps, M) uint8, 1 where a channel fires
    y: np.ndarray  # (n,) uint8, the class
    slots: np.ndarray  # (n_classes, M) int64, the slot of each channel: one permutation for each class


ORDER = Order()


def order_motifs(n: int = 4000, seed: int = 0, part: str = "train", order: Order = ORDER) -> Motifs:
    """n samples of "train" or "test", which share the classes of the seed but no sample.

    Raises ValueError or TypeError for n < 1, another part, more classes than there are permutations (or 255), a
    spacing below 3 steps (slots would overlap), a motif that does not fit into n_steps, noise outside [0, 1000].
    """
    owner = "motifs.order_motifs"
    n = check.integer(owner, "n", n, 1)
    check.one_of(owner, "part", part, PARTS)
    _check(owner, order)
    check.fits(owner, "the samples", float(n) * order.n_steps * order.n_channels)
    slots = permutations(seed, order.n_classes, order.n_channels)
    y = (np.arange(n) % order.n_classes).astype(np.uint8)
    jitter = rng.uniforms(rng.stream(seed, f"motif {part} jitter"), n * order.n_channels)
    moved = (jitter * (2 * JITTER + 1)).astype(np.int64).reshape(n, -1) - JITTER
    x = np.zeros((n, order.n_steps, order.n_channels), np.uint8)
    x[np.arange(n)[:, None], JITTER + order.spacing * slots[y] + moved, np.arange(order.n_channels)] = 1
    x[_noise(n, seed, part, order)] = 1
    for array in (x, y, slots):
        array.flags.writeable = False
    return Motifs(x, y, slots)


def permutations(seed: int, n: int, m: int) -> np.ndarray:
    """(n, m) int64: n distinct permutations of 0 .. m - 1, the first that the seed draws; n at most m factorial."""
    stream, found, draw = rng.stream(seed, "motif classes"), {}, 0
    while len(found) < n:
        found.setdefault(tuple(rng.permutation(stream, m, draw).tolist()))
        draw += 1
    return np.array(list(found), np.int64)


def _noise(n: int, seed: int, part: str, order: Order) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(sample, step, channel) of all noise spikes; spike j of sample k is element k of draw j."""
    many, where = (rng.stream(seed, f"motif {part} noise {what}") for what in ("count", "place"))
    count = rng.poissons(many, np.full(n, float(order.noise)))
    places = order.n_steps * order.n_channels
    drawn = [(rng.uniforms(where, n, j) * places).astype(np.int64) for j in range(int(count.max()))]
    sample = np.concatenate([np.flatnonzero(count > j) for j in range(len(drawn))] or [np.empty(0, np.int64)])
    place = np.concatenate([one[count > j] for j, one in enumerate(drawn)] or [np.empty(0, np.int64)])
    return sample, place // order.n_channels, place % order.n_channels


def _check(owner: str, order: Order) -> None:
    if not isinstance(order, Order):
        check.fail(owner, "order must be an Order", order, "write Order(n_channels=8)", TypeError)
    m = check.integer(owner, "n_channels", order.n_channels, 1)
    there = int(np.prod(np.arange(1, min(m, 6) + 1)))  # 720 permutations are enough
    check.integer(owner, "n_classes", order.n_classes, 1, min(there, 255))
    check.integer(owner, "spacing", order.spacing, 2 * JITTER + 1)
    low = order.spacing * (m - 1) + 2 * JITTER + 1
    check.integer(owner, "n_steps", order.n_steps, low, remedy=f"{m} slots of {order.spacing} steps need {low}")
    check.between(owner, "noise", check.scalar(owner, "noise", order.noise), 0.0, 1000.0)
