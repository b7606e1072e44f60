"""Sequences hidden in noise: the stream and the network of Hawkins & Ahmad (2016), figure 6.

    element i:  3 .. 8 (mod 10)     the six letters of one of five sequences, each as likely
                elsewhere           `n_active` random columns
    letter k:   columns k n_active .. (k + 1) n_active - 1, A is 0

The first letter of a sequence tells which one it is, and with it the five that follow: half of all elements can be
expected. The sequences share subsequences, so a memory of the last element alone can not know how they go on. After the
switch five others come, made of the same letters.

    accuracy(t) = |predicted and active columns| / |predicted columns|, 0 where none is predicted
    am(t) = 0.99 am(t - 1) + 0.01 accuracy(t);   smoothed(t) = mean of the last 60 am

Source: Hawkins & Ahmad, Frontiers in Neural Circuits 10 (2016) 23, figure 6 and its published settings
(numenta/htmpapers, why_neurons_have_thousands_of_synapses), of which thresholds and the punishment are part. Only
segments of columns that burst grow synapses, as in the implementation of 2015; htm.core's grow where they predicted
rightly, too: on a whole network the same course, as their overlap is already `max_new_synapses`.
"""

from typing import NamedTuple

import numpy as np
from pydantic import Field, model_validator
from scipy.signal import lfilter

from neurosparse import rng
from neurosparse.csr import Csr
from neurosparse.io import config
from neurosparse.sdr import batch, temporal_memory

BEFORE = ("XABCDE", "YCBEAF", "GHIJKL", "WABCMN", "ZDBCAE")
AFTER = ("XCBEAF", "YABCDE", "GABCMN", "WHIJKL", "ZDHICF")
PERIOD, BEGIN, LETTERS, NOISE = 10, 3, 26, "."
FORGET, WINDOW = 0.01, 60  # of the smoothing: rate of am, elements that are averaged


class Config(config.Config):
    """Constants of stream and network."""

    n_columns: int = Field(default=2048, ge=26, le=65_536, description="columns, at least 26 n_active")
    n_active: int = Field(default=40, ge=1, le=2520, description="active columns of an element")
    cells_per_column: int = Field(default=32, ge=1, le=256, description="cells of a column; 1: first order")
    activation_threshold: int = Field(default=15, ge=1, le=4095, description="connected synapses of an active segment")
    min_threshold: int = Field(default=15, ge=1, le=4095, description="synapses of a matching segment")
    max_new_synapses: int = Field(default=40, ge=1, le=4095, description="that a segment grows in a step")
    initial_permanence: float = Field(default=0.21, gt=0, le=1, description="of new synapses")
    connected_permanence: float = Field(default=0.5, gt=0, le=1, description="of a connected synapse")
    permanence_inc: float = Field(default=0.1, ge=0, le=1, description="at active cells, of segments that learn")
    permanence_dec: float = Field(default=0.1, ge=0, le=1, description="at the others")
    predicted_dec: float = Field(default=0.01, ge=0, le=1, description="where a prediction was wrong")
    grow_predicted: bool = Field(default=False, description="segments that predicted rightly grow synapses too")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="of the stream and of the temporal memory")

    @model_validator(mode="after")
    def _letters(self):
        if self.n_columns < LETTERS * self.n_active:
            raise ValueError(f"n_columns must be at least {LETTERS} n_active, {LETTERS * self.n_active}")
        return self


class Stream(NamedTuple):
    """T elements."""

    columns: Csr  # (T, n_columns), n_active of them active
    letters: np.ndarray  # (T,) one character; "." for noise
    expected: np.ndarray  # (T,) bool: a letter after the first of its sequence


def tiny() -> Config:
    """208 columns of 4 cells, 8 of them active."""
    return Config(n_columns=208, n_active=8, cells_per_column=4, activation_threshold=5, min_threshold=5,
                  max_new_synapses=8)  # fmt: skip


def stream(c: Config, n_steps: int, switch: int | None = None) -> Stream:
    """The first `n_steps` elements; sequences that begin after element `switch` are the others (None: never)."""
    which, noise = rng.stream(c.seed, "which sequence"), rng.stream(c.seed, "random elements")
    columns = np.empty((n_steps, c.n_active), np.int32)
    letters = np.full(n_steps, NOISE)
    place = (np.arange(n_steps) - BEGIN) % PERIOD
    for i in range(n_steps):
        if place[i] < len(BEFORE[0]) and i >= BEGIN:
            begin = i - place[i]
            five = BEFORE if switch is None or begin <= switch else AFTER
            letters[i] = five[rng.below(which, 0, begin, len(five))][place[i]]
            columns[i] = letter(c, letters[i])
        else:
            columns[i] = rng.choice(noise, c.n_columns, c.n_active, i)
    rows = batch.ragged(np.full(n_steps, c.n_active), columns.ravel(), c.n_columns)
    return Stream(rows, letters, (letters != NOISE) & (place > 0))


def letter(c: Config, name: str) -> np.ndarray:
    """(n_active,) columns of a letter, A to Z."""
    return (ord(name) - ord("A")) * c.n_active + np.arange(c.n_active)


def memory(c: Config) -> temporal_memory.Params:
    """Parameters of the temporal memory."""
    return temporal_memory.params(
        c.n_columns, c.cells_per_column, c.activation_threshold, c.min_threshold, c.initial_permanence,
        c.connected_permanence, c.max_new_synapses, c.permanence_inc, c.permanence_dec, c.predicted_dec,
        grow_predicted=c.grow_predicted, seed=c.seed,
    )  # fmt: skip


def accuracy(n_predicted: np.ndarray, n_correct: np.ndarray) -> np.ndarray:
    """(T,) share of the predicted columns that were active; 0 where none was predicted."""
    return n_correct / np.maximum(n_predicted, 1)


def smoothed(accuracy: np.ndarray) -> np.ndarray:
    """(T,) mean of the last 60 (of fewer at the beginning) of the running mean of `accuracy`, which starts at 0."""
    am = lfilter([FORGET], [1.0, FORGET - 1.0], accuracy)
    total = np.concatenate([[0.0], np.cumsum(am)])
    t = np.arange(1, len(am) + 1)
    first = np.maximum(t - WINDOW, 0)
    return (total[t] - total[first]) / (t - first)
