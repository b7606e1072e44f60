"""What samples show a network: rows of probabilities or spike trains in, `encode.Events` of one step a ms out.

A row p (n,) of probabilities: input i fires in each step with probability p_i, drawn by `encode.bernoulli`. The random
numbers are keyed by what the row holds, to the precision of float32, not by its place: the same sample gives the same
spikes in any batch, and so does one that differs in the last bits of float64 (X / 255 and X, almost always).

A train is Events, or a pair (i, t) of inputs (k,) and times (k,) in ms. Times are ends of steps, as recorders stamp
them: a spike in (s, s + 1] ms is one of step s, one at 0 of step 0.
"""

import itertools
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from neurosparse import check, encode, rng
from neurosparse.encode import Events

ROUNDING = 1e-6  # of a step: times are sums of steps


def spikes(one: np.ndarray | Events, n_steps: int, stream: rng.Stream) -> Events:
    """The spikes of one sample: drawn for probabilities (n,) float64; Events are returned as they are."""
    return one if isinstance(one, Events) else encode.bernoulli(one, n_steps, stream, digest(one))


def digest(p: np.ndarray) -> int:
    """32 bits that follow what an array holds, rounded to float32; those who share them share random numbers, no more.

    Values that differ by the rounding of float64 share them, but for one in about 1e8 that lies between two float32.
    """
    rounded = (p + 0.0).astype("<f4")  # -0 becomes 0
    return int.from_bytes(blake2b(rounded.tobytes(), digest_size=4).digest(), "little")


def snapshots(shown: Sequence, n: int, n_steps: int, seed: int) -> Iterator[Events]:
    """n pieces of n_steps of the samples in random order, all of them before any comes again.

    Probabilities are drawn anew for each; of Events a window is cut that begins at random.
    """
    order, begins, draws = (rng.stream(seed, f"snapshot {what}") for what in ("order", "begins", "spikes"))
    for number, k in enumerate(laps(len(shown), n, order)):
        one = shown[k]
        if isinstance(one, Events):
            begin = int(rng.below(begins, 0, number, len(one.start) - n_steps))
            yield cut(one, begin, begin + n_steps)
        else:
            yield encode.bernoulli(one, n_steps, draws, number)


def laps(n_samples: int, n: int, order: rng.Stream) -> Iterator[int]:
    """n samples in random order, all n_samples of them before any comes again."""
    each = (rng.permutation(order, n_samples, lap).tolist() for lap in itertools.count())
    return itertools.islice(itertools.chain.from_iterable(each), n)


def cut(events: Events, begin: int, end: int) -> Events:
    """The steps [begin, end)."""
    start = events.start[begin : end + 1]
    return Events(start - start[0], events.index[start[0] : start[-1]])


def trains(owner: str, X, n_inputs: int, n_steps: int) -> list[Events]:
    """Events of n_inputs elements and n_steps steps of each sample; pairs (i, t) are cut to that duration.

    Raises TypeError or ValueError, as `owner`, for what is no sequence of samples and for malformed spikes.
    """
    if not isinstance(X, Sequence | np.ndarray) or isinstance(X, str | bytes | Events) or not len(X):
        check.fail(owner, "X must be a sequence of one spike train or more", X, "one sample is [events]", TypeError)
    return [_train(f"{owner} X[{k}]", one, n_inputs, n_steps) for k, one in enumerate(X)]


def _train(owner: str, one, n: int, n_steps: int) -> Events:
    if isinstance(one, Events):
        return encode.check_events(owner, one, n, n_steps)
    if not isinstance(one, tuple | list) or len(one) != 2:
        check.fail(owner, "a sample must be an encode.Events or a pair (i, t)", one, "t in ms", TypeError)
    i, t = (np.asarray(check.number(owner, name, part)) for name, part in zip("it", one, strict=True))
    if i.ndim != 1 or i.shape != t.shape or (i.size and i.dtype.kind not in "iu"):
        need = "needs inputs i, whole numbers, and times t, ms, of one length"
        check.fail(owner, need, f"{i.dtype} {i.shape} and {t.dtype} {t.shape}")
    check.between(owner, "i", i, 0, n - 1)
    check.at_least(owner, "t", t, 0, "ms")
    step = np.maximum(np.ceil(t.astype(np.float64) - ROUNDING) - 1, 0)
    inside = step < n_steps
    return encode.events_from_pairs(i[inside].astype(np.int64), step[inside].astype(np.int64), n_steps)
