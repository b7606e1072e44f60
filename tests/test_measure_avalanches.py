"""Avalanches by hand, and exponents against numbers drawn from laws of known exponents."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.special import gammaln, zeta

from neurosparse import measure, rng
from neurosparse.measure import laws

# ---- bins and avalanches --------------------------------------------------------------------------------


def test_bins_are_as_wide_as_the_mean_interval():
    counts, width = measure.event_counts([0, 1, 0, 2], [9, 1, 4, 4], 3, 12)
    assert width == 3  # (9 - 1) / 3 steps, rounded up
    assert counts.tolist() == [1, 2, 0, 1]
    counts, width = measure.event_counts([0, 1, 0, 2], [9, 1, 4, 4], 3, 12, bin_steps=5)
    assert (counts.tolist(), width) == ([3, 1], 5)  # steps 10 and 11 are no whole bin
    assert measure.event_counts([0, 0], [3, 3], 1, 4)[1] == 1
    assert measure.event_counts([], [], 1, 4)[0].tolist() == [0, 0, 0, 0]


def test_avalanches_are_runs_between_quiet_bins():
    found = measure.find_avalanches([5, 0, 1, 2, 0, 0, 4, 0, 3])
    assert found.size.tolist() == [3, 4]  # the first and the last run are cut by the ends
    assert found.duration.tolist() == [2, 1]
    higher = measure.find_avalanches([0, 1, 2, 3, 1, 2, 0], threshold=1)
    assert (higher.size.tolist(), higher.duration.tolist()) == ([5, 2], [2, 1])
    for nothing in ([], [0, 0], [3, 3], [0, 2], [2, 0]):
        assert measure.find_avalanches(nothing).size.tolist() == []


def test_avalanches_lose_no_event():
    counts = np.concatenate([[0], np.random.default_rng(0).poisson(0.8, 500), [0]])
    found = measure.find_avalanches(counts)
    assert found.size.sum() == counts.sum()
    assert found.duration.sum() == np.count_nonzero(counts)


# ---- mean size by duration, crackling --------------------------------------------------------------------


def test_mean_size_of_an_exact_law_gives_its_exponent():
    d = np.repeat([1, 2, 4, 8, 16], [16, 8, 4, 2, 1])
    assert measure.mean_size_exponent(measure.Avalanches(3 * d**2, d)) == pytest.approx((2.0, 0.0), abs=1e-7)
    # duration 1 off the law; the mean, not the single sizes, counts
    off = measure.Avalanches(np.array([50, 7, 9, 60, 68]), np.array([1, 2, 2, 4, 4]))
    gamma, error = measure.mean_size_exponent(off, shortest=2)
    assert gamma == pytest.approx(3.0)
    assert np.isnan(error)
    assert np.isnan(measure.mean_size_exponent(off, shortest=2, longest=3)).all()


def test_mean_size_exponent_is_numpys_weighted_line():
    g = np.random.default_rng(1)
    d = g.integers(1, 12, 400)
    size = g.poisson(20 * d) + 1
    x, count = np.unique(d, return_counts=True)
    y = np.log([size[d == k].mean() for k in x])
    (slope, _), covariance = np.polyfit(np.log(x), y, 1, w=np.sqrt(count), cov=True)
    found = measure.mean_size_exponent(measure.Avalanches(size, d))
    assert found == pytest.approx((slope, np.sqrt(covariance[0, 0])))


def test_crackling_relation_with_its_error():
    d = np.arange(1, 20)
    found = measure.crackling(measure.Avalanches(d**2, d), (1.5, 0.01), (2.0, 0.04))
    assert found.predicted == pytest.approx(2.0)
    assert found.predicted_error == pytest.approx(2.0 * np.hypot(0.02, 0.04))
    assert found.fitted == pytest.approx(2.0)


def test_crackling_takes_laws_as_they_are_fitted():
    d = np.arange(1, 20)
    made = measure.Avalanches(d**2, d)
    size, duration = (measure.power_law(np.random.default_rng(k).zipf(k, 200), xmin=1) for k in (2, 3))
    pairs = ((law.alpha, law.error) for law in (size, duration))
    assert measure.crackling(made, size, duration) == measure.crackling(made, *pairs)
    with pytest.raises(TypeError, match=r"avalanches must be measure\.Avalanches, got 3; make them with find_aval"):
        measure.crackling(3, size, duration)


def galton_watson(n, longest, seed):
    """(size, duration) of n critical avalanches of Poisson offspring; those alive after `longest` have duration 0."""
    g = np.random.default_rng(seed)
    alive, size, duration = np.ones(n, np.int64), np.ones(n, np.int64), np.zeros(n, np.int64)
    for generation in range(1, longest + 1):
        living = np.flatnonzero(alive)
        alive[living] = g.poisson(alive[living])
        size[living] += alive[living]
        duration[living[alive[living] == 0]] = generation
    return size, duration


def test_critical_branching_has_the_exponents_of_theory():
    """3/2, 2 and 2: sizes are Borel numbers, e^-s s^(s-1) / s!; survivors are longer than any that is fitted."""
    size, duration = galton_watson(60_000, 400, 0)
    s = np.arange(1, 6)
    borel = np.exp(-s + (s - 1) * np.log(s) - gammaln(s + 1))
    assert [np.mean(size == k) for k in s] == pytest.approx(borel, abs=0.006)
    alpha = measure.power_law(size[size <= 1000], xmin=10, xmax=1000)
    beta = measure.power_law(duration[duration > 0], xmin=25, xmax=400)
    assert alpha.alpha == pytest.approx(1.5, abs=0.03)
    assert beta.alpha == pytest.approx(2.0, abs=0.1)
    whole = measure.Avalanches(size[duration > 0], duration[duration > 0])
    found = measure.crackling(whole, (alpha.alpha, alpha.error), (beta.alpha, beta.error), shortest=25)
    assert found.fitted == pytest.approx(2.0, abs=0.15)
    assert abs(found.predicted - found.fitted) < 3 * np.hypot(found.predicted_error, found.fitted_error)


def test_avalanches_of_a_simulated_process_are_galton_watson_trees():
    """With rare events from outside, avalanches of the process have Borel's sizes."""
    counts = measure.branching_process(0.7, 0.01, 40_000, rng.stream(0, "avalanches"))
    size = measure.find_avalanches(counts).size
    s = np.arange(1, 5)
    borel = np.exp(-0.7 * s + (s - 1) * np.log(0.7 * s) - gammaln(s + 1))
    assert [np.mean(size == k) for k in s] == pytest.approx(borel, abs=0.07)


