"""Taxi passengers of New York, half hour by half hour: how far off is what is said two and a half hours ahead?

A network learns while it predicts (models/htm.py): codes of time and value, spatial pooler, temporal memory, and a
softmax readout of the active cells to the bucket `steps` records later; said is the median of its distribution. The
error is sum |y - said| / sum |y| over the records from `first` on, what the authors' scripts call MAPE; rmse is over
the SD of the series, log-likelihood in nats over the authors' 22 buckets.

Tuned on records below 6000 alone, for the least error of records 2000 .. 5999: rates and spread of the readouts, the
number of buckets, and max_synapses (255; published 32). The rest of the network is the published one; its pooler
learns with the rest from the first record on, where the authors' saw the first 5000 records five times and then learned
no more.

Beside it, in the same run: the same readout of the pooler's columns and of the codes themselves (no memory), and
guesses that learn nothing: the last value, the value a day ago, a week ago, the mean of the last four weeks.

Source: Cui, Ahmad & Hawkins, Neural Computation 28 (2016) 2474, section 4.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from models import htm
from neurosparse import data, rng
from neurosparse.csr import Csr
from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.sdr import classifier

HIGH = 40_000.0  # passengers, upper end of codes and buckets
DAY, WEEK = 48, 336  # records
PUBLISHED_BUCKETS = 22


Rate = Annotated[float, Field(gt=0, le=1000)]


class Config(config.Config):
    """Which series, which network, which readout."""

    dataset: Literal["nyc-taxi", "made"] = Field(default="nyc-taxi", description="made: two rhythms and noise")
    n_records: int = Field(default=17_520, ge=10, le=1_000_000, description="records from the beginning")
    first: int = Field(default=6000, ge=1, le=1_000_000, description="record from which errors count")
    steps: int = Field(default=5, ge=1, le=1000, description="records ahead")
    network: htm.Config = Field(default=htm.taxi().model_copy(update={"max_synapses": 255}), description="the network")
    n_buckets: int = Field(default=100, ge=2, le=10_000, description="of values, all of one width")
    rates: tuple[Rate, Rate, Rate] = Field(default=(14.0, 10.0, 6.0), description="of readouts: cells, columns, codes")
    spread: float = Field(default=1.0, ge=0, le=1000, description="SD of the target of the readout, buckets")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="of the network and of the made series")

    @model_validator(mode="after")
    def _fits(self):
        if self.first < self.steps:
            raise ValueError(f"first must be at least steps, {self.steps}, got {self.first}")
        if self.first + self.steps >= self.n_records:
            raise ValueError(f"n_records must be above first + steps, {self.first + self.steps}, got {self.n_records}")
        return self


def tiny() -> Config:
    """Two made weeks and a small network."""
    network = htm.Config(
        n_columns=128, n_active=8, cells_per_column=4, activation_threshold=5, min_threshold=3, max_new_synapses=8
    )
    return Config(dataset="made", n_records=680, first=400, network=network, n_buckets=20)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: a line for each way to predict. Metrics: error, and those of the rows by name. `threads` is not used."""
    time, value = series(config)
    network = config.network.model_copy(update={"seed": config.seed})
    codes = htm.taxi_codes(time, value, HIGH)
    ran = htm.run(network, codes, cells=True)
    inputs = {"temporal_memory": ran.cells, "columns": ran.columns, "codes": codes}
    p = {name: distribution(config, one, value, rate) for (name, one), rate in zip(inputs.items(), config.rates)}
    said = {name: classifier.quantile(one, middles(config.n_buckets)) for name, one in p.items()}
    said = {name: later(one, config.steps) for name, one in said.items()} | naive(value, config.steps)
    told = {name: log_likelihood(value, one, config) for name, one in p.items()}
    off = {name: errors(value, one, config.first) for name, one in said.items()}
    rows = [{"predictor": name} | one | {"log_likelihood": told.get(name, np.nan)} for name, one in off.items()]
    arrays = {
        "time": time.astype(np.int64), "value": value, "predictor": np.array(list(said)),
        "predicted": np.stack(list(said.values())), "anomaly": ran.anomaly,
        "low": later(classifier.quantile(p["temporal_memory"], middles(config.n_buckets), 0.05), config.steps),
        "high": later(classifier.quantile(p["temporal_memory"], middles(config.n_buckets), 0.95), config.steps),
        "error": np.array([one["error"] for one in off.values()]),
    }  # fmt: skip
    metrics = {f"error_{name}": one["error"] for name, one in off.items()}
    metrics |= {"error": metrics["error_temporal_memory"], "inside_90": inside(arrays, config.first)}
    metrics["n_segments"] = float(ran.n_segments)
    units = {"time": "s since 1970", "value": "passengers", "predicted": "passengers", "low": "passengers",
             "high": "passengers", "log_likelihood": "nats"}  # fmt: skip
    return Result(arrays, metrics, rows, units)


