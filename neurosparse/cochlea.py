"""Sound into spikes: a plain cochlea of gammatone filters, half-wave rectifiers and integrate-and-fire fibres.

    f_c       equally spaced on the scale  E(f) = 21.4 log10(1 + 0.00437 f)      centre frequencies, Hz
    y       = gammatone of order 4 at f_c, of bandwidth 1.019 ERB,  ERB = 24.7 (1 + 0.00437 f_c)      Hz
    e       <- e + (1 - exp(-1000 / (tau rate))) (pi max(y, 0) - e)    envelope: the amplitude of a steady tone at f_c
    L       = log(1 + e / floor) / log(1 + 1 / floor)                  0 in silence, 1 at full scale
    count_t = floor(S_t) - floor(S_t-1) ,  S_t = sum of gain max(L - threshold, 0) dt up to step t

Samples have full scale 1 and come at `rate` Hz; tau and the step dt are in ms. y stands for the basilar membrane's
motion, and the last line is the number of spikes of a neuron that integrates without leak and keeps what is left over
its threshold of 1. Nothing is random, and a wave's spikes do not depend on the batch it comes in.
`encode.delta` of L, after a row of zeros, gives ON and OFF events instead of counts.

Sources: Glasberg & Moore, Hearing Research 47 (1990) 103, eqs 3 and 4, for ERB and E; Patterson, Holdsworth,
Nimmo-Smith & Rice, APU report 2341 (1988), for 1.019; Slaney, Apple technical report 35 (1993), for the filter,
which is SciPy's.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurosparse import check

PIECE = 32  # waves at a time: their samples stay in the cache


class Cochlea(NamedTuple):
    """What a cochlea is made of. The defaults are those for speech at 8 kHz."""

    n: int = 40  # channels
    low: float = 100.0  # centre of channel 0, Hz
    high: float = 3600.0  # centre of channel n - 1, Hz; below half the rate of the samples
    tau: float = 8.0  # ms, time constant of the envelope
    floor: float = 1e-3  # share of full scale where the logarithm begins to compress
    gain: float = 200.0  # Hz, spikes a second at full scale
    threshold: float = 0.2  # of L, below it no fibre fires
    onset: float = 0.1  # share of its peak where a wave begins to be heard, what is before is cut off; 0 keeps all


SPEECH = Cochlea()


def centres(n: int, low: float, high: float) -> np.ndarray:
    """(n,) float64 Hz: centre frequencies from low to high, equally many ERBs apart.

    Raises ValueError for n < 1, low <= 0 or high <= low.
    """
    owner = "cochlea.centres"
    n = check.integer(owner, "n", n, 1)
    check.positive(owner, "low", check.scalar(owner, "low", low, "Hz"), "Hz")
    if not check.scalar(owner, "high", high, "Hz") > low:
        check.fail(owner, f"high must be > low, {low} Hz", high)
    number = np.linspace(math.log1p(0.00437 * low), math.log1p(0.00437 * high), n)
    return np.expm1(number) / 0.00437


def spikes(waves: Sequence, rate: float, n_steps: int, dt: float = 10.0, p: Cochlea = SPEECH) -> np.ndarray:
    """(n_waves, n_steps, channels) uint8: spikes of each channel in each step of dt ms.

    Each wave is an (n_samples,) array at `rate` Hz, of any length and scale: it is brought to a peak of 1, cut to
    n_steps or filled up with silence, and stays silent if it is. Raises TypeError or ValueError for other waves, NaN,
    rate, dt, n_steps or parameters out of range, or more than 255 spikes in a step.
    """
    _checked("cochlea.spikes", rate, dt, p)
    if p.gain * dt > 255e3:
        need = "gain * dt must be at most 255 spikes in a step"
        check.fail("cochlea.spikes", need, p.gain * dt / 1e3, "take a smaller dt")
    loud = cochleagram(waves, rate, n_steps, dt, p)
    charge = np.maximum(loud - p.threshold, 0.0).cumsum(axis=1) * (p.gain * dt / 1e3)
    return np.diff(np.floor(charge), axis=1, prepend=0.0).clip(0, 255).astype(np.uint8)


def cochleagram(waves: Sequence, rate: float, n_steps: int, dt: float = 10.0, p: Cochlea = SPEECH) -> np.ndarray:
    """(n_waves, n_steps, channels) float64, L at the end of each step of dt ms. Waves and errors as `spikes`."""
    from scipy.signal import gammatone, lfilter

    owner = "cochlea.cochleagram"
    _checked(owner, rate, dt, p)
    n_steps = check.integer(owner, "n_steps", n_steps, 1)
    ends = np.rint(np.arange(1, n_steps + 1) * (rate * dt / 1e3)).astype(np.int64)
    if ends[0] < 1:
        check.fail(owner, f"dt must be a sample or more, {1e3 / rate:g} ms", dt)
    if not isinstance(waves, Sequence | np.ndarray) or isinstance(waves, str | bytes):
        check.fail(owner, "waves must be a sequence of arrays", waves, "of one wave it is [wave]", TypeError)
    check.fits(owner, "the levels of all waves", 8.0 * len(waves) * n_steps * p.n)
    out = np.empty((len(waves), n_steps, p.n))
    for first in range(0, len(waves), PIECE):
        piece = [_even(owner, one, int(ends[-1]), p.onset) for one in waves[first : first + PIECE]]
        for channel, centre in enumerate(centres(p.n, p.low, p.high)):
            moved = np.asarray(lfilter(*gammatone(centre, "iir", fs=rate), np.stack(piece)))
            out[first : first + PIECE, :, channel] = _envelope(moved, rate, p.tau)[:, ends - 1]
    return np.log1p(out / p.floor) / math.log1p(1.0 / p.floor)


def _envelope(moved: np.ndarray, rate: float, tau: float) -> np.ndarray:
    """Half-wave rectified and smoothed; 1 / pi is the mean of a half-wave rectified sine."""
    from scipy.signal import lfilter

    kept = math.exp(-1e3 / (tau * rate))
    return np.asarray(lfilter([math.pi * (1.0 - kept)], [1.0, -kept], np.maximum(moved, 0.0)))


def _even(owner: str, one, n: int, onset: float) -> np.ndarray:
    """(n,) float64, the wave from its onset with a peak of 1, cut or filled up."""
    one = np.asarray(check.number(owner, "a wave", one), dtype=np.float64)
    if one.ndim != 1:
        check.fail(owner, "a wave must have shape (n_samples,)", one.shape, "take one channel, or their mean")
    out, size = np.zeros(n), np.abs(one)
    peak = size.max(initial=0.0)
    if peak:
        heard = one[np.argmax(size >= onset * peak) :][:n]
        out[: heard.size] = heard / peak
    return out


def _checked(owner: str, rate, dt, p: Cochlea) -> None:
    if not isinstance(p, Cochlea):
        check.fail(owner, "p must be a Cochlea", p, "write Cochlea(n=40)", TypeError)
    check.positive(owner, "rate", check.scalar(owner, "rate", rate, "Hz"), "Hz")
    for name, value in (("dt", dt), ("tau", p.tau)):
        check.positive(owner, name, check.scalar(owner, name, value, "ms"), "ms")
    check.positive(owner, "floor", check.scalar(owner, "floor", p.floor))
    check.positive(owner, "gain", check.scalar(owner, "gain", p.gain, "Hz"), "Hz")
    check.at_least(owner, "threshold", check.scalar(owner, "threshold", p.threshold), 0.0)
    check.between(owner, "onset", check.scalar(owner, "onset", p.onset), 0.0, 1.0)
    if not check.scalar(owner, "high", p.high, "Hz") < rate / 2:
        check.fail(owner, f"high must be below half the rate, {rate / 2:g} Hz", p.high)
