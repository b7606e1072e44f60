"""A linear readout of spike counts, as one scikit-learn estimator.

    x = counts / ||counts||_1 of each sample, over the largest x of the training set

The normalisation takes away how many spikes a sample caused in all and keeps which neurons gave them; the
one common scale puts x into [0, 1], so `C` and `alpha` mean the same for any number of neurons.
`kind="logistic"` is multinomial logistic regression (L-BFGS), `kind="ridge"` least squares to +-1 targets
with an L2 penalty. The fit runs on one thread of the linear algebra library: its small products gain nothing
from more, lose tenfold where a core is busy, and would give other bits for another number of threads.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y
from threadpoolctl import threadpool_limits

from neurosparse import check

OWNER = "readout.Readout"
KINDS = ("logistic", "ridge")


def _is_logistic(readout) -> bool:
    """As it was fitted, else as it will be."""
    model = getattr(readout, "model_", None)
    return readout.kind == "logistic" if model is None else isinstance(model, LogisticRegression)


class Readout(ClassifierMixin, BaseEstimator):
    """Linear classifier of counts (n_samples, n_features), every value finite and >= 0.

    kind       "logistic" or "ridge"
    C          inverse strength of the L2 penalty of the logistic regression, > 0
    alpha      strength of the L2 penalty of the ridge, > 0
    normalise  divide each sample by its sum; False for pixels and other features whose sum means something
    max_iter   the most iterations of L-BFGS; about 100 are used

    After `fit`: `scale_` (largest normalised count of the training set), `classes_`, `n_features_in_`,
    `n_iter_`, and `model_`, the fitted scikit-learn classifier. A sample without spikes is the zero vector,
    which only the bias classifies. Raises ValueError for counts that are negative or not finite, an unknown
    kind, and parameters out of range.
    """

    def __init__(self, kind="logistic", C=10.0, alpha=1.0, normalise=True, max_iter=2000):
        self.kind = kind
        self.C = C
        self.alpha = alpha
        self.normalise = normalise
        self.max_iter = max_iter

    def fit(self, X, y):
        """Learn from counts X (n_samples, n_features) and labels y (n_samples,); returns the estimator."""
        model = self._model()
        _refuse_negative("fit", X)
        X, y = check_X_y(X, y, dtype="float64", estimator=self)
        check_classification_targets(y)
        if len(np.unique(y)) < 2:
            check.fail(f"{OWNER}.fit", "y must hold two classes or more", f"1 class: {y[0]}")
        shares = self._shares(X)
        self.n_features_in_ = X.shape[1]
        self.scale_ = float(shares.max()) or 1.0
        with threadpool_limits(1, user_api="blas"):
            self.model_ = model.fit(shares / self.scale_, y)
        self.classes_ = self.model_.classes_
        self.n_iter_ = int(self.model_.n_iter_[0]) if self.kind == "logistic" else 1  # the ridge is solved directly
        return self

    def predict(self, X):
        """The most likely class of each sample: (n_samples,)."""
        return self._fitted("predict").predict(self._features("predict", X))

    def decision_function(self, X):
        """Linear scores (n_samples, n_classes), or (n_samples,) for two classes."""
        return self._fitted("decision_function").decision_function(self._features("decision_function", X))

    @available_if(_is_logistic)
    def predict_proba(self, X):
        """Probabilities (n_samples, n_classes), rows sum to 1; only with kind="logistic"."""
        return self._fitted("predict_proba").predict_proba(self._features("predict_proba", X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags

    def _model(self):
        check.one_of(f"{OWNER}.fit", "kind", self.kind, KINDS)
        check.positive(f"{OWNER}.fit", "C", self.C)
        check.positive(f"{OWNER}.fit", "alpha", self.alpha)
        check.integer(f"{OWNER}.fit", "max_iter", self.max_iter, low=1)
        if self.kind == "logistic":
            return LogisticRegression(C=self.C, max_iter=self.max_iter)
        return RidgeClassifier(alpha=self.alpha)

    def _fitted(self, method: str) -> Any:
        check_is_fitted(self, msg=f"{OWNER}.{method}: the readout must be fitted first; call fit(counts, labels)")
        return self.model_

    def _features(self, method: str, X):
        _refuse_negative(method, X)
        X = check_array(X, dtype="float64", estimator=self)
        if X.shape[1] != self.n_features_in_:
            need = f"X has {X.shape[1]} features, but Readout is expecting {self.n_features_in_} features"
            check.fail(f"{OWNER}.{method}", f"{need} as input", X.shape, "give what it was fitted to")
        return self._shares(X) / self.scale_

    def _shares(self, X):
        """Each row divided by its sum; a row of zeros stays zero."""
        if not self.normalise:
            return X
        total = X.sum(axis=1, keepdims=True)
        return X / np.where(total > 0, total, 1.0)


def _refuse_negative(method: str, X) -> None:
    array, owner, remedy = np.asarray(X), f"{OWNER}.{method}", "give counts of spikes, without NaN"
    if array.dtype.kind in "iuf" and array.size:  # anything else is scikit-learn's to refuse
        check.at_least(owner, "counts", float(array.min()), 0, remedy=remedy)
        check.number(owner, "counts", float(array.max()), remedy=remedy)
