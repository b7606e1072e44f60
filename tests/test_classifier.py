"""The estimator: against the model by hand, scikit-learn's own checks, batches, threads, pickles, files, errors."""

import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import h5py
import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

import neurosparse
from models import nalsm
from neurosparse import clock, encode, liquid, neurons, rng, stimuli
from neurosparse.classifier import RULES, LiquidClassifier
from neurosparse.io import classifiers, seals
from neurosparse.io.results import ResultError

ROOT = Path(__file__).parents[1]
SMALL = {"n_neurons": 30, "n_snapshots": 6, "snapshot_ms": 8.0, "duration_ms": 12.0}
PIXELS, LABELS = load_digits(return_X_y=True)
ZERO_ONE = np.flatnonzero(LABELS < 2)
X, Y = PIXELS[ZERO_ONE[:12]], LABELS[ZERO_ONE[:12]]
LATER = PIXELS[ZERO_ONE[12:20]]
P, SCALE = encode.image_probabilities(X)
EVENTS = [encode.bernoulli(p, 12, rng.stream(5, "test"), k) for k, p in enumerate(P)]
RECORDED = SMALL | {"encoding": "events", "n_inputs": 64}


def small(**more):
    return LiquidClassifier(**SMALL | more)


@pytest.fixture(scope="module")
def fitted():
    return small().fit(X, Y)


# --- What it computes


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_digits_are_read(rule):
    """Six seeds measured .68 to .78 (nalsm), .68 to .76 (static), .70 to .76 (stdp), .68 to .77 (ap_stdp); chance .10."""
    made = LiquidClassifier(n_neurons=60, n_snapshots=400, duration_ms=60.0, rule=rule).fit(PIXELS[:200], LABELS[:200])
    assert made.score(PIXELS[200:600], LABELS[200:600]) >= 0.65
    assert made.score(PIXELS[:200], LABELS[:200]) > 0.95


@pytest.mark.slow
def test_what_is_tuned_reads_better_than_what_is_not():
    """Six seeds measured .775 against .758, each better by .008 to .028; these three .764 against .743."""
    scores = {rule: [] for rule in ("nalsm", "static")}
    for rule in scores:
        for seed in range(3):
            made = LiquidClassifier(n_neurons=100, n_snapshots=400, duration_ms=60.0, rule=rule, random_state=seed)
            scores[rule].append(made.fit(PIXELS[:200], LABELS[:200]).score(PIXELS[200:600], LABELS[200:600]))
    assert np.mean(scores["nalsm"]) >= np.mean(scores["static"])


@pytest.mark.parametrize("rule", RULES)
def test_counts_are_those_of_the_model_run_by_hand(rule):
    """Wiring, rule, snapshots and annealing of `models/nalsm.py`, one `clock.run` for each sample."""
    made = small(rule=rule, random_state=3, snapshot_ms=nalsm.SNAPSHOT_MS).fit(X, Y)
    assert made.scale_ == SCALE
    c = nalsm.Config(n_inputs=64, n_neurons=30, rule=rule, seed=3)
    engine = nalsm.compile(nalsm.build(c))
    start = nalsm.initialise(c, engine, ({"events": events} for events in stimuli.snapshots(P, 6, 20, 3)))
    shown = encode.image_probabilities(LATER, SCALE)[0]
    rate = np.zeros((12, 1)) if rule == "ap_stdp" else (0.99 ** np.arange(12))[:, None]
    for p, counts in zip(shown, made.transform(LATER), strict=True):
        inputs = {"events": encode.bernoulli(p, 12, rng.stream(3, "input spikes"), stimuli.digest(p))}
        run = clock.run(engine, 12.0, inputs | ({"rate": rate} if c.learns else {}), start=start)
        np.testing.assert_array_equal(counts, run.counts["liquid"])
    assert made.transform(LATER).any()


def test_the_weights_learn_and_a_static_liquid_does_not(fitted):
    before, after = (clock.weights(fitted.engine_, moment) for moment in (None, fitted.start_))
    assert any(np.any(a.weight != b.weight) for a, b in zip(before, after, strict=True))
    assert small(rule="static").fit(X, Y).start_ is None