# ---- laws -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("xmin, xmax", [(1, 40), (7, 2000), (20_000, 20_500)])
def test_masses_of_whole_numbers_sum_to_one(xmin, xmax):
    x = np.arange(xmin, xmax + 1.0)
    for mass in (
        laws.log_power(x, 1.7, xmin, xmax, True),
        laws.log_lognormal(x, 1.0, 2.0, xmin, xmax, True),
        laws.log_exponential(x, 0.03, xmin, xmax, True),
    ):
        assert np.exp(mass).sum() == pytest.approx(1.0, rel=1e-9)


def test_densities_integrate_to_one():
    x = np.linspace(0.5, 30, 200_001)
    for density in (
        laws.log_power(x, 1.7, 0.5, 30.0, False),
        laws.log_lognormal(x, 1.0, 0.6, 0.5, 30.0, False),
        laws.log_exponential(x, 0.3, 0.5, 30.0, False),
    ):
        assert trapezoid(np.exp(density), x) == pytest.approx(1.0, rel=1e-6)


def test_sum_of_powers_is_hurwitz_and_does_not_underflow():
    for q in (1.0, 9999.0, 10_000.0, 10_001.0):
        assert laws.log_power_sum(2.3, q, np.inf, True) == pytest.approx(np.log(zeta(2.3, q)), rel=1e-12)
    assert np.isfinite(laws.log_power_sum(30.0, 1e12, np.inf, True))


# ---- exponents ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [1.5, 2.0, 3.0])
def test_intervals_of_exponents_hold_the_truth(alpha):
    """zeta-distributed numbers of numpy; 40 seeds, of which a 95 % interval holds all but about two."""
    fits = []
    for seed in range(40):
        x = np.random.default_rng(seed).zipf(alpha, 500)
        fits.append(measure.power_law(x, xmin=1))
    held = sum(fit.interval[0] <= alpha <= fit.interval[1] for fit in fits)
    assert held >= 34
    assert np.mean([fit.alpha for fit in fits]) == pytest.approx(alpha, rel=0.01)
    assert np.std([fit.alpha for fit in fits]) == pytest.approx(np.mean([fit.error for fit in fits]), rel=0.3)


