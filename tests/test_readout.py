"""The readout: its normalisation, both kinds, scikit-learn's own checks, errors."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import estimator_checks_generator
from threadpoolctl import threadpool_limits

from neurosparse.readout import Readout


def counts(n_samples=300, n_features=60, n_classes=5, seed=0):
    """Poisson counts around one pattern for each class, with a total that says nothing about the class."""
    rng = np.random.default_rng(seed)
    patterns = np.random.default_rng(99).gamma(0.5, 1.0, (n_classes, n_features))
    y = rng.integers(0, n_classes, n_samples)
    return rng.poisson(patterns[y] * rng.uniform(1, 6, (n_samples, 1))), y


@pytest.mark.parametrize("kind", ["logistic", "ridge"])
def test_it_learns(kind):
    readout = Readout(kind=kind).fit(*counts())
    assert readout.score(*counts(seed=1)) > 0.95
    assert readout.predict(counts(seed=1)[0]).shape == (300,)
    assert readout.decision_function(counts(seed=1)[0]).shape == (300, 5)


def test_features_are_shares_over_the_largest_share_of_the_training_set():
    X, y = np.array([[1, 3, 0], [0, 0, 0], [2, 0, 2], [5, 0, 0]]), np.array([0, 0, 1, 1])
    readout = Readout(C=1.0).fit(X, y)
    shares = np.array([[0.25, 0.75, 0], [0, 0, 0], [0.5, 0, 0.5], [1, 0, 0]])
    assert readout.scale_ == 1.0
    twin = LogisticRegression(C=1.0, max_iter=2000).fit(shares, y)
    assert np.allclose(readout.predict_proba(X), twin.predict_proba(shares))
    assert Readout().fit(X[:3], y[:3]).scale_ == 0.75


def test_the_total_of_a_sample_does_not_matter_unless_told():
    X, y = counts()
    readout = Readout().fit(X, y)
    assert np.allclose(readout.predict_proba(X), readout.predict_proba(7 * X))
    raw = Readout(normalise=False).fit(X, y)
    assert raw.scale_ == X.max()
    assert not np.allclose(raw.predict_proba(X), raw.predict_proba(7 * X))


def test_silent_samples_are_the_zero_vector():
    X, y = counts()
    silent = np.zeros((1, X.shape[1]))
    readout = Readout().fit(X, y)
    assert np.allclose(readout.decision_function(silent), readout.model_.intercept_)
    mute = Readout().fit(np.zeros((4, 2)), [0, 1, 1, 1])
    assert mute.scale_ == 1.0
    assert mute.predict([[0, 0]]).tolist() == [1]


def test_probabilities_sum_to_one_and_only_the_logistic_has_them():
    X, y = counts()
    assert np.allclose(Readout().fit(X, y).predict_proba(X).sum(axis=1), 1)
    with pytest.raises(AttributeError, match="predict_proba"):
        Readout(kind="ridge").fit(X, y).predict_proba(X)


def test_it_works_in_pipeline_clone_and_grid_search():
    X, y = counts(150, 20, 3)
    search = GridSearchCV(make_pipeline(FunctionTransformer(), Readout()), {"readout__C": [0.1, 10.0]}, cv=2).fit(X, y)
    assert search.best_params_["readout__C"] in (0.1, 10.0)
    assert search.score(X, y) > 0.9
    assert clone(Readout(kind="ridge", alpha=3.0)).get_params()["alpha"] == 3.0


def test_default_fit_converges_without_a_warning_at_a_thousand_features():
    X, y = counts(1200, 1000, 10)
    readout = Readout().fit(X, y)  # warnings are errors
    assert readout.n_iter_ < 1000
    Readout(normalise=False).fit(X, y)


def test_the_fit_is_the_same_bits_for_any_number_of_blas_threads():
    X, y = counts(400, 300, 10)
    fits = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fits.append(Readout().fit(X, y).model_.coef_)
    assert np.array_equal(*fits)


LEFT_OUT = {  # checks of scikit-learn that are not run, each with its reason
    "check_positive_only_tag_during_fit": "the message is ours",
    "check_decision_proba_consistency": "fits negative numbers",
    "check_array_api_input": "needs a variable of SciPy",
    "check_classifier_data_not_an_array": "needs pandas",
}


def sklearn_checks():
    """Checks of scikit-learn that are expected to pass, for both kinds."""
    for kind in ("logistic", "ridge"):
        for estimator, check in estimator_checks_generator(Readout(kind=kind), legacy=True, mark=None):
            name = check.func.__name__
            # two features that sum to one are one feature: its data can only be learnt as they are
            options = {"normalise": False} if name == "check_classifiers_train" else {}
            if name not in LEFT_OUT:
                yield pytest.param(estimator.set_params(**options), check, id=f"{kind}-{name}")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("estimator, check", list(sklearn_checks()))
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


X, Y = counts(40, 6, 2)


@pytest.mark.parametrize(
    "options, X, y, message",
    [
        (
            {"kind": "logistik"},
            X,
            Y,
            r"readout\.Readout\.fit: kind must be one of logistic, ridge, .*did you mean 'logistic'",
        ),
        ({"C": 0.0}, X, Y, "C must be > 0, got 0.0"),
        ({"alpha": -1.0}, X, Y, "alpha must be > 0, got -1.0"),
        ({"max_iter": 0}, X, Y, r"max_iter must be in \[1, "),
        ({}, -X, Y, r"counts must be >= 0, got -\d+.0; give counts of spikes"),
        ({}, np.where(X.max() == X, np.nan, X), Y, "counts must be a finite number, got nan; give counts"),
        ({}, np.where(X.max() == X, np.inf, X), Y, "counts must be a finite number, got inf"),
        ({}, X, np.zeros(40), "y must hold two classes or more, got '1 class: 0.0'"),
        ({}, X, Y[:-1], "inconsistent numbers of samples"),
    ],
)
def test_errors_of_fit(options, X, y, message):
    with pytest.raises(ValueError, match=message):
        Readout(**options).fit(X, y)


def test_errors_of_predict():
    with pytest.raises(ValueError, match=r"readout\.Readout\.predict: the readout must be fitted first; call fit"):
        Readout().predict(X)
    fitted = Readout().fit(X, Y)
    with pytest.raises(
        ValueError,
        match=r"predict: X has 5 features, but Readout is expecting 6 .*; give what it was fitted to",
    ):
        fitted.predict(X[:, :5])
    with pytest.raises(ValueError, match=r"decision_function: counts must be >= 0, got -"):
        fitted.decision_function(-X)


def test_probabilities_are_there_as_it_was_fitted():
    counts, labels = np.array([[1, 5], [5, 1], [2, 6], [6, 1]]), np.array([0, 1, 0, 1])
    ridge, logistic = (Readout(kind).fit(counts, labels) for kind in ("ridge", "logistic"))
    ridge.set_params(kind="logistic")
    logistic.set_params(kind="ridge")
    assert not hasattr(ridge, "predict_proba")
    np.testing.assert_allclose(logistic.predict_proba(counts).sum(axis=1), 1.0)
