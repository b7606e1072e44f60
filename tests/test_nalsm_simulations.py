"""Simulations of the NALSM family: what they refuse, and that sweeps, curves and kernels are what they say."""

import numpy as np
import pytest

from neurosparse import discover, encode, rng
from neurosparse.data import loader
from neurosparse.io import config
from simulations import _stimuli, nalsm_images, nalsm_kernel, nalsm_learning, nalsm_sweep


@pytest.mark.parametrize("name, overrides, message", [
    *((name, ["n_train=20"], "n_train must be >= 50 and n_test >= 1 .* got 20 and 2000")
      for name in ("nalsm_images", "nalsm_sweep", "nalsm_kernel", "nalsm_learning")),
    ("nalsm_images", ["n_train=100", "n_validation=51"], "n_validation must be <= half of n_train = 100, got 51"),
    ("nalsm_images", ["n_train=9000"], r"n_train \+ n_test must be <= 10000, got 9000 \+ 2000; take fewer, or pool=all"),
    ("nalsm_images", ["dataset=digits", "pool=all"], "pool=all needs an official split, got dataset=digits"),
    ("nalsm_images", ["dataset=nmnist-small", "n_train=2000"], r"nmnist-small has 1000 \+ 100 recordings, got n_train=2000"),
    ("nalsm_images", ["duration_ms=100.5"], "duration_ms must be float in"),
    ("nalsm_sweep", ["seeds=[]"], "seeds must be list of int .* of length >= 1"),
    ("nalsm_sweep", ["seeds=[1, 1]"], r"seeds: entries must differ from one another, got \[1, 1\]"),
    ("nalsm_sweep", ["w_astros=[0.1, 0.1]"], "w_astros: entries must differ"),
    ("nalsm_sweep", ["listenings=[0.5, 0.5]"], "listenings: entries must differ"),
    ("nalsm_sweep", ["listenings=[1.5]"], "listenings must be list of float in"),
    ("nalsm_sweep", ['rules=["nalsm"]'], "rules must be list of"),
    ("nalsm_sweep", ["w_astros=[]", "weight_scales=[]", "rules=[]", "listenings=[]"], "needs at least one model"),
    ("nalsm_sweep", ["w_astros=[-1]"], "w_astros must be list of float in"),
    ("nalsm_kernel", ["weight_scales=[0.9, 0.9]"], "weight_scales: entries must differ"),
    ("nalsm_kernel", ["n_samples=10001"], "n_samples must be <= n_train .* = 10000, got 10001"),
    ("nalsm_kernel", ["noise=0"], "noise must be float > 0 <= 1000, got 0"),
    ("nalsm_kernel", ["n_draws=0"], "n_draws must be int in"),
    ("nalsm_learning", ["n_trains=[]"], "n_trains must be list of int .* of length >= 1"),
    ("nalsm_learning", ["n_trains=[500, 500]"], "n_trains: entries must differ"),
    ("nalsm_learning", ["n_trains=[10]"], "n_trains must be list of int in"),
    ("nalsm_learning", ["n_trains=[9000]"], "n_trains must be <= n_train = 8000, got 9000; raise n_train"),
    ("nalsm_learning", ["n_validation=300"], "n_validation must be <= half of each n_trains, 500, got 300"),
    ("nalsm_learning", ['rules=["static", "static"]'], "rules: entries must differ"),
])  # fmt: skip
def test_refused(name, overrides, message):
    with pytest.raises(config.ConfigError, match=rf"^{name}\.Config: .*{message}"):
        config.build(discover.load("simulations", name).Config, overrides=overrides)


def test_too_few_samples_of_a_class_are_refused_before_anything_runs():
    with pytest.raises(ValueError, match=r"nalsm_kernel: per_class must be <= \d, the smallest class, got 50; raise"):
        nalsm_kernel.run(nalsm_kernel.tiny().model_copy(update={"per_class": 50}))


def test_cases_of_a_sweep():
    c = nalsm_sweep.Config(w_astros=(0.1,), weight_scales=(0.5, 0.6), listenings=(0.2,), rules=("stdp",), n_bins=2)
    cases = nalsm_sweep.cases(c, 7)
    told = [(x.shape.rule, x.shape.w_astro, x.shape.weight_scale, x.shape.listening) for x in cases]
    assert told == [
        ("nalsm", 0.1, 0.9, 1.0), ("static", 0.015, 0.5, 1.0), ("static", 0.015, 0.6, 1.0), ("nalsm", 0.015, 0.9, 0.2),
        ("stdp", 0.015, 0.9, 1.0),
    ]  # fmt: skip
    assert all(x.shape.seed == 7 and x.shape.n_bins == 2 for x in cases)


def test_the_best_value_is_that_of_the_validation_samples():
    table = [("static", 0.5, 0.9, 0.1), ("static", 0.5, 0.7, 0.3), ("static", 0.9, 0.85, 0.6), ("nalsm", 1.0, 0.1, 0.2)]
    names = ("model", "value", "validation", "accuracy")
    rows = [dict(zip(names, line, strict=True)) | {"sweep": "s"} for line in table]
    assert nalsm_sweep.best(rows, "static") == 0.6
    assert nalsm_sweep.best(rows, "nalsm") == 0.2
    assert np.isnan(nalsm_sweep.best(rows, "stdp"))


