"""LiquidClassifier: pickles, files, and a new process."""
# ruff: noqa: F811

import pickle
import subprocess
import sys

import h5py
import joblib
import numpy as np
import pytest

from neurosparse import liquid, neurons
from neurosparse.classifier import LiquidClassifier
from neurosparse.io import classifiers, seals
from neurosparse.io.results import ResultError
from tests.test_classifier import EVENTS, LATER, RECORDED, ROOT, X, Y, fitted, small  # noqa: F401 a fixture


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