def test_interval_of_large_samples_is_two_errors_wide():
    fit = measure.power_law(np.random.default_rng(0).zipf(2.0, 20_000), xmin=1)
    assert fit.interval == pytest.approx((fit.alpha - 1.96 * fit.error, fit.alpha + 1.96 * fit.error), abs=1e-3)
    narrow = measure.power_law(np.random.default_rng(0).zipf(2.0, 20_000), xmin=1, confidence=0.5).interval
    assert narrow == pytest.approx((fit.alpha - 0.674 * fit.error, fit.alpha + 0.674 * fit.error), abs=1e-3)


def test_cut_samples_want_their_cut():
    x = np.random.default_rng(1).zipf(1.5, 6000)
    x = x[(x >= 3) & (x <= 100)]
    cut, uncut = measure.power_law(x, 3, 100), measure.power_law(x, 3)
    assert abs(cut.alpha - 1.5) < 3 * cut.error
    assert uncut.alpha > 1.5 + 5 * uncut.error
    assert cut.ks < 0.02 < uncut.ks
    assert cut[3:6] == (3.0, 100.0, len(x))


@pytest.mark.parametrize("bounds, whole", [((1.5, None), (2, None)), ((1.001, 50.9), (2, 50)), ((2, 50.5), (2, 50))])
def test_bounds_of_whole_numbers_are_whole(bounds, whole):
    x = np.random.default_rng(0).zipf(2.0, 3000)
    fit = measure.power_law(x, *bounds)
    assert fit == measure.power_law(x, *whole)
    assert abs(fit.alpha - 2.0) < 3 * fit.error
    assert measure.power_law(x, 1.5, discrete=False).xmin == 1.5


def test_continuous_exponent_is_the_closed_form():
    x = np.random.default_rng(2).pareto(1.4, 3000) * 2.0 + 2.0
    fit = measure.power_law(x, xmin=2.0, discrete=False)
    alpha = 1 + len(x) / np.log(x / 2.0).sum()
    assert fit.alpha == pytest.approx(alpha, rel=1e-6)
    assert fit.error == pytest.approx((alpha - 1) / np.sqrt(len(x)), rel=1e-4)
    assert fit.log_likelihood == pytest.approx(
        len(x) * np.log((alpha - 1) / 2.0) - alpha * np.log(x / 2.0).sum(), rel=1e-9
    )
    assert abs(measure.power_law(x, discrete=False).alpha - 2.4) < 0.15


def test_lower_end_is_found_where_the_law_begins():
    """Below 20 flat, above a power law: xmin is near 20, not below."""
    g = np.random.default_rng(3)
    tail = g.zipf(2.5, 2_000_000)
    x = np.concatenate([g.integers(1, 20, 3000), tail[tail >= 20][:4000]])
    fit = measure.power_law(x)
    assert 17 <= fit.xmin <= 40
    assert abs(fit.alpha - 2.5) < 4 * fit.error
    assert fit.ks < 0.03


def test_distance_is_kolmogorovs():
    """Against scipy's, which takes the continuous law as a function."""
    from scipy.stats import kstest

    x = np.random.default_rng(4).pareto(1.5, 200) + 1.0
    fit = measure.power_law(x, xmin=1.0, discrete=False)
    assert fit.ks == pytest.approx(kstest(x, lambda v: 1 - v ** (1 - fit.alpha)).statistic)
    whole = measure.power_law([1, 1, 1, 2, 5], xmin=1)
    k = np.arange(1, 6)
    law = np.cumsum(k**-whole.alpha) / zeta(whole.alpha)
    assert whole.ks == pytest.approx(np.abs(law - [0.6, 0.8, 0.8, 0.8, 1.0]).max())


# ---- other laws -----------------------------------------------------------------------------------------