def test_counts_of_a_sample_do_not_follow_its_batch(fitted):
    counts, order = fitted.transform(LATER), [4, 1, 1, 7, 0]
    assert counts.shape == (8, 30)
    assert counts.dtype == np.int32
    np.testing.assert_array_equal(fitted.transform(LATER[order]), counts[order])
    np.testing.assert_array_equal(fitted.predict(LATER[3:4]), fitted.predict(LATER)[3:4])
    same = (np.asfortranarray(LATER), LATER.astype(np.uint8), LATER.reshape(8, 8, 8), LATER.tolist(), 2.0 * LATER)
    for other in same:
        np.testing.assert_array_equal(fitted.transform(other), counts)


def test_the_hash_follows_what_a_sample_holds():
    assert stimuli.digest(P[0]) == stimuli.digest(P[0].copy())
    assert len({stimuli.digest(p) for p in P}) == len(P)
    assert all(0 <= stimuli.digest(p) < 2**32 for p in P)


def test_the_last_bits_of_a_sample_change_nothing(fitted):
    counts, other = fitted.transform(LATER), LATER.copy()
    rows, brightest = np.arange(len(LATER)), LATER.argmax(axis=1)
    for toward in (np.inf, 0.0):
        other[rows, brightest] = np.nextafter(LATER[rows, brightest], toward)
        assert np.all((other != LATER).sum(axis=1) == 1)
        np.testing.assert_array_equal(fitted.transform(other), counts)
    np.testing.assert_array_equal(fitted.transform(np.where(LATER == 0, -0.0, LATER)), counts)


def test_a_sample_and_its_255th_show_the_same(fitted):
    one, other = (encode.image_probabilities(pixels)[0] for pixels in (PIXELS, PIXELS / 255))
    assert np.mean(np.any(one != other, axis=1)) > 0.1  # their sums round otherwise
    assert np.mean([stimuli.digest(a) == stimuli.digest(b) for a, b in zip(one, other, strict=True)]) > 0.999
    equal = np.all(small().fit(X / 255, Y).transform(LATER / 255) == fitted.transform(LATER), axis=1)
    assert equal.sum() >= len(LATER) - 1


def test_a_blank_sample_is_classified_by_the_bias(fitted):
    blank = np.zeros((1, 64))
    assert not fitted.transform(blank).any()
    np.testing.assert_allclose(fitted.decision_function(blank), fitted.readout_.model_.intercept_, rtol=1e-6)
    among = small().fit(np.vstack([X, blank]), np.append(Y, 0))
    assert among.predict(np.vstack([LATER, blank])).shape == (9,)


def test_images_are_learnt_as_rows_are(fitted):
    images = small().fit(X.reshape(-1, 8, 8), Y)
    assert images.n_features_in_ == 64
    np.testing.assert_array_equal(images.transform(LATER), fitted.transform(LATER))


def test_the_same_bits_for_any_number_of_threads(fitted):
    two = small(n_jobs=2).fit(X, Y)
    np.testing.assert_array_equal(two.transform(LATER), fitted.transform(LATER))
    np.testing.assert_array_equal(two.predict_proba(LATER), fitted.predict_proba(LATER))
    np.testing.assert_array_equal(clone(two).set_params(n_jobs=-1).fit_transform(X, Y), fitted.transform(X))


def test_random_state_decides(fitted):
    same, other = small().fit(X, Y), small(random_state=1).fit(X, Y)
    np.testing.assert_array_equal(same.decision_function(LATER), fitted.decision_function(LATER))
    assert np.any(other.transform(LATER) != fitted.transform(LATER))


def test_a_neuron_of_another_kind(fitted):
    cell = ("alif", {"tau_mem": 64.0, "v_th": 20.0})
    made = small(cell=cell, readout="ridge").fit(X, Y)
    assert made.engine_.plan.parts[2].dynamics.module.__name__ == "neurosparse.neurons.alif"
    assert not hasattr(made, "predict_proba")
    assert made.predict(LATER).shape == (8,)


