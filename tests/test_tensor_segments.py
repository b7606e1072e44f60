"""Segments on tensors: both ways and the compiled engine give the same whole numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from neurosparse.sdr import Sdr, batch, segments  # noqa: E402
from neurosparse.tensor.segments import Segments  # noqa: E402


def random_table(seed, n_cells=40, n_segments=15):
    draw = np.random.default_rng(seed)
    table, ids = segments.create(segments.init(segments.params(n_cells, 4, 3)), draw.integers(0, n_cells, n_segments))
    for g in ids:
        cells = draw.choice(n_cells, draw.integers(0, 12), replace=False)
        table = segments.add(table, np.full(len(cells), g), cells, draw.uniform(0.3, 0.8, len(cells)))
    return segments.destroy(table, ids[:2])


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_all_three_agree(seed, batch):
    table, draw = random_table(seed), np.random.default_rng(seed + 1)
    module = Segments(table)
    samples = [np.sort(draw.choice(40, draw.integers(0, 25), replace=False)) for _ in range(batch)]
    dense = torch.zeros(batch, 40)
    for row, cells in zip(dense, samples):
        row[cells] = 1
    product, events = module(dense), module(samples)
    for a, b in zip(product, events):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)
    for k, cells in enumerate(samples):
        seen = segments.activity(table, cells)
        assert torch.nonzero(events.active[k]).flatten().tolist() == seen.active.tolist()
        assert torch.nonzero(events.matching[k]).flatten().tolist() == seen.matching.tolist()
        assert events.total[k][seen.matching].tolist() == seen.overlap.tolist()
        assert events.connected[k][seen.active].tolist() == seen.connected_overlap.tolist()


def test_any_type_of_ones():
    module, x = Segments(random_table(0)), torch.zeros(2, 40)
    x[0, :20] = 1
    for kind in (torch.bool, torch.uint8, torch.float64):
        assert torch.equal(module(x.to(kind)).total, module(x).total)


def assert_equal(a, b):
    assert all(one.dtype == other.dtype and torch.equal(one, other.cpu()) for one, other in zip(a, b, strict=True))


KINDS = (torch.bool, torch.uint8, torch.int64, torch.float32, torch.float64)


@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_sparse_inputs_give_the_same(kind):
    module, draw = Segments(random_table(0)), np.random.default_rng(2)
    x = torch.from_numpy(draw.random((6, 40)) < 0.4)
    x[3] = False
    expected, x = module(x), x.to(kind)
    assert int(expected.total.sum()) > 100
    for sparse in (x.to_sparse_coo(), x.to_sparse_csr(), x.to_sparse_csc(), x.to_sparse_bsr((2, 4))):
        for form in (module, module.events, module.matmul):
            assert_equal(form(sparse), expected)
    none = torch.sparse_coo_tensor(
        torch.tensor([[0], [3]]), torch.zeros(1), (1, 40), check_invariants=True
    )  # a stored zero
    assert_equal(module(none), module(torch.zeros(1, 40)))


def test_batches_give_the_same():
    module, dense = Segments(random_table(0)), np.random.default_rng(3).random((6, 40)) < 0.4
    assert_equal(module(batch.from_dense(dense)), module(torch.from_numpy(dense)))
    assert_equal(module(batch.of([], 40)), module(torch.zeros(0, 40)))


TWICE = torch.sparse_coo_tensor(torch.tensor([[0, 0], [1, 1]]), torch.ones(2), (1, 40), check_invariants=True)


@pytest.mark.parametrize("x, message", [
    (torch.zeros(1, 41).to_sparse(), r"events: x must have shape \(batch, 40\), got \(1, 41\)"),
    (torch.full((1, 40), 0.5).to_sparse(), "events: x must hold zeros and ones only, each place once"),
    (TWICE, "x must hold zeros and ones only, each place once"),
    (TWICE.to(torch.bool), "x must hold zeros and ones only, each place once"),
    (torch.sparse_coo_tensor(torch.tensor([[0]]), torch.ones(1, 40), (1, 40), check_invariants=True), "zeros and ones only, each place once"),
    (batch.of([Sdr([1], 41)]), "tensor.Segments.events: the SDRs of the batch must have 40 bits, got 41"),
])  # fmt: skip
def test_sparse_mistakes_are_named(x, message):
    with pytest.raises(ValueError, match=message):
        Segments(random_table(0))(x)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_the_same_on_a_device():
    here, there = Segments(random_table(1)), Segments(random_table(1)).to("cuda")
    x = (torch.rand(5, 40) < 0.4).float()
    samples = [torch.nonzero(row).flatten().numpy() for row in x]
    for a, b in ((here(x), there(x.to("cuda"))), (here(samples), there(samples)),
                 (here(x), there(x.to("cuda").to_sparse_coo())), (here(x), there(x.to("cuda").to_sparse_csr())),
                 (here(x), there(x.to_sparse_coo())), (here(x), there(batch.from_dense(x.numpy())))):  # fmt: skip
        assert all(torch.equal(one, other.cpu()) for one, other in zip(a, b))


def test_mistakes_are_named():
    module = Segments(random_table(0))
    with pytest.raises(TypeError, match="table must be sdr.segments.Segments"):
        Segments(3)
    with pytest.raises(ValueError, match="x must have shape \\(batch, 40\\)"):
        module(torch.zeros(2, 41))
    with pytest.raises(ValueError, match="zeros and ones only"):
        module(torch.full((1, 40), 0.5))
    with pytest.raises(ValueError, match="cells must ascend"):
        module([[2, 1]])
    with pytest.raises(ValueError, match="tensor.Segments.events: cells must have 40 bits, got 41"):
        module.events([Sdr([1], 41)])
    assert torch.equal(module.events([Sdr([1, 4], 40)]).total, module.events([[1, 4]]).total)
