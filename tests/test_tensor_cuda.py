"""On a CUDA device: the Triton scan against the CPU's, cells that choose it, and the event kernels. Skips without one."""

import importlib.util

import pytest

torch = pytest.importorskip("torch")

from neurosparse.tensor import Cell, sparse_ops, sparse_pattern, spikes  # noqa: E402
from neurosparse.tensor.event_linear import EventLinear  # noqa: E402
from neurosparse.tensor.sparse_linear import random_pattern  # noqa: E402
from tests import scan_cases  # noqa: E402

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
needs_triton = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")
SHAPES = ((20, 3, 50), (1, 1, 1), (0, 2, 3), (2, 0, 3), (33, 16, 129))


@needs_triton
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_triton_scan_is_that_of_the_cpu(dtype):
    from neurosparse.tensor import scan_triton

    scan_cases.compare(scan_triton.scan, "cuda", SHAPES, (dtype,), learned=(True, False))


def trained(name, params, learn, device, backend="auto"):
    """Outputs and gradients of a cell, and the backend that ran."""
    cell = Cell(name, 5, params, learn=learn, spikes=spikes("hard", "atan"), backend=backend).double().to(device)
    x = (0.3 + 0.6 * scan_cases.noise("cell", (12, 4, 5), torch.float64)).to(device).requires_grad_()
    z, state = cell.scan(x)
    (z.sum() + state[0].square().sum()).backward()
    gradients = [value.grad for value in (x, *cell.parameters()) if value.grad is not None]
    return [value.detach().cpu() for value in (z, *state, *gradients)], cell.used


CELLS = [("lif", {"tau_mem": 8.0, "v_th": 1.0}, ("decay", "v_th")), ("ultralif", {"v_th": 0.4}, ("log_tau", "eps")),
         ("lif_exp", {"tau_mem": 8.0, "v_th": 0.5}, ("decay",)), ("li", {"tau_mem": 8.0}, ("decay",)),
         ("alif", {"v_th": 0.4}, ())]  # fmt: skip


@pytest.mark.parametrize("name, params, learn", CELLS)
def test_cells_on_the_device_are_those_of_the_cpu(name, params, learn):
    there, used = trained(name, params, learn, "cuda")
    compiled = name != "alif" and importlib.util.find_spec("triton") is not None
    assert used == ("triton" if compiled else "torch")
    here, _ = trained(name, params, learn, "cpu", "torch")
    for a, b in zip(there, here):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


@needs_triton
def test_event_kernels_on_the_device_are_those_of_the_cpu():
    p = sparse_pattern.pattern(random_pattern(20, 300, 0.6))
    v = torch.arange(len(p.indices)).remainder(9).float() - 4
    x, g = (torch.arange(100).reshape(5, 20) % 3 == 0).float(), (torch.arange(1500).reshape(5, 300) % 7).float() - 3
    y, report = sparse_ops.forward(x, v, p, "events")
    there = type(p)(*[part.cuda() for part in p])
    far, far_report = sparse_ops.forward(x.cuda(), v.cuda(), there, "events")
    assert torch.equal(far.cpu(), y)  # whole numbers: every order of adding is exact
    ours = sparse_ops.gradients(g, x, v, report, list(p), [True, True])
    theirs = sparse_ops.gradients(g.cuda(), x.cuda(), v.cuda(), far_report, list(there), [True, True])
    assert all(torch.equal(a, b.cpu()) for a, b in zip(ours, theirs))


def test_event_layers_say_that_they_multiply_there():
    layer = EventLinear(6, 4).cuda()
    layer(torch.zeros(2, 3, 6, device="cuda"))
    assert layer.used == "dense"
