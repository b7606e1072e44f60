"""y = x W for a sparse W of trainable values, as operators of PyTorch that compile with fullgraph and train with Adam.

    neurosparse::sparse_linear            x (columns, n_in), values (nnz,) -> y (columns, n_out), report
    neurosparse::sparse_linear_backward   -> dx = g W^T,  dvalues[k] = sum over columns of x[i_k] g[o_k]

How they run, `backend`: on a CPU "csr" and "events" are our kernels (`sparse_cpu`), which give one y, bit for bit;
elsewhere "csr" is torch.sparse and "events" Triton (`sparse_native`). "dense" fills a matrix. "auto" counts what is
active and asks `sparse_choice`. report (3,) int64: the place in BACKENDS of what ran, how many inputs were active (-1:
not counted), and of how many.

PyTorch's own gradient to the values of a CSR matrix is slow, its optimisers refuse such parameters, and its compiler
such tensors; so the values are a plain vector here, and the pattern plain vectors beside it.
"""

import torch
from torch import Tensor

from neurosparse import jit
from neurosparse.tensor import sparse_choice, sparse_cpu, sparse_native
from neurosparse.tensor.sparse_pattern import Pattern

BACKENDS = ("csr", "events", "dense")


@torch.library.custom_op("neurosparse::sparse_linear", mutates_args=())
def product(x: Tensor, values: Tensor, at: list[Tensor], backend: str) -> tuple[Tensor, Tensor]:
    """(y, report); see above. x contiguous, of the type of values."""
    return forward(x, values, Pattern(*at), backend, values.requires_grad)


def forward(x: Tensor, values: Tensor, p: Pattern, backend: str, training: bool = False) -> tuple[Tensor, Tensor]:
    """`product` without the operator around it, which takes longer than one sample of a sparse input."""
    chosen, count = _choose(x, p, backend, training)
    run = sparse_cpu if x.device.type == "cpu" else sparse_native
    y = run.forward(x.detach(), values.detach(), p, chosen)
    return y, torch.tensor([BACKENDS.index(chosen), count, x.numel()])


@product.register_fake
def _(x, values, at, backend):
    return x.new_empty(len(x), len(at[2]) - 1), torch.empty(3, dtype=torch.int64)


@torch.library.custom_op("neurosparse::sparse_linear_backward", mutates_args=())
def gradients(
    g: Tensor, x: Tensor, values: Tensor, report: Tensor, at: list[Tensor], needs: list[bool]
) -> tuple[Tensor, Tensor]:
    """(dx, dvalues); what is not needed is empty."""
    used = BACKENDS[int(report[0])]
    run = sparse_cpu if x.device.type == "cpu" else sparse_native
    return run.backward(g.detach().contiguous(), x.detach(), values.detach(), Pattern(*at), needs, used)


@gradients.register_fake
def _(g, x, values, report, at, needs):
    return torch.empty_like(x) if needs[0] else x.new_empty(0), torch.empty_like(values) if needs[1] else x.new_empty(0)


def _remember(ctx, inputs, output):
    x, values, at, _ = inputs
    ctx.save_for_backward(x, values, output[1], *at)


def _backward(ctx, g, _):
    x, values, report, *at = ctx.saved_tensors
    needs = [bool(need) for need in ctx.needs_input_grad[:2]]
    dx, dvalues = gradients(g, x, values, report, at, needs)
    return dx if needs[0] else None, dvalues if needs[1] else None, [None] * len(at), None


product.register_autograd(_backward, setup_context=_remember)


def _choose(x: Tensor, p: Pattern, backend: str, training: bool) -> tuple[str, int]:
    """What shall run, and how many inputs are active."""
    if backend != "auto":
        return backend, -1
    count = int(_count(x.detach().numpy().reshape(-1)) if x.device.type == "cpu" else torch.count_nonzero(x))
    share = count / max(x.numel(), 1)
    return sparse_choice.choose(x.device.type, p.density, len(x), share, training), count


@jit.kernel
def _count(x):
    total = 0
    for i in range(len(x)):
        total += x[i] != 0
    return total
