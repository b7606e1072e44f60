"""A fitted `LiquidClassifier` as one HDF5 file, without pickle: nothing in it is code.

    user block (512 B)            a checksum of all that follows (see seals.py)
    /params /fitted /provenance   UTF-8 JSON (see strict_json): parameters, classes and scale, versions and commit
    /start                        the network after the snapshots, weights among it (columns.put_moment); not if static
    /coef /intercept              of the readout, (n_classes, n_neurons) and (n_classes,), one row for two classes
    /probe                        (n_neurons,) spikes that the liquid answers a fixed random pattern with

Wiring is not stored but drawn anew from the seed. So `load` shows the liquid that pattern, and refuses the file where
the answer is another one: a later version may wire, encode or step differently, and would classify wrongly in silence.
A cell that is a file or a module of one's own must be found again under its name.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np

from neurosparse import check, clock, encode, rng
from neurosparse.classifier import counts
from neurosparse.io import columns, disk, provenance, seals, strict_json
from neurosparse.io.results import ResultError, atomic
from neurosparse.readout import Readout

FORMAT, VERSION = "neurosparse-classifier", 1
PROBE = 0.2  # spikes of an input in a step of the pattern
BROKEN = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError)


def save(fitted: Any, path: str | Path) -> Path:
    """Store a fitted classifier; returns the path. A file of that name is replaced once the new one is whole.

    Raises TypeError for parameters or classes that are no numbers or text, OSError if it can not be written.
    """
    readout, params = fitted.readout_, fitted.params_
    if params["cell"] is not None and not isinstance(params["cell"][0], str):
        check.fail("classifiers.save", "the cell must be given by its name", params["cell"][0], error=TypeError)
    notes = {
        "n_features_in": fitted.n_features_in_,
        "feature_names_in": getattr(fitted, "feature_names_in_", None),
        "scale": fitted.scale_,
        "classes": fitted.classes_,
        "dtype": fitted.classes_.dtype.str,
        "readout_scale": readout.scale_,
        "n_iter": readout.n_iter_,
        "step": None if fitted.start_ is None else fitted.start_.step,
    }
    where = provenance.collect(seed=int(params["random_state"]), threads=params["n_jobs"] or 1)
    texts = {
        key: strict_json.dumps(value) for key, value in {"params": params, "fitted": notes, "provenance": where}.items()
    }
    answer = _probe(fitted)
    with atomic(path) as scratch:
        with disk.create(scratch, userblock_size=seals.BLOCK) as (file, _):
            file.attrs.update({"format": FORMAT, "format_version": VERSION})
            for key, text in texts.items():
                file.create_dataset(key, data=text, dtype=h5py.string_dtype("utf-8"))
            file.create_dataset("coef", data=readout.model_.coef_)
            file.create_dataset("intercept", data=readout.model_.intercept_)
            file.create_dataset("probe", data=answer)
            if fitted.start_ is not None:
                columns.put_moment(file.create_group("start"), fitted.start_)
        seals.write(scratch, FORMAT)
    return Path(path)


def load(kind: type, path: str | Path) -> Any:
    """The classifier, of class `kind`, that was stored.

    Raises FileNotFoundError, or ResultError for a file that is none, is damaged, or whose liquid can not be built again
    as it was.
    """
    owner, path = "classifiers.load", Path(path)
    if not path.is_file():
        check.fail(owner, "path must be a stored classifier", str(path), "there is no such file", FileNotFoundError)
    if why := seals.damage(path, FORMAT):
        check.fail(owner, "path must be a whole, undamaged classifier", str(path), why, ResultError)
    try:
        with h5py.File(path, "r", locking=False) as file:
            version = int(file.attrs["format_version"])  # type: ignore[arg-type]
            if version > VERSION:
                remedy = "a newer neurosparse wrote it: update"
                check.fail(owner, f"format_version of {path} must be <= {VERSION}", version, remedy, ResultError)
            texts = ("params", "fitted", "provenance")
            params, notes, made = (strict_json.loads(file[key][()]) for key in texts)  # type: ignore[index]
            coef, intercept, answer = (np.asarray(file[key]) for key in ("coef", "intercept", "probe"))
            start = columns.get_moment(file["start"]) if "start" in file else None  # type: ignore[arg-type]
        params["cell"] = params["cell"] and tuple(params["cell"])
        classifier = _fitted(kind(**params), params, notes, start, coef, intercept)
    except ResultError:
        raise
    except BROKEN as error:
        check.fail(owner, "path must be a whole, undamaged classifier", str(path), str(error), ResultError)
    if start is not None:
        clock.check_moment(owner, classifier.engine_, start)
    if not np.array_equal(_probe(classifier), answer):
        by = made.get("versions", {}).get("neurosparse")
        need = "the liquid must answer as it did when it was stored"
        check.fail(owner, need, "other spikes", f"neurosparse {by} stored it: use that, or fit again", ResultError)
    return classifier


def _fitted(classifier: Any, params: dict, notes: dict, start: Any, coef: np.ndarray, intercept: np.ndarray) -> Any:
    classes = np.array(notes["classes"], dtype=notes["dtype"])
    readout = Readout(params["readout"], C=params["C"], alpha=params["alpha"])
    model = readout.fit(np.zeros((len(classes), coef.shape[-1])), classes).model_  # all but its numbers is right
    model.coef_, model.intercept_ = coef, intercept[()]
    readout.scale_, readout.n_iter_ = notes["readout_scale"], notes["n_iter"]
    classifier.params_, classifier.readout_, classifier.classes_ = params, readout, readout.classes_
    classifier.n_features_in_, classifier.scale_, classifier.start_ = notes["n_features_in"], notes["scale"], start
    if notes["feature_names_in"] is not None:
        classifier.feature_names_in_ = np.array(notes["feature_names_in"], dtype=object)
    return classifier


def _probe(fitted: Any) -> np.ndarray:
    """Counts (n_neurons,) of a pattern that follows the seed alone: two liquids that are the same give the same."""
    c = SimpleNamespace(**fitted.params_)
    p = np.full(fitted.n_features_in_, PROBE)
    spikes = encode.bernoulli(p, round(c.duration_ms), rng.stream(c.random_state, "probe"))
    return counts(c, fitted.engine_, fitted.start_, [spikes])[0]
