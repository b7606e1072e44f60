"""Speed of a liquid: milliseconds for one sample on one and on two threads, where they go, and the memory.

A sample is one image shown for `duration_ms` to a liquid of `n_neurons`, encoding included; what is timed is the
feature extraction of `liquid_digits`. Each repetition runs every thread count on the same samples, one after the
other, so that the ratios are taken in one run. The rival is the same engine on the first of the thread counts.
"""

import time
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from neurosparse import clock, data, encode
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.network import SpikeMonitor
from simulations import liquid_digits


class Config(config.Config):
    """Size of the liquid and of the measurement."""

    dataset: Literal["digits", "mnist", "fashion-mnist"] = Field(default="mnist", description="images")
    n_neurons: int = Field(default=1000, ge=8, le=20_000, description="neurons of the liquid")
    weight_scale: float = Field(default=0.9, ge=0, le=100, description="|w| of all synapses, mV")
    duration_ms: float = Field(
        default=250.0, ge=1, le=10_000, multiple_of=1, description="time that each image is shown, ms"
    )
    n_samples: int = Field(default=1000, ge=1, le=10_000, description="samples of one timing")
    repeats: int = Field(default=7, ge=1, le=100, description="timings, after one warm-up")
    threads: tuple[Annotated[int, Field(ge=1, le=256)], ...] = Field(
        default=(1, 2), min_length=1, description="thread counts to time; ratios are against the first"
    )
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of wiring and input spikes")

    @field_validator("threads")
    @classmethod
    def _distinct(cls, threads):
        if len(set(threads)) < len(threads):
            raise ValueError(f"thread counts must differ from one another, got {list(threads)}; name each once")
        return threads


def tiny() -> Config:
    """A hundred neurons, four samples, two timings."""
    return Config(dataset="digits", n_neurons=100, duration_ms=50.0, n_samples=4, repeats=2)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each thread count. Metrics: ms a sample, and the share of each phase in their sum on one thread.

    `threads` is not used: the thread counts to compare are in the configuration.
    """
    images = data.load(config.dataset, "test").images[: config.n_samples]
    p, _ = encode.image_probabilities(images)
    shape = liquid_digits.Config(dataset=config.dataset, **{name: getattr(config, name) for name in _SHARED})
    net = liquid_digits.build(shape, p.shape[1])
    monitors = (SpikeMonitor("liquid", counts_only=True),)
    engine = clock.compile(net.network, monitors)
    samples = liquid_digits.samples(p, shape)
    spent = phases(net.network, samples, config, monitors)
    return describe(engine, samples, None, spent, config)


def describe(engine: clock.Engine, samples: list, start: clock.Moment | None, spent: dict, config) -> Result:
    """Time `run_batch` on every thread count; `spent`: what each phase takes."""

    def seconds(count: int) -> float:
        begin = time.perf_counter()
        for _ in clock.run_batch(engine, config.duration_ms, samples, count, start):
            pass
        return (time.perf_counter() - begin) / len(samples)

    for count in config.threads:
        seconds(count)
    counts = config.threads
    timed = np.array(
        [[seconds(c) for c in counts] for _ in track(range(config.repeats), "timing", total=config.repeats)]
    )
    case = f"{config.dataset}, {config.n_neurons} neurons, {config.duration_ms:g} ms"
    rival = f"neurosparse, {_threads(counts[0])}"
    rows = [
        {"rival": rival, "case": case, "threads": count, **_ratios(timed[:, at], timed[:, 0])}
        for at, count in enumerate(counts)
    ]
    wiring = sum(route.indices.nbytes + route.weight.nbytes + route.segments.nbytes for route in engine.plan.routes)
    metrics = {f"ms_per_sample_{_threads(row['threads'], '_')}": 1e3 * row["seconds"] for row in rows}
    metrics |= {f"{name.replace(' ', '_')}_share": ms / sum(spent.values()) for name, ms in spent.items()}
    metrics |= {"wiring_bytes": wiring, "state_bytes_per_thread": clock.state_bytes(engine)}
    arrays = {"seconds": timed, "threads": np.array(counts), "phase_ms": np.array(list(spent.values()))}
    units = {"seconds": "s", "phase_ms": "ms"} | {name: "ms" for name in metrics if name.startswith("ms_")}
    return Result(arrays, metrics, rows, units | {"wiring_bytes": "B", "state_bytes_per_thread": "B"})


def phases(network, samples, config, monitors, start=None, precision="float64") -> dict[str, float]:
    """Milliseconds a sample on one thread: encoding, then each phase of the tick, with a clock inside the loop."""
    begin = time.perf_counter()
    drawn = [sample() for sample in samples]
    encoding = time.perf_counter() - begin
    spent = clock.profile(network, config.duration_ms, drawn, monitors, start, precision)
    return {name: 1e3 * value / len(drawn) for name, value in ({"encode": encoding} | spent).items()}


_SHARED = ("n_neurons", "weight_scale", "duration_ms", "seed")


def _threads(count: int, gap: str = " ") -> str:
    return f"{count}{gap}thread{'s' * (count > 1)}"


def _ratios(seconds: np.ndarray, rival: np.ndarray) -> dict:
    """Median time, and how many times the rival's it takes, repetition by repetition: above 1 we are faster."""
    q1, median, q3 = np.percentile(rival / seconds, [25, 50, 75])
    return {
        "seconds": float(np.median(seconds)),
        "ratio_median": float(median),
        "ratio_q1": float(q1),
        "ratio_q3": float(q3),
    }