def test_default_number_of_snapshots(monkeypatch):
    asked = []

    def snapshots(shown, n, n_steps, seed):
        asked.append((n, n_steps))
        return stimuli_snapshots(shown, 2, n_steps, seed)

    stimuli_snapshots = stimuli.snapshots
    monkeypatch.setattr(stimuli, "snapshots", snapshots)
    small(n_snapshots=None).fit(X, Y)
    monkeypatch.setattr(neurosparse.classifier, "MOST_SNAPSHOTS", 50)
    small(n_snapshots=None).fit(X, Y)
    assert asked == [(120, 8), (50, 8)]


# --- Spikes instead of images


def test_snapshots_show_every_sample_before_any_comes_again():
    rows = [np.eye(5)[k] for k in range(5)]  # each fires one input in every step
    shown = [set(piece.index.tolist()) for piece in stimuli.snapshots(rows, 10, 3, 0)]
    assert all(len(one) == 1 for one in shown)
    for lap in (shown[:5], shown[5:]):
        assert set.union(*lap) == set(range(5))
    again = [set(piece.index.tolist()) for piece in stimuli.snapshots(rows, 10, 3, 0)]
    assert again == shown
    assert shown[:5] != shown[5:]


def test_snapshots_of_recordings_are_windows_that_begin_anywhere():
    recording = encode.events_from_pairs(np.arange(12), np.arange(12), 12)  # in step s input s fires
    pieces = list(stimuli.snapshots([recording], 200, 4, 0))
    assert all(np.array_equal(np.diff(piece.index), [1, 1, 1]) and len(piece.start) == 5 for piece in pieces)
    assert {int(piece.index[0]) for piece in pieces} == set(range(9))
    (whole,) = stimuli.snapshots([recording], 1, 12, 0)
    np.testing.assert_array_equal(whole.index, recording.index)


def test_spikes_are_read_as_rates_are():
    """A static liquid that is given the spikes that another draws counts the same."""
    drawn = small(rule="static").fit(X, Y)
    shown = encode.image_probabilities(LATER, SCALE)[0]
    events = [stimuli.spikes(p, 12, rng.stream(0, "input spikes")) for p in shown]
    given = LiquidClassifier(**RECORDED, rule="static").fit(EVENTS, Y)
    assert given.scale_ is None
    assert given.n_features_in_ == 64
    np.testing.assert_array_equal(given.transform(events), drawn.transform(LATER))


def test_trains_are_pairs_of_inputs_and_times():
    made = LiquidClassifier(**RECORDED).fit(EVENTS, Y)
    trains = [(one.index, encode.pairs(one)[1] + 1.0) for one in EVENTS]  # stamped at the ends of steps
    np.testing.assert_array_equal(made.transform(trains), made.transform(EVENTS))
    (one,) = stimuli.trains("owner", [([3, 3, 0, 1, 2, 9], [0.0, 0.5, 1.0, 1.25, 3.0, 3.01])], 10, 3)
    assert [one.index[one.start[s] : one.start[s + 1]].tolist() for s in range(3)] == [[0, 3], [1], [2]]
    (silent,) = stimuli.trains("owner", [([], [])], 10, 3)
    assert silent.start.tolist() == [0, 0, 0, 0]


def test_spikes_in_cross_validation():
    assert cross_val_score(LiquidClassifier(**RECORDED), EVENTS, Y, cv=2).shape == (2,)
    search = GridSearchCV(LiquidClassifier(**RECORDED), {"anneal": [0.9, 1.0]}, cv=2).fit(EVENTS, Y)
    assert search.best_estimator_.predict(EVENTS[:3]).shape == (3,)


# --- scikit-learn


def test_it_has_its_name_in_the_package():
    assert neurosparse.LiquidClassifier is LiquidClassifier
    assert {"LiquidClassifier", "liquid", "classifier", "astrocytes", "influence"} <= set(dir(neurosparse))


def test_parameters_and_clones(fitted):
    made = small(w_astro=0.02, cell=("lif", dict(liquid.MEMBRANE)))
    assert clone(made).get_params() == made.get_params()
    assert made.set_params(rule="stdp").get_params()["rule"] == "stdp"
    assert not hasattr(clone(fitted), "start_")
    assert set(inspect.signature(LiquidClassifier).parameters) == set(made.get_params())


