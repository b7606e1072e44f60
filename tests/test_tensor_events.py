"""Event kernels: against plain loops and the matrix filled, bits, threads, Triton's interpreter, and their errors."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import csr  # noqa: E402
from neurosparse.tensor import events, shared_work, sparse_native, sparse_ops, sparse_pattern  # noqa: E402
from neurosparse.tensor.sparse_linear import random_pattern  # noqa: E402


def synapses(n_in=9, n_out=7, density=0.4, whole=False, seed=0):
    rng = np.random.default_rng(seed)
    made = random_pattern(n_in, n_out, density, seed)
    return csr.reweight(made, rng.integers(-9, 9, made.nnz) if whole else rng.standard_normal(made.nnz))


def loop(pattern, active):
    """One synapse after another, in float32."""
    y = np.zeros(pattern.n_cols, np.float32)
    for i in active:
        for k in range(pattern.indptr[i], pattern.indptr[i + 1]):
            y[pattern.indices[k]] += pattern.weight[k]
    return y


def test_a_list_of_events_adds_rows_in_its_order():
    pattern, active = synapses(), np.array([4, 0, 8, 4])
    assert np.array_equal(events.propagate(pattern, active).numpy(), loop(pattern, active))
    assert torch.equal(events.propagate(pattern, torch.from_numpy(active)), events.propagate(pattern, [4, 0, 8, 4]))
    many = events.propagate(pattern, active, [0, 0, 1, 4, 4]).numpy()
    assert np.array_equal(many, [loop(pattern, part) for part in ([], [4], [0, 8, 4], [])])


def test_no_events_no_samples_no_synapses():
    assert events.propagate(synapses(), []).tolist() == [0.0] * 7
    assert events.propagate(synapses(), [], [0]).shape == (0, 7)
    assert events.propagate(synapses(density=0.0), [1, 2]).tolist() == [0.0] * 7


@pytest.mark.parametrize("batch", [0, 1, 3, 20])
def test_dense_and_event_inputs_agree_to_the_bit(batch):
    pattern, rng = synapses(whole=True), np.random.default_rng(batch)
    x = rng.random((batch, 9)) < 0.3
    listed = events.propagate(pattern, np.nonzero(x)[1], np.append(0, np.cumsum(x.sum(axis=1))))
    given, p = torch.from_numpy(x.astype(np.float32)), sparse_pattern.pattern(pattern)
    values = torch.from_numpy(pattern.weight.copy())
    event, plain = (sparse_ops.forward(given, values, p, way)[0] for way in ("events", "csr"))
    full = torch.from_numpy(csr.to_scipy(pattern).toarray())
    assert torch.equal(listed, event)
    assert torch.equal(event, plain)
    assert torch.equal(event, given @ full)  # whole numbers: every order of adding is exact


@pytest.mark.parametrize("batch", [1, 3, 12, 70])
def test_graded_inputs_give_the_bits_of_the_product(batch):
    rng = np.random.default_rng(1)
    x = torch.from_numpy((rng.standard_normal((batch, 9)) * (rng.random((batch, 9)) < 0.5)).astype(np.float32))
    pattern = synapses()
    p, values = sparse_pattern.pattern(pattern), torch.from_numpy(pattern.weight.copy())
    event, plain = (sparse_ops.forward(x, values, p, way)[0] for way in ("events", "csr"))
    assert torch.equal(event, plain)
    each = torch.cat([sparse_ops.forward(row[None], values, p, "csr")[0] for row in x])
    assert torch.equal(plain, each)  # a sample's numbers do not depend on the others


@pytest.mark.parametrize("way", ["csr", "events"])
@pytest.mark.parametrize("batch", [1, 6, 67])
def test_threads_do_not_change_a_bit(way, batch, monkeypatch):
    monkeypatch.setattr(shared_work, "SMALL", 0)
    before, got = torch.get_num_threads(), []
    rng = np.random.default_rng(2)
    x = torch.from_numpy(rng.random((batch, 9)) * (rng.random((batch, 9)) < 0.5))
    g = torch.from_numpy(rng.standard_normal((batch, 7)))
    pattern = synapses()
    p, values = sparse_pattern.pattern(pattern), torch.from_numpy(pattern.weight.astype(float))
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            y, report = sparse_ops.forward(x, values, p, way)
            got.append((y, *sparse_ops.gradients(g, x, values, report, list(p), [True, True])))
    finally:
        torch.set_num_threads(before)
    for other in got[1:]:
        assert all(torch.equal(a, b) for a, b in zip(got[0], other))


def test_other_devices_way_gives_the_same_numbers():
    """What runs where our kernels can not, torch.sparse, on whole numbers."""
    rng = np.random.default_rng(3)
    pattern = synapses(whole=True)
    p, values = sparse_pattern.pattern(pattern), torch.from_numpy(pattern.weight.copy())
    x, g = (torch.from_numpy(rng.integers(-3, 4, (5, n)).astype(np.float32)) for n in (9, 7))
    ours = sparse_ops.gradients(g, x, values, torch.tensor([0, -1, 0]), list(p), [True, True])
    for way in ("csr", "dense"):
        assert torch.equal(sparse_native.forward(x, values, p, way), sparse_ops.forward(x, values, p, "csr")[0])
        theirs = sparse_native.backward(g, x, values, p, [True, True], way)
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs))
    assert [len(one) for one in sparse_native.backward(g, x, values, p, [False, False], "csr")] == [0, 0]


TRITON = """
import torch
from neurosparse.tensor import events_triton, sparse_native, sparse_ops, sparse_pattern
from neurosparse.tensor.sparse_linear import random_pattern
torch.manual_seed(0)
for n_out, density, batch in ((300, .6, 5), (7, .5, 1), (7, .5, 0), (7, 0.0, 3)):
    p = sparse_pattern.pattern(random_pattern(20, n_out, density))
    v = torch.randint(-4, 5, (len(p.indices),)).float()
    x, g = (torch.rand(batch, 20) < .3).float(), torch.randint(-3, 4, (batch, n_out)).float()
    y, report = sparse_ops.forward(x, v, p, "events")
    assert torch.equal(sparse_native.forward(x, v, p, "events"), y)
    dx, dw = sparse_ops.gradients(g, x, v, report, list(p), [True, True])
    theirs = sparse_native.backward(g, x, v, p, [True, True], "events")
    assert torch.equal(theirs[0], dx) and torch.equal(theirs[1], dw)
