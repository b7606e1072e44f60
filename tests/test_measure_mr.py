"""Multistep regression against branching processes of known m, exact exponentials and plain regressions."""

import numpy as np
import pytest

from neurosparse import measure, rng
from neurosparse.measure import mr


def process(m, n_steps, seed, **options):
    h = options.pop("mean", 100.0) * (1 - m)
    return measure.branching_process(m, h, n_steps, rng.stream(seed, "process"), **options)


# ---- the process ----------------------------------------------------------------------------------------


def test_process_has_the_moments_of_theory():
    m, p = 0.9, 0.1
    a = process(m, 400, 0, n_trials=200, subsample=p).astype(float)
    mean, variance = 100.0, 100.0 / (1 - m**2)
    sampled = p * p * variance + p * (1 - p) * mean
    assert a.shape == (200, 400)
    assert a.mean() == pytest.approx(p * mean, rel=0.01)
    assert a.var() == pytest.approx(sampled, rel=0.03)
    assert a[:, 0].mean() == pytest.approx(p * mean, rel=0.1)  # stationary from the first step on
    centred = a - p * mean
    for k in (1, 5):
        assert np.mean(centred[:, k:] * centred[:, :-k]) == pytest.approx(p * p * variance * m**k, rel=0.08)


def test_process_does_not_depend_on_how_much_of_it_is_asked_for():
    whole = process(0.8, 300, 1, n_trials=3)
    assert np.array_equal(process(0.8, 200, 1, n_trials=2), whole[:2, :200])
    assert np.array_equal(process(0.8, 300, 1), whole[0])
    seen = process(0.8, 300, 1, subsample=0.5)
    assert np.all(seen <= whole[0])
    assert np.array_equal(process(0.8, 100, 1, subsample=0.5), seen[:100])


def test_process_without_offspring_is_poisson_and_without_anything_is_dead():
    a = measure.branching_process(0.0, 4.0, 5000, rng.stream(2, "a"))
    assert [a.mean(), a.var()] == pytest.approx([4.0, 4.0], rel=0.08)
    assert not measure.branching_process(0.0, 0.0, 5, rng.stream(2, "a")).any()
    dying = measure.branching_process(0.5, 0.0, 60, rng.stream(2, "a"), start=8)
    assert dying[0] == 8
    assert dying[-1] == 0


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"m": -0.1}, "branching_process: m must be >= 0.0, got -0.1"),
        ({"h": -1.0}, r"h must be in \[0.0, "),
        ({"n_steps": 0}, r"n_steps must be in \[1, "),
        ({"subsample": 0.0}, "subsample must be > 0"),
        ({"subsample": 1.1}, r"subsample must be in \[0.0, 1.0\], got 1.1"),
        ({"n_trials": 0}, r"n_trials must be in \[1, "),
        ({"m": 1.0}, "m must be < 1 for a stationary process, got 1.0; give start"),
        ({"start": -1}, r"start must be in \[0, "),
        ({"m": 1 - 1e-12}, "steps, those until the process is stationary included, must be in"),
        ({"m": 10.0, "start": 5}, "activity must stay below 1e15 events, got 'more in trial 0'; take fewer steps"),
    ],
)
def test_process_errors(changes, message):
    good = {"m": 0.5, "h": 1.0, "n_steps": 30, "stream": rng.stream(0, "a")}
    with pytest.raises(ValueError, match=message):
        measure.branching_process(**{**good, **changes})


def test_process_wants_a_stream():
    with pytest.raises(TypeError, match="stream must be a Stream, got 3; make it with rng.stream"):
        measure.branching_process(0.5, 1.0, 3, 3)


# ---- the fit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("m", [0.01, 0.3, 0.9, 0.995, 0.99999])
@pytest.mark.parametrize("offset", [0.0, -0.2])
@pytest.mark.parametrize("k_max", [3, 40, 700])
def test_fit_of_an_exact_exponential_is_exact(m, offset, k_max):
    r = 0.2 * m ** np.arange(1, k_max + 1) + offset
    found = mr.fit(r, offset != 0)
    # ten times nothing: where m^k is gone after a step, or a straight line, the rounding of r is all that there is
    if m == 0.01:
        assert found[0] == pytest.approx(m, rel=1e-3)
    else:
        assert found == pytest.approx((m, 0.2, offset), rel=2e-4 if m > 0.999 and offset else 1e-6)


def test_fit_of_what_is_not_finite_is_nan():
    assert np.all(np.isnan(mr.fit(np.array([np.nan, 1.0]), False)))


