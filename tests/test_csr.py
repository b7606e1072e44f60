"""Compressed rows: round trips, products against dense matrices, invariants, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse import csr, rng, wire


@st.composite
def matrices(draw):
    n, m, seed = draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.integers(0, 2**32))
    made = wire.bernoulli(rng.stream(seed, "made"), n, m, draw(st.floats(0, 1)))
    return csr.reweight(made, rng.normals(rng.stream(seed, "weights"), made.nnz))


def dense(matrix):
    return csr.to_scipy(matrix).toarray()


@given(matrices())
def test_round_trips(matrix):
    csr.validate("test", matrix)
    for other in (csr.from_scipy(csr.to_scipy(matrix)), csr.transpose(csr.transpose(matrix)),
                  csr.from_coo(*csr.to_coo(matrix), (matrix.n_rows, matrix.n_cols))):  # fmt: skip
        np.testing.assert_array_equal(dense(other), dense(matrix))
        csr.validate("test", other)
        assert other.nnz == matrix.nnz
    np.testing.assert_array_equal(dense(csr.transpose(matrix)), dense(matrix).T)


@given(matrices(), st.data())
def test_scatter_and_gather_equal_dense_products(matrix, data):
    active = data.draw(st.lists(st.integers(0, matrix.n_rows - 1), unique=True))
    spikes = np.zeros(matrix.n_rows)
    spikes[active] = 1
    out = csr.scatter_add(np.zeros(matrix.n_cols), matrix, np.array(active, dtype=int))
    np.testing.assert_allclose(out, spikes @ dense(matrix).astype(float), atol=1e-12)
    x = np.arange(matrix.n_cols, dtype=float)
    np.testing.assert_allclose(csr.gather(matrix, x), dense(matrix).astype(float) @ x, atol=1e-12)


def test_order_of_triplets_does_not_matter():
    rows, cols, weight = [1, 0, 1], [0, 1, 2], [3.0, 1.0, 2.0]
    one = csr.from_coo(rows, cols, weight, (2, 3))
    other = csr.from_coo(rows[::-1], cols[::-1], weight[::-1], (2, 3))
    np.testing.assert_array_equal(dense(one), [[0, 1, 0], [3, 0, 2]])
    np.testing.assert_array_equal(dense(one), dense(other))
    assert repr(one) == "Csr(2 x 3, 3 synapses)"
    assert one.nbytes == 3 * 8 + 3 * 4 + 3 * 4


@pytest.mark.parametrize("call, message", [
    (lambda: csr.from_coo([0, 0], [1, 1], 1.0, (2, 2)), r"each pair may occur once, got \(0, 1\); sum"),
    (lambda: csr.from_coo([2], [0], 1.0, (2, 2)), r"rows must be in \[0, 2\), got \(2, 2\)"),
    (lambda: csr.from_coo([0], [-1], 1.0, (2, 2)), r"cols must be in \[0, 2\), got \(-1, -1\)"),
    (lambda: csr.from_coo([0], [0, 1], 1.0, (2, 2)), r"rows and cols must have one length, got \(1, 2\)"),
    (lambda: csr.from_coo([0.5], [0], 1.0, (2, 2)), "rows must be a vector of whole numbers"),
    (lambda: csr.from_coo([0], [0], np.nan, (2, 2)), "weight must be a finite number, got nan"),
    (lambda: csr.from_coo([0], [0], [1.0, 2.0], (2, 2)), r"weight must be one number or have shape \(1,\), got \(2,\)"),
    (lambda: csr.from_coo([0], [0], 1e39, (2, 2)), r"weight must be below 3.4e38, the largest float32, got 1e\+39"),
    (lambda: csr.from_coo([], [], 1.0, (2, 2**31)), r"columns of shape must be in \[0, 2147483647\]"),
    (lambda: csr.reweight(wire.one_to_one(3), [1.0]), r"weight must be one number or have shape \(3,\)"),
    (lambda: csr.scatter_add(np.zeros(2), wire.one_to_one(3), [0]), r"out must have shape \(3,\), got \(2,\)"),
    (lambda: csr.scatter_add(np.zeros(3), wire.one_to_one(3), [3]), r"active must be in \[0, 3\)"),
    (lambda: csr.gather(wire.one_to_one(3), [1.0]), r"x must have shape \(3,\), got \(1,\)"),
])  # fmt: skip
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


GOOD = wire.all_to_all(2, 3)


@pytest.mark.parametrize("bad, message", [
    (GOOD._replace(indptr=GOOD.indptr.astype(np.int32)), "indptr must be an int64 vector"),
    (GOOD._replace(indptr=np.array([0, 4, 5])), "indptr must rise from 0 to 6"),
    (GOOD._replace(indptr=np.array([0, 7, 6])), "indptr must rise from 0 to 6"),
    (GOOD._replace(weight=GOOD.weight.astype(np.float64)), "need int32 indices and float32 weights"),
    (GOOD._replace(weight=GOOD.weight[:-1]), "need int32 indices and float32 weights"),
    (GOOD._replace(n_cols=2), r"indices must be in \[0, 2\)"),
    (GOOD._replace(indices=GOOD.indices[::-1].copy()), "targets must ascend in each row without duplicates"),
    (GOOD._replace(weight=GOOD.weight * np.nan), "weight must be a finite number"),
])  # fmt: skip
def test_validate(bad, message):
    with pytest.raises(ValueError, match=f"owner: {message}"):
        csr.validate("owner", bad)


def test_type_errors():
    with pytest.raises(TypeError, match="matrix must be a SciPy sparse matrix, got 'ndarray'; make one"):
        csr.from_scipy(np.eye(2))
    for out in ([0.0, 0.0], np.zeros(2, int), np.broadcast_to(0.0, (2,))):
        with pytest.raises(TypeError, match="out must be a writeable array of floats"):
            csr.scatter_add(out, wire.one_to_one(2), [0])
    with pytest.raises(TypeError, match=r"owner: csr must be a neurosparse\.Csr, got 'list'"):
        csr.validate("owner", [])
