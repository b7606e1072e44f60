"""Predicting series: the readout against plain NumPy, the network's parts against naive ones, the errors by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from models import htm
from neurosparse import data
from neurosparse.data import loader
from neurosparse.io.config import ConfigError, build
from neurosparse.measure import nab
from neurosparse.sdr import batch, classifier
from neurosparse.sdr.sdr import Sdr
from simulations import nab as benchmark
from simulations import taxi

RNG = np.random.default_rng(5)
SMALL = htm.Config(
    n_columns=64, n_active=6, cells_per_column=4, activation_threshold=4, min_threshold=3, max_new_synapses=6,
    max_synapses=20,
)  # fmt: skip


def stream(n_rows=60, n_cells=20, n_buckets=5):
    rows = [np.sort(RNG.choice(n_cells, RNG.integers(0, 6), replace=False)) for _ in range(n_rows)]
    return batch.of([Sdr(row, n_cells) for row in rows], n_cells), RNG.integers(0, n_buckets, n_rows), rows


def softmax(a):
    e = np.exp(a - a.max())
    return e / e.sum()


@pytest.mark.parametrize("steps, spread", [(1, 0.0), (5, 0.0), (3, 1.5)])
def test_the_readout_is_that_of_plain_numpy(steps, spread):
    cells, buckets, rows = stream()
    found = classifier.run(classifier.init(20, 5, 0.7, spread), cells, buckets, steps)
    weight, expected = np.zeros((20, 5)), []
    for t, row in enumerate(rows):
        if t >= steps:
            before = rows[t - steps]
            d = np.arange(5) - buckets[t]
            target = (d == 0).astype(float) if spread == 0 else np.exp(-(d**2) / (2 * spread**2))
            off = target / target.sum() - softmax(weight[before].sum(axis=0))
            weight[before] += 0.7 * off / max(len(before), 1)
        expected.append(softmax(weight[row].sum(axis=0)))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_a_stream_is_its_records_one_by_one():
    cells, buckets, rows = stream(40)
    whole = classifier.run(classifier.init(20, 5, 2.0, 1.0), cells, buckets, 2)
    model = classifier.init(20, 5, 2.0, 1.0)
    for t, row in enumerate(rows):
        if t >= 2:
            model = classifier.learn(model, rows[t - 2], int(buckets[t]))
        np.testing.assert_array_equal(classifier.predict(model, row), whole[t])


def test_the_readout_learns_what_follows():
    """Three contexts of a cycle: after a few rounds each tells the bucket two records later."""
    rows = [[0, 1, 2], [3, 4, 5], [6, 7, 8]] * 40
    buckets = np.array([0, 1, 2] * 40)
    p = classifier.run(classifier.init(9, 3), batch.of([Sdr(row, 9) for row in rows]), buckets, 2)
    assert p[0].tolist() == [1 / 3] * 3
    assert np.all(p[np.arange(60, 118), buckets[62:120]] > 0.9)
    assert np.all(np.diff(p[3:-3:3, 2]) >= 0)


def test_bad_readouts():
    model = classifier.init(20, 5)
    cells, buckets, _ = stream(10)
    for change, message in (
        ({"n_cells": 0}, "n_cells must be in"),
        ({"n_buckets": 1}, "n_buckets must be in"),
        ({"rate": 0.0}, "rate must be > 0"),
        ({"spread": -1.0}, "spread must be >= 0"),
    ):
        with pytest.raises(ValueError, match=f"classifier: {message}"):
            classifier.init(**({"n_cells": 4, "n_buckets": 4} | change))  # type: ignore[arg-type]
    with pytest.raises(MemoryError, match="classifier: the weights must fit in memory"):
        classifier.init(2**31 - 1, 2**20)
    with pytest.raises(ValueError, match=r"cells must be in \[0, 19\], got \[3, 20\]"):
        classifier.predict(model, [3, 20])
    with pytest.raises(ValueError, match=r"cells must be ids of shape \(k,\)"):
        classifier.predict(model, [[1, 2]])
    with pytest.raises(ValueError, match=r"bucket must be in \[0, 4\], got 5"):
        classifier.learn(model, [1], 5)
    with pytest.raises(TypeError, match="cells must be a Csr with a row for each record"):
        classifier.run(model, np.zeros((10, 20)), buckets)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="buckets must be 10 whole numbers, one for each row"):
        classifier.run(model, cells, buckets[:9])
    with pytest.raises(ValueError, match="the rows must be of 20 cells, got 21"):
        classifier.run(model, batch.of([Sdr([1], 21)]), [0])
    with pytest.raises(ValueError, match="values must be 2 ascending numbers, one for each bucket"):
        classifier.quantile([[0.5, 0.5]], [2.0, 1.0])


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=8), st.floats(0, 1))
def test_quantiles_turn_the_distribution_around(p, q):
    p = np.array(p) / sum(p)
    values = np.arange(len(p)) * 2.0
    x = classifier.quantile(p, values, q)[0]
    below = np.interp(x, np.arange(len(p) + 1) * 2.0 - 1, np.concatenate([[0], np.cumsum(p)]))
    assert below == pytest.approx(q, abs=1e-9)


def test_median_of_certain_and_of_flat_distributions():
    values = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(classifier.quantile(np.eye(3), values), [1.0, 2.25, 4.0])
    assert classifier.quantile([1 / 3] * 3, values)[0] == pytest.approx(2.25)


# ---- the network ---------------------------------------------------------------------------------------


def test_codes():
    time = np.datetime64("2014-07-01T00:00:00") + np.arange(300) * np.timedelta64(1800, "s")
    value = np.linspace(0, 40_000, 300)
    codes = htm.taxi_codes(time, value)
    assert (codes.n_cols, set(np.diff(codes.indptr))) == (809, {87})
    both, alone = htm.nab_codes(time, value), htm.nab_codes(time, value, "value")
    assert (both.n_cols, alone.n_cols, set(np.diff(both.indptr))) == (454, 400, {42})
    flat = htm.nab_codes(time, np.full(300, 7.0), "value")
    assert len(np.unique(flat.indices)) == 21


@pytest.mark.parametrize("pooler", [True, False])
def test_active_cells_are_kept_and_change_nothing(pooler):
    network = SMALL.model_copy(update={"pooler": pooler})
    time = np.datetime64("2014-07-01T00:00:00") + np.arange(120) * np.timedelta64(7200, "s")
    codes = htm.nab_codes(time, np.sin(np.arange(120) * np.pi / 6))
    plain, kept = htm.run(network, codes), htm.run(network, codes, cells=True)
    assert plain.cells is None
    np.testing.assert_array_equal(plain.anomaly, kept.anomaly)
    np.testing.assert_array_equal(plain.n_predicted, kept.n_predicted)
    assert plain[4:] == kept[4:]
    assert kept.cells is not None
    for t in range(120):
        cells = kept.cells.indices[kept.cells.indptr[t] : kept.cells.indptr[t + 1]]
        columns = kept.columns.indices[kept.columns.indptr[t] : kept.columns.indptr[t + 1]]
        assert np.array_equal(np.unique(cells // 4), columns)
    assert plain.anomaly[-24:].mean() < plain.anomaly[:24].mean()
    if pooler:
        assert set(np.diff(plain.columns.indptr)) == {6}
    else:
        np.testing.assert_array_equal(plain.columns.indices, codes.indices)


def naive_likelihood(anomaly, learning, known):
    """Record by record."""
    m = [np.mean(anomaly[max(0, t - 9) : t + 1]) for t in range(len(anomaly))]
    out, mean, sd, before = [], None, None, 1.0
    for t, x in enumerate(m):
        q = 0.5
        if t >= known:
            if mean is None or t % 100 == 0:
                past = m[max(learning, t - 8640) : t]
                mean, sd = max(np.mean(past), 0.03), math.sqrt(max(np.var(past), 0.0003))
            q = norm.sf((x - mean) / sd)
        out.append(math.log((1e-3 if q < 1e-5 and before < 1e-5 else q) + 1e-10) / math.log(1e-10))
        before = q
    return np.array(out)


@pytest.mark.parametrize("n, learning, known", [(450, 30, 60), (450, 50, 100), (150, 0, 149), (40, 30, 60), (0, 0, 1)])
def test_likelihood_is_that_of_a_naive_one(n, learning, known):
    anomaly = RNG.random(n) * 0.1
    anomaly[n // 2 : n // 2 + 12] = 1.0
    found = htm.likelihood(anomaly, learning, known)
    np.testing.assert_allclose(found, naive_likelihood(anomaly, learning, known), rtol=1e-8)
    if n > 400:
        assert found[n // 2 : n // 2 + 12].max() > 0.5
        assert np.all(found[:known] == found[0])


def test_bad_likelihoods():
    with pytest.raises(ValueError, match=r"htm.likelihood: known must be in \[6, .*got 5"):
        htm.likelihood(np.zeros(9), 5, 5)
    with pytest.raises(ValueError, match=r"htm.likelihood: anomaly must be in \[0, 1\]"):
        htm.likelihood(np.array([2.0]), 0, 1)


def test_out_of_range():
    value = np.array([1.0, 1.0, 2.0, 2.05, 2.06, 2.2, 0.95, 0.8, 3.0])
    assert np.flatnonzero(htm.out_of_range(value)).tolist() == [5, 7, 8]
    assert htm.out_of_range(np.array([3.0])).tolist() == [False]


@pytest.mark.data
@pytest.mark.skipif(not (loader.folder() / "nab.tar.xz").exists(), reason="NEUROSPARSE_DATA has no nab.tar.xz")
def test_published_scores_follow_from_published_surprise():
    """numentaTM on three series, 37,282 records: its anomaly scores from its raw scores, by our likelihood and rule."""
    corpus = data.load_nab()
    values = {one.name: one.value for one in corpus.series}
    assert len(corpus.scored["numentaTM"]) == 3
    for name, rows in corpus.scored["numentaTM"].items():
        known = nab.probation(len(values[name]))
        score = htm.likelihood(rows.raw_score, known // 2, known)
        score[htm.out_of_range(values[name])] = 1.0
        np.testing.assert_allclose(score, rows.anomaly_score, atol=1e-3)


# ---- the simulations -----------------------------------------------------------------------------------


def test_errors_by_hand():
    value, said = np.array([9.0, 10.0, 20.0, 30.0]), np.array([np.nan, 12.0, 17.0, 30.0])
    found = taxi.errors(value, said, 1)
    assert found["error"] == 5 / 60
    assert found["rmse"] == pytest.approx(math.sqrt((4 + 9) / 3) / value.std())


def test_what_is_said_is_about_a_later_record():
    assert taxi.later(np.arange(4.0), 1)[1:].tolist() == [0, 1, 2]
    value = np.arange(2000.0)
    guesses = taxi.naive(value, 5)
    assert [float((value - one)[-1]) for one in guesses.values()] == [5, 48, 336, 840]
    assert np.isnan(guesses["week_ago"][335])
    assert guesses["mean_of_weeks"][336] == 0


def test_log_likelihood_of_certain_and_of_flat_forecasts():
    config = taxi.Config(dataset="made", n_records=100, first=20, n_buckets=44)
    value = (RNG.integers(0, 44, 100) + 0.5) * taxi.HIGH / 44
    certain = np.zeros((100, 44))
    certain[np.arange(95), taxi.buckets(value, 44)[5:]] = 1
    assert taxi.log_likelihood(value, certain, config) == pytest.approx(0)
    assert taxi.log_likelihood(value, np.full((100, 44), 1 / 44), config) == pytest.approx(-math.log(22))
    assert taxi.log_likelihood(value, certain[:, ::-1], config) < -5


def test_gaussian_is_that_of_a_naive_one():
    value = RNG.normal(size=90)
    value[70] = 9.0
    found = benchmark.gaussian(value, 20)
    assert found[0] == 0
    assert 2 + np.argmax(found[2:]) == 70
    for t in range(2, 90):
        past = value[max(0, t - 20) : t]
        expected = np.log(2 * norm.sf(abs(value[t] - past.mean()) / past.std())) / math.log(1e-10)
        assert found[t] == pytest.approx(expected, rel=1e-6)
    assert np.all(benchmark.gaussian(np.ones(30), 10) == 0)


def test_bad_simulations():
    with pytest.raises(ConfigError, match=r"taxi.Config: .*n_records must be above first \+ steps, 6005, got 5000"):
        build(taxi.Config, overrides=["n_records=5000"])
    with pytest.raises(ConfigError, match=r"taxi.Config: .*first must be at least steps, 10, got 9"):
        build(taxi.Config, overrides=["steps=10", "first=9"])
    with pytest.raises(ConfigError, match=r"network.n_columns must be int in"):
        build(benchmark.Config, overrides=["network.n_columns=1"])


@pytest.mark.slow
def test_threads_do_not_change_the_benchmark():
    config = benchmark.tiny()
    one, two = benchmark.run(config, 1), benchmark.run(config, 3)
    assert one.metrics == two.metrics
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, two.arrays[name])