def test_parameters_set_after_fit_count_from_the_next():
    made = small().fit(X, Y)
    before = made.transform(LATER)
    made.set_params(n_neurons=40, duration_ms=10.0, random_state=9, rule="static")
    for one in (made, pickle.loads(pickle.dumps(made))):
        np.testing.assert_array_equal(one.transform(LATER), before)
    assert made.fit(X, Y).transform(LATER).shape == (8, 40)


def test_probabilities_are_there_as_the_fitted_readout_has_them():
    ridge = small(readout="ridge")
    assert not hasattr(ridge, "predict_proba")
    ridge.fit(X, Y).set_params(readout="logistic")
    assert not hasattr(ridge, "predict_proba")
    logistic = small().fit(X, Y).set_params(readout="ridge")
    assert logistic.predict_proba(LATER).shape == (8, 2)
    assert not hasattr(logistic.fit(X, Y), "predict_proba")
    assert hasattr(ridge.fit(X, Y), "predict_proba")


def test_pipeline_grid_search_and_names_of_features():
    pipe = make_pipeline(MinMaxScaler(clip=True), small())
    search = GridSearchCV(pipe, {"liquidclassifier__w_astro": [0.0, 0.015]}, cv=2).fit(X, Y)
    assert search.best_params_["liquidclassifier__w_astro"] in (0.0, 0.015)
    assert search.predict_proba(LATER).shape == (8, 2)
    names = search.best_estimator_.get_feature_names_out()
    assert list(names[:2]) == ["liquidclassifier0", "liquidclassifier1"]
    assert len(names) == 30


@pytest.mark.slow
def test_grid_search_over_processes():
    options = {"w_astro": [0.0, 0.015]}
    one, two = (GridSearchCV(small(), options, cv=2, n_jobs=n).fit(X, Y) for n in (1, 2))
    np.testing.assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])


LEFT_OUT = {  # checks of scikit-learn that are not run, each with its reason
    "check_decision_proba_consistency": "fits negative numbers",
    "check_array_api_input": "needs a variable of SciPy",
    "check_classifier_data_not_an_array": "needs pandas",
}


def sklearn_checks():
    """Checks of scikit-learn that are expected to pass, for a liquid that learns and one that does not."""
    tiny = {"n_neurons": 20, "duration_ms": 10.0, "snapshot_ms": 5.0, "n_snapshots": 5}
    for options in ({}, {"rule": "static", "readout": "ridge"}):
        made = LiquidClassifier(**tiny | options)
        for estimator, check in estimator_checks_generator(made, legacy=True, mark=None):
            if (name := check.func.__name__) not in LEFT_OUT:
                yield pytest.param(estimator, check, id=f"{made.rule}-{name}")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("estimator, check", list(sklearn_checks()))
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
def test_the_example_of_the_docstring(capsys):
    """.852 measured; the pixels alone give logistic regression .858, and chance is .10."""
    lines = inspect.getdoc(LiquidClassifier).splitlines()
    exec("\n".join(line[4:] for line in lines if line.startswith("    ") and not line.startswith("     ")), {})
    assert float(capsys.readouterr().out) > 0.8


# --- Pickles and files


def test_pickles_leave_the_engine_out(fitted, tmp_path):
    text = pickle.dumps(fitted)
    assert "_engine" in vars(fitted)
    again = pickle.loads(text)
    assert "_engine" not in vars(again)
    joblib.dump(fitted, tmp_path / "made.joblib")
    mapped = joblib.load(tmp_path / "made.joblib", mmap_mode="r")
    for one in (again, mapped):
        np.testing.assert_array_equal(one.transform(LATER), fitted.transform(LATER))
        np.testing.assert_array_equal(one.predict_proba(LATER), fitted.predict_proba(LATER))
    assert isinstance(pickle.loads(pickle.dumps(small())), LiquidClassifier)