# ---- the estimator --------------------------------------------------------------------------------------


def naive_slopes(a, k_max, method):
    """The definition: polyfit of each trial, or the pooled slope through the common mean of pairs one step apart."""
    if method == "trial-separated":
        return [np.mean([np.polyfit(row[:-k], row[k:], 1)[0] for row in a]) for k in range(1, k_max + 1)]
    mean = (a[:, :-1].mean() + a[:, 1:].mean()) / 2
    d = a - mean
    return [np.sum(d[:, :-k] * d[:, k:]) / np.sum(d[:, :-k] ** 2) for k in range(1, k_max + 1)]


@pytest.mark.parametrize("method", mr.METHODS)
def test_slopes_are_plain_regressions(method):
    a = np.random.default_rng(0).poisson(5.0, (4, 60)).astype(float)
    r = measure.mr_estimator(a, 6, method, n_boot=0).r
    assert r == pytest.approx(naive_slopes(a, 6, method))
    single = measure.mr_estimator(a[0], 6, method, n_boot=0)
    assert single.r == pytest.approx(naive_slopes(a[:1], 6, method))
    assert single.m_conventional == single.r[0]


def test_one_percent_is_enough():
    """A9 of the specification in small: the same, on a fifth of the steps."""
    a = process(0.98, 20_000, 0, subsample=0.01)
    found = measure.mr_estimator(a, 50, n_boot=40)
    assert found.m == pytest.approx(0.98, abs=0.01)
    assert found.m_conventional < 0.3
    assert found.interval[0] < 0.98 < found.interval[1]
    assert found.tau == pytest.approx(-1 / np.log(found.m))


