"""One regime of Brunel's network: rate beside theory, irregularity, synchrony, and the frequency of its oscillation.

The self-consistent rate takes the fluctuations for white noise; where the network oscillates it is only near.
"""

import numpy as np
from pydantic import Field

from models import brunel
from neurosparse import theory
from neurosparse.io.results import Result
from neurosparse.measure import population_rate
from simulations import _activity


class Config(brunel.Config):
    """The network, and how long it runs."""

    duration_ms: float = Field(default=500.0, ge=20, le=1e6, multiple_of=1, description="time measured, ms")
    warmup_ms: float = Field(default=200.0, ge=0, le=1e6, multiple_of=1, description="time before that, ms")
    shown: int = Field(default=50, ge=1, le=10_000, description="excitatory neurons whose spikes are kept")


def tiny() -> Config:
    """250 neurons with synapses 50 times as strong."""
    return Config(scale=0.02, duration_ms=40.0, warmup_ms=10.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each population."""
    made = brunel.Config(**{name: getattr(config, name) for name in brunel.Config.model_fields})
    seen = _activity.observe(brunel.build(made), config.duration_ms, config.warmup_ms, threads=threads)
    edges, rate = population_rate(seen.t, seen.n, config.duration_ms, bin_ms=1.0)
    shown = seen.i < min(config.shown, seen.sizes["exc"])
    expected = [solution.rate for solution in solutions(made) if solution.stable]
    metrics = seen.metrics() | {
        "theory_hz": min(expected, key=lambda x: abs(x - seen.metrics()["rate_hz"])),
        "oscillation_hz": strongest_frequency(rate, 1.0),
    }
    arrays = {
        "spikes_i": seen.i[shown],
        "spikes_t": seen.t[shown],
        "activity": rate,
        "activity_edges": edges,
        "theory": np.array(expected),
    }
    units = {"activity": "Hz", "activity_edges": "ms", "theory": "Hz", "theory_hz": "Hz", "oscillation_hz": "Hz"}
    return Result(arrays, metrics, [seen.row(name) for name in seen.sizes], _activity.UNITS | units)


def solutions(c: brunel.Config) -> tuple[theory.Solution, ...]:
    """All self-consistent rates of a network of this size."""
    _, degree, weight = brunel.sizes(c)
    return theory.brunel_rate(
        c.g, c.eta, degree["exc"], degree["inh"], weight, brunel.TAU_MEM, brunel.T_REF, brunel.THETA, c.v_reset
    )


def strongest_frequency(rate: np.ndarray, bin_ms: float) -> float:
    """Hz of the highest peak above 5 Hz in the power spectrum of the activity, smoothed over 5 Hz."""
    power = np.abs(np.fft.rfft((rate - rate.mean()) * np.hanning(len(rate)))) ** 2
    frequency = np.fft.rfftfreq(len(rate), bin_ms / 1000.0)
    width = max(1, round(5.0 / frequency[1]))
    smooth = np.convolve(power, np.ones(width) / width, mode="same")
    return float(frequency[frequency > 5.0][np.argmax(smooth[frequency > 5.0])])
