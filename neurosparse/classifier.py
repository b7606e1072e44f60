"""NALSM on data of one's own, as one scikit-learn estimator: a liquid tuned by an astrocyte, read out linearly.

1. Encoding (see stimuli.py), one step a ms: input i of a sample x fires in each step with probability
   p_i = min(1, x_i / sum(x) / scale_) ("rate"), or X holds the spikes themselves ("events").
2. Short snapshots of training samples run through the liquid one after the other; weights and the traces of the rule
   are carried on, all else begins anew.
3. Each sample runs from those weights, plasticity on, its rate falling by `anneal` a step. The features are the spike
   counts of the liquid's neurons.
4. A linear readout (`readout.Readout`).

The spikes of a sample are drawn from a stream that is keyed by random_state and by a hash of its probabilities, rounded
to float32: its counts do not depend on its place in X, nor on what else is in X, twice the same sample is twice the
same spikes, and so are, almost always, two that differ by rounding alone, as X and X / 255.

Source: Ivanov & Michmizos, "Increasing liquid state machine performance with edge-of-chaos dynamics organized by
astrocyte-modulated plasticity", NeurIPS 2021, and its published code (combra-lab/NALSM) for all constants.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y, validate_data

from neurosparse import check, clock, encode, grid, liquid, rng, stimuli
from neurosparse.network import SpikeMonitor
from neurosparse.readout import KINDS, Readout

OWNER = "classifier.LiquidClassifier"
RULES = ("nalsm", "static", "stdp", "ap_stdp")
ENCODINGS = ("rate", "events")
MOST_SNAPSHOTS, LAPS = 5000, 10  # by default: ten for each sample, and no more than 5,000


def _is_logistic(classifier) -> bool:
    fitted = getattr(classifier, "params_", None)  # what there is counts, not what the next fit will make
    return (classifier.readout if fitted is None else fitted["readout"]) == "logistic"


class LiquidClassifier(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, BaseEstimator):
    """Classifier of X (n_samples, d) or (n_samples, h, w), every value finite and >= 0, or of spike trains.

        from neurosparse import LiquidClassifier
        from sklearn.datasets import load_digits
        from sklearn.model_selection import cross_val_score

        X, y = load_digits(return_X_y=True)
        liquid = LiquidClassifier(n_neurons=200, duration_ms=100.0)
        print(cross_val_score(liquid, X[:600], y[:600], cv=3).mean())

    Rates take away the sum of a sample. Columns of different units need one scale first, by MinMaxScaler say. A blank
    sample has no input spikes: its counts are zero, if the cell does not fire unasked, and only the bias of the readout
    classifies it. A fit to nothing but blank samples raises, for they have no scale.

    n_neurons     of the liquid, >= 8, on a grid; four fifths are excitatory
    rule          "nalsm", "static", "stdp" (nalsm without an astrocyte's input) or "ap_stdp"
    w_astro       weight of a spike on the astrocyte (nalsm); the paper has 0.015 for 1,000 neurons, 0.0075 for 8,000
    weight_scale  |w| of a static liquid, mV
    n_snapshots   of the initialisation; None: ten for each training sample, at most 5,000
    snapshot_ms   time of each, ms
    duration_ms   time of each sample, ms
    anneal        factor of the learning rate a step while features are made, in [0, 1]
    encoding      "rate" or "events"; with "events" X is a sequence of `encode.Events` of n_inputs elements and
                  duration_ms steps, or of pairs (i, t): inputs (k,) and times (k,) in ms, whose spikes after
                  duration_ms are left out
    n_inputs      how many inputs there are, with "events"; otherwise X tells
    cell          neuron of the liquid as (name, parameters), by default ("lif", liquid.MEMBRANE)
    readout       "logistic" or "ridge", with strength C or alpha of its penalty as in `readout.Readout`
    random_state  of wiring and spikes, a whole number
    n_jobs        threads; None is one, -1 all cores. The results are the same bits for any number of them

    After `fit`: `classes_`, `n_features_in_`, `scale_` (the largest x_i / sum(x); None with "events"), `start_` (the
    network after the snapshots, a clock.Moment; None for a static liquid), `readout_`, `params_` (the parameters of
    that fit; later `set_params` count from the next), and `engine_`, what `clock.run` takes. Pickles leave the engine
    out, it is built anew on first use. Raises ValueError or TypeError for parameters out of range, for X that is
    negative, not finite, of another number of inputs or, in `fit`, blank in every sample, and for malformed spikes.
    """

    def __init__(
        self, n_neurons=1000, rule="nalsm", w_astro=0.015, weight_scale=0.9, n_snapshots=None, snapshot_ms=20.0,
        duration_ms=250.0, anneal=0.99, encoding="rate", n_inputs=None, cell=None, readout="logistic", C=10.0,
        alpha=1.0, random_state=0, n_jobs=None,
    ):  # fmt: skip
        self.n_neurons = n_neurons
        self.rule = rule
        self.w_astro = w_astro
        self.weight_scale = weight_scale
        self.n_snapshots = n_snapshots
        self.snapshot_ms = snapshot_ms
        self.duration_ms = duration_ms
        self.anneal = anneal
        self.encoding = encoding
        self.n_inputs = n_inputs
        self.cell = cell
        self.readout = readout
        self.C = C
        self.alpha = alpha
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y):
        """Tune the liquid and learn the readout from samples X and labels y (n_samples,); returns the estimator."""
        self._fit(X, y)
        return self

    def fit_transform(self, X, y=None, **fit_params):
        """Fit, and return the counts of X (n_samples, n_neurons), which are simulated once."""
        return self._fit(X, y)

    def transform(self, X):
        """Spike counts (n_samples, n_neurons) int32."""
        return self._features("transform", X)

    def predict(self, X):
        """The most likely class of each sample: (n_samples,)."""
        features = self._features("predict", X)
        return self.readout_.predict(features)

    def decision_function(self, X):
        """Linear scores (n_samples, n_classes), or (n_samples,) for two classes."""
        features = self._features("decision_function", X)
        return self.readout_.decision_function(features)

    @available_if(_is_logistic)
    def predict_proba(self, X):
        """Probabilities (n_samples, n_classes), rows sum to 1; only where the fit had readout="logistic"."""
        features = self._features("predict_proba", X)
        return self.readout_.predict_proba(features)

    @property
    def engine_(self) -> clock.Engine:
        """The compiled liquid; populations "events", "input", "liquid", and "astro" where there is one."""
        self._require_fitted("engine_")
        if "_engine" not in self.__dict__:
            self._engine = _compiled(SimpleNamespace(**self.params_), self.n_features_in_)
        return self._engine

    def save(self, path: str | Path) -> Path:
        """Store it as one HDF5 file, whole or not at all and without pickle; see `io.classifiers`."""
        from neurosparse.io import classifiers  # loads HDF5

        self._require_fitted("save")
        return classifiers.save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> "LiquidClassifier":
        """The classifier that `save` stored, in this process or another; see `io.classifiers`."""
        from neurosparse.io import classifiers

        return classifiers.load(cls, path)

    def _fit(self, X, y) -> np.ndarray:
        c = _checked(self.get_params(deep=False))
        shown, y = self._shown("fit", c, X, y)
        engine, start = _compiled(c, self.n_features_in_), None
        if c.rule != "static":
            n = min(MOST_SNAPSHOTS, LAPS * len(shown)) if c.n_snapshots is None else c.n_snapshots
            pieces = stimuli.snapshots(shown, n, round(c.snapshot_ms), c.random_state)
            learn = ({"events": events, "rate": 1.0} for events in pieces)
            start = clock.restart(engine, liquid.initialise(engine, learn, c.snapshot_ms, traces=True))
        features = counts(c, engine, start, shown)
        self.readout_ = Readout(c.readout, C=c.C, alpha=c.alpha).fit(features, y)
        self.params_, self._engine, self.start_, self.classes_ = vars(c), engine, start, self.readout_.classes_
        return features

    def _features(self, method: str, X) -> np.ndarray:
        self._require_fitted(method)
        c = SimpleNamespace(**self.params_ | {"n_jobs": self.n_jobs})
        return counts(c, self.engine_, self.start_, self._shown(method, c, X)[0])

    def _require_fitted(self, method: str) -> None:
        check_is_fitted(self, "readout_", msg=f"{OWNER}.{method}: the classifier must be fitted first; call fit(X, y)")

    def _shown(self, method: str, c: SimpleNamespace, X, y=None) -> tuple[Any, Any]:
        """(what the samples show: probabilities (n_samples, n) or a list of Events, y); `fit` gives y and learns n."""
        owner, fitting, n, scale = f"{OWNER}.{method}", method == "fit", c.n_inputs, None
        if c.encoding == "events":
            shown = stimuli.trains(owner, X, n, round(c.duration_ms))
            y = check_X_y(np.zeros((len(shown), 1)), y, estimator=self)[1] if fitting else y
        else:
            given = {"dtype": "float64", "order": "C", "allow_nd": True, "estimator": self}
            x, y = check_X_y(X, y, **given) if fitting else (check_array(X, **given), y)
            n = self._width(owner, c, x, fitting)
            remedy = "Negative values in data have no rate: shift them, or use sklearn's MinMaxScaler"
            check.at_least(owner, "X", float(x.min()), 0, remedy=remedy)
            validate_data(self, X if x.ndim == 2 else x.reshape(-1, n), reset=fitting, skip_check_array=True)
            shown, scale = encode.image_probabilities(x.reshape(-1, n), None if fitting else self.scale_)
        if fitting:
            check_classification_targets(y)
            if len(found := np.unique(np.asarray(y))) < 2:
                check.fail(owner, "y must hold two classes or more", f"1 class: {found[0]}")
            self.n_features_in_, self.scale_ = n, scale
        return shown, y

    def _width(self, owner: str, c: SimpleNamespace, x: np.ndarray, fitting: bool) -> int:
        """Inputs of a sample, as many as there must be."""
        if x.ndim not in (2, 3) or not x.size:
            check.fail(owner, "X must have shape (n_samples, d) or (n_samples, h, w)", x.shape)
        n, wanted = math.prod(x.shape[1:]), c.n_inputs if fitting else self.n_features_in_
        if wanted not in (None, n):
            need = f"X has {n} features, but LiquidClassifier is expecting {wanted} features as input"
            check.fail(owner, need, x.shape, "leave n_inputs out" if fitting else "give what it was fitted to")
        return n

    @property
    def _n_features_out(self) -> int:
        return self.params_["n_neurons"]

    def __getstate__(self):
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]
        state.pop("_engine", None)
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        start = getattr(self, "start_", None)
        if start is not None:  # joblib gives memory maps, the clock takes plain arrays
            self.start_ = start._replace(arrays={name: np.asarray(array) for name, array in start.arrays.items()})

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = tags.input_tags.three_d_array = self.encoding != "events"
        tags.input_tags.two_d_array = self.encoding != "events"
        tags.transformer_tags.preserves_dtype = []  # counts
        tags.classifier_tags.poor_score = True  # of scikit-learn's blobs: two inputs of a known sum are one
        return tags


def counts(c: SimpleNamespace, engine: clock.Engine, start: clock.Moment | None, shown: Sequence) -> np.ndarray:
    """Spikes (n_samples, n_neurons) int32 of the liquid for what each sample shows; c: parameters of a classifier."""
    n_steps = round(c.duration_ms)
    rate = liquid.annealed(c.rule, n_steps, c.anneal)
    stream = rng.stream(c.random_state, "input spikes")
    samples = ((lambda one=one: {"events": stimuli.spikes(one, n_steps, stream)} | rate) for one in shown)
    out = np.empty((len(shown), c.n_neurons), np.int32)
    for row, run in zip(out, clock.run_batch(engine, n_steps, samples, _jobs(c.n_jobs), start), strict=True):
        row[:] = run.counts["liquid"]
    return out


def _checked(params: dict[str, Any]) -> SimpleNamespace:
    """The parameters, each in its range, n_snapshots not yet filled in."""
    owner, c = f"{OWNER}.fit", SimpleNamespace(**params)
    check.one_of(owner, "rule", c.rule, RULES)
    check.one_of(owner, "encoding", c.encoding, ENCODINGS)
    check.one_of(owner, "readout", c.readout, KINDS)
    check.integer(owner, "n_neurons", c.n_neurons, 8)
    for name in ("w_astro", "weight_scale"):
        check.at_least(owner, name, check.scalar(owner, name, params[name]), 0)
    check.between(owner, "anneal", check.scalar(owner, "anneal", c.anneal), 0, 1)
    for name in ("snapshot_ms", "duration_ms"):
        grid.steps(owner, name, check.scalar(owner, name, params[name], "ms"), 1.0, low=1)
    if c.encoding == "events":  # a snapshot is cut from a sample
        check.between(owner, "snapshot_ms", c.snapshot_ms, 1, c.duration_ms, "ms")
    if c.n_snapshots is not None:
        check.integer(owner, "n_snapshots", c.n_snapshots, 1)
    if c.n_inputs is not None or c.encoding == "events":
        remedy = 'encoding="events" needs to know how many there are' if c.n_inputs is None else ""
        check.integer(owner, "n_inputs", c.n_inputs, 1, remedy=remedy)
    if c.cell is not None:
        check.pair(owner, "cell", c.cell, '("lif", {"tau_mem": 20.0})')
    for name in ("C", "alpha"):
        check.positive(owner, name, check.scalar(owner, name, params[name]))
    check.integer(owner, "random_state", c.random_state, 0, 2**64 - 1)
    _jobs(c.n_jobs)
    return c


def _jobs(n_jobs) -> int:
    if n_jobs is None or n_jobs == -1:
        return 1 if n_jobs is None else check.cores()
    return check.integer(f"{OWNER}.fit", "n_jobs", n_jobs, 1, clock.MOST_THREADS, "-1 is all cores")


def _compiled(c: SimpleNamespace, n_inputs: int) -> clock.Engine:
    """The liquid in float32: half the memory for weights, which each thread copies for each sample."""
    wires = liquid.wiring(n_inputs, c.n_neurons, seed=c.random_state)
    cell = ("lif", liquid.MEMBRANE) if c.cell is None else c.cell
    weight = c.weight_scale if c.rule == "static" else liquid.FIRST[c.rule]
    net = liquid.network(wires, weight, cell, learning=liquid.learning(c.rule, c.w_astro))
    return clock.compile(net, (SpikeMonitor("liquid", counts_only=True),), precision="float32")
