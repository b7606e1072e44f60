"""Sdr, batches and algebra against Python's own sets, and against the laws of chance."""

import copy
import pickle
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurosparse.sdr
from neurosparse import csr, rng
from neurosparse.sdr import Sdr, algebra, batch

STREAM = rng.stream(7, "test_sdr_type")


@st.composite
def pairs(draw, count=2):
    """SDRs of one length, and their bits as sets."""
    n = draw(st.integers(1, 200))
    sets = [draw(st.sets(st.integers(0, n - 1))) for _ in range(count)]
    return n, sets, [Sdr(list(bits), n) for bits in sets]


@given(pairs(1))
def test_every_view_tells_the_same(pair):
    n, (bits,), (x,) = pair
    dense = np.zeros(n, bool)
    dense[list(bits)] = True
    assert x.n == n
    assert x.w == len(x) == len(bits)
    assert list(x) == sorted(bits)
    assert x.sparsity == len(bits) / n
    assert np.array_equal(x.dense, dense)
    assert sum(int(word) << 64 * k for k, word in enumerate(x.packed)) == sum(1 << bit for bit in bits)
    assert [bit for bit in range(n) if bit in x] == sorted(bits)
    small = np.packbits(dense, bitorder="little")
    for other in (Sdr.from_dense(dense), Sdr.from_packed(x.packed, n), Sdr.from_packed(small, n)):
        assert other == x
        assert hash(other) == hash(x)
        assert np.array_equal(other.packed, x.packed)
        assert np.array_equal(other.indices, x.indices)
    assert pickle.loads(pickle.dumps(x)) == copy.deepcopy(x) == x


@given(pairs())
def test_operators_are_those_of_sets(pair):
    n, (a, b), (x, y) = pair
    for made, truth in ((x & y, a & b), (x | y, a | b), (x - y, a - b), (x ^ y, a ^ b)):
        assert set(made) == truth
        assert made.n == n
    assert (x == y) == (a == b)
    assert x != sorted(a)
    assert algebra.overlap(x, y) == len(a & b)
    assert algebra.kill(x, y) == x - y


def test_a_shape_is_a_way_to_look():
    x = Sdr.from_coordinates([[1, 2], [0, 3]], (3, 4))
    assert list(x) == [3, 6]
    assert x.dense.shape == x.shape == (3, 4)
    assert x.coordinates.tolist() == [[0, 3], [1, 2]]
    assert x == Sdr([3, 6], 12) == x.reshape(12)
    assert x.reshape(4, 3).coordinates.tolist() == [[1, 0], [2, 0]]
    assert pickle.loads(pickle.dumps(x)).shape == (x & x).shape == (3, 4)
    assert Sdr.from_dense(np.eye(3)).shape == (3, 3)
    assert np.array_equal(np.asarray(x), x.dense)
    assert repr(x) == "Sdr([3, 6], (3, 4), w=2)"
    assert repr(Sdr(range(8), 9)) == "Sdr([0, 1, 2, 3, 4, 5, ...], 9, w=8)"
    assert Sdr.from_coordinates([], (3, 4)) == Sdr([], 12)
    assert neurosparse.sdr.Sdr is Sdr


def test_only_active_bits_are_in_it():
    x = Sdr([1, 5], 8)
    assert [bit in x for bit in (1, 5.0, np.int8(5), True)] == [True] * 4
    assert not any(bit in x for bit in (0, 8, -1, 1.5, 10**30, float("nan"), None, "1", [1], 1j))


