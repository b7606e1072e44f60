"""The Numenta Anomaly Benchmark: detectors on 58 series with 116 labelled windows, scored under three profiles.

htm          likelihood of the surprise of a network (models/htm.py), 1 where a value leaves the range seen so far
likelihood   the same without that rule
surprise     the share of active columns that were not predicted, as it is
range        that rule alone
gaussian     how far a value is from the mean of the 1,000 before it, in their SD, in logarithms
random       numbers
null         nothing

The network has the published settings of the detector numentaTM, and its likelihood and its rule of the range; nothing
was tuned here, and every series starts with a new network that sees each record once. As the benchmark does for every
detector, the threshold of each profile is the one of the highest score on the whole corpus, labels included: it is no
prediction of how a threshold does elsewhere. The range of a series is known to the detector from the beginning (the
benchmark's rule). Scoring: neurosparse/measure/nab.py. Series run beside one another on `threads` threads.

Source: Lavin & Ahmad, IEEE ICMLA 2015; Ahmad, Lavin, Purdy & Agha, Neurocomputing 262 (2017) 134.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field
from scipy.special import log_ndtr

from models import htm
from neurosparse import data, rng
from neurosparse.data import Series
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.measure import nab

DETECTORS = ("htm", "likelihood", "surprise", "range", "gaussian", "random", "null")
SMALLEST = 1e-10


class Config(config.Config):
    """Which series and which network."""

    dataset: Literal["nab", "made"] = Field(default="nab", description="made: rhythms with noise, each with a break")
    n_series: int = Field(default=58, ge=1, le=58, description="series, in the order of their names")
    network: htm.Config = Field(default=htm.nab(), description="the network")
    fields: Literal["both", "value"] = Field(default="both", description="code value and time of day, or value alone")
    window: int = Field(default=1000, ge=2, le=100_000, description="records that the Gaussian looks back")
    example: str = Field(default="realKnownCause/nyc_taxi.csv", description="series whose scores are kept")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="of networks, codes, random scores and made series")


class Corpus(NamedTuple):
    """What is scored, and what others scored."""

    series: tuple[Series, ...]
    published: dict[str, dict[str, float]]  # detector -> profile -> score


def tiny() -> Config:
    """Two made series and a small network."""
    network = htm.nab().model_copy(
        update={"n_columns": 128, "n_active": 8, "cells_per_column": 4, "activation_threshold": 5, "min_threshold": 3}
    )
    return Config(dataset="made", n_series=2, network=network, window=100, example="made/0.csv")


def run(config: Config, threads: int = 1) -> Result:
    """Rows: detector, profile and Score. Metrics: score_<detector>_<profile>, and `score`, of htm, standard."""
    corpus = load(config)
    windows = [one.windows for one in corpus.series]
    with ThreadPoolExecutor(threads) as pool:
        each = pool.map(partial(surprise, config), range(len(corpus.series)), corpus.series)
        surprises = list(track(each, "series", len(corpus.series)))
    scores = {name: [] for name in DETECTORS}
    for k, (one, raw) in enumerate(zip(corpus.series, surprises)):
        for name, value in detect(config, k, one, raw).items():
            scores[name].append(value)
    table = {name: {p: nab.score(scores[name], windows, p) for p in nab.PROFILES} for name in DETECTORS}
    rows = [
        {"detector": name, "profile": p} | found._asdict() for name, each in table.items() for p, found in each.items()
    ]
    metrics = {f"score_{name}_{p}": found.score for name, each in table.items() for p, found in each.items()}
    metrics |= {"score": metrics["score_htm_standard"], "records": float(sum(len(one.value) for one in corpus.series))}
    arrays = {
        "detector": np.array(DETECTORS), "profile": np.array(list(nab.PROFILES)),
        "score": np.array([[found.score for found in each.values()] for each in table.values()]),
    } | shown(config, corpus, surprises, scores, table)  # fmt: skip
    return Result(arrays, metrics, rows, {"time": "s since 1970"})


def load(config: Config) -> Corpus:
    """The benchmark, or made series: a rhythm of 48 records with noise, that stands still for 16 in its last third."""
    if config.dataset == "nab":
        found = data.load_nab()
        return Corpus(found.series[: config.n_series], found.published)
    t, out = np.arange(480), []
    for k in range(config.n_series):
        at = 330 + 40 * (k % 3)
        noise = rng.normals(rng.stream(config.seed, "made series"), len(t), step=k)
        value = np.sin(2 * np.pi * t / 48) + 0.05 * noise
        value[at : at + 16] = 0.5
        time = np.datetime64("2014-01-01T00:00:00") + np.timedelta64(1800, "s") * t
        out.append(Series(time, value, np.array([[at - 10, at + 25]]), f"made/{k}.csv"))
    return Corpus(tuple(out), {})


def surprise(config: Config, k: int, one: Series) -> np.ndarray:
    """(n,) share of the active columns of a new network that were not predicted; of series number k."""
    network = config.network.model_copy(update={"seed": config.seed})
    return htm.run(network, htm.nab_codes(one.time, one.value, config.fields, config.seed)).anomaly


def detect(config: Config, k: int, one: Series, raw: np.ndarray) -> dict[str, np.ndarray]:
    """Anomaly scores (n,) of all detectors; the likelihood learns from the middle of the probation on."""
    n = len(one.value)
    known = max(nab.probation(n), 1)
    likelihood, beyond = htm.likelihood(raw, known // 2, known), htm.out_of_range(one.value)
    return {
        "htm": np.where(beyond, 1.0, likelihood), "likelihood": likelihood, "surprise": raw,
        "range": beyond.astype(np.float64), "gaussian": gaussian(one.value, config.window),
        "random": rng.uniforms(rng.stream(config.seed, "random scores"), n, step=k), "null": np.zeros(n),
    }  # fmt: skip


def gaussian(value: np.ndarray, window: int) -> np.ndarray:
    """(n,) log P(|normal| > |z|) over log 1e-10, z from mean and SD of the `window` values before each (or all)."""
    n = len(value)
    window = min(window, n)
    mean, sd = np.zeros(n), np.zeros(n)
    for t in range(1, min(window, n)):
        mean[t], sd[t] = value[:t].mean(), value[:t].std()
    if n > window:
        past = sliding_window_view(value, window)[:-1]
        mean[window:], sd[window:] = past.mean(axis=1), past.std(axis=1)
    z = np.abs(value - mean) / np.maximum(sd, 1e-6)
    score = (np.log(2.0) + log_ndtr(-z)) / np.log(SMALLEST)
    score[:1] = 0.0
    return np.maximum(score, 0.0)


def shown(config: Config, corpus: Corpus, surprises: list, scores: dict, table: dict) -> dict[str, np.ndarray]:
    """Arrays of the example series, and of the published scores."""
    names = [one.name for one in corpus.series]
    k = names.index(config.example) if config.example in names else 0
    one, published = corpus.series[k], corpus.published
    return {
        "time": one.time.astype(np.int64), "value": one.value, "windows": one.windows, "anomaly": surprises[k],
        "example_score": scores["htm"][k], "example_name": np.array([one.name]),
        "probation": np.array([nab.probation(len(one.value))]),
        "threshold": np.array([table["htm"][p].threshold for p in nab.PROFILES]),
        "published": np.array(list(published) or [""]),
        "published_score": np.array([[each[p] for p in nab.PROFILES] for each in published.values()]).reshape(-1, 3),
    }  # fmt: skip
