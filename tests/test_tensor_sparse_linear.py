"""SparseLinear: gradients of the masked dense layer, shapes, Adam, compilation, the choice of a way, and its errors."""

import json
import math
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import csr  # noqa: E402
from neurosparse.tensor import sparse_choice  # noqa: E402
from neurosparse.tensor.sparse_linear import CHOICES, SparseLinear, random_pattern  # noqa: E402
from simulations import bench_sparse  # noqa: E402

F64 = torch.float64


def drawn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def layer(backend="csr", density=0.4, n_in=9, n_out=7, **more):
    return SparseLinear(random_pattern(n_in, n_out, density), backend=backend, **more).to(F64)


def filled(made):
    """(n_in, n_out) the matrix with zeros, and the places of the values in it."""
    rows, cols, _ = csr.to_coo(made.to_csr())
    at = torch.from_numpy(rows.copy()), torch.from_numpy(cols.astype(np.int64))
    w = torch.zeros(made.pattern.n_in, made.pattern.n_out, dtype=made.values.dtype)
    w[at] = made.values.detach()
    return w.requires_grad_(), at


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("backend", CHOICES)
@pytest.mark.parametrize("shape", [(0,), (1,), (2,), (3,), (66,), (4, 5), (), (2, 0)])
def test_values_and_gradients_are_those_of_the_masked_matrix(backend, shape):
    made, x = layer(backend), (drawn(*shape, 9) * (drawn(*shape, 9, seed=1) > 0)).requires_grad_()
    y, (w, at), same = made(x), filled(made), x.detach().clone().requires_grad_()
    expected, g = same @ w + made.bias.detach(), drawn(*shape, 7, seed=2)
    y.backward(g)
    expected.backward(g)
    assert y.shape == (*shape, 7)
    assert torch.allclose(y, expected, atol=1e-12)
    assert torch.allclose(x.grad, same.grad, atol=1e-12)
    assert torch.allclose(made.values.grad, w.grad[at], atol=1e-12)
    assert torch.allclose(made.bias.grad, g.reshape(-1, 7).sum(dim=0), atol=1e-12)
    assert made.used == backend if backend != "auto" else made.used in CHOICES


@pytest.mark.parametrize("backend", ["csr", "events", "dense"])
@pytest.mark.parametrize("batch", [2, 5])
def test_gradcheck(backend, batch):
    made = layer(backend, n_in=6, n_out=5)
    assert torch.autograd.gradcheck(made, (drawn(batch, 6).requires_grad_(),))
    assert torch.autograd.gradcheck(
        lambda v: torch.func.functional_call(made, {"values": v}, (drawn(batch, 6),)), (made.values,)
    )


@pytest.mark.parametrize("backend", ["csr", "events"])
@pytest.mark.parametrize("needs", [(True, False), (False, True)])
@pytest.mark.parametrize("batch", [1, 4])
def test_one_gradient_alone_has_the_bits_of_both(backend, needs, batch):
    def grads(to_x, to_w):
        made, x = layer(backend, bias=False), drawn(batch, 9).requires_grad_(to_x)
        made.values.requires_grad_(to_w)
        made(x).square().sum().backward()
        return x.grad, made.values.grad

    both, alone = grads(True, True), grads(*needs)
    for a, b, need in zip(alone, both, needs):
        assert torch.allclose(a, b, rtol=1e-14) if need else a is None


@pytest.mark.parametrize("backend", ["csr", "events", "dense", "auto"])
def test_float32_is_near_float64(backend):
    made, x = layer(backend), drawn(20, 9)
    small = layer(backend).float()
    assert small(x.float()).dtype == torch.float32
    assert torch.allclose(small(x.float()).double(), made(x), atol=1e-5)


def test_inputs_that_are_not_contiguous():
    made, x = layer(), drawn(9, 12)
    assert torch.equal(made(x.t()), made(x.t().contiguous()))
    wide = drawn(12, 18)
    assert torch.equal(made(wide[:, ::2]), made(wide[:, ::2].contiguous()))
    y = made(x.t())
    (got,) = torch.autograd.grad(y, made.values, drawn(7, 12).t())
    (same,) = torch.autograd.grad(made(x.t()), made.values, drawn(7, 12).t().contiguous())
    assert torch.equal(got, same)


