"""Metrics of streams against NumPy's, closed forms, and themselves in other pieces."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse import rng
from neurosparse.sdr import Sdr, algebra, batch, metrics

STREAM = rng.stream(3, "test_sdr_metrics")


def same(a, b):
    return a._replace(count=0) == b._replace(count=0) and np.array_equal(a.count, b.count)


@given(st.integers(1, 60), st.integers(1, 12), st.data())
def test_metrics_are_those_of_the_dense_stream(n, rows, data):
    w = data.draw(st.lists(st.integers(0, n), min_size=rows, max_size=rows))
    many = algebra.random_batch(n, w, rows, STREAM)
    dense = batch.to_dense(many)
    m = metrics.of(many)
    part = dense.mean(axis=1)
    assert metrics.sparsity(m) == pytest.approx((part.mean(), part.std(), part.min(), part.max()))
    assert np.allclose(metrics.activation_frequency(m), dense.mean(axis=0))
    p = dense.mean(axis=0)
    terms = [-q * math.log2(q) if q else 0.0 for x in p for q in (x, 1 - x)]
    assert metrics.entropy(m) == pytest.approx(sum(terms) / n, abs=1e-12)
    assert metrics.entropy(m) <= metrics.max_entropy(m) + 1e-12
    shared = (dense[1:] & dense[:-1]).sum(axis=1)
    if rows > 1:
        assert metrics.overlap(m) == pytest.approx((shared.mean(), shared.std(), shared.min(), shared.max()))
    if dense[1:].any():
        assert metrics.stability(m) == pytest.approx(shared.sum() / dense[1:].sum())


@given(st.integers(1, 10), st.integers(0, 10))
def test_pieces_do_not_matter(rows, cut):
    many = algebra.random_batch(50, 5, rows, STREAM)
    one_by_one = metrics.start(50)
    for x in batch.sdrs(many):
        one_by_one = metrics.update(one_by_one, x)
    sdrs = batch.sdrs(many)
    in_two = metrics.start(50)
    for piece in (sdrs[:cut], sdrs[cut:]):
        in_two = metrics.update(in_two, batch.of(piece, 50))
    assert same(one_by_one, metrics.of(many))
    assert same(in_two, metrics.of(many))


def test_an_update_changes_nothing_that_was():
    before = metrics.update(metrics.start(8), Sdr([1], 8))
    metrics.update(before, Sdr([2], 8))
    assert before.count.tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert before.active.number == 1


def test_closed_forms():
    # every bit active in a quarter of the stream: as much entropy as there can be
    even = metrics.of(batch.of([Sdr(range(k, 40, 4), 40) for k in range(4)]))
    quarter = 2.0 - 0.75 * math.log2(3.0)
    assert metrics.entropy(even) == pytest.approx(quarter, abs=1e-15)
    assert metrics.max_entropy(even) == pytest.approx(quarter, abs=1e-15)
    assert metrics.overlap(even) == (0, 0, 0, 0)
    assert metrics.stability(even) == 0
    # a stream that stands still: none
    still = metrics.of(batch.of([Sdr(range(10), 40)] * 5))
    assert metrics.entropy(still) == 0
    assert metrics.stability(still) == 1
    assert metrics.sparsity(still) == (0.25, 0, 0.25, 0.25)
    assert metrics.overlap(still) == (10, 0, 10, 10)
    # the largest entropy at 2 percent of the spatial pooler's paper
    assert float(metrics.binary_entropy(0.02)) == pytest.approx(0.1414, abs=5e-5)
    assert metrics.binary_entropy([0.0, 0.5, 1.0]).tolist() == [0, 1, 0]


def test_random_streams_overlap_by_chance():
    n, w, rows = 400, 40, 600
    m = metrics.of(algebra.random_batch(n, w, rows, STREAM))
    variance = w * (w / n) * (1 - w / n) * (n - w) / (n - 1)
    seen = metrics.overlap(m)
    assert abs(seen.mean - w * w / n) < 5 * math.sqrt(variance / rows)
    assert seen.std == pytest.approx(math.sqrt(variance), rel=0.15)
    assert metrics.max_entropy(m) - metrics.entropy(m) < 2 / rows


def test_nothing_seen_is_nan():
    m = metrics.start(4)
    assert np.isnan([*metrics.sparsity(m), *metrics.overlap(m), *metrics.activation_frequency(m)]).all()
    assert np.isnan([metrics.entropy(m), metrics.max_entropy(m), metrics.stability(m)]).all()
    assert metrics.update(m, batch.of([], 4)) is m


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: metrics.start(0), ValueError, r"metrics.start: n must be in \[1"),
        (lambda: metrics.update(metrics.start(4), Sdr([], 5)), ValueError, "metrics.update: x must have 4 bits, got 5"),
        (lambda: metrics.update(metrics.start(4), batch.of([], 5)), ValueError, "must have 4 bits, got 5"),
        (lambda: metrics.update(metrics.start(4), [1]), TypeError, "x must be an Sdr"),
        (lambda: metrics.update(4, Sdr([], 5)), TypeError, "m must be Metrics, got 4; metrics.start makes one"),
        (lambda: metrics.of(Sdr([], 5)), TypeError, "metrics.of: batch must be a Csr"),
        (lambda: metrics.binary_entropy(1.5), ValueError, r"p must be in \[0.0, 1.0\]"),
    ],
)
def test_mistakes_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
