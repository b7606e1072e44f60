"""Branching factor normalised by input: spikes of input neurons count among those that came before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import measure


def csr(edges, n):
    """Rows of (source, target) pairs as indptr, indices."""
    edges = sorted(edges)
    indptr = np.searchsorted([a for a, _ in edges], np.arange(n + 1))
    return indptr, np.array([b for _, b in edges], dtype=np.int64)


def flipped(edges):
    return [(b, a) for a, b in edges]


def branching(spikes, edges, n, n_steps, inputs=None, **options):
    i, t = [k for k, _ in spikes], [t for _, t in spikes]
    return measure.branching_factor(i, t, csr(edges, n), csr(flipped(edges), n), n_steps, inputs=inputs, **options)


def test_an_input_before_halves_the_factor():
    # neuron 1 spikes after one spike of neuron 0 and one of the input, and is followed by one of neuron 2
    spikes, edges = [(0, 40), (1, 42), (2, 44)], [(0, 1), (1, 2)]
    rows = csr([(1, 7)], 3)
    assert branching(spikes, edges, 3, 100) == pytest.approx((1 + 1 + 0) / 3)
    assert branching(spikes, edges, 3, 100, ([7], [41], rows)) == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert branching(spikes, edges, 3, 100, ([7], [42], rows)) == pytest.approx(2 / 3)  # not before
    assert branching(spikes, edges, 3, 100, ([6, 9], [41, 41], rows)) == pytest.approx(2 / 3)  # inputs of nobody
    assert branching(spikes, edges, 3, 100, ([], [], csr([], 3))) == pytest.approx(2 / 3)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_inputs_count_as_neurons_whose_own_factor_is_left_out(data):
    """The definition, spike by spike."""
    n, n_in, steps, window = data.draw(st.integers(1, 4)), 3, 24, 3
    neuron, step = st.integers(0, n - 1), st.integers(0, steps - 1)
    spikes = data.draw(st.lists(st.tuples(neuron, step), max_size=20))
    edges = data.draw(st.lists(st.tuples(neuron, neuron), max_size=8, unique=True))
    heard = data.draw(st.lists(st.tuples(st.integers(0, n_in - 1), step), max_size=15))
    wires = data.draw(st.lists(st.tuples(st.integers(0, n_in - 1), neuron), max_size=8, unique=True))
    sigmas = {}
    for k, t in spikes:
        if window <= t < steps - window:
            after = sum((k, b) in edges for b, s in spikes if t + 1 <= s < t + 1 + window)
            before = sum((a, k) in edges for a, s in spikes if t - window <= s < t)
            before += sum((a, k) in wires for a, s in heard if t - window <= s < t)
            sigmas.setdefault(k, []).append(after / max(1, before))
    expected = np.mean([np.mean(of_one) for of_one in sigmas.values()]) if sigmas else float("nan")
    inputs = [k for k, _ in heard], [t for _, t in heard], csr(flipped(wires), n)
    found = branching(spikes, edges, n, steps, inputs, window=window, margin=window)
    assert found == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "inputs, message",
    [
        (([0], [0]), r"branching_factor: inputs must be \(i, t, rows\)"),
        (([0], [100], csr([(0, 0)], 2)), r"branching_factor, inputs: t must be in \[0, 99\]"),
        (([-1], [0], csr([(0, 0)], 2)), r"branching_factor, inputs: i must be in \[0, "),
        (([0], [0], csr([(0, 0)], 3)), "the indptr of inputs must have 3 entries, got 4"),
        (([0], [0], ([0, 0, 1], [0], [1.0])), r"inputs must be a pair \(indptr, indices\)"),
    ],
)
def test_input_errors(inputs, message):
    with pytest.raises(ValueError, match=message):
        branching([(0, 50)], [(0, 1)], 2, 100, inputs)
