"""Numbers into spikes: encoders, and the event format of the whole library.

    the events of step t are  index[start[t] : start[t + 1]],  ascending, each element at most once

An event says that an element (an input, a pixel) fires in a step of dt ms. Time in ms, rates in Hz. The
random encoders key every number by (stream, element, sample), so sample k of a data set gets the same events
alone or in a batch, on one thread or many; the kernels release the interpreter lock.
"""

import math
from typing import NamedTuple

import numpy as np

from neurosparse import check, jit, rng


class Events(NamedTuple):
    """Spikes ordered by step, then by element."""

    start: np.ndarray  # (n_steps + 1,) int64, start[0] = 0, start[-1] = n_events
    index: np.ndarray  # (n_events,) int32, the element that fires


def events_from_pairs(i, t, n_steps: int) -> Events:
    """Events of the pairs (element i, step t): two (n_events,) arrays of whole numbers, in any order.

    Counting sort by step. A pair that comes twice counts once: recordings binned to steps hold such pairs.
    Raises ValueError for arrays of other shape or type, i outside [0, 2**31) and t outside [0, n_steps).
    """
    owner = "encode.events_from_pairs"
    n_steps = _steps(owner, n_steps)
    i, t = _whole(owner, "i", i, 2**31), _whole(owner, "t", t, n_steps)
    if i.size != t.size:
        check.fail(owner, "i and t must have the same length", (i.size, t.size))
    if np.any(i[1:] < i[:-1]):
        order = np.argsort(i, kind="stable")
        i, t = i[order], t[order]
    start, index = np.zeros(n_steps + 1, dtype=np.int64), np.empty(i.size, dtype=np.int32)
    _sort_by_step(i.astype(np.int32), t, start, index)
    twice = _not_ascending(start, index)
    if not twice.any():
        return Events(start, index)
    keep = np.concatenate([[True], ~twice])
    return Events(np.concatenate([[0], np.cumsum(keep)])[start], index[keep])


def pairs(events: Events) -> tuple[np.ndarray, np.ndarray]:
    """(i, t): (n_events,) int32 elements and (n_events,) int64 steps, ordered by step, then element."""
    if not isinstance(events, Events):
        check.fail("encode.pairs", "events must be an encode.Events", events, error=TypeError)
    return events.index, np.repeat(np.arange(events.start.size - 1), np.diff(events.start))


def dense(events: Events, n: int) -> np.ndarray:
    """(n_steps, n) bool: True where the element fires in the step. Raises as `check_events`."""
    check_events("encode.dense", events, n)
    check.fits("encode.dense", "a truth value for every element and step", (events.start.size - 1) * n)
    out = np.zeros((events.start.size - 1, n), dtype=np.bool_)
    i, t = pairs(events)
    out[t, i] = True
    return out


def from_dense(array) -> Events:
    """Events of an (n_steps, n) array, one wherever it is not zero. Raises ValueError for another shape."""
    array = check.array("encode.from_dense", "array", array)
    if array.ndim != 2:
        check.fail("encode.from_dense", "array must have shape (n_steps, n)", array.shape)
    if array.dtype.kind not in "biuf":
        check.fail("encode.from_dense", "array must hold numbers or booleans", array.dtype)
    i = np.nonzero(array)[1]
    start = np.concatenate([[0], np.cumsum(np.count_nonzero(array, axis=1))])
    return Events(start.astype(np.int64), i.astype(np.int32))