def test_nothing_can_be_written():
    source = np.array([1, 2])
    x = Sdr(source, 8)
    source[0] = 5
    assert list(x) == [1, 2]
    for view in (x.indices, x.dense, x.packed):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
    with pytest.raises(AttributeError):
        x.n = 9
    assert x.dense is x.dense
    assert x.packed is x.packed


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Sdr([8], 8), ValueError, r"Sdr: indices must be in \[0, 8\), got \(8, 8\)"),
        (lambda: Sdr([-1], 8), ValueError, r"indices must be in \[0, 8\)"),
        (lambda: Sdr([1, 1], 8), ValueError, "each bit may be named once, got 1"),
        (lambda: Sdr(range(9), 8), ValueError, "at most n = 8 bits can be active, got 9"),
        (lambda: Sdr([0.5], 8), ValueError, "indices must be a vector of whole numbers"),
        (lambda: Sdr([True, False], 8), ValueError, r"vector of whole numbers, got \[True, False\]; Sdr.from_dense"),
        (lambda: Sdr([float("nan")], 8), ValueError, "indices must be a vector of whole numbers"),
        (lambda: Sdr("text", 8), ValueError, "indices must be a vector of whole numbers"),
        (lambda: Sdr([[1], [2, 3]], 8), ValueError, "indices must be a vector of whole numbers"),
        (lambda: Sdr(np.ma.array([1, 2], mask=[0, 1]), 8), ValueError, "indices must be a vector of whole numbers"),
        (lambda: Sdr([10**30], 8), ValueError, r"indices must be in \[0, 8\), got \[10{30}\]"),
        (lambda: Sdr([], 0), ValueError, r"n must be in \[1, 2147483647\], got 0"),
        (lambda: Sdr([], 2.0), TypeError, "n must be a whole number"),
        (lambda: Sdr([], (2**20, 2**20)), ValueError, r"n must be in \[1, 2147483647\]"),
        (lambda: Sdr([], ()), ValueError, "n must be a length or a shape"),
        (lambda: Sdr.from_dense([0, 2]), ValueError, "array must hold zeros and ones"),
        (lambda: Sdr.from_dense([0, np.nan]), ValueError, "array must hold zeros and ones"),
        (lambda: Sdr.from_packed(np.zeros(2, np.uint64), 64), ValueError, "words must be 1 of uint64 or 8 of uint8"),
        (lambda: Sdr.from_packed(np.zeros(8, np.int8), 64), ValueError, "words must be 1 of uint64"),
        (lambda: Sdr.from_packed(np.array([16], np.uint64), 4), ValueError, "bits from 4 on must be 0"),
        (lambda: Sdr.from_coordinates([[3, 0]], (3, 4)), ValueError, r"coordinates must be inside \(3, 4\)"),
        (lambda: Sdr.from_coordinates([[3]], (3, 4)), ValueError, r"whole numbers of shape \(w, 2\)"),
        (lambda: Sdr([1], 4).reshape(5), ValueError, "shape must hold 4 bits"),
        (lambda: Sdr([1], 4) & Sdr([1], 5), ValueError, "Sdr & Sdr: the second must have 4 bits, got 5"),
        (lambda: Sdr([1], 4) | [1], TypeError, "unsupported operand"),
        (lambda: np.ones(4, bool) & Sdr([1], 4), TypeError, "unsupported operand"),
    ],
)
def test_mistakes_of_the_type_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@given(pairs(5))
def test_a_batch_holds_sdrs(case):
    _, sets, sdrs = case
    many = csr.validate("test", batch.of(sdrs))
    dense = np.array([x.dense for x in sdrs])
    assert batch.sdrs(many) == sdrs
    assert [batch.sdr(many, r) for r in range(5)] == sdrs
    assert np.array_equal(batch.to_dense(many), dense)
    assert np.array_equal(batch.packed(many), [x.packed for x in sdrs])
    assert batch.sdrs(batch.from_dense(dense)) == sdrs
    assert set(algebra.union(many)) == set.union(*sets) == set(algebra.union(sdrs))
    assert set(algebra.intersection(many)) == set.intersection(*sets) == set(algebra.intersection(sdrs))
    assert batch.sdrs(algebra.kill(many, sdrs[0])) == [x - sdrs[0] for x in sdrs]


@given(pairs(4), st.booleans())
def test_overlaps_of_every_kind_agree(case, crowded):
    n, sets, sdrs = case
    if crowded:
        sets = [set(range(n)) - bits for bits in sets]
        sdrs = [Sdr(sorted(bits), n) for bits in sets]
    a, b = batch.of(sdrs[:3]), batch.of(sdrs)
    truth = np.array([[len(x & y) for y in sets] for x in sets])
    assert np.array_equal(algebra.overlap(a, b), truth[:3])
    assert np.array_equal(algebra.overlap(sdrs[0], b), truth[0])
    assert np.array_equal(algebra.overlap(b, sdrs[0]), truth[0])
    assert np.array_equal(algebra.successive(b), np.diag(truth, 1))


def test_large_tables_of_overlaps_equal_a_product():
    for w in (10, 300):  # down the columns, and by words
        a, b = (algebra.random_batch(600, w, rows, STREAM, first) for rows, first in ((20, 0), (30, 50)))
        product = batch.to_dense(a).astype(int) @ batch.to_dense(b).T.astype(int)
        assert np.array_equal(algebra.overlap(a, b), product)


@given(pairs(3))
def test_split_undoes_concatenate(case):
    sdrs = case[2]
    parts = [*sdrs, Sdr([2], 3)]
    sizes = [x.n for x in parts]
    joined = algebra.concatenate(parts)
    assert np.array_equal(joined.dense, np.concatenate([x.dense for x in parts]))
    assert algebra.split(joined, sizes) == parts
    left, right = batch.of(sdrs), batch.of([Sdr([0], 2), Sdr([], 2), Sdr([0, 1], 2)])
    both = csr.validate("test", algebra.concatenate([left, right]))
    assert batch.sdrs(both) == [algebra.concatenate(pair) for pair in zip(batch.sdrs(left), batch.sdrs(right))]


