"""An HTM network for a series: codes -> spatial pooler -> temporal memory -> what is unexpected, and what comes next.

    value, moment -> encoders -> code x(t)                      side by side (encoders/*)
    x(t) -> spatial pooler -> active columns K(t)               n_active of n_columns
    K(t) -> temporal memory -> active cells A(t), anomaly(t) = 1 - |predicted and K(t)| / |K(t)|
    A(t) -> classifier -> distribution of the bucket at t + k
    anomaly(t) -> likelihood(t)                                 how unusual so many surprises are, of late

    m(t) = mean of the last 10 anomaly;  z = (m(t) - mean of m) / SD of m, both estimated anew every 100 records
    Q = P(normal > z);  likelihood = log(Q + 1e-10) / log(1e-10)     0 expected, 1 never; 0.03 while nothing is known
    where Q < 1e-5 in two records one after the other, the second counts as Q = 1e-3

`taxi()` is the network of Cui, Ahmad & Hawkins, Neural Computation 28 (2016) 2474 (settings of its published runs:
numenta/htmresearch, continuous_sequence), `nab()` the one that the Numenta Anomaly Benchmark calls numentaTM (Ahmad,
Lavin, Purdy & Agha, Neurocomputing 262 (2017) 134; settings: numenta/nupic, best_single_metric_anomaly_params_tm_cpp).
Learning never stops: there is one pass over a series, record by record.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field
from scipy.special import ndtr

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.io import config
from neurosparse.sdr import algebra, batch, encoders, spatial_pooler, temporal_memory
from neurosparse.sdr import anomaly as anomaly_law

PADDING = 0.2  # of the range of values, on either side (nab)
RECENT, REFIT, HISTORY = 10, 100, 8640  # records: moving mean, between two estimates, that an estimate looks back
LEAST_MEAN, LEAST_VARIANCE = 0.03, 0.0003  # of the moving mean
FLAG, REPEATED = 1e-5, 1e-3  # of Q
TOLERANCE = 0.05  # of the range seen so far


class Config(config.Config):
    """Sizes and rates of a network; the defaults are those of `taxi()`."""

    pooler: bool = Field(default=True, description="a spatial pooler between the codes and the temporal memory")
    n_columns: int = Field(default=2048, ge=2, le=65_536, description="columns of the pooler")
    n_active: int = Field(default=40, ge=1, le=65_536, description="of them that win")
    potential_pct: float = Field(default=0.8, gt=0, le=1, description="share of inputs that a column can see")
    sp_connected: float = Field(default=0.5, gt=0, le=1, description="permanence of a connected input")
    sp_inc: float = Field(default=0.0001, ge=0, le=1, description="permanence increment of the pooler")
    sp_dec: float = Field(default=0.0005, ge=0, le=1, description="permanence decrement of the pooler")
    stimulus_threshold: int = Field(default=0, ge=0, le=65_536, description="overlap below which a column can not win")
    cells_per_column: int = Field(default=16, ge=1, le=256, description="cells of a column")
    activation_threshold: int = Field(default=15, ge=1, le=4095, description="connected synapses of an active segment")
    min_threshold: int = Field(default=15, ge=1, le=4095, description="synapses of a matching segment")
    max_new_synapses: int = Field(default=32, ge=0, le=4095, description="that a segment grows in a step")
    max_synapses: int = Field(default=32, ge=1, le=4095, description="of a segment")
    max_segments_per_cell: int = Field(default=128, ge=1, le=4096, description="of a cell")
    initial_permanence: float = Field(default=0.21, gt=0, le=1, description="of new synapses")
    connected_permanence: float = Field(default=0.5, gt=0, le=1, description="of a connected synapse")
    permanence_inc: float = Field(default=0.1, ge=0, le=1, description="at active cells, of segments that learn")
    permanence_dec: float = Field(default=0.1, ge=0, le=1, description="at the others")
    predicted_dec: float = Field(default=0.01, ge=0, le=1, description="where a prediction was wrong")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="of the pooler and of the temporal memory")


class Ran(NamedTuple):
    """What a network did with each of T records."""

    columns: Csr  # (T, n_columns) active columns
    cells: Csr | None  # (T, n_columns cells_per_column) active cells; None unless asked for
    anomaly: np.ndarray  # (T,) share of the active columns that were not predicted
    n_predicted: np.ndarray  # (T,) columns that were
    n_segments: int  # in the end
    n_synapses: int


def taxi() -> Config:
    """The network for the taxi passengers."""
    return Config()


def nab() -> Config:
    """The network for the anomaly benchmark."""
    return Config(
        sp_connected=0.2, sp_inc=0.003, sp_dec=0.0005, cells_per_column=32, activation_threshold=20, min_threshold=13,
        max_new_synapses=31, max_synapses=128, initial_permanence=0.24, permanence_inc=0.04, permanence_dec=0.008,
        predicted_dec=0.001,
    )  # fmt: skip


def taxi_codes(time: np.ndarray, value: np.ndarray, high: float = 40_000.0) -> Csr:
    """(T, 809): time of day (600 bits, 29 active), day of week (100, 29), value from 0 to `high` (109, 29)."""
    moment = encoders.date(time_of_day=(600, 29), day_of_week=(100, 29))
    passengers = encoders.scalar(109, 29, 0.0, high, clip=True)
    return algebra.concatenate([moment.encode_many(time), passengers.encode_many(value)])


def nab_codes(time: np.ndarray, value: np.ndarray, fields: Literal["both", "value"] = "both", seed: int = 0) -> Csr:
    """(T, 454): value (400 bits, 21 active, 130 buckets in its padded range), time of day (54, 21).

    The range of a series is known from the beginning: the benchmark tells it to every detector.
    """
    low, high = float(value.min()), float(value.max())
    resolution = max(0.001, (high - low) * (1 + 2 * PADDING) / 130)
    metric = encoders.rdse(400, 21, resolution, seed=seed, offset=float(value[0]))
    if fields == "value":
        return metric.encode_many(value)
    moment = encoders.date(time_of_day=(54, 21))  # 21 bits are 9.3 hours; published 9.49
    return algebra.concatenate([metric.encode_many(value), moment.encode_many(time)])


def run(c: Config, codes: Csr, cells: bool = False) -> Ran:
    """One pass over `codes`, (T, n) with a row for each record; `cells` keeps the active cells of each."""
    columns = pool(c, codes) if c.pooler else codes
    p = memory(c, columns.n_cols)
    state, rows = temporal_memory.init(p), []
    if not cells:
        state, ran = temporal_memory.run(p, state, columns)
        return Ran(columns, None, ran.anomaly, ran.n_predicted, *_size(p, state))
    told = np.empty((2, columns.n_rows))
    for t, active in enumerate(np.split(columns.indices, columns.indptr[1:-1])):
        state, one = temporal_memory.step(p, state, active)
        told[:, t] = one.anomaly[0], one.n_predicted[0]
        rows.append(temporal_memory.active_cells(state))
    n = columns.n_cols * c.cells_per_column
    kept = batch.ragged(np.array([len(row) for row in rows]), np.concatenate(rows), n)
    return Ran(columns, kept, told[0], told[1].astype(np.int64), *_size(p, state))


def likelihood(anomaly: np.ndarray, learning: int, known: int) -> np.ndarray:
    """(T,) how unusual the anomaly of late is, 0 .. 1; records before `learning` teach nothing, nothing is said before
    `known`.

    The law of sdr.anomaly as the benchmark's detector has it: in addition a least mean, and flags that repeat count for
    less (numenta/nupic, anomaly_likelihood). Its published scores follow from its published anomalies (tests). Raises
    ValueError unless 0 <= learning < known.
    """
    check.integer("htm.likelihood", "learning", learning)
    check.integer("htm.likelihood", "known", known, learning + 1)
    m = _moving_mean(np.asarray(check.between("htm.likelihood", "anomaly", anomaly, 0, 1), np.float64))
    q = np.full(len(m), 0.5)
    starts = [t for t in range(known, len(m)) if t == known or t % REFIT == 0]
    for first, last in zip(starts, [*starts[1:], len(m)]):
        past = m[max(learning, first - HISTORY) : first]
        sd = np.sqrt(max(past.var(), LEAST_VARIANCE))
        q[first:last] = ndtr(-(m[first:last] - max(past.mean(), LEAST_MEAN)) / sd)
    repeated = (q < FLAG) & np.concatenate([[False], q[:-1] < FLAG])[: len(q)]
    return anomaly_law.log_likelihood(1.0 - np.where(repeated, REPEATED, q))


def out_of_range(value: np.ndarray) -> np.ndarray:
    """(T,) bool: values beyond all before by more than 5 % of their range (the spatial anomalies of `nab`)."""
    high, low = np.maximum.accumulate(value)[:-1], np.minimum.accumulate(value)[:-1]
    margin = TOLERANCE * (high - low)
    beyond = (high > low) & ((value[1:] > high + margin) | (value[1:] < low - margin))
    return np.concatenate([[False], beyond])[: len(value)]


def pool(c: Config, codes: Csr) -> Csr:
    """(T, n_columns) winners; the pooler learns from each record."""
    p = spatial_pooler.params(
        codes.n_cols, c.n_columns, potential_pct=c.potential_pct, connected=c.sp_connected, perm_inc=c.sp_inc,
        perm_dec=c.sp_dec, stimulus_threshold=c.stimulus_threshold, density=c.n_active / c.n_columns, seed=c.seed,
    )  # fmt: skip
    return spatial_pooler.compute(p, spatial_pooler.initialise(p), codes, learn=True)


def memory(c: Config, n_columns: int) -> temporal_memory.Params:
    """Parameters of the temporal memory."""
    return temporal_memory.params(
        n_columns, c.cells_per_column, c.activation_threshold, c.min_threshold, c.initial_permanence,
        c.connected_permanence, c.max_new_synapses, c.permanence_inc, c.permanence_dec, c.predicted_dec,
        c.max_segments_per_cell, c.max_synapses, max_segments=0, seed=c.seed,
    )  # fmt: skip


def _moving_mean(x: np.ndarray) -> np.ndarray:
    """(T,) mean of the last RECENT of x; of fewer at the beginning."""
    padded = np.concatenate([np.zeros(RECENT - 1), x])
    total = sliding_window_view(padded, RECENT).sum(axis=1) if len(x) else x
    return total / np.minimum(np.arange(1, len(x) + 1), RECENT)


def _size(p: temporal_memory.Params, state) -> tuple[int, int]:
    table = temporal_memory.table(p, state)
    return table.n_segments, table.n_synapses