def check_events(owner: str, events, n: int, n_steps: int | None = None) -> Events:
    """Return the events if they are well formed over n elements (and n_steps steps); raise as `owner` if not.

    Raises TypeError where it is no Events, ValueError for everything else.
    """
    if not isinstance(events, Events):
        check.fail(owner, "events must be an encode.Events", events, "encode.events_from_pairs makes one", TypeError)
    check.integer(owner, "n", n)
    start, index = events
    if not isinstance(start, np.ndarray) or not isinstance(index, np.ndarray):
        got = (type(start).__name__, type(index).__name__)
        check.fail(owner, "events must hold two arrays", got, "encode.events_from_pairs makes them", TypeError)
    if start.dtype != np.int64 or start.ndim != 1 or index.dtype != np.int32 or index.ndim != 1:
        got = f"{start.dtype} {start.shape} and {index.dtype} {index.shape}"
        check.fail(owner, "events must be start (n_steps + 1,) int64 and index (n_events,) int32", got)
    if start.size == 0 or start[0] != 0 or start[-1] != index.size or np.any(start[1:] < start[:-1]):
        check.fail(owner, f"events.start must rise from 0 to the {index.size} events", start)
    if n_steps is not None and start.size != n_steps + 1:
        check.fail(owner, f"events must last {n_steps} steps", start.size - 1)
    if index.size and not (index.min() >= 0 and index.max() < n):
        check.fail(owner, f"events.index must be in [0, {n})", (int(index.min()), int(index.max())))
    if np.any(_not_ascending(start, index)):
        check.fail(owner, "events.index must ascend within each step", index, "use encode.events_from_pairs")
    return events


def bernoulli(p, n_steps: int, stream: rng.Stream, sample: int = 0) -> Events:
    """Element i fires in each step with probability p[i], independently; p (n,) in [0, 1].

    Drawn as waiting times, P(gap > g) = (1 - p)**g, which is the law of one Bernoulli draw in each step at a
    cost that follows the events: silent elements cost nothing (Devroye, Non-Uniform Random Variate
    Generation, 1986, X.2). Gap d of an element is the draw (element, step = sample, draw = d // 2) of the
    stream. More steps only add events: the first ones stay. Raises ValueError for p outside [0, 1] or not
    (n,).
    """
    owner = "encode.bernoulli"
    p = _vector(owner, "p", check.between(owner, "p", p, 0.0, 1.0))
    return _draw(owner, p, n_steps, stream, sample)


def poisson(rate_hz, n_steps: int, dt: float, stream: rng.Stream, sample: int = 0) -> Events:
    """Poisson spikes of rate_hz (n,) in steps of dt ms: P(i fires in a step) = 1 - exp(-rate_hz dt / 1000).

    That is the probability of one or more spikes of the process; a step holds one spike at most, so a rate
    that is not small against 1000 / dt comes out lower. Raises ValueError for rate_hz < 0 or dt <= 0.
    """
    owner = "encode.poisson"
    rate = _vector(owner, "rate_hz", check.at_least(owner, "rate_hz", rate_hz, 0.0, "Hz"))
    check.positive(owner, "dt", check.scalar(owner, "dt", dt, "ms"), "ms")
    return _draw(owner, -np.expm1(-rate * (dt / 1000.0)), n_steps, stream, sample)


def latency(x, n_steps: int, tau: float, dt: float = 1.0, threshold: float = 0.0, linear: bool = False) -> Events:
    """One spike for each element, the earlier the larger x (n,) in [0, 1]; tau and dt in ms.

    Step floor(-tau ln(x) / dt), or floor(tau (1 - x) / dt) if `linear`. Elements with x <= threshold, or
    whose step is n_steps or later, stay silent. Raises ValueError for x outside [0, 1], tau <= 0, dt <= 0,
    threshold < 0.
    Source: Hopfield (1995), Nature 376, 33-36: the latency follows the logarithm of the intensity.
    """
    owner = "encode.latency"
    x = _vector(owner, "x", check.between(owner, "x", x, 0.0, 1.0))
    n_steps = _steps(owner, n_steps)
    for name, value in {"tau": tau, "dt": dt}.items():
        check.positive(owner, name, check.scalar(owner, name, value, "ms"), "ms")
    check.at_least(owner, "threshold", check.scalar(owner, "threshold", threshold), 0.0)
    i = np.flatnonzero(x > threshold)
    with np.errstate(over="ignore"):  # later than any step
        t = np.floor((tau * (1.0 - x[i]) if linear else -tau * np.log(x[i])) / dt)
    in_time = t < n_steps
    return events_from_pairs(i[in_time], t[in_time].astype(np.int64), n_steps)


