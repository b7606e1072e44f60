"""The spatial pooler as a scikit-learn transformer: binary patterns in, sparse binary codes out.

    codes = SpatialPooler(n_columns=2048).fit(X).transform(X)         X (n_samples, n_features), non-zero = active

`fit` starts anew and learns the samples in their order, `epochs` times; `partial_fit` goes on from where it is.
"""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from neurosparse import check
from neurosparse.csr import Csr, make
from neurosparse.sdr import batch, spatial_pooler
from neurosparse.sdr.sdr import Sdr, checked

OWNER = "sp_estimator.SpatialPooler"
HERE = ("n_columns", "epochs", "output")  # parameters that are not of spatial_pooler.params


class SpatialPooler(TransformerMixin, BaseEstimator):
    """Transformer of patterns (n_samples, n_features): a dense array, a SciPy sparse matrix, a Csr, or a list of Sdrs.

    n_columns    number of columns, (n,) or (rows, columns)
    input_shape  field of the inputs, None for a vector of n_features
    epochs       how often `fit` shows the samples
    output       "sparse": SciPy csr_array of uint8; "dense": uint8 array; "csr": neurosparse.Csr
    the others   as in `spatial_pooler.params`

    After `fit`: `params_`, `state_`, `n_features_in_`. Raises TypeError or ValueError for parameters out of range and
    for patterns of another width than the first.
    """

    def __init__(
        self, n_columns=2048, input_shape=None, potential_radius=None, potential_pct=0.5, initial_pct=0.5,
        connected=0.5, perm_inc=0.1, perm_dec=0.02, stimulus_threshold=1, density=0.02, inhibition="global",
        inhibition_radius=None, wrap=True, boost_strength=0.0, min_overlap_pct=0.001, duty_period=1000,
        update_period=50, seed=0, epochs=1, output="sparse",
    ):  # fmt: skip
        self.n_columns = n_columns
        self.input_shape = input_shape
        self.potential_radius = potential_radius
        self.potential_pct = potential_pct
        self.initial_pct = initial_pct
        self.connected = connected
        self.perm_inc = perm_inc
        self.perm_dec = perm_dec
        self.stimulus_threshold = stimulus_threshold
        self.density = density
        self.inhibition = inhibition
        self.inhibition_radius = inhibition_radius
        self.wrap = wrap
        self.boost_strength = boost_strength
        self.min_overlap_pct = min_overlap_pct
        self.duty_period = duty_period
        self.update_period = update_period
        self.seed = seed
        self.epochs = epochs
        self.output = output

    def fit(self, X, y=None):
        """Learn the samples from a new state, in their order, `epochs` times; returns the estimator."""
        check.integer(f"{OWNER}.fit", "epochs", self.epochs, 1)
        self._start("fit", patterns := self._patterns("fit", X))
        for _ in range(self.epochs):
            spatial_pooler.compute(self.params_, self.state_, patterns, learn=True)
        return self

    def partial_fit(self, X, y=None):
        """Learn the samples once, going on from the present state; returns the estimator."""
        patterns = self._patterns("partial_fit", X)
        if not hasattr(self, "state_"):
            self._start("partial_fit", patterns)
        self._width("partial_fit", patterns)
        spatial_pooler.compute(self.params_, self.state_, patterns, learn=True)
        return self

    def transform(self, X):
        """Codes (n_samples, n_columns), learning off, as `output` says."""
        check_is_fitted(self, "state_", msg=f"{OWNER}.transform: the pooler must be fitted first; call fit(X)")
        check.one_of(f"{OWNER}.transform", "output", self.output, ("sparse", "dense", "csr"))
        patterns = self._patterns("transform", X)
        self._width("transform", patterns)
        z = spatial_pooler.compute(self.params_, self.state_, patterns)
        if self.output == "csr":
            return z
        codes = sparse.csr_array((z.weight.astype(np.uint8), z.indices, z.indptr), shape=(z.n_rows, z.n_cols))
        return codes if self.output == "sparse" else codes.toarray()

    def get_feature_names_out(self, input_features=None):
        """Names of the columns."""
        check_is_fitted(self, "state_")
        return np.array([f"column{i}" for i in range(self.params_.n_columns)], dtype=object)

    def _start(self, method: str, patterns: Csr) -> None:
        settings = {name: value for name, value in self.get_params().items() if name not in HERE}
        shape = settings.pop("input_shape") or patterns.n_cols
        self.params_ = spatial_pooler.params(shape, self.n_columns, **settings)
        if self.params_.n_inputs != patterns.n_cols:
            check.fail(f"{OWNER}.{method}", f"X must have {self.params_.n_inputs} features", patterns.n_cols)
        self.state_ = spatial_pooler.initialise(self.params_)
        self.n_features_in_ = patterns.n_cols

    def _width(self, method: str, patterns: Csr) -> None:
        if patterns.n_cols != self.n_features_in_:
            need = f"X has {patterns.n_cols} features, but SpatialPooler is expecting {self.n_features_in_} features"
            check.fail(f"{OWNER}.{method}", f"{need} as input", patterns.n_cols, "give what it was fitted to")

    def _patterns(self, method: str, X) -> Csr:
        """Rows of active inputs; anything that is not zero is active."""
        if isinstance(X, Csr):
            return X
        if isinstance(X, list | tuple):
            owner = f"{OWNER}.{method}"
            if len(X) and isinstance(X[0], Sdr):
                return batch.of(checked(owner, f"row {r}", x, X[0].n) for r, x in enumerate(X))
            X = check.array(owner, "X", X)
        taken: dict[str, Any] = {"accept_sparse": "csr", "dtype": None, "input_name": f"X of {method}"}
        table: Any = sparse.csr_array(check_array(X, estimator=self, **taken) != 0)
        table.sort_indices()
        indptr, indices = table.indptr.astype(np.int64), table.indices.astype(np.int32)
        return make(indptr, indices, np.ones(len(indices), np.float32), table.shape[1])