def series(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """(times, values); made: a daily rhythm that is weaker at weekends, and noise of 5 %."""
    if config.dataset == "nyc-taxi":
        found = data.load_series("nyc-taxi")
        return found.time[: config.n_records], found.value[: config.n_records]
    t = np.arange(config.n_records)
    weekend = (t // DAY) % 7 >= 5
    mean = 15_000 - np.where(weekend, 4000, 9000) * np.cos(2 * np.pi * t / DAY)
    noise = rng.normals(rng.stream(config.seed, "made series"), config.n_records)
    return np.datetime64("2014-07-07T00:00:00") + np.timedelta64(1800, "s") * t, mean * (1 + 0.05 * noise)


def middles(n: int) -> np.ndarray:
    """(n,) middles of the buckets."""
    return (np.arange(n) + 0.5) * HIGH / n


def buckets(value: np.ndarray, n: int) -> np.ndarray:
    """(T,) int64 bucket of each value."""
    return np.clip(value * n / HIGH, 0, n - 1).astype(np.int64)


def distribution(config: Config, active: Csr, value: np.ndarray, rate: float) -> np.ndarray:
    """(T, n_buckets): what is said at each record of the one `steps` later."""
    model = classifier.init(active.n_cols, config.n_buckets, rate, config.spread)
    return classifier.run(model, active, buckets(value, config.n_buckets), config.steps)


def later(said: np.ndarray, steps: int) -> np.ndarray:
    """What was said, at the records it is about; NaN where nothing was."""
    return np.concatenate([np.full(steps, np.nan), said[:-steps]])


def naive(value: np.ndarray, steps: int) -> dict[str, np.ndarray]:
    """Guesses that learn nothing. A day and a week ago are known where `steps` is less than a day."""
    weeks = np.stack([_ago(value, k * WEEK) for k in range(1, 5)])
    seen = np.isfinite(weeks)
    mean = np.where(seen, weeks, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return {
        "last_value": _ago(value, steps),
        "day_ago": _ago(value, max(DAY, steps)),
        "week_ago": _ago(value, max(WEEK, steps)),
        "mean_of_weeks": np.where(seen.any(axis=0), mean, np.nan),
    }


def errors(value: np.ndarray, said: np.ndarray, first: int) -> dict[str, float]:
    """error and rmse (over the SD of the series) from record `first` on."""
    y, off = value[first:], said[first:] - value[first:]
    return {
        "error": float(np.abs(off).sum() / np.abs(y).sum()),
        "rmse": float(np.sqrt(np.mean(off**2)) / value.std()),
    }


def log_likelihood(value: np.ndarray, p: np.ndarray, config: Config) -> float:
    """Mean log p of the published bucket that came, from record `first` on; p is spread evenly within a bucket."""
    edges = np.linspace(0, 1, PUBLISHED_BUCKETS + 1)
    below = np.concatenate([np.zeros((len(p), 1)), np.cumsum(p, axis=1)], axis=1)
    at = edges * config.n_buckets
    k = np.minimum(at.astype(np.int64), config.n_buckets - 1)
    coarse = np.diff(below[:, k] + (at - k) * p[:, k], axis=1)
    came = buckets(value, PUBLISHED_BUCKETS)[config.first :]
    rows = np.arange(config.first, len(value)) - config.steps
    return float(np.mean(np.log(np.maximum(coarse[rows, came], 1e-5))))


def inside(arrays: dict, first: int) -> float:
    """Share of the records from `first` on between the 5 % and the 95 % quantile."""
    y = arrays["value"][first:]
    return float(np.mean((y >= arrays["low"][first:]) & (y <= arrays["high"][first:])))


def _ago(value: np.ndarray, n: int) -> np.ndarray:
    return np.concatenate([np.full(min(n, len(value)), np.nan), value[: max(len(value) - n, 0)]])