def delta(signal, threshold) -> Events:
    """Delta modulation of a signal (n_steps, n): ON events are elements 0 .. n - 1, OFF events n .. 2n - 1.

    A reference starts at signal[0]. Where the signal is threshold or more above it, ON fires and the
    reference rises by threshold; as far below it, OFF fires and the reference falls. So the reference,
    signal[0] + threshold (ON count - OFF count), follows the signal to within threshold where it moves less
    than that in a step. threshold > 0, in the signal's unit, one number or (n,). Raises ValueError for other
    shapes, NaN, threshold <= 0.
    Source: Lichtsteiner, Posch, Delbruck (2008), IEEE J. Solid-State Circuits 43, 566-576 (the event camera's
    pixel).
    """
    owner = "encode.delta"
    signal = np.asarray(check.number(owner, "signal", signal), dtype=np.float64)
    threshold = np.asarray(check.positive(owner, "threshold", threshold), dtype=np.float64)
    if signal.ndim != 2:
        check.fail(owner, "signal must have shape (n_steps, n)", signal.shape)
    if threshold.shape not in ((), signal.shape[1:]):
        check.fail(owner, f"threshold must be one number or have shape {signal.shape[1:]}", threshold.shape)
    fired = np.zeros((len(signal), 2, signal.shape[1]), dtype=np.bool_)
    reference = signal[:1].sum(axis=0)
    for now, (on, off) in zip(signal, fired):
        np.greater_equal(now - reference, threshold, out=on)
        np.greater_equal(reference - now, threshold, out=off)
        reference += threshold * on - threshold * off
    return from_dense(fired.reshape(len(signal), 2 * signal.shape[1]))


def step_current(times, values, n_steps: int, dt: float) -> np.ndarray:
    """A current of steps: (n_steps, 1) from values (k,), or (n_steps, n) from values (k, n); float64, their unit.

        clock.run(net, 100.0, {"dc": encode.step_current([10.0, 60.0], [350.0, 0.0], 1000, 0.1)})

    values[j] holds from times[j] (ms after the start of the run, ascending, >= 0) to the next time, the last one to
    the end; before times[0] the current is 0. Step s begins at s dt; a time within a step counts from the next step
    on, one within a millionth of a step of its begin from that step on. Raises ValueError for other times and shapes.
    """
    owner = "encode.step_current"
    n_steps = _steps(owner, n_steps)
    check.positive(owner, "dt", check.scalar(owner, "dt", dt, "ms"), "ms")
    times = _vector(owner, "times", check.at_least(owner, "times", times, 0, "ms"))
    values = np.asarray(check.number(owner, "values", values), dtype=np.float64)
    if values.ndim not in (1, 2) or len(values) != len(times):
        need = f"values must have shape ({len(times)},) or ({len(times)}, n), one row for each time"
        check.fail(owner, need, values.shape)
    if np.any(times[1:] <= times[:-1]):
        check.fail(owner, "times must ascend", times, "sort them, and give each once")
    rows = values.reshape(len(values), math.prod(values.shape[1:]))
    check.fits(owner, "the values of all steps", 8 * n_steps * rows.shape[1])
    with np.errstate(over="ignore"):  # later than any step
        begin = np.ceil(times / dt - 1e-6)
    held = np.searchsorted(begin, np.arange(n_steps), side="right")
    return np.concatenate([np.zeros((1, rows.shape[1])), rows])[held]


def image_probabilities(images, scale: float | None = None) -> tuple[np.ndarray, float]:
    """(p, scale): firing probabilities per step (n, d) float64 from images (n, h, w) or (n, d), values >= 0.

        p = min(1, (image / sum of image) / scale)        a blank image gives zeros

    `scale` is the largest image / sum of image of the data set: leave it out for the training images, hand it
    back for all others. Raises ValueError for other shapes, negative values, scale <= 0, or no image to fit
    it on.
    Source: Ivanov and Michmizos (2021), NeurIPS 34, the input layer of NALSM (one step is 1 ms).
    """
    owner = "encode.image_probabilities"
    images = np.asarray(check.at_least(owner, "images", images, 0))
    if images.ndim not in (2, 3):
        check.fail(owner, "images must have shape (n, h, w) or (n, d)", images.shape)
    p = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float64)
    total = p.sum(axis=1, keepdims=True)
    p /= np.where(total > 0.0, total, 1.0)
    top = float(p.max(initial=0.0) if scale is None else check.scalar(owner, "scale", scale))
    p /= check.positive(owner, "scale", top, remedy="fit it on images that are not all blank")
    return np.minimum(p, 1.0, out=p), top