@pytest.mark.slow
def test_a_row_of_a_sweep_is_the_experiment_itself():
    """Static, and NALSM at two shares; with as many threads as one likes."""
    swept = nalsm_sweep.run(nalsm_sweep.tiny(), threads=2)
    same = {name: getattr(nalsm_sweep.tiny(), name) for name in nalsm_images.Shown.model_fields} | {"n_branching": 3}
    for row, more in ((2, {"rule": "static"}), (3, {"listening": 0.5}), (4, {})):
        alone = nalsm_images.run(nalsm_images.Config(**same | more), threads=1).metrics
        for name in ("accuracy", "branching_factor", "rate_hz"):
            assert swept.rows[row][name] == alone[name], (row, name)
        assert swept.metrics["baseline_accuracy"] == alone["baseline_accuracy"]
    assert {**swept.rows[4], "sweep": ""} == {**swept.rows[0], "sweep": "", "value": 1.0}  # run once, w_astro 0.015
    assert nalsm_sweep.run(nalsm_sweep.tiny(), threads=1).rows == swept.rows


@pytest.mark.slow
def test_the_end_of_a_learning_curve_is_the_experiment_itself():
    c = nalsm_learning.tiny()
    found = nalsm_learning.run(c, threads=2)
    assert found.rows == nalsm_learning.run(c, threads=1).rows
    same = {name: getattr(c, name) for name in nalsm_images.Shown.model_fields}
    for rule in c.rules:
        alone = nalsm_images.run(nalsm_images.Config(**same, rule=rule)).metrics
        assert found.metrics[f"accuracy_{rule}"] == alone["accuracy"]
    assert found.metrics["accuracy_pixels"] == alone["baseline_accuracy"]
    fewer = nalsm_images.Config(**same, rule="static")
    shown = nalsm_images.stimuli(fewer)
    counts = nalsm_learning.counts(fewer, shown, 1)
    kept = np.r_[:50, 90:120]
    less = nalsm_images.fit(counts[kept], shown._replace(labels=shown.labels[kept], n_train=50), fewer)
    assert found.rows[0] == {"features": "static", "n_train": 50, "seed": 0, "accuracy": less.accuracy}


@pytest.mark.slow
def test_ranks_of_kernels():
    c = nalsm_kernel.tiny()
    found = nalsm_kernel.run(c, threads=2)
    most = min(c.n_neurons, 10 * c.per_class)
    assert all(0 < row["sp"] <= most and 0 < row["ap"] <= most for row in found.rows)
    assert len(found.rows) == 4
    assert found.rows == nalsm_kernel.run(c, threads=1).rows
    quiet, lively = found.rows[1], found.rows[2]  # |w| 0.4 and 0.9
    assert quiet["rate_hz"] < lively["rate_hz"]
    assert quiet["sp"] < lively["sp"]


def test_quality():
    """By the authors' ranges a liquid with their highest SP and lowest AP has 1; by its own, the best one has 1."""
    sp, ap = np.array([0.99446, 0.5581, 0.8]), np.array([0.1275, 0.99328, 0.5])
    assert nalsm_kernel.qualities(sp, ap, own=False)[:2] == pytest.approx([1.0, 0.0])
    own = nalsm_kernel.qualities(sp[[0, 2]], ap[[0, 2]], own=True)
    assert own == pytest.approx([1.0, 0.0])
    assert np.isnan(nalsm_kernel.qualities(np.ones(3), ap, own=True)).all()
    assert np.isnan(nalsm_kernel.qualities(np.array([0.5, 0.6]), np.array([0.5, 0.6]), own=True)).all()


def test_noisy_images():
    """Clean ones are those of a run without noise; the noise has its SD where nothing is cut; events as asked for."""
    clean = _stimuli.images("digits", "test", 100, 50, 0)
    noisy = [_stimuli.images("digits", "test", 100, 50, 0, noise=50.0, rescale=rescale) for rescale in (True, False)]
    assert np.array_equal(clean.labels, noisy[0].labels)
    middle = clean.plain == 8
    moved = (noisy[0].plain - clean.plain)[middle]
    assert moved.std() == pytest.approx(50 * 16 / 255, rel=0.1)
    assert abs(moved.mean()) < 0.5
    assert noisy[0].plain.min() == 0.0
    assert noisy[0].plain.max() == 16.0
    events = [sum(len(shown.sample(k, 200)["events"].index) for k in range(30)) for shown in (clean, *noisy)]
    assert events[1] > 1.1 * events[0]
    assert events[2] == pytest.approx(events[0], rel=0.05)


def test_jittered_events():
    """Reflected, not lost; alone or all together."""
    rnd = np.random.default_rng(0)
    pairs = np.unique(np.stack([rnd.integers(0, 500, 400), rnd.integers(0, 300, 400)]), axis=1)
    events = encode.events_from_pairs(*pairs, 300)
    i, t = encode.pairs(events)
    for together in (False, True):
        moved = _stimuli.jittered(events, 10.0, rng.stream(0, "event jitter"), 3, together)
        j, s = encode.pairs(moved)
        assert len(moved.start) == len(events.start)
        assert set(j) == set(i)
        assert len(j) == pytest.approx(len(i), abs=3)  # two may meet
        assert not np.array_equal(s, t)
    shift = int(np.rint(10.0 * rng.normals(rng.stream(0, "event jitter"), 1, 3)[0]))
    inside = (t > 50) & (t < 250)
    assert set(zip(i[inside], t[inside] + shift)) <= set(zip(j, s))


@pytest.mark.data
@pytest.mark.skipif(not (loader.folder() / "nmnist-small.tar.xz").exists(), reason="needs N-MNIST in NEUROSPARSE_DATA")
def test_noisy_recordings():
    clean = _stimuli.recordings("nmnist-small", 60, 10, 0)
    noisy = _stimuli.recordings("nmnist-small", 60, 10, 0, 10.0)
    assert np.array_equal(clean.labels, noisy.labels)
    a, b = (shown.sample(0, 300)["events"] for shown in (clean, noisy))
    assert len(b.index) == pytest.approx(len(a.index), rel=0.05)
    assert not np.array_equal(np.diff(a.start), np.diff(b.start))