def test_empty_rows_and_columns_and_no_synapses_at_all():
    synapses = csr.from_coo([1, 1, 3], [0, 2, 2], [1.0, 2.0, 3.0], (5, 4))
    for backend in ("csr", "events", "dense"):
        for batch in (1, 12):
            made = SparseLinear(synapses, bias=False, weights=True, backend=backend).to(F64)
            x = torch.ones(batch, 5, dtype=F64, requires_grad=True)
            y = made(x)
            y.sum().backward()
            assert y.tolist() == [[1.0, 0.0, 5.0, 0.0]] * batch
            assert x.grad is not None
            assert x.grad.tolist() == [[0.0, 3.0, 0.0, 3.0, 0.0]] * batch
            assert made.values.grad is not None
            assert made.values.grad.tolist() == [batch] * 3
            none = layer(backend, density=0.0, bias=False)
            none(drawn(batch, 9)).sum().backward()
            assert not none(drawn(batch, 9)).any()
            assert none.values.grad is not None
            assert none.values.grad.shape == (0,)


def test_it_learns_with_adam_and_saves_and_restores():
    made, target, x = layer("auto"), layer("auto", seed=1), drawn(40, 9)
    optimiser = torch.optim.Adam(made.parameters(), 0.03)
    for _ in range(150):
        optimiser.zero_grad()
        loss = (made(x) - target(x).detach()).square().mean()
        loss.backward()
        optimiser.step()
    assert loss < 1e-3
    other = layer(seed=5)
    other.load_state_dict(made.state_dict())
    assert torch.equal(other(x), made(x))
    assert torch.equal(torch.from_numpy(other.to_csr().weight.copy()), made.values.detach().float())


def test_first_values_follow_the_number_of_inputs_the_seed_and_the_name():
    made = SparseLinear(random_pattern(200, 100, 0.1))
    assert made.values.abs().max() <= 1 / math.sqrt(20)
    assert made.values.abs().max() > 0.99 / math.sqrt(20)
    assert torch.equal(made.values, SparseLinear(random_pattern(200, 100, 0.1)).values)
    assert not torch.equal(made.values, SparseLinear(random_pattern(200, 100, 0.1), name="b").values)
    counts = np.diff(random_pattern(200, 100, 0.1).indptr)
    assert np.all(counts == 10)


def test_rewiring_keeps_what_stays_and_what_adam_knows_of_it():
    made, x = layer(bias=False), drawn(20, 9)
    optimiser = torch.optim.Adam(made.parameters(), 0.1)
    made(x).square().sum().backward()
    optimiser.step()
    before, moments = filled(made)[0].detach().clone(), optimiser.state[made.values]["exp_avg"].clone()
    rows, cols, _ = csr.to_coo(made.to_csr())
    held = {(r, c): m for r, c, m in zip(rows.tolist(), cols.tolist(), moments.tolist())}
    new = random_pattern(9, 7, 0.4, seed=1)
    made.replace(csr.reweight(new, 0.25), optimiser)
    after = filled(made)[0].detach()
    at, (rows, cols, _) = set(held), csr.to_coo(new)
    for k, pair in enumerate(zip(rows.tolist(), cols.tolist())):
        assert after[pair] == (before[pair] if pair in at else 0.25)
        assert optimiser.state[made.values]["exp_avg"][k] == held.get(pair, 0.0)
    assert 0 < len(at & set(zip(rows.tolist(), cols.tolist()))) < len(at)
    optimiser.zero_grad()
    made(x).square().sum().backward()
    optimiser.step()
    assert made.values.shape == (new.nnz,)


def test_auto_takes_what_the_table_says_and_reports_it(monkeypatch):
    points = (
        sparse_choice.Point("cpu", True, 0.1, 10, 0.3, False), sparse_choice.Point("cpu", True, 0.9, 10, 0.0, True),
        sparse_choice.Point("cpu", False, 0.1, 10, 2.0, False),
    )  # fmt: skip
    monkeypatch.setattr(sparse_choice, "table", lambda: points)
    sparse_choice.nearest.cache_clear()
    x = torch.zeros(10, 9, dtype=F64)
    made = layer("auto", density=0.15)
    assert made.used == ""
    assert math.isnan(made.activity)
    for active, used in ((1, "events"), (3, "csr"), (9, "csr")):
        x[:, :active] = 1.0
        made(x)
        assert (made.used, made.activity) == (used, active / 9)
    with torch.no_grad():  # forward alone
        made(x)
    assert made.used == "events"
    made.values.requires_grad_(False)
    made(x)
    assert made.used == "events"
    dense = layer("auto", density=1.0)
    dense(x)
    assert dense.used == "dense"
    assert sparse_choice.choose("cuda", 0.1, 10, 0.0, True) == "csr"
    sparse_choice.nearest.cache_clear()


