"""Temporal memory as a scikit-learn estimator: it learns a sequence of SDRs, and says what comes next."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import segments, temporal_memory

OWNER = "sdr.TemporalMemory"


class TemporalMemory(BaseEstimator):
    """Temporal memory over X, a sequence of SDRs in time: a Csr, a list of active columns or of Sdrs, or a 0/1 matrix.

        memory = TemporalMemory(n_columns=2048, epochs=5).fit(X)
        memory.score_samples(X)      # anomaly of each element
        memory.predict(X)            # Csr, row k: the columns predicted for element k + 1

    Parameters are those of `temporal_memory.params`, and epochs: how often `fit` presents X, each time from a reset.
    After `fit`: `state_`, `params_`, `segments_`. `predict`, `score_samples` and `score` begin at a reset and learn
    nothing. Raises ValueError or TypeError for parameters out of range and columns that are no ascending ids.
    """

    def __init__(
        self, n_columns=2048, cells_per_column=32, activation_threshold=13, min_threshold=10, initial_permanence=0.21,
        connected_permanence=0.5, max_new_synapses=20, permanence_increment=0.1, permanence_decrement=0.1,
        predicted_decrement=0.0, max_segments_per_cell=255, max_synapses=255, max_segments=0, min_synapses=None,
        keep_winner=False, bits=32, seed=42, epochs=1,
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
        self.bits = bits
        self.seed = seed
        self.epochs = epochs

    def fit(self, X, y=None):
        """Learn X from nothing, `epochs` times; y is not used."""
        check.integer(f"{OWNER}.fit", "epochs", self.epochs, 1)
        self._begin()
        for _ in range(self.epochs):
            self.partial_fit(X, reset=True)
        return self

    def partial_fit(self, X, y=None, reset: bool = False):
        """Go on learning with X, after a reset or where the last call ended."""
        if not hasattr(self, "state_"):
            self._begin()
        if reset:
            self.state_ = temporal_memory.reset(self.params_, self.state_)
        self.state_, _ = temporal_memory.run(self.params_, self.state_, _sequence(X))
        return self

    def predict(self, X) -> Csr:
        """Row k: the columns predicted after element k, for the one that follows."""
        return self._watch(X).predicted

    def score_samples(self, X) -> np.ndarray:
        """(n_steps,) anomaly of each element: the share of its columns that were not predicted."""
        return self._watch(X).anomaly

    def score(self, X, y=None) -> float:
        """1 - mean anomaly."""
        return float(1.0 - self._watch(X).anomaly.mean())

    @property
    def segments_(self) -> segments.Segments:
        """The segments; see `temporal_memory.table`."""
        check_is_fitted(self, "state_")
        return temporal_memory.table(self.params_, self.state_)

    def _begin(self) -> None:
        mine = {name: value for name, value in self.get_params().items() if name != "epochs"}
        self.params_ = temporal_memory.params(**mine)
        self.state_ = temporal_memory.init(self.params_)

    def _watch(self, X) -> Any:
        check_is_fitted(self, "state_", msg=f"{OWNER}: the memory must be fitted first; call fit(X)")
        state = temporal_memory.reset(self.params_, temporal_memory.copy(self.state_))
        return temporal_memory.run(self.params_, state, _sequence(X), learn=False, record=True)[1]


def _sequence(X) -> Any:
    """A 0/1 matrix, dense or of SciPy, as a list of active columns; anything else as it is."""
    if hasattr(X, "tocsr"):
        X = X.toarray()
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return [np.flatnonzero(row) for row in X]
    return X
