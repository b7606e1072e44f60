"""Simulations of the NALSM family: what they refuse, and that sweeps, curves and kernels are what they say."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from figures import nalsm_density, nalsm_models
from figures import nalsm_sweep as sweep_figure
from models import nalsm
from neurosparse import check, discover, encode, rng
from neurosparse.data import loader
from neurosparse.io import config, launch
from simulations import _stimuli, nalsm_beyond, nalsm_images, nalsm_kernel, nalsm_learning, nalsm_sweep


@pytest.mark.parametrize("name, overrides, message", [
    *((name, ["n_train=20"], "n_train must be >= 50 and n_test >= 1 .* got 20 and 2000")
      for name in ("nalsm_images", "nalsm_sweep", "nalsm_kernel", "nalsm_learning")),
    ("nalsm_images", ["n_train=100", "n_validation=51"], "n_validation must be <= half of n_train = 100, got 51"),
    ("nalsm_images", ["n_train=9000"], r"n_train \+ n_test must be <= 10000, got 9000 \+ 2000; take fewer, or pool=all"),
    ("nalsm_images", ["dataset=digits", "pool=all"], "pool=all needs an official split, got dataset=digits; say pool=test"),
    ("nalsm_images", ["dataset=digits", "n_train=1700"], r"n_train \+ n_test must be <= 1797, got 1700 \+ 597; take fewer$"),
    ("nalsm_images", ["model={n_inputs=64}"], r"model must not name keys of the simulation, got \['n_inputs'\]; leave"),
    *((name, [f"model={{{key}=1}}"], rf"model must not name keys of the simulation, got \['{key}'\]")
      for name in ("nalsm_images", "nalsm_sweep", "nalsm_kernel", "nalsm_learning", "nalsm_beyond")
      for key in nalsm_images.GIVEN),
    ("nalsm_images", ["model={feilds=4.0}"], r"model: nalsm.Config: a key must be one of .* did you mean 'fields'\?"),
    ("nalsm_images", ["model={max_delay=0}"], r"model: nalsm.Config: max_delay must be int in \[1, 100\], got 0"),
    ("nalsm_images", ["model={n_liquids=3}"], "n_neurons must be a multiple of n_liquids = 3, got 1000"),
    ("nalsm_images", ["dataset=nmnist-small", "model={fields=4.0}"], "receptive fields need a square image, got dataset=nm"),
    ("nalsm_beyond", ["model={tau_spread=0.1}"], r"model and n_bins are what changes set, got model={tau_spread = 0.1}, n_bins=1"),
    ("nalsm_beyond", ["n_bins=5"], "model and n_bins are what changes set, got model={}, n_bins=5; leave them out"),
    ("nalsm_beyond", ['changes=["adaptation", "adaptation"]'], "changes: entries must differ from one another"),
    ("nalsm_beyond", ['changes=["adaption"]'], "changes must be of as published, .* got .'adaption'"),
    ("nalsm_beyond", ["seeds=[1, 1]"], r"seeds: entries must differ from one another, got \[1, 1\]"),
    ("nalsm_beyond", ["dataset=digits", "n_train=1000"], "pool=train needs an official split, got dataset=digits; say pool=test"),
    ("nalsm_beyond", ["n_neurons=1001"], "change '4 small liquids' does not fit: n_neurons must be a multiple of .* = 4, got 1001"),
    ("nalsm_beyond", ["dataset=nmnist-small", "n_train=900"], "change 'receptive fields' does not fit: .* leave it out of changes"),
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


def test_compat_brings_the_readout_of_the_authors(monkeypatch):
    """Without more words; logistic regression must be asked for."""
    seen = []
    fitted = nalsm_images.nalsm_readout.fit
    monkeypatch.setattr(nalsm_images.nalsm_readout, "fit", lambda *args: seen.append(args[-1]) or fitted(*args))
    plain = SimpleNamespace(n_train=60, labels=np.arange(80) % 10)
    counts = np.eye(10)[plain.labels] * 9
    for change, calls in (({"compat": "nalsm2021"}, 1), ({"compat": "nalsm2021", "readout": "logistic"}, 0), ({}, 0),
                          ({"readout": "paper"}, 1)):  # fmt: skip
        seen.clear()
        shape = nalsm_images.Config.model_validate({"dataset": "digits", "epochs": 7} | change)
        assert nalsm_images.fit(counts, plain, shape).accuracy == 1.0
        assert seen == [7] * calls
        assert len(seen) == calls == shape.authors_readout
        seen.clear()
        nalsm_images.fit(counts, plain, shape, normalise=False)
        assert not seen


def test_too_few_samples_of_a_class_are_refused_before_anything_runs():
    with pytest.raises(ValueError, match=r"nalsm_kernel: per_class must be <= \d, the smallest class, got 50; raise"):
        nalsm_kernel.run(nalsm_kernel.tiny().model_copy(update={"per_class": 50}))


def test_every_change_fits_the_images():
    for dataset, pool in (("mnist", "train"), ("fashion-mnist", "test"), ("digits", "test")):
        c = nalsm_beyond.Config(dataset=dataset, pool=pool, n_train=1000)
        cases = [nalsm_beyond.shape(c, name, 3) for name in c.changes]
        assert all((x.seed, x.pool, x.n_train) == (3, pool, 1000) for x in cases)
    assert [(x.model, x.n_bins) for x in cases[-2:]] == [({}, 5), ({"fields": 4.0}, 5)]
    for dataset, n_inputs in nalsm_images.INPUTS.items():  # what _fits relies on
        if dataset == "digits":
            assert _stimuli.images(dataset, "test", 50, 1, 0).n_inputs == n_inputs


def _counted(calls, name, real):
    def counted(*args):
        calls[name] += 1
        return real(*args)

    return counted


@pytest.fixture
def built_once(monkeypatch):
    """Counts calls of what builds stimuli and of the readout of plain input."""
    calls = {"stimuli": 0, "baseline": 0}
    for name in calls:
        monkeypatch.setattr(nalsm_images, name, _counted(calls, name, getattr(nalsm_images, name)))
    return calls


@pytest.mark.slow
def test_a_change_is_the_experiment_itself(built_once):
    c = nalsm_beyond.tiny()
    found = nalsm_beyond.run(c, threads=2)
    assert built_once == {"stimuli": 1, "baseline": 0}
    for row, name in zip(found.rows, c.changes, strict=True):
        alone = nalsm_images.run(nalsm_beyond.shape(c, name, 0)).metrics
        assert (row["change"], row["accuracy"], row["rate_hz"]) == (name, alone["accuracy"], alone["rate_hz"])
    assert [row["gain"] for row in found.rows] == [0.0, found.rows[1]["accuracy"] - found.rows[0]["accuracy"]]


@pytest.mark.slow
def test_a_learning_curve_builds_stimuli_once_a_seed(built_once):
    nalsm_learning.run(nalsm_learning.tiny().model_copy(update={"seeds": (0, 1)}))
    assert built_once["stimuli"] == 2


def counting(monkeypatch, n_bins, n=400):
    """`count` of n samples of 500 neurons from runs made up: (counts, peak of memory)."""
    c = nalsm_images.Config(n_neurons=500, n_bins=n_bins, duration_ms=60.0)
    spikes = SimpleNamespace(step=np.array([0, 29, 59]), i=np.array([0, 7, 7]))
    run = SimpleNamespace(counts={"liquid": np.arange(500)}, spikes={"liquid": spikes})
    monkeypatch.setattr(nalsm, "features", lambda *_: (run for _ in range(n)))
    tracemalloc.start()
    try:
        return nalsm_images.count(None, None, None, [None] * n, c, 1), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("n_bins", [1, 2])
def test_counts_take_little_more_than_their_own_memory(monkeypatch, n_bins):
    counts, peak = counting(monkeypatch, n_bins)
    assert counts.dtype == np.int32
    assert counts.shape == (400, 500 * n_bins)
    assert np.array_equal(counts[-1][:2], [0, 1] if n_bins == 1 else [1, 0])
    assert n_bins == 1 or np.array_equal(counts[-1][14:16], [1, 1])
    assert peak < 1.2 * counts.nbytes


def test_counts_that_do_not_fit_are_refused_before_anything_runs(monkeypatch):
    monkeypatch.setattr(check, "memory", lambda: 12 * 400 * 500)
    counting(monkeypatch, 1)
    with pytest.raises(
        MemoryError, match=r"^nalsm_images.count: counts of 400 samples, n_neurons=500 and n_bins=2, twice, must"
    ):
        counting(monkeypatch, 2)
    monkeypatch.setattr(check, "memory", lambda: 60_000)
    for name in ("build", "compile"):
        monkeypatch.setattr(nalsm, name, lambda *_: None)
    monkeypatch.setattr(nalsm, "initialise", lambda *_: pytest.fail("it ran"))
    for module in (nalsm_images, nalsm_sweep, nalsm_beyond, nalsm_learning, nalsm_kernel):
        with pytest.raises(MemoryError, match="nalsm_images.count: counts of .* got .* take fewer"):
            module.run(module.tiny())


@pytest.mark.slow
def test_figures_of_a_sweep_over_listening_alone(tmp_path):
    c = nalsm_sweep.tiny().model_copy(update={"w_astros": (), "weight_scales": (), "listenings": (0.5,)})
    for rules, bars in ((("stdp",), 2), ((), 1)):
        record = launch.run("nalsm_sweep", nalsm_sweep, c.model_copy(update={"rules": rules}), folder=tmp_path)
        assert len(nalsm_models.draw(record).axes[0].get_xticks()) == bars  # plain input, and STDP
        for module in (nalsm_density, sweep_figure):
            module.draw(record)


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