def test_the_table_is_kept_in_the_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("neurosparse.jit.cache_folder", lambda: tmp_path)
    sparse_choice.forget()
    try:
        assert sparse_choice.table() == sparse_choice.MEASURED
        point = sparse_choice.Point("cpu", True, 0.1, 1, 0.5, False)
        path: Any = sparse_choice.store([point])
        assert point in sparse_choice.table()
        assert [one for one in sparse_choice.table() if one.device == "cpu"] == [point]
        assert json.loads(path.read_text())[0]["density"] == 0.1
        path.write_text("[{")
        sparse_choice.forget()
        assert sparse_choice.table() == sparse_choice.MEASURED
        monkeypatch.setattr("neurosparse.jit.cache_folder", lambda: None)
        assert sparse_choice.store([point]) is None
    finally:
        sparse_choice.forget()


def test_the_benchmark_stores_what_auto_asks(monkeypatch, tmp_path):
    monkeypatch.setattr("neurosparse.jit.cache_folder", lambda: tmp_path)
    sparse_choice.forget()
    try:
        bench_sparse.run(bench_sparse.Config(
            n=20, densities=(0.1, 0.3), batches=(1, 3), activities=(0.2, 1.0), repeats=2, store=True,
            ways=("csr", "events", "dense"),
        ))  # fmt: skip
        stored = [point for point in sparse_choice.table() if point.device == "cpu"]
        assert {(point.density, point.batch, point.training) for point in stored} == {
            (density, batch, training) for density in (0.1, 0.3) for batch in (1, 3) for training in (True, False)
        }
    finally:
        sparse_choice.forget()


def test_the_measured_table_is_of_use():
    """Events below some activity where there are synapses to skip; the same choice for each asked twice."""
    cpu = [point for point in sparse_choice.MEASURED if point.device == "cpu"]
    assert {point.training for point in cpu} == {True, False}
    assert all(0 <= point.events_below <= 2 for point in cpu)
    assert any(point.events_below > 0.01 for point in cpu if point.batch > 8)


@pytest.mark.parametrize("line, level, expected", [
    ([(0.01, 1.0), (0.1, 10.0)], math.sqrt(10.0), math.sqrt(0.001)), ([(0.01, 1.0), (0.1, 10.0)], 20.0, 2.0),
    ([(0.01, 1.0), (0.1, 10.0)], 0.5, 0.0), ([(0.01, 1.0), (0.1, 2.0), (1.0, 8.0)], 4.0, math.sqrt(0.1)),
])  # fmt: skip
def test_lines_cross_where_power_laws_do(line, level, expected):
    assert bench_sparse.crossing(line, level) == pytest.approx(expected)


@pytest.mark.slow
def test_the_operators_keep_the_rules_of_operators():
    made = layer()
    arguments = drawn(5, 9).requires_grad_(), made.values, list(made.pattern), "csr"
    torch.library.opcheck(torch.ops.neurosparse.sparse_linear.default, arguments)


@pytest.mark.parametrize("make, error, match", [
    (lambda: SparseLinear(np.eye(3)), TypeError, r"tensor\.SparseLinear: csr must be a neurosparse\.Csr, got 'ndarray'"),
    (lambda: layer("cuda"), ValueError, "backend must be one of auto, csr, events, dense, got 'cuda'"),
    (lambda: SparseLinear(csr.from_coo([], [], 0.0, (0, 3))), ValueError, "synapses must have rows and columns"),
    (lambda: layer()(drawn(3, 8)), ValueError, r"input must have shape \(..., 9\), got \(3, 8\)"),
    (lambda: layer()(torch.tensor(1.0, dtype=F64)), ValueError, r"input must have shape \(..., 9\), got \(\)"),
    (lambda: layer()(drawn(3, 9).float()), TypeError, "input must be torch.float64, as the weights, got torch.float32"),
    (lambda: layer()(np.ones((3, 9))), TypeError, "input must be a tensor, got 'ndarray'"),
    (lambda: layer().half()(drawn(3, 9).half()), TypeError, "values must be float32 or float64 on a CPU, got torch.float16"),
    (lambda: layer().replace(random_pattern(9, 8, 0.1)), ValueError, r"replace: synapses must be 9 x 7, got Csr\(9 x 8"),
    (lambda: layer().replace(3), TypeError, "replace: csr must be a neurosparse.Csr, got 'int'"),
    (lambda: random_pattern(0, 3, 0.1), ValueError, r"tensor.random_pattern: n_in must be in \[1"),
    (lambda: random_pattern(3, 0, 0.1), ValueError, r"tensor.random_pattern: n_out must be in \[1"),
    (lambda: random_pattern(3, 3, 1.1), ValueError, r"density must be in \[0.0, 1.0\], got 1.1"),
])  # fmt: skip
def test_mistakes_are_refused(make, error, match):
    with pytest.raises(error, match=match):
        make()
