"""Builders: laws of the random ones, exact shapes of the others, the same rows for the same stream."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosparse import csr, rng, wire

S = rng.stream(7, "wire")


def dense(matrix):
    csr.validate("test", matrix)
    return csr.to_scipy(matrix).toarray() != 0


def test_bernoulli_law():
    """Number of synapses and positions are those of independent draws."""
    made = [dense(wire.bernoulli(rng.stream(seed, "b"), 40, 50, 0.13)) for seed in range(60)]
    counts = np.array([m.sum() for m in made])
    z = (counts.mean() - 40 * 50 * 0.13) / np.sqrt(40 * 50 * 0.13 * 0.87 / 60)
    assert abs(z) < 4
    assert 0.6 < counts.var() / (40 * 50 * 0.13 * 0.87) < 1.6
    cells = np.sum(made, axis=0).ravel()
    assert stats.chisquare(cells).pvalue > 1e-4 or cells.std() < 4


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([0.0, 0.2, 0.9, 1.0]), st.booleans())
def test_bernoulli_is_well_formed(n, m, p, loops):
    mask = dense(wire.bernoulli(S, n, m, p, loops=loops))
    assert mask.shape == (n, m)
    assert loops or not np.diagonal(mask).any()
    if p == 1:
        assert mask.sum() == n * m - (0 if loops else min(n, m))
    if p == 0:
        assert not mask.any()


def test_a_row_does_not_depend_on_the_others():
    few, many = wire.bernoulli(S, 5, 100, 0.1), wire.bernoulli(S, 50, 100, 0.1)
    np.testing.assert_array_equal(dense(few), dense(many)[:5])


@given(st.integers(1, 15), st.integers(2, 15), st.data())
def test_fixed_in_degree(n_post, n_pre, data):
    loops = n_pre != n_post or data.draw(st.booleans())
    k = data.draw(st.integers(0, n_pre - (not loops)))
    mask = dense(wire.fixed_in_degree(S, n_pre, n_post, k, loops=loops))
    np.testing.assert_array_equal(mask.sum(axis=0), k)
    assert loops or not np.diagonal(mask).any()


def test_fixed_in_degree_is_uniform():
    mask = np.sum([dense(wire.fixed_in_degree(rng.stream(s, "f"), 10, 10, 3, loops=False)) for s in range(300)], axis=0)
    off = mask[~np.eye(10, dtype=bool)]
    assert stats.chisquare(off).pvalue > 1e-4


@given(st.integers(1, 200), st.integers(1, 15), st.data())
def test_fixed_out_degree(n_post, n_pre, data):
    """200 targets and one each: sorted; few targets: read off from marks."""
    loops = n_pre != n_post or data.draw(st.booleans())
    k = data.draw(st.integers(0, n_post - (not loops)))
    mask = dense(wire.fixed_out_degree(S, n_pre, n_post, k, loops=loops))
    np.testing.assert_array_equal(mask.sum(axis=1), k)
    assert loops or not np.diagonal(mask).any()


@pytest.mark.parametrize("n, k", [(10, 3), (100, 2)])
def test_fixed_out_degree_is_uniform(n, k):
    mask = np.sum([dense(wire.fixed_out_degree(rng.stream(s, "f"), n, n, k, loops=False)) for s in range(300)], axis=0)
    off = mask[~np.eye(n, dtype=bool)]
    assert stats.chisquare(off).pvalue > 1e-4


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 300))
def test_multapses_keep_their_number(n_pre, n_post, n_synapses):
    made = wire.multapses(S, n_pre, n_post, n_synapses, -2.0)
    dense(made)
    assert made.weight.sum() == -2.0 * n_synapses
    assert np.all(made.weight / -2.0 == np.rint(made.weight / -2.0))


def test_multapses_are_uniform_and_independent():
    """Contacts of a pair are Poisson: as many as independent draws leave."""
    made = wire.multapses(S, 100, 120, 24_000)
    contacts = csr.to_scipy(made).toarray().ravel()
    assert stats.chisquare(contacts).pvalue > 1e-4
    seen, expected = np.bincount(contacts.astype(int), minlength=5)[:5], 12_000 * stats.poisson.pmf(range(5), 2.0)
    assert np.all(np.abs(seen - expected) < 4 * np.sqrt(expected))


def test_pairs_are_exact_and_uniform():
    assert wire.pairs(S, 784, 1000, 117_600).nnz == 117_600
    cells = np.sum([dense(wire.pairs(rng.stream(s, "p"), 6, 7, 10)) for s in range(400)], axis=0)
    assert stats.chisquare(cells.ravel()).pvalue > 1e-4


@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_pairs_are_those_of_choice(n_pre, n_post, data):
    """Bits or a table: the same pairs."""
    k = data.draw(st.integers(0, n_pre * n_post))
    mask = dense(wire.pairs(S, n_pre, n_post, k))
    np.testing.assert_array_equal(np.flatnonzero(mask), rng.choice(S, n_pre * n_post, k))


def test_few_pairs_of_many():
    mask = dense(wire.pairs(S, 300, 400, 7))
    np.testing.assert_array_equal(np.flatnonzero(mask), rng.choice(S, 120_000, 7))


def test_distance_law():
    """The share of connected pairs at each distance follows C exp(-(D / length)^2), by class."""
    positions, kind = wire.lattice(512), np.arange(512) % 2
    c = np.array([[0.9, 0.3], [0.6, 0.1]])
    mask = dense(wire.distance(S, positions, kind, c, 2.0))
    assert not np.diagonal(mask).any()
    d2 = ((positions[:, None] - positions[None]) ** 2).sum(axis=-1)
    for a in range(2):
        for b in range(2):
            block = np.ix_(kind == a, kind == b)
            for square in (1, 2, 4, 5):
                at = d2[block] == square
                p = c[a, b] * np.exp(-square / 4)
                if at.sum() > 200:
                    error = (mask[block][at].mean() - p) / np.sqrt(p * (1 - p) / at.sum())
                    assert abs(error) < 4


def test_ensembles_law():
    pre, post = np.repeat([0, 1], 60), np.repeat([0, 1, 2], 50)
    p = np.array([[1.0, 0.0, 0.3], [0.1, 0.5, 0.0]])
    mask = dense(wire.ensembles(S, pre, post, p))
    for a in range(2):
        for b in range(3):
            share = mask[np.ix_(pre == a, post == b)].mean()
            assert abs(share - p[a, b]) < 4 * np.sqrt(p[a, b] * (1 - p[a, b]) / 3000) + 1e-12


def test_ring_and_full_builders():
    np.testing.assert_array_equal(
        dense(wire.ring(5, 1)),
        [[0, 1, 0, 0, 1], [1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1], [1, 0, 0, 1, 0]],
    )
    np.testing.assert_array_equal(dense(wire.all_to_all(3, 3, loops=False)), ~np.eye(3, dtype=bool))
    np.testing.assert_array_equal(dense(wire.one_to_one(4)), np.eye(4, dtype=bool))
    for n_pre, n_post in ((3, 5), (5, 3), (1, 1)):
        np.testing.assert_array_equal(dense(wire.all_to_all(n_pre, n_post)), True)
        np.testing.assert_array_equal(
            dense(wire.all_to_all(n_pre, n_post, loops=False)), ~np.eye(n_pre, n_post, dtype=bool)
        )
    assert wire.all_to_all(2, 5, weight=-0.5).weight.tolist() == [-0.5] * 10


@pytest.mark.parametrize("n, sides", [
    (1000, (10, 10, 10)), (2000, (10, 10, 20)), (8000, (20, 20, 20)), (1, (1, 1, 1)), (64, (4, 4, 4)),
    (97, (5, 5, 4)), (100, (4, 5, 5)),
])  # fmt: skip
def test_box(n, sides):
    assert sorted(wire.box(n)) == sorted(sides)
    positions = wire.lattice(n)
    assert positions.shape == (n, 3)
    assert len(np.unique(positions, axis=0)) == n


@pytest.mark.parametrize("call, message", [
    (lambda: wire.bernoulli(S, 3, 3, 1.5), r"wire.bernoulli: p must be in \[0, 1\], got 1.5"),
    (lambda: wire.bernoulli(S, 0, 3, 0.5), r"n_pre must be in \[1,"),
    (lambda: wire.fixed_in_degree(S, 3, 3, 4), r"k must be in \[0, 3\], got 4"),
    (lambda: wire.fixed_in_degree(S, 3, 4, 2, loops=False), "loops=False needs n_pre == n_post"),
    (lambda: wire.fixed_out_degree(S, 3, 3, 4), r"wire.fixed_out_degree: k must be in \[0, 3\], got 4; there are no more targets"),
    (lambda: wire.fixed_out_degree(S, 3, 4, 2, loops=False), "wire.fixed_out_degree: loops=False needs n_pre == n_post"),
    (lambda: wire.multapses(S, 3, 3, -1), r"wire.multapses: n_synapses must be in \[0, "),
    (lambda: wire.pairs(S, 3, 3, 10), r"n_synapses must be in \[0, 9\], got 10; that is every pair"),
    (lambda: wire.distance(S, [[0.0]], [0], [[2.0]], 1.0), r"constants must be in \[0, 1\]"),
    (lambda: wire.distance(S, [[0.0]], [0], [[0.5]], 0.0), "length must be > 0"),
    (lambda: wire.distance(S, [[0.0]], [0, 1], [[0.5]], 1.0), r"needs positions \(n, d\) and kind \(n,\)"),
    (lambda: wire.distance(S, [[0.0]], [1], [[0.5]], 1.0), r"constants must be \(K, K\) with every kind in \[0, K\)"),
    (lambda: wire.ensembles(S, [0], [0], [0.5]), "needs vectors of ensemble ids"),
    (lambda: wire.ensembles(S, [1], [0], [[0.5]]), r"group_pre must be in \[0, 0\]"),
    (lambda: wire.ensembles(S, [0.7], [0], [[0.5]]), r"group_pre must be a vector of whole numbers, got \[0.7\]"),
    (lambda: wire.distance(S, [[0.0]], [0.7], [[0.5]], 1.0), "kind must be a vector of whole numbers"),
    (lambda: wire.bernoulli(S, 3, 3, [0.5]), r"p must be one number, got \(1,\); wire.ensembles takes a table"),
    (lambda: wire.bernoulli(S, 3, 3, 0.5, weight=[1.0]), "weight must be one number or have shape"),
    (lambda: wire.ring(5, 3), r"k must be in \[0, 2\], got 3; further neighbours"),
    (lambda: wire.bernoulli(S, 3, 3, 0.5, weight=np.inf), "weight must be a finite number"),
])  # fmt: skip
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("builder", [
    lambda: wire.bernoulli(0, 3, 3, 0.5), lambda: wire.pairs(0, 3, 3, 2), lambda: wire.fixed_in_degree(0, 3, 3, 2),
    lambda: wire.distance(0, [[0.0]], [0], [[0.5]], 1.0), lambda: wire.ensembles(0, [0], [0], [[0.5]]),
    lambda: wire.fixed_out_degree(0, 3, 3, 2), lambda: wire.multapses(0, 3, 3, 2),
])  # fmt: skip
def test_a_seed_is_no_stream(builder):
    with pytest.raises(TypeError, match=r"stream must be a Stream, got 0; make it with rng\.stream"):
        builder()