print("same")
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
def test_triton_kernels_in_their_interpreter():
    env = os.environ | {"TRITON_INTERPRET": "1"}
    done = subprocess.run([sys.executable, "-c", TRITON], env=env, capture_output=True, text=True, check=False)
    assert done.stdout == "same\n", done.stderr


def test_without_triton_other_devices_refuse_events(monkeypatch):
    monkeypatch.setitem(sys.modules, "neurosparse.tensor.events_triton", None)
    p = sparse_pattern.pattern(synapses())
    with pytest.raises(
        ImportError, match=r'events on this device need Triton, got .none.; install triton, or take backend "csr"'
    ):
        sparse_native.forward(torch.zeros(1, 9), torch.zeros(len(p.indices)), p, "events")


@pytest.mark.parametrize("make, error, match", [
    (lambda: events.propagate(np.eye(3), [0]), TypeError, "pattern must be a neurosparse.Csr, got 'ndarray'"),
    (lambda: events.propagate(synapses(), [9]), ValueError, r"active must be in \[0, 9\), got \(9, 9\)"),
    (lambda: events.propagate(synapses(), [1, -1]), ValueError, r"active must be in \[0, 9\), got \(-1, 1\)"),
    (lambda: events.propagate(synapses(), [0.5]), ValueError, "active must be a vector of whole numbers"),
    (lambda: events.propagate(synapses(), [[1]]), ValueError, "active must be a vector of whole numbers"),
    (lambda: events.propagate(synapses(), [1, 2], [0, 1]), ValueError, r"indptr must rise from 0 to 2, got \[0, 1\]"),
    (lambda: events.propagate(synapses(), [1, 2], [0, 3, 2]), ValueError, "indptr must rise from 0 to 2"),
    (lambda: events.propagate(synapses(), [], []), ValueError, r"indptr must rise from 0 to 0, got \[\]"),
])  # fmt: skip
def test_mistakes_are_refused(make, error, match):
    with pytest.raises(error, match=match):
        make()
