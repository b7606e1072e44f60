"""Measures against hand-computed cases, closed forms, and plain-Python twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import measure

NAN = float("nan")


# ---- rates --------------------------------------------------------------------------------------------


def test_firing_rate_counts_spikes_per_second():
    assert measure.firing_rate([0, 2, 2], 4, 500.0).tolist() == [2.0, 0.0, 4.0, 0.0]
    assert measure.firing_rate([], 2, 10.0).tolist() == [0.0, 0.0]


def test_population_rate_is_per_neuron_and_keeps_every_spike():
    edges, rate = measure.population_rate([0.0, 4.9, 5.0, 12.0], 2, 12.0, bin_ms=5.0)
    assert edges.tolist() == [0.0, 5.0, 10.0, 12.0]
    assert rate.tolist() == [300.0, 0.0, 250.0]  # a spike at 5 ms ends a step of the first bin
    assert np.sum(rate * np.diff(edges)) * 2 / 1000 == pytest.approx(4)


@pytest.mark.parametrize("dt", [1.0, 0.1])
@pytest.mark.parametrize("bin_ms", [5.0, 1.0])
def test_population_rate_of_a_spike_in_every_step_is_constant(dt, bin_ms):
    """Stamps are ends of steps: every bin holds as many steps as it is wide, and none is left over."""
    for stamps in (np.arange(1, round(20 / dt) + 1) * dt, np.cumsum(np.full(round(20 / dt), dt))):
        _, rate = measure.population_rate(stamps, 1, 20.0, bin_ms)
        assert rate == pytest.approx([1000.0 / dt] * round(20 / bin_ms))


def test_population_rate_takes_stamps_that_rounding_moved():
    _, rate = measure.population_rate([5.000000000001, 4.999999999999, 10.000000000001], 1, 10.0)
    assert rate.tolist() == [400.0, 200.0]
    with pytest.raises(ValueError, match="t_ms must be in"):
        measure.population_rate([10.0001], 1, 10.0)


def test_population_rate_has_no_sliver_bin():
    edges, _ = measure.population_rate([], 1, 0.3, bin_ms=0.1)
    assert len(edges) == 4


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: measure.firing_rate([3], 3, 10.0), r"measure\.firing_rate: i must be in \[0, 2\]"),
        (lambda: measure.firing_rate([0.5], 3, 10.0), "i must be a 1-D array of whole numbers"),
        (lambda: measure.firing_rate([0], 3, 0.0), "duration_ms must be > 0 ms, got 0.0"),
        (lambda: measure.firing_rate([0], 0, 1.0), r"n must be in \[1, "),
        (
            lambda: measure.population_rate([11.0], 1, 10.0),
            r"population_rate: t_ms must be in \[0, 10.0\] ms",
        ),
        (lambda: measure.population_rate([1.0], 1, 10.0, 0.0), "bin_ms must be > 0 ms"),
        (lambda: measure.intervals([0], [1.0, 2.0], 1), "intervals: i and t_ms must have one length"),
        (lambda: measure.intervals([0], [NAN], 1), "t_ms must be a finite number in ms"),
        (lambda: measure.population_synchrony([0], [1.0, 2.0], 1, 9.0), "i and t_ms must have one length"),
        (lambda: measure.population_synchrony([0], [1.0], 1, 9.0), "duration_ms must hold two bins"),
        (lambda: measure.population_synchrony([0], [1.0], 1, 9.0, -1.0), "bin_ms must be > 0 ms"),
    ],
)
def test_errors_name_owner_need_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# ---- intervals ----------------------------------------------------------------------------------------


def test_intervals_in_any_order_of_spikes():
    owner, interval = measure.intervals([1, 0, 1, 0, 1], [9.0, 5.0, 2.0, 1.0, 4.0], 3)
    assert owner.tolist() == [0, 1, 1]
    assert interval.tolist() == [4.0, 2.0, 5.0]


def test_isi_cv_of_known_trains():
    i = [0] * 5 + [1, 1] + [2] * 3
    t = [10, 20, 30, 40, 50, 1, 2, 0, 1, 4]
    cv = measure.isi_cv(i, t, 4)
    assert cv[0] == 0.0
    assert np.isnan(cv[1])
    assert cv[2] == pytest.approx(0.5)  # intervals 1 and 3: mean 2, deviation 1
    assert np.isnan(cv[3])


def test_isi_cv_is_one_for_poisson_and_root_of_k_for_gamma():
    rng = np.random.default_rng(0)
    trains = [np.cumsum(rng.exponential(5.0, 4000)), np.cumsum(rng.gamma(4.0, 1.0, 4000))]
    cv = measure.isi_cv(np.repeat([0, 1], 4000), np.concatenate(trains), 2)
    assert cv == pytest.approx([1.0, 0.5], abs=0.05)


# ---- synchrony ----------------------------------------------------------------------------------------


def test_synchrony_is_one_for_copies():
    t = np.array([1.0, 7.0, 8.0, 31.0])
    i = np.repeat(np.arange(10), len(t))
    assert measure.population_synchrony(i, np.tile(t, 10), 10, 40.0) == pytest.approx(1.0)


def test_synchrony_of_independent_neurons_is_one_over_root_n():
    rng = np.random.default_rng(1)
    n, duration = 100, 20_000.0
    i = rng.integers(0, n, 40_000)
    chi = measure.population_synchrony(i, rng.uniform(0, duration, len(i)), n, duration)
    assert chi == pytest.approx(n**-0.5, rel=0.05)


def test_synchrony_of_opposite_neurons_is_zero_and_of_silence_nan():
    assert measure.population_synchrony([0, 1, 0, 1], [1.0, 6.0, 11.0, 16.0], 2, 20.0) == 0.0
    assert np.isnan(measure.population_synchrony([], [], 3, 20.0))
    assert np.isnan(measure.population_synchrony([0, 0], [1.0, 6.0], 1, 10.0))  # one spike in each bin: no variance


def test_synchrony_bins_are_closed_above_and_open_below():
    """Spikes at 1 and at 5 ms are of one bin, at 5 and at 6 of two; rounding of a stamp changes nothing."""
    for end in (5.0, 5.000000000001, 4.999999999999):
        assert measure.population_synchrony([0, 1], [1.0, end], 2, 10.0) == pytest.approx(1.0)
        assert measure.population_synchrony([0, 1], [end, 6.0], 2, 10.0) == 0.0


def test_synchrony_closes_the_last_bin_and_drops_the_rest():
    at_end = measure.population_synchrony([0, 1], [10.0, 10.0], 2, 10.0)
    assert at_end == pytest.approx(1.0)
    whole = measure.population_synchrony([0, 1], [1.0, 6.0], 2, 10.0)
    assert measure.population_synchrony([0, 1, 1], [1.0, 6.0, 11.0], 2, 12.0) == whole
    assert measure.population_synchrony([0, 1, 1], [1.0, 6.0, 12.0], 2, 12.0) == whole


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_synchrony_equals_its_definition_on_a_dense_table(data):
    counts = np.array(data.draw(st.lists(st.lists(st.integers(0, 3), min_size=6, max_size=6), min_size=1, max_size=5)))
    n = len(counts)
    i, b = np.nonzero(counts)
    i, t = np.repeat(i, counts[i, b]), np.repeat(b * 2.0 + 2.0, counts[i, b])  # at the end of bins
    chi = measure.population_synchrony(i, t, n, 12.0, bin_ms=2.0)
    single = counts.var(axis=1).mean()
    if single == 0:
        assert np.isnan(chi)
    else:
        assert chi == pytest.approx(np.sqrt(counts.mean(axis=0).var() / single), abs=1e-7)


# ---- branching factor ---------------------------------------------------------------------------------


def csr(edges, n):
    """Rows of (source, target) pairs as indptr, indices."""
    edges = sorted(edges)
    indptr = np.searchsorted([a for a, _ in edges], np.arange(n + 1))
    return indptr, np.array([b for _, b in edges], dtype=np.int64)


def branching(spikes, edges, n, n_steps, **options):
    i, t = [k for k, _ in spikes], [t for _, t in spikes]
    return measure.branching_factor(i, t, csr(edges, n), csr([(b, a) for a, b in edges], n), n_steps, **options)


def naive_branching(spikes, edges, n, n_steps, window, margin):
    """The definition, spike by spike."""
    neurons = []
    for neuron in range(n):
        sigmas = []
        for t in [t for k, t in spikes if k == neuron and margin <= t < n_steps - margin]:
            after = before = 0
            for a, b in edges:
                after += sum(k == b and t + 1 <= s < t + 1 + window for k, s in spikes) if a == neuron else 0
                before += sum(k == a and t - window <= s < t for k, s in spikes) if b == neuron else 0
            sigmas.append(after / max(1, before))
        if sigmas:
            neurons.append(sum(sigmas) / len(sigmas))
    return sum(neurons) / len(neurons) if neurons else NAN


def test_branching_of_a_chain_by_hand():
    # 0 -> 1 -> 2: neuron 0 has one follower and no source, 1 has one of each, 2 has one source and no target
    spikes = [(0, 40), (1, 42), (2, 44)]
    assert branching(spikes, [(0, 1), (1, 2)], 3, 100) == pytest.approx((1 + 1 + 0) / 3)


def test_branching_windows_are_half_open():
    edges = [(0, 1)]
    follower = {t: branching([(0, 50), (1, t)], edges, 2, 100) for t in (50, 51, 54, 55)}
    # sigma of neuron 1 is 0 in each case, so the mean is half of sigma of neuron 0
    assert follower == {50: 0.0, 51: 0.5, 54: 0.5, 55: 0.0}
    fan = [(0, 2), (1, 2), (2, 3)]
    for offset, sigma in ((1, 1 / 2), (4, 1 / 2), (5, 1.0), (0, 1.0)):
        spikes = [(0, 50 - offset), (1, 50 - offset), (2, 50), (3, 52)]
        quiet = branching(spikes, fan, 4, 100)
        followed = 1.0 if 1 <= offset <= 4 else 0.0  # neuron 2 follows neurons 0 and 1
        assert quiet == pytest.approx((2 * followed + sigma + 0) / 4)


def test_branching_drops_reference_spikes_near_the_ends():
    edges = [(0, 1)]
    for t, reference in ((28, False), (29, True), (70, True), (71, False)):
        # the follower is always a spike of neuron 1, whose own sigma is 0 where it is a reference
        value = branching([(0, t), (1, t + 1)], edges, 2, 100)
        inside = 29 <= t + 1 < 71
        expected = np.mean([1.0] * reference + [0.0] * inside) if reference or inside else NAN
        assert value == pytest.approx(expected, nan_ok=True)


def test_branching_averages_over_spikes_before_neurons():
    spikes = [(0, 40), (1, 41), (1, 42), (0, 60), (2, 50)]
    # neuron 0: (2 + 0) / 2; neuron 1: 0; neuron 2 (alone): 0
    assert branching(spikes, [(0, 1)], 3, 100) == pytest.approx((1.0 + 0.0 + 0.0) / 3)


def test_branching_counts_a_spike_twice_when_it_is_there_twice():
    assert branching([(0, 40), (1, 41), (1, 41)], [(0, 1)], 2, 100) == pytest.approx((2 + 0 + 0) / 2)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_branching_equals_its_definition(data):
    n, n_steps = data.draw(st.integers(1, 5)), 30
    neuron = st.integers(0, n - 1)
    spikes = data.draw(st.lists(st.tuples(neuron, st.integers(0, n_steps - 1)), max_size=25, unique=True))
    edges = data.draw(st.lists(st.tuples(neuron, neuron), max_size=12, unique=True))
    window = data.draw(st.integers(1, 6))
    margin = data.draw(st.integers(window, 16))
    ours = branching(spikes, edges, n, n_steps, window=window, margin=margin)
    assert ours == pytest.approx(naive_branching(spikes, edges, n, n_steps, window, margin), nan_ok=True)


def test_branching_without_spikes_is_nan():
    assert np.isnan(branching([], [(0, 1)], 2, 100))
    assert np.isnan(branching([(0, 50)], [], 2, 40 + 11, margin=30))


def test_mean_over_samples_leaves_nan_out():
    assert measure.mean_over_samples([1.0, NAN, 2.0]) == 1.5
    assert np.isnan(measure.mean_over_samples([NAN]))
    assert np.isnan(measure.mean_over_samples([]))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"i": [2]}, r"branching_factor: i must be in \[0, 1\]"),
        ({"t": [100]}, r"t must be in \[0, 99\]"),
        ({"t": [1.5]}, "t must be a 1-D array of whole numbers"),
        ({"t": [1, 2]}, "i and t must have one length"),
        ({"targets": ([0, 1, 1], [5])}, r"indices of targets must be in \[0, 1\]"),
        ({"targets": ([0, 1, 0], [1])}, "indptr of targets must rise from 0 to 1"),
        ({"sources": ([0, 0, 1, 1], [0])}, "indptr of sources must have 3 entries, got 4"),
        ({"sources": ([0, 0, 2], [0])}, r"indptr of sources must be in \[0, 1\]"),
        ({"sources": ([0, 0, 1], [0], [0.9])}, r"sources must be a pair \(indptr, indices\), got"),
        ({"n_steps": 0}, r"n_steps must be in \[1, "),
        ({"window": 0}, r"window must be in \[1, "),
        ({"margin": 3}, "margin must be >= window = 4, got 3"),
    ],
)
def test_branching_errors(changes, message):
    good = {
        "i": [0],
        "t": [50],
        "targets": ([0, 1, 1], [1]),
        "sources": ([0, 0, 1], [0]),
        "n_steps": 100,
    }
    measure.branching_factor(**good)
    with pytest.raises(ValueError, match=message):
        measure.branching_factor(**{**good, **changes})