@given(st.integers(1, 150), st.data())
def test_noise_swaps_exactly_v(n, data):
    w = data.draw(st.integers(0, n))
    v = data.draw(st.integers(0, min(w, n - w)))
    s = data.draw(st.integers(0, w))
    sample = data.draw(st.integers(0, 2**32 - 4))
    many = csr.validate("test", algebra.random_batch(n, w, 3, STREAM, sample))
    noisy = csr.validate("test", algebra.noise(many, v, STREAM, sample))
    some = csr.validate("test", algebra.subsample(many, s, STREAM, sample))
    assert np.diff(noisy.indptr).tolist() == [w] * 3
    assert np.diff(some.indptr).tolist() == [s] * 3
    for r, x in enumerate(batch.sdrs(many)):
        assert x == algebra.random(n, w, STREAM, sample + r)
        assert np.array_equal(x.indices, rng.choice(STREAM, n, w, sample + r))
        assert batch.sdr(noisy, r) == algebra.noise(x, v, STREAM, sample + r)
        assert batch.sdr(some, r) == algebra.subsample(x, s, STREAM, sample + r)
        assert algebra.overlap(x, batch.sdr(noisy, r)) == w - v
        assert algebra.overlap(x, batch.sdr(some, r)) == s


def test_rows_may_have_their_own_counts():
    many = algebra.random_batch(64, [4, 9, 0], 3, STREAM)
    assert np.diff(many.indptr).tolist() == [4, 9, 0]
    noisy = algebra.noise(many, [1, 3, 0], STREAM)
    assert np.diag(algebra.overlap(many, noisy)).tolist() == [3, 6, 0]
    assert np.diff(algebra.subsample(many, [4, 2, 0], STREAM).indptr).tolist() == [4, 2, 0]
    assert algebra.random((8, 8), 5, STREAM).shape == (8, 8)
    assert algebra.noise(algebra.random((8, 8), 5, STREAM), 2, STREAM).shape == (8, 8)


def test_random_bits_are_uniform_and_overlaps_hypergeometric():
    n, w, rows = 40, 8, 1500
    many = algebra.random_batch(n, w, rows, STREAM)
    x = Sdr(range(w), n)
    expected = np.array([comb(w, b) * comb(n - w, w - b) / comb(n, w) for b in range(w + 1)])
    seen = np.bincount(algebra.overlap(x, many), minlength=w + 1) / rows
    assert np.all(np.abs(seen - expected) < 5 * np.sqrt(expected / rows) + 1 / rows)
    p = np.bincount(many.indices, minlength=n) / rows
    assert np.all(np.abs(p - w / n) < 5 * np.sqrt(w / n / rows))


def test_noise_chooses_among_all_bits_alike():
    x, rows = Sdr(range(8), 40), 1500
    many = algebra.noise(batch.of([x] * rows), 2, STREAM)
    p = np.bincount(many.indices, minlength=40) / rows
    assert np.all(np.abs(p[:8] - 6 / 8) < 5 * np.sqrt(0.75 * 0.25 / rows))
    assert np.all(np.abs(p[8:] - 2 / 32) < 5 * np.sqrt(2 / 32 / rows))
    kept = algebra.subsample(batch.of([x] * rows), 2, STREAM)
    assert np.all(np.abs(np.bincount(kept.indices, minlength=8) / rows - 2 / 8) < 5 * np.sqrt(0.1875 / rows))


def test_flips_come_with_their_probabilities():
    x = algebra.random(4000, 1000, STREAM)
    y = algebra.flip(x, 0.3, 0.1, STREAM, 5)
    kept = algebra.overlap(x, y)
    assert abs(kept - 700) < 5 * np.sqrt(210)
    assert abs(y.w - kept - 300) < 5 * np.sqrt(270)
    assert algebra.flip(x, 0, 0, STREAM) == x
    assert algebra.flip(x, 1, 1, STREAM) == Sdr.from_dense(~x.dense)
    many = algebra.flip(batch.of([Sdr([], 4000), x]), 0.3, 0.1, STREAM, 4)
    assert batch.sdr(many, 1) == y