def test_lognormal_numbers_prefer_the_lognormal_law():
    for seed in range(3):
        x = np.maximum(1, np.rint(np.random.default_rng(seed).lognormal(2.5, 0.8, 1500)))
        other = measure.power_law(x, xmin=1).lognormal
        assert other.ratio < -100
        assert other.p < 1e-6
        assert other.parameters == pytest.approx((2.5, 0.8), abs=0.06)
        x = np.random.default_rng(seed).lognormal(0.5, 1.0, 1500)
        other = measure.power_law(x, xmin=0.2, discrete=False).lognormal
        assert other.ratio < -100
        assert other.parameters == pytest.approx((0.5, 1.0), abs=0.1)


def test_power_laws_do_not_prefer_another_law():
    for seed in range(3):
        fit = measure.power_law(np.random.default_rng(seed).zipf(2.2, 1500), xmin=1)
        assert fit.exponential.ratio > 100
        assert fit.exponential.p < 0.05  # one enormous number can make all of the ratio, and its deviation too
        assert fit.lognormal.ratio > 0 or fit.lognormal.p > 0.1


def test_exponential_numbers_prefer_the_exponential_law():
    x = np.random.default_rng(5).geometric(1 - np.exp(-0.2), 3000)
    other = measure.power_law(x, xmin=1).exponential
    assert other.ratio < -100
    assert other.p < 1e-6
    # without an upper end the rate of largest likelihood is that of the mean: ln(1 + 1 / (mean - 1))
    assert other.parameters[0] == pytest.approx(np.log1p(1 / (x.mean() - 1)), rel=1e-4)


# ---- errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: measure.event_counts([0], [4], 1, 4), r"event_counts: t must be in \[0, 3\]"),
        (lambda: measure.event_counts([0], [1], 1, 4, 5), r"bin_steps must be in \[1, 4\], got 5; a bin can not be"),
        (lambda: measure.find_avalanches([[1]]), "find_avalanches: counts must be a 1-D array of whole numbers"),
        (lambda: measure.find_avalanches([-1]), r"counts must be in \[0, "),
        (lambda: measure.find_avalanches([1], -1), "threshold must be >= 0"),
        (lambda: measure.mean_size_exponent(measure.Avalanches([1], [1, 2])), "size and duration must have one length"),
        (lambda: measure.mean_size_exponent(measure.Avalanches([0], [1])), "sizes and durations must be >= 1"),
        (lambda: measure.mean_size_exponent(measure.Avalanches([1], [1]), 3, 2), r"longest must be in \[3, "),
        (lambda: measure.mean_size_exponent(measure.Avalanches([1], [1]), 0), r"shortest must be in \[1, "),
        (lambda: measure.crackling(measure.Avalanches([], []), 1.5, (2, 0)), "crackling: alpha must be a pair"),
        (lambda: measure.crackling(measure.Avalanches([], []), (1.5, 0), (1.0, 0)), "beta - 1 must be > 0"),
        (lambda: measure.crackling(measure.Avalanches([], []), None, (1.5, 0)), "alpha must be a finite number"),
        (lambda: measure.crackling(measure.Avalanches([], []), [[1], [1, 2]], (2, 0)), "alpha must be a finite number"),
        (lambda: measure.crackling(measure.Avalanches([], []), (1.5, -1), (2, 0)), "the error of alpha must be >= 0"),
        (lambda: measure.power_law([]), "power_law: x must be a 1-D array of one number or more"),
        (lambda: measure.power_law([0, 1]), "x must be > 0"),
        (lambda: measure.power_law([1, 1.5]), "x must be whole numbers, got 1.5; or give discrete=False"),
        (lambda: measure.power_law([1, 2], confidence=2.0), r"confidence must be in \[0.0, 1.0\]"),
        (lambda: measure.power_law([1, 2], xmin=0), "xmin must be > 0"),
        (lambda: measure.power_law([1, 2], xmin=0.5), "xmin must be >= 1, got 0.5; whole numbers begin at 1"),
        (lambda: measure.power_law([1, 2], xmin=1, xmax=0.5), r"two values or more, got \(1.0, 0.0\)"),
        (lambda: measure.power_law([1, 2], xmin=1, xmax=-1), "xmax must be > 0"),
        (lambda: measure.power_law([1, 2, 3], xmin=3), "the range must hold two values or more"),
        (lambda: measure.power_law([1, 2, 3]), "x must have 50 numbers, of two values or more, in the range, got 3"),
    ],
)
def test_avalanche_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
