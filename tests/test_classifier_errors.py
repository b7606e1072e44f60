"""LiquidClassifier: what it refuses, and how it says so."""
# ruff: noqa: F811

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from neurosparse import encode
from neurosparse.classifier import LiquidClassifier
from tests.test_classifier import EVENTS, RECORDED, X, Y, fitted, small  # noqa: F401 a fixture


@pytest.mark.parametrize(
    "options, message",
    [
        ({"rule": "nalms"}, r"classifier\.LiquidClassifier\.fit: rule must be one of .*; did you mean 'nalsm'"),
        ({"encoding": "rates"}, "encoding must be one of rate, events, got 'rates'; did you mean 'rate'"),
        ({"readout": "ridges"}, "readout must be one of logistic, ridge, got 'ridges'"),
        ({"n_neurons": 7}, r"n_neurons must be in \[8, .*, got 7"),
        ({"w_astro": -0.1}, "w_astro must be >= 0, got -0.1"),
        ({"weight_scale": np.nan}, "weight_scale must be a finite number, got nan"),
        ({"anneal": 1.5}, r"anneal must be in \[0, 1\], got 1.5"),
        ({"duration_ms": 0.0}, "duration_ms must be at least 1 step of 1.0 ms, got 0.0"),
        ({"snapshot_ms": 2.5}, "snapshot_ms must be a whole number of steps of 1 ms, got 2.5"),
        ({"n_snapshots": 0}, r"n_snapshots must be in \[1, .*, got 0"),
        ({"n_inputs": 10}, r"X has 64 features, but .* is expecting 10 .*, got \(12, 64\); leave n_inputs out"),
        ({"C": 0.0}, "C must be > 0, got 0.0"),
        ({"alpha": -1.0}, "alpha must be > 0, got -1.0"),
        ({"random_state": -1}, r"random_state must be in \[0, .*, got -1"),
        ({"n_jobs": 0}, r"n_jobs must be in \[1, 256\], got 0; -1 is all cores"),
        (
            {"encoding": "events", "n_inputs": 64, "snapshot_ms": 13.0},
            r"snapshot_ms must be in \[1, 12.0\] ms, got 13.0",
        ),
    ],
)
def test_errors_of_parameters(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options).fit(X, Y)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"random_state": None}, "random_state must be a whole number, got None"),
        ({"cell": "lif"}, r"cell is a pair \(model, parameters\), got 'lif'; write \(\"lif\", "),
        ({"encoding": "events"}, 'n_inputs must be a whole number, got None; encoding="events" needs to know how many'),
    ],
)
def test_errors_of_types(options, message):
    with pytest.raises(TypeError, match=message):
        small(**options).fit(X, Y)


@pytest.mark.parametrize(
    "X, y, message",
    [
        (-X, Y, r"LiquidClassifier\.fit: X must be >= 0, got -\d+.0; Negative values in data have no rate"),
        (0 * X, Y, "scale must be > 0, got 0.0; fit it on images that are not all blank"),
        (np.where(X.max() == X, np.nan, X), Y, "Input X contains NaN"),
        (X.reshape(-1, 4, 4, 4), Y, r"X must have shape \(n_samples, d\) or \(n_samples, h, w\), got \(12, 4, 4, 4\)"),
        (X.reshape(-1, 8, 8)[:, :0], Y, r"X must have shape .*, got \(12, 0, 8\)"),
        (X, Y[:-1], "inconsistent numbers of samples"),
        (X, 0 * Y, "y must hold two classes or more, got '1 class: 0'"),
        (X, np.linspace(0, 1, 12), "Unknown label type"),
    ],
)
def test_errors_of_data(X, y, message):
    with pytest.raises(ValueError, match=message):
        small().fit(X, y)


TYPES = [
    (EVENTS[0], "X must be a sequence of one spike train or more, got .*; one sample is .events."),
    ([], r"X must be a sequence of one spike train or more, got \[\]"),
    (5, "X must be a sequence of one spike train or more, got 5"),
    ([EVENTS[0], 3], r"fit X\[1\]: a sample must be an encode.Events or a pair \(i, t\), got 3; t in ms"),
    (X, r"fit X\[0\]: a sample must be an encode.Events or a pair"),
]
VALUES = [
    ([EVENTS[0]._replace(start=EVENTS[0].start[:-1])], r"fit X\[0\]: events.start must rise"),
    ([encode.events_from_pairs([64], [0], 12)], r"LiquidClassifier.fit X\[0\]: events.index must be in \[0, 64\)"),
    ([encode.events_from_pairs([0], [0], 13)], r"fit X\[0\]: events must last 12 steps, got 13"),
    ([([0, 64], [1.0, 2.0])], r"fit X\[0\]: i must be in \[0, 63\]"),
    ([([0], [-1.0])], r"fit X\[0\]: t must be >= 0 ms"),
    ([([0], [np.inf])], r"fit X\[0\]: t must be a finite number"),
    ([([0, 1], [1.0])], r"fit X\[0\]: needs inputs i, whole numbers, and times t, ms, of one length"),
    ([([0.5], [1.0])], r"fit X\[0\]: needs inputs i, whole numbers"),
]


@pytest.mark.parametrize("X, message, error", [(*c, TypeError) for c in TYPES] + [(*c, ValueError) for c in VALUES])
def test_errors_of_spikes(X, message, error):
    with pytest.raises(error, match=message):
        LiquidClassifier(**RECORDED).fit(X, Y)


def test_errors_of_an_estimator_that_is_not_fitted(tmp_path):
    for method in ("predict", "transform", "decision_function", "predict_proba"):
        with pytest.raises(NotFittedError, match=rf"{method}: the classifier must be fitted first; call fit\(X, y\)"):
            getattr(small(), method)(X)
    with pytest.raises(NotFittedError, match="save: the classifier must be fitted first"):
        small().save(tmp_path / "none.h5")
    with pytest.raises(NotFittedError, match="engine_: the classifier must be fitted first"):
        _ = small().engine_


def test_errors_of_predict(fitted):
    need = r"predict: X has 63 features, but LiquidClassifier is expecting 64 features .*; give what it was fitted to"
    with pytest.raises(ValueError, match=need):
        fitted.predict(X[:, :-1])
    with pytest.raises(ValueError, match="transform: X must be >= 0, got -"):
        fitted.transform(-X)
    made = LiquidClassifier(**RECORDED).fit(EVENTS, Y)
    with pytest.raises(ValueError, match=r"predict X\[1\]: events must last 12 steps, got 11"):
        made.predict([EVENTS[0], encode.events_from_pairs([0], [0], 11)])