X, Y = Sdr([1, 2], 8), Sdr([1], 9)
B = batch.of([X, X])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: algebra.overlap(X, Y), ValueError, "algebra.overlap: b must have 8 bits, got 9"),
        (lambda: algebra.overlap(X, [1]), TypeError, "b must be an Sdr"),
        (lambda: algebra.overlap([1], X), TypeError, "a must be an Sdr"),
        (lambda: algebra.overlap(Y, B), ValueError, "SDRs of the batch must have 9 bits, got 8"),
        (lambda: algebra.overlap(B, batch.of([Y])), ValueError, "must have 8 bits, got 9"),
        (lambda: algebra.successive([X]), TypeError, "algebra.successive: batch must be a Csr"),
        (lambda: algebra.union([X, Y]), ValueError, "algebra.union: each must have 8 bits, got 9"),
        (lambda: algebra.union(5), TypeError, "algebra.union: sdrs must be several SDRs, got 5; give a list"),
        (lambda: algebra.union(X), TypeError, "algebra.union: sdrs must be several SDRs, got Sdr"),
        (lambda: algebra.concatenate(5), TypeError, "algebra.concatenate: parts must be several SDRs, got 5"),
        (lambda: batch.of(None), TypeError, "batch.of: sdrs must be several SDRs, got None"),
        (lambda: algebra.union([]), ValueError, "there must be at least one SDR"),
        (lambda: algebra.intersection([X, 3]), TypeError, "algebra.intersection: each must be an Sdr"),
        (lambda: algebra.concatenate([]), ValueError, "parts must be at least one SDR or batch"),
        (lambda: algebra.concatenate([X, B]), TypeError, "part 1 must be an Sdr"),
        (lambda: algebra.concatenate([B, X]), TypeError, "batch must be a Csr"),
        (lambda: algebra.concatenate([B, batch.of([X])]), ValueError, "one number of rows"),
        (lambda: algebra.concatenate([Sdr([], 2**30)] * 2), ValueError, r"n must be in \[0, 2147483647\]"),
        (lambda: algebra.split(X, [3, 4]), ValueError, "sizes must add up to 8, got 7"),
        (lambda: algebra.split(X, [8, 0]), ValueError, r"a size must be in \[1"),
        (lambda: algebra.kill(X, Y), ValueError, "algebra.kill: x must have 9 bits, got 8"),
        (lambda: algebra.kill(B, Y), ValueError, "must have 9 bits, got 8"),
        (lambda: algebra.kill(X, [1]), TypeError, "dead must be an Sdr"),
        (lambda: algebra.random(8, 9, STREAM), ValueError, r"w must be in \[0, 8\], got 9"),
        (lambda: algebra.random(8, 2, 3), TypeError, "stream must be a Stream"),
        (lambda: algebra.random_batch(8, 9, 2, STREAM), ValueError, r"w must be in \[0, 8\], got 9"),
        (lambda: algebra.random_batch(8, [1, 2, 3], 2, STREAM), ValueError, "or one for each of 2 rows"),
        (lambda: algebra.random_batch(8, 2, 2, STREAM, 2**32 - 1), ValueError, "sample must be in"),
        (lambda: algebra.noise(X, 3, STREAM), ValueError, r"v must be in \[0, 2\], got 3; only so many bits"),
        (lambda: algebra.noise(Sdr(range(7), 8), 2, STREAM), ValueError, r"v must be in \[0, 1\]"),
        (lambda: algebra.noise(X, 0.5, STREAM), ValueError, "v must be a whole number"),
        (lambda: algebra.noise(X, 1, None), TypeError, r"make it with rng.stream\(seed, name\)"),
        (lambda: algebra.noise("x", 1, STREAM), TypeError, "x must be an Sdr"),
        (lambda: algebra.flip(X, 1.5, 0, STREAM), ValueError, r"lost must be in \[0.0, 1.0\]"),
        (lambda: algebra.flip(X, 0, float("nan"), STREAM), ValueError, "gained must be a finite number"),
        (lambda: algebra.subsample(X, 3, STREAM), ValueError, r"s must be in \[0, 2\], got 3; only active bits"),
        (lambda: batch.of([X, Y]), ValueError, "batch.of: row 1 must have 8 bits, got 9"),
        (lambda: batch.of([]), ValueError, "n must be given where there are no SDRs"),
        (lambda: batch.of([[1]]), TypeError, "row 0 must be an Sdr"),
        (lambda: batch.from_dense([0, 1]), ValueError, "array must hold zeros and ones in shape"),
        (lambda: batch.from_dense([[0, 2]]), ValueError, "array must hold zeros and ones"),
        (lambda: batch.sdr(B, 2), ValueError, r"row must be in \[0, 1\], got 2"),
        (lambda: batch.to_dense(X), TypeError, r"make one: batch.of\(sdrs\)"),
    ],
)
def test_mistakes_of_the_algebra_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_no_rows_are_a_batch_too():
    none = batch.of([], 8)
    assert batch.sdrs(none) == []
    assert algebra.overlap(X, none).shape == (0,)
    assert algebra.overlap(none, B).shape == (0, 2)
    assert algebra.successive(none).shape == (0,)
    assert algebra.noise(none, 0, STREAM).n_rows == 0
    assert batch.to_dense(none).shape == (0, 8)