@pytest.mark.slow
@pytest.mark.parametrize("m, k_max, conventional", [(0.98, 50, 0.202), (0.995, 200, 0.510)])
def test_branching_parameter_survives_subsampling(m, k_max, conventional):
    """A9: 1e5 steps of mean activity 100, one percent observed; five seeds."""
    for seed in range(5):
        a = process(m, 100_000, seed, subsample=0.01)
        found = measure.mr_estimator(a, k_max, n_boot=0)
        assert abs(found.m - m) < 0.004
        expected = m * 0.01**2 * 100 / (1 - m**2) / (0.01**2 * 100 / (1 - m**2) + 0.01 * 0.99 * 100)
        assert expected == pytest.approx(conventional, abs=0.01)
        assert found.m_conventional == pytest.approx(expected, abs=0.08)
        assert measure.mr_estimator(process(m, 100_000, seed), k_max, n_boot=0).m == pytest.approx(found.m, abs=0.004)


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of 95 intervals in 100 all but a few; the bootstrap of correlated data is known to be a little narrow."""
    single = trials = 0
    for seed in range(50):
        a = process(0.9, 4000, seed, n_trials=1, subsample=0.2)
        low, high = measure.mr_estimator(a, 15, n_boot=200, stream=rng.stream(seed, "boot")).interval
        single += low <= 0.9 <= high
        a = process(0.9, 200, 100 + seed, n_trials=40, subsample=0.2)
        low, high = measure.mr_estimator(a, 15, n_boot=200, stream=rng.stream(seed, "boot")).interval
        trials += low <= 0.9 <= high
    assert single >= 42
    assert trials >= 42


def test_trials_with_their_own_means_need_separation():
    """Trials of different rates look correlated for ever to one common mean; separated trials do not see it."""
    a = process(0.8, 1500, 3, n_trials=10) + 200 * np.arange(10)[:, None]
    apart = measure.mr_estimator(a, 10, "trial-separated", n_boot=0)
    assert apart.m == pytest.approx(0.8, abs=0.02)
    assert measure.mr_estimator(a, 10, "stationary", n_boot=0).m > 0.99


def test_offset_takes_up_a_slow_drift():
    a = process(0.8, 20_000, 4) + 40 * np.sin(np.arange(20_000) * 2 * np.pi / 20_000)
    plain = measure.mr_estimator(a, 15, n_boot=0)
    with_offset = measure.mr_estimator(a, 15, model="offset", n_boot=0)
    assert plain.m > 0.9
    assert with_offset.m == pytest.approx(0.8, abs=0.03)
    assert with_offset.offset > 0.3
    assert plain.offset == 0.0


def test_tau_is_in_ms():
    a = process(0.8, 2000, 5)
    fast, slow = (measure.mr_estimator(a, 10, dt=dt, n_boot=0) for dt in (1.0, 4.0))
    assert slow.tau == pytest.approx(4 * fast.tau)
    assert slow.m == fast.m


def test_bootstrap_is_reproducible_and_leaves_the_estimate_alone():
    a = process(0.8, 1000, 6)
    first, again = (measure.mr_estimator(a, 10, n_boot=20) for _ in range(2))
    assert first.interval == again.interval
    other = measure.mr_estimator(a, 10, n_boot=20, stream=rng.stream(1, "other"), block=50)
    assert other.interval != first.interval
    assert other.m == first.m == measure.mr_estimator(a, 10, n_boot=0).m
    assert np.all(np.isnan(measure.mr_estimator(a, 10, n_boot=0).interval))


@pytest.mark.parametrize("method", mr.METHODS)
def test_constant_activity_has_no_branching_parameter(method):
    found = measure.mr_estimator(np.full((3, 50), 0.1), 5, method)
    assert np.isnan([found.m, found.tau, found.b, found.m_conventional, *found.interval]).all()
    a = process(0.8, 500, 7, n_trials=2)
    with_silence = measure.mr_estimator(np.vstack([a, np.full(500, 0.3)]), 5, "trial-separated", n_boot=0)
    assert with_silence.m == pytest.approx(measure.mr_estimator(a, 5, "trial-separated", n_boot=0).m, rel=1e-6)


@pytest.mark.parametrize(
    "activity, k_max",
    [
        (np.eye(1, 1000, 500)[0], 10),  # one spike: all slopes are a little below zero
        (np.eye(1, 1000, 500)[0] > 0, 10),
        (np.arange(100) % 2, 4),
        ([1, 2, 3, 5], 2),
        (1.1 ** np.arange(100), 10),
    ],
)
@pytest.mark.parametrize("method", mr.METHODS)
@pytest.mark.filterwarnings("error")
def test_what_can_not_be_estimated_is_nan(activity, k_max, method):
    found = measure.mr_estimator(activity, k_max, method, n_boot=20)
    assert np.isnan([found.m, found.tau, *found.interval]).all()
    assert np.isfinite([found.b, found.offset, found.m_conventional, *found.r]).all()


def test_resamples_that_tell_nothing_leave_no_interval():
    """Noise now and then looks like a decay, while many of its resamples do not."""
    finite = sure = 0
    for seed in range(30):
        a = np.random.default_rng(seed).poisson(3.0, 300)
        found = measure.mr_estimator(a, 5, n_boot=20)
        finite += np.isfinite(found.m)
        sure += np.isfinite(found.interval).all()
        assert np.isfinite(found.m) or np.isnan(found.interval).all()
    assert sure < finite < 30


def test_bool_activity_is_zeros_and_ones():
    a = process(0.9, 2000, 8, mean=1.0) > 0
    found, same = (measure.mr_estimator(one, 10, n_boot=5) for one in (a, a.astype(int)))
    np.testing.assert_array_equal(found.r, same.r)
    assert np.isfinite(found.m)
    assert found.m == same.m == measure.mr_estimator(a.tolist(), 10, n_boot=0).m


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"activity": np.zeros((2, 2, 9))}, r"mr_estimator: activity must be an array \(T,\) or \(n_trials, T\)"),
        ({"activity": [np.nan] * 9}, "activity must be a finite number"),
        ({"activity": [1.0, 2.0, 1.0]}, "activity must have 4 steps or more, got 3"),
        ({"method": "trialseparated"}, "method must be one of stationary, trial-separated"),
        ({"model": "linear"}, "model must be one of exponential, offset"),
        ({"k_max": 1}, r"k_max must be in \[2, 28\], got 1; record longer, or look less far"),
        ({"k_max": 2, "model": "offset"}, r"k_max must be in \[3, 28\]"),
        ({"k_max": 29}, r"k_max must be in \[2, 28\]"),
        ({"dt": 0.0}, "dt must be > 0 ms"),
        ({"n_boot": -1}, r"n_boot must be in \[0, "),
        ({"confidence": 1.5}, r"confidence must be in \[0.0, 1.0\]"),
        ({"block": 29}, r"block must be in \[1, 28\], got 29"),
    ],
)
def test_estimator_errors(changes, message):
    good = {"activity": np.arange(30.0) % 7, "k_max": 2}
    with pytest.raises(ValueError, match=message):
        measure.mr_estimator(**{**good, **changes})
