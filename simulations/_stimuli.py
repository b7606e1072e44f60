"""What liquids are shown: images as Bernoulli spikes or recordings of an event camera, split into training and test.

A stimulus is a function without arguments that returns the inputs of a run, so that spikes are drawn in the thread that
needs them. Training and test come from the official parts (pool = "all"), or both from one of them, at random.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from models import liquid
from neurosparse import data, encode, rng
from neurosparse.encode import Events
from neurosparse.stimuli import cut, laps

FIRST, LAST = 0, 278  # ms: where a snapshot of a recording of 300 ms may begin, but for its own length
RECORDING_MS = 300


class Stimuli(NamedTuple):
    """Training samples first, then those for testing."""

    n_inputs: int
    labels: np.ndarray  # (n_train + n_test,)
    n_train: int
    sample: Callable  # (k, n_steps) -> inputs of sample k
    snapshot: Callable  # (k, n_steps, number) -> inputs of a short piece of sample k, the number-th that is shown
    plain: np.ndarray  # (n_train + n_test, d) what a classifier without a liquid sees: pixels, or counts of events

    def samples(self, n_steps: int) -> list[Callable]:
        """All of them, of n_steps ms."""
        return [partial(self.sample, k, n_steps) for k in range(len(self.labels))]

    def snapshots(self, n: int, n_steps: int, stream: rng.Stream) -> Iterator[dict]:
        """Pieces of training samples in random order, all of them before any comes again."""
        return (self.snapshot(k, n_steps, number) for number, k in enumerate(laps(self.n_train, n, stream)))


def images(
    name: str, pool: str, n_train: int, n_test: int, seed: int, own_scale: bool = False, noise: float = 0.0,
    rescale: bool = True,
) -> Stimuli:  # fmt: skip
    """Images of a data set, one step a ms; own_scale: test images are scaled by their own largest pixel (NALSM's code).

    Otherwise the scale is that of the training images. noise: SD, in grey levels of 255, of what is added to each pixel
    before it is cut to the range of the data. rescale: the scale is that of the noisy training images, as in NALSM's
    code, so that an image has about 6 times as many events; else it stays that of the clean ones, and so the events.
    """
    part = data.load(name, "test" if pool == "test" else "train")
    held = data.load(name, "test") if pool == "all" else part
    draw = rng.stream(seed, "split")
    order = rng.permutation(draw, len(part.labels))
    train = order[:n_train]
    test = rng.permutation(draw, len(held.labels), 1)[:n_test] if pool == "all" else order[n_train : n_train + n_test]
    seen, scale = [part.images[train], held.images[test]], None
    if noise:
        scale = None if rescale else encode.image_probabilities(seen[0])[1]
        blur, top, firsts = rng.stream(seed, "pixel noise"), float(part.images.max()), (0, len(train))
        seen = [blurred(some, noise * top / 255.0, top, blur, first) for some, first in zip(seen, firsts, strict=True)]
    shown, scale = encode.image_probabilities(seen[0], scale)
    tested, _ = encode.image_probabilities(seen[1], None if own_scale else scale)
    p = np.concatenate([shown, tested])
    spikes, short = rng.stream(seed, "input spikes"), rng.stream(seed, "snapshot spikes")
    return Stimuli(
        p.shape[1], np.concatenate([part.labels[train], held.labels[test]]), len(train),
        lambda k, n_steps: liquid.events(p[k], n_steps, spikes, k),
        lambda k, n_steps, number: liquid.events(p[k], n_steps, short, number),
        np.concatenate(seen).reshape(len(p), -1),
    )  # fmt: skip


def blurred(images: np.ndarray, sd: float, top: float, stream: rng.Stream, first: int) -> np.ndarray:
    """Images with normal noise on each pixel, cut to [0, top]; the first one is sample number `first`."""
    size = images[0].size
    noise = np.stack([rng.normals(stream, size, first + k) for k in range(len(images))])
    return np.clip(images + sd * noise.reshape(images.shape), 0.0, top)


def recordings(name: str, n_train: int, n_test: int, seed: int, jitter: float = 0.0, together: bool = False) -> Stimuli:
    """Recordings of an event camera, from their beginning; snapshots begin at random.

    jitter: SD, ms, of what is added to the time of each event, reflected at both ends; together: the same for all
    events of a recording, as in NALSM's code.
    """
    parts = [data.load_events(name, part, RECORDING_MS) for part in ("train", "test")]
    draw = rng.stream(seed, "split")
    chosen = [
        rng.permutation(draw, len(part.labels), k)[:n]
        for k, (part, n) in enumerate(zip(parts, (n_train, n_test), strict=True))
    ]
    events = [part.events[k] for part, of in zip(parts, chosen, strict=True) for k in of]
    if jitter:
        shifts = rng.stream(seed, "event jitter")
        events = [jittered(one, jitter, shifts, k, together) for k, one in enumerate(events)]
    begins = rng.stream(seed, "snapshot begins")
    n = int(np.prod(parts[0].shape))
    counts = np.stack([np.bincount(one.index, minlength=n) for one in events])

    def snapshot(k: int, n_steps: int, number: int) -> dict:
        begin = FIRST + int(rng.uniforms(begins, 1, number)[0] * (LAST - FIRST))
        return {"events": cut(events[k], begin, begin + n_steps)}

    return Stimuli(
        n, np.concatenate([part.labels[of] for part, of in zip(parts, chosen, strict=True)]), len(chosen[0]),
        lambda k, n_steps: {"events": cut(events[k], 0, n_steps)}, snapshot, counts,
    )  # fmt: skip


def jittered(events: Events, sd: float, stream: rng.Stream, sample: int, together: bool = False) -> Events:
    """Events moved by normal steps, whole ms, reflected at 0 and at the end."""
    i, t = encode.pairs(events)
    last = len(events.start) - 2
    shift = np.rint(sd * rng.normals(stream, 1 if together else len(t), sample)).astype(np.int64)
    moved = np.mod(t + shift, 2 * last)  # a reflection at both ends is a period of twice the length
    return encode.events_from_pairs(i, np.minimum(moved, 2 * last - moved), last + 1)
