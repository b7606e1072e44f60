"""What simulations of trained spiking nets share: data sets as samples, and how a sample becomes an input.

images      "mnist", "fashion-mnist", "digits", "fonts": pixels, encoded at each batch
recordings  "nmnist-small" (events in `steps` bins), "fsdd" (spoken digits through a cochlea, 10 ms bins, `steps` of
            them), "motifs": counts, taken as they are

"poisson"   Bernoulli with p = .5 x, x standardised and held in [0, 1]: the protocol of arXiv:2602.11206
"rate"      Bernoulli with p = the pixel in [0, 1]
"direct"    the pixel at every step; standardised where so asked
"""

from typing import Any, NamedTuple

import numpy as np
import torch

from neurosparse import cochlea, data, motifs
from neurosparse.tensor import encoders
from neurosparse.tensor.fit import Encode, Samples

IMAGES = ("mnist", "fashion-mnist", "digits", "fonts")
RECORDINGS = ("nmnist-small", "fsdd", "motifs")
STANDARD = {"mnist": (0.1307, 0.3081), "fashion-mnist": (0.2860, 0.3530)}  # mean and SD of pixels in [0, 1]
DIGITS = 1400  # of scikit-learn's 1,797, that train


class Task(NamedTuple):
    """Samples, and the encodings of training and of test."""

    train: Samples
    test: Samples
    encode: Encode
    validate: Encode
    n_in: int
    classes: int


def task(name: str, encoding: str, steps: int, shift: int = 0, seed: int = 0) -> Task:
    """A data set ready to train on; shift: training images are moved by up to so many pixels. Errors as `data.load`."""
    train, test, side = _images(name, seed) if name in IMAGES else _recordings(name, steps, seed)
    encode = _encoding(name, encoding, steps) if name in IMAGES else _as_they_are
    n_in, classes = int(np.prod(train.x.shape[1 if name in IMAGES else 2 :])), int(train.y.max()) + 1
    moved = _shifted(encode, side, shift) if shift and name in IMAGES else encode
    return Task(train, test, moved, encode, n_in, classes)


def _images(name: str, seed: int) -> tuple[Samples, Samples, int]:
    """Pixels in [0, 1], float32 (n, pixels)."""
    if name == "fonts":
        parts = [data.font_digits(20_000, seed, "train"), data.font_digits(4_000, seed, "test")]
    elif name == "digits":
        whole = data.load("digits")
        parts = [
            whole._replace(images=whole.images[s], labels=whole.labels[s]) for s in (slice(DIGITS), slice(DIGITS, None))
        ]
    else:
        parts = [data.load(name, "train"), data.load(name, "test")]
    top = 16.0 if name == "digits" else 255.0
    made = [Samples(torch.from_numpy(p.images.reshape(len(p.labels), -1) / np.float32(top)).float(),
                    torch.from_numpy(p.labels.astype(np.int64))) for p in parts]  # fmt: skip
    return made[0], made[1], parts[0].images.shape[1]


def _recordings(name: str, steps: int, seed: int) -> tuple[Samples, Samples, int]:
    """Counts, uint8 (n, steps, channels)."""
    if name == "nmnist-small":
        parts = [data.load_events(name, part) for part in ("train", "test")]
        made = [
            Samples(torch.from_numpy(data.frames(p, steps)), torch.from_numpy(p.labels.astype(np.int64))) for p in parts
        ]
        return made[0], made[1], 0
    if name == "motifs":
        found = [motifs.order_motifs(n, seed, part) for n, part in ((4000, "train"), (1000, "test"))]
        made = [
            Samples(torch.from_numpy(np.array(m.x)), torch.from_numpy(np.array(m.y, dtype=np.int64))) for m in found
        ]
        return made[0], made[1], 0
    speech = data.load_speech("fsdd")
    counts = torch.from_numpy(cochlea.spikes(speech.waves, speech.rate, steps))
    labels, tested = torch.from_numpy(speech.labels.astype(np.int64)), torch.from_numpy(speech.numbers < 5)
    return Samples(counts[~tested], labels[~tested]), Samples(counts[tested], labels[tested]), 0


def _as_they_are(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return x.transpose(0, 1).float().contiguous()


def _encoding(name: str, encoding: str, steps: int) -> Encode:
    mean, sd = STANDARD.get(name, (0.0, 1.0))

    def poisson(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        return encoders.rate(((x - mean) / sd).clamp(0.0, 1.0), steps, generator, gain=0.5)

    def rate(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        return encoders.rate(x, steps, generator)

    def direct(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        return encoders.direct((x - mean) / sd, steps)

    return {"poisson": poisson, "rate": rate, "direct": direct}[encoding]


def _shifted(encode: Encode, side: int, most: int) -> Encode:
    """The encoding of images that are moved by up to `most` pixels each way, each by its own."""

    def moved(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        n, width = len(x), side + 2 * most
        wide: Any = torch.nn.functional.pad(x.reshape(n, side, side), (most,) * 4)
        by = torch.randint(2 * most + 1, (2, n, 1), generator=generator) + torch.arange(side)
        at = by[0][:, :, None] * width + by[1][:, None, :]
        return encode(wide.reshape(n, -1).gather(1, at.reshape(n, -1)), generator)

    return moved
