"""Temporal memory as a scikit-learn estimator: it learns a sequence of SDRs, and says what comes next."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from neurosparse import check
from neurosparse.csr import Csr, make
from neurosparse.sdr import batch, segments, temporal_memory

OWNER = "sdr.TemporalMemory"


class TemporalMemory(BaseEstimator):
    """Temporal memory over X, a sequence of SDRs in time: a Csr, a list of active columns or of Sdrs, or a 0/1 matrix.

        memory = TemporalMemory(n_columns=2048, epochs=5).fit(X)
        memory.score_samples(X)      # anomaly of each element
        memory.predict(X)            # Csr, row k: the columns predicted for element k + 1

    Parameters are those of `temporal_memory.params`, and epochs: how often `fit` presents X, each time from a reset.
    After `fit`: `state_`, `params_`, `segments_`. `predict`, `score_samples` and `score` begin at a reset and learn
    nothing. Raises ValueError or TypeError for parameters out of range, columns that are no ascending ids, elements of
    another width than n_columns, matrices of other numbers than 0 and 1, and sequences of no elements.
    """

    def __init__(
        self, n_columns=2048, cells_per_column=32, activation_threshold=13, min_threshold=10, initial_permanence=0.21,
        connected_permanence=0.5, max_new_synapses=20, permanence_increment=0.1, permanence_decrement=0.1,
        predicted_decrement=0.0, max_segments_per_cell=255, max_synapses=255, max_segments=None, min_synapses=None,
        keep_winner=False, grow_predicted=True, bits=32, seed=42, epochs=1,
    ):  # fmt: skip
        self.n_columns = n_columns
        self.cells_per_column = cells_per_column
        self.activation_threshold = activation_threshold
        self.min_threshold = min_threshold
        self.initial_permanence = initial_permanence
        self.connected_permanence = connected_permanence
        self.max_new_synapses = max_new_synapses
        self.permanence_increment = permanence_increment
        self.permanence_decrement = permanence_decrement
        self.predicted_decrement = predicted_decrement
        self.max_segments_per_cell = max_segments_per_cell
        self.max_synapses = max_synapses
        self.max_segments = max_segments
        self.min_synapses = min_synapses
        self.keep_winner = keep_winner
        self.grow_predicted = grow_predicted
        self.bits = bits
        self.seed = seed
        self.epochs = epochs

    def fit(self, X, y=None):
        """Learn X from nothing, `epochs` times; y is not used."""
        check.integer(f"{OWNER}.fit", "epochs", self.epochs, 1)
        p = self._params()
        sequence = _sequence(f"{OWNER}.fit", X, p.n_columns)
        self.params_, self.state_ = p, temporal_memory.init(p)
        for _ in range(self.epochs):
            self._learn(sequence, reset=True)
        return self

    def partial_fit(self, X, y=None, reset: bool = False):
        """Go on learning with X, after a reset or where the last call ended."""
        p = self.params_ if hasattr(self, "state_") else self._params()
        sequence = _sequence(f"{OWNER}.partial_fit", X, p.n_columns)
        if not hasattr(self, "state_"):
            self.params_, self.state_ = p, temporal_memory.init(p)
        self._learn(sequence, reset)
        return self

    def predict(self, X) -> Csr:
        """Row k: the columns predicted after element k, for the one that follows."""
        return self._watch("predict", X).predicted

    def score_samples(self, X) -> np.ndarray:
        """(n_steps,) anomaly of each element: the share of its columns that were not predicted."""
        return self._watch("score_samples", X).anomaly

    def score(self, X, y=None) -> float:
        """1 - mean anomaly."""
        return float(1.0 - self._watch("score", X).anomaly.mean())

    @property
    def segments_(self) -> segments.Segments:
        """The segments; see `temporal_memory.table`."""
        check_is_fitted(self, "state_")
        return temporal_memory.table(self.params_, self.state_)

    def _params(self) -> temporal_memory.Params:
        mine = {name: value for name, value in self.get_params().items() if name != "epochs"}
        return temporal_memory.params(**mine)

    def _learn(self, sequence: Csr, reset: bool) -> None:
        if reset:
            self.state_ = temporal_memory.reset(self.params_, self.state_)
        self.state_, _ = temporal_memory.run(self.params_, self.state_, sequence)

    def _watch(self, method: str, X) -> Any:
        check_is_fitted(self, "state_", msg=f"{OWNER}: the memory must be fitted first; call fit(X)")
        sequence = _sequence(f"{OWNER}.{method}", X, self.params_.n_columns)
        state = temporal_memory.reset(self.params_, temporal_memory.copy(self.state_))
        return temporal_memory.run(self.params_, state, sequence, learn=False, record=True)[1]


def _sequence(owner: str, X, n_columns: int) -> Csr:
    """Rows of active columns from a Csr, a list of them or of Sdrs, or a 0/1 matrix, dense or of SciPy."""
    if hasattr(X, "tocsr"):
        X = _of_scipy(owner, X, n_columns)
    elif hasattr(X, "to_numpy") or (isinstance(X, np.ndarray) and X.dtype.kind != "O"):
        X = _of_matrix(owner, np.asarray(X), n_columns)
    indptr, columns = temporal_memory.elements(owner, X, n_columns)
    if len(indptr) < 2:
        check.fail(owner, "X must hold at least one element", len(indptr) - 1)
    return make(indptr, columns, np.ones(len(columns), np.float32), n_columns)


def _of_matrix(owner: str, X: np.ndarray, n_columns: int) -> Csr:
    _wide(owner, X.shape, n_columns)
    _ones(owner, X)
    row, column = np.nonzero(X)
    return batch.ragged(np.bincount(row, minlength=len(X)), column.astype(np.int32), n_columns)


def _of_scipy(owner: str, X: Any, n_columns: int) -> Csr:
    _wide(owner, X.shape, n_columns)
    X = X.tocsr().copy()
    X.sum_duplicates()
    _ones(owner, X.data)
    X.eliminate_zeros()
    return batch.ragged(np.diff(X.indptr), X.indices.astype(np.int32), n_columns)


def _wide(owner: str, shape: tuple, n_columns: int) -> None:
    if len(shape) != 2 or shape[1] != n_columns:
        check.fail(owner, f"X as a matrix must have shape (n_steps, {n_columns})", shape, "n_columns is its width")


def _ones(owner: str, values: np.ndarray) -> None:
    if values.dtype.kind not in "biuf" or not np.all((values == 0) | (values == 1)):
        check.fail(owner, "X as a matrix must hold zeros and ones", values, "compare it: X > threshold")