def _draw(owner: str, p: np.ndarray, n_steps: int, stream: rng.Stream, sample: int) -> Events:
    n_steps = _steps(owner, n_steps)
    sample = check.integer(owner, "sample", sample, 0, 2**32 - 1)
    if not isinstance(stream, rng.Stream):
        check.fail(owner, "stream must be a Stream", stream, "make it with rng.stream(seed, name)", TypeError)
    expected = n_steps * p.sum()
    check.fits(owner, "the expected events", 12 * expected, "take fewer steps, or draw them in pieces")
    room = int(expected + 6.0 * math.sqrt(expected)) + 16
    start = np.zeros(n_steps + 1, dtype=np.int64)
    return Events(start, _all_times(stream, sample, p, start, room))


@jit.kernel
def _all_times(stream, sample, p, start, room):
    """Draw element by element, then sort by step. `room` is a guess of the number of events."""
    i, t = np.empty(room, np.int32), np.empty(room, np.int32)
    times = np.empty(start.size - 1, np.int32)
    used = 0
    for element in range(p.size):
        count = _times(stream, element, sample, p[element], times)
        while used + count > i.size:
            i, t = _grown(i), _grown(t)
        i[used : used + count] = element
        t[used : used + count] = times[:count]
        used += count
    index = np.empty(used, np.int32)
    _place(i[:used], t[:used], start, index)
    return index


@jit.shared
def _times(stream, element, sample, p, out):
    """Fill `out`, of n_steps places, with the steps in which the element fires; return how many."""
    if p <= 0.0:
        return 0
    if p >= 1.0:
        out[:] = np.arange(out.size)
        return out.size
    scale = 1.0 / math.log1p(-p)
    now, used, draw = -1, 0, 0
    while True:
        for u in rng.pair(stream, element, sample, draw):
            gap = math.log(u) * scale
            if gap >= out.size - 1 - now:
                return used
            now += 1 + int(gap)
            out[used] = now
            used += 1
        draw += 1


@jit.shared
def _grown(array):
    """A copy with twice the room."""
    out = np.empty(2 * array.size, array.dtype)
    out[: array.size] = array
    return out


@jit.shared
def _place(i, t, start, index):
    """Stable counting sort of i by t; fills start, which comes in as zeros, and index."""
    for k in range(t.size):
        start[t[k] + 1] += 1
    for s in range(start.size - 1):
        start[s + 1] += start[s]
    for k in range(t.size):
        index[start[t[k]]] = i[k]
        start[t[k]] += 1
    for s in range(start.size - 1, 0, -1):
        start[s] = start[s - 1]
    start[0] = 0


@jit.kernel
def _sort_by_step(i, t, start, index):
    _place(i, t, start, index)


def _not_ascending(start: np.ndarray, index: np.ndarray) -> np.ndarray:
    """(n_events - 1,) bool: event k + 1 lies in the step of event k and its element is not larger."""
    bad = index[1:] <= index[:-1]
    first = start[1:-1]
    bad[first[(first > 0) & (first < index.size)] - 1] = False
    return bad


def _steps(owner: str, n_steps) -> int:
    n_steps = check.integer(owner, "n_steps", n_steps, 0, 2**31 - 1)
    check.fits(owner, "the steps", 8 * n_steps)
    return n_steps


def _vector(owner: str, name: str, value) -> np.ndarray:
    array = np.ascontiguousarray(value, dtype=np.float64)
    if np.ndim(value) != 1:
        check.fail(owner, f"{name} must have shape (n,)", np.shape(value))
    return array


def _whole(owner: str, name: str, value, high: int) -> np.ndarray:
    array = np.asarray(check.number(owner, name, value))
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        check.fail(owner, f"{name} must be an (n_events,) array of whole numbers", f"{array.dtype} {array.shape}")
    if array.size and not (array.min() >= 0 and array.max() < high):
        check.fail(owner, f"{name} must be in [0, {high})", (int(array.min()), int(array.max())))
    return array.astype(np.int64)