@pytest.mark.parametrize(
    "options, labels",
    [
        ({}, np.array(["null", "eins"])),
        ({"rule": "static", "readout": "ridge", "alpha": np.float64(0.5)}, np.array([7, -7])),
        (
            {"rule": "ap_stdp", "cell": ("lif", dict(liquid.MEMBRANE)), "random_state": np.int64(4)},
            np.array([0.0, 2.0]),
        ),
        ({"readout": "ridge", "n_jobs": 2}, np.array(["a", "b"], dtype=object)),
    ],
)
def test_saved_and_loaded(tmp_path, options, labels):
    made = small(**options).fit(X, labels[Y])
    path = made.save(tmp_path / "folder" / "made.h5")
    again = LiquidClassifier.load(path)
    assert again.get_params() == made.get_params()
    assert again.classes_.dtype == made.classes_.dtype
    np.testing.assert_array_equal(again.predict(LATER), made.predict(LATER))
    np.testing.assert_array_equal(again.decision_function(LATER), made.decision_function(LATER))
    if made.readout == "logistic":
        np.testing.assert_array_equal(again.predict_proba(LATER), made.predict_proba(LATER))
    assert again.save(path) == path
    assert vars(again.readout_).keys() == vars(made.readout_).keys()
    assert {*vars(again)} == {*vars(made)}
    with h5py.File(path) as file:
        assert b"numba" in file["provenance"][()]


def test_three_classes_and_spikes_are_saved_and_loaded(tmp_path):
    labels = np.arange(12) % 3
    for readout in ("logistic", "ridge"):
        made = LiquidClassifier(**RECORDED, readout=readout).fit(EVENTS, labels)
        again = LiquidClassifier.load(made.save(tmp_path / f"{readout}.h5"))
        np.testing.assert_array_equal(again.decision_function(EVENTS), made.decision_function(EVENTS))
        np.testing.assert_array_equal(again.predict(EVENTS), made.predict(EVENTS))


SCRIPT = """
import sys
import numpy as np
from neurosparse import LiquidClassifier
np.save(sys.argv[2], LiquidClassifier.load(sys.argv[1]).predict_proba(np.load(sys.argv[3])))
"""


@pytest.mark.slow
def test_a_new_process_predicts_the_same(fitted, tmp_path):
    path, out, given = fitted.save(tmp_path / "made.h5"), tmp_path / "out.npy", tmp_path / "given.npy"
    np.save(given, LATER)
    words = [sys.executable, "-c", SCRIPT, str(path), str(out), str(given)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(out), fitted.predict_proba(LATER))


def changed(path, change):
    """The file with something else in it, sealed again."""
    with h5py.File(path, "r+") as file:
        change(file)
    seals.write(path, classifiers.FORMAT)
    return path


def no_coefficients(file):
    del file["coef"]


def other_answer(file):
    file["probe"][0] += 1


def newer(file):
    file.attrs["format_version"] = 2


@pytest.mark.parametrize(
    "change, message",
    [
        (no_coefficients, r"classifiers\.load: path must be a whole, undamaged classifier, got .*coef"),
        (newer, r"format_version of .*made.h5 must be <= 1, got 2; a newer neurosparse wrote it: update"),
        (other_answer, r"the liquid must answer as it did .*; neurosparse 0\.\d.* stored it: use that, or fit again"),
    ],
)
def test_files_that_are_refused(fitted, tmp_path, change, message):
    path = changed(fitted.save(tmp_path / "made.h5"), change)
    with pytest.raises(ResultError, match=message):
        LiquidClassifier.load(path)


def test_damaged_and_missing_files(fitted, tmp_path):
    path = fitted.save(tmp_path / "made.h5")
    damaged = bytearray(path.read_bytes())
    damaged[2000] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(ResultError, match="a whole, undamaged classifier, got .*; its checksum is that of other bytes"):
        LiquidClassifier.load(path)
    with pytest.raises(FileNotFoundError, match="path must be a stored classifier, got .*; there is no such file"):
        LiquidClassifier.load(tmp_path / "none.h5")
    made = small(cell=(neurons.lif, dict(liquid.MEMBRANE))).fit(X, Y)
    with pytest.raises(TypeError, match=r"classifiers\.save: the cell must be given by its name, got <module"):
        made.save(tmp_path / "cell.h5")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["made.h5"]


# --- Errors


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
