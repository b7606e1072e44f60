"""A filled weight matrix for inputs that are mostly zero: a linear layer that looks up rows in place of multiplying.

    forward     y[r] = b + sum_i x[r, i] W[:, i]     over the i with x[r, i] != 0, ascending
    to weights  dW[:, i] = sum_r x[r, i] g[r]        over the r with x[r, i] != 0, ascending

r runs over time and batch. One look at x lists its events; backward keeps the list, not x. Cost: n_out sums an event,
where the product takes n_in n_out for each r. `auto` takes the product where more than SHARE of x is not zero.

Bits do not depend on threads or batch: forward, a row r is the work of one thread; backward, an output unit.
"""

import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable

from neurosparse import check, jit
from neurosparse.tensor import pages
from neurosparse.tensor.shared_work import spread

BACKENDS = ("auto", "events", "dense")
SHARE = 0.2  # an event costs about four times what its part of the product costs
ONE = np.uint64(1)


class EventLinear(nn.Linear):
    """`torch.nn.Linear`, the same parameters and maths, by events where the input is sparse enough.

    x (..., n_in) float32 or float64 on the CPU, else the plain product is taken; `used` says which ran last, `activity`
    the share of x that was not zero. Raises ValueError for unknown backends, and where "events" can not run.
    """

    def __init__(self, n_in: int, n_out: int, bias: bool = True, backend: str = "auto"):
        super().__init__(check.integer("tensor.EventLinear", "n_in", n_in, 1),
                         check.integer("tensor.EventLinear", "n_out", n_out, 1), bias)  # fmt: skip
        self.backend = check.one_of("tensor.EventLinear", "backend", backend, BACKENDS)
        self.used, self.activity = "", float("nan")

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """y (..., n_out)."""
        found = None if self.backend == "dense" else self._events(input)
        self.used = "dense" if found is None else "events"
        if found is None:
            return super().forward(input)
        return _Product.apply(input, self.weight, self.bias, found)  # type: ignore[return-value]

    def _events(self, x: torch.Tensor):
        """(edges, ids, values) of what is not zero in x, or None where the product is to be taken."""
        wrong = _why_not(x, self.weight)
        if wrong and self.backend == "events":
            check.fail("tensor.EventLinear", "events must be able to run", wrong, 'take backend="auto"')
        if wrong or x.shape[-1] != self.in_features:  # a wrong shape: torch says so
            return None
        found = listed(x)
        self.activity = len(found[1]) / max(x.numel(), 1)
        return found if self.backend == "events" or self.activity <= SHARE else None


def _why_not(x: torch.Tensor, weight: torch.Tensor) -> str:
    if torch.compiler.is_compiling():
        return "torch.compile"
    if x.device.type != "cpu" or x.dtype not in (torch.float32, torch.float64) or x.dtype != weight.dtype:
        return f"input {x.dtype} on {x.device}, weights {weight.dtype}"
    return ""


def listed(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(edges (rows + 1,), ids (k,), values (k,)): row r of x (..., n_in) holds values at ids[edges[r]:edges[r + 1]]."""
    flat = x.detach().contiguous().reshape(-1, x.shape[-1]).numpy()
    rows = len(flat)
    edges = np.zeros(rows + 1, np.int64)
    spread(_count, (flat, edges), rows, 0.1 * flat.size)
    np.cumsum(edges, out=edges)
    ids, values = np.empty(edges[-1], np.int32), np.empty(edges[-1], flat.dtype)
    spread(_list, (flat, edges, ids, values), rows, 0.3 * flat.size)
    return edges, ids, values


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, found):
        n_out = len(weight)
        turned = weight.detach().t().contiguous().numpy()
        start = np.zeros(n_out, turned.dtype) if bias is None else bias.detach().numpy()
        y = pages.empty((*x.shape[:-1], n_out), x.dtype)
        rows = len(found[0]) - 1
        spread(_forward, (*found, turned, start, y.view(rows, n_out).numpy()), rows, 0.1 * n_out * len(found[1]))
        ctx.save_for_backward(weight)
        ctx.found, ctx.biased = found, bias is not None
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        (weight,) = ctx.saved_tensors
        n_out, n_in = weight.shape
        g = grad_outputs[0].contiguous()
        dx = dw = db = None
        if ctx.needs_input_grad[0]:
            dx = g @ weight
        if ctx.needs_input_grad[1]:
            turned = np.zeros((n_in, n_out), ctx.found[2].dtype)
            flat = g.reshape(-1, n_out).numpy()
            spread(_to_weights, (*ctx.found, flat, turned), n_out, 0.1 * n_out * len(ctx.found[1]))
            dw = torch.from_numpy(turned.T)
        if ctx.biased and ctx.needs_input_grad[2]:
            db = g.reshape(-1, n_out).sum(0)
        return dx, dw, db, None


@jit.kernel
def _count(x, edges, first, last):
    """edges[r + 1]: how many of x[r] are not zero."""
    for r in range(np.uint64(first), np.uint64(last)):
        k = np.int32(0)
        for i in range(np.uint64(x.shape[1])):
            k += np.int32(x[r, i] != 0)
        edges[r + ONE] = k


@jit.kernel
def _list(x, edges, ids, values, first, last):
    """ids and values of what is not zero; without a branch, for which inputs are too irregular."""
    found = np.empty(x.shape[1] + 1, np.int32)
    for r in range(np.uint64(first), np.uint64(last)):
        k = np.uint64(0)
        for i in range(np.uint64(x.shape[1])):
            found[k] = i
            k += np.uint64(x[r, i] != 0)
        begin = np.uint64(edges[r])
        for e in range(k):
            ids[begin + e] = found[e]
            values[begin + e] = x[r, np.uint64(found[e])]


@jit.kernel
def _forward(edges, ids, values, w, start, y, first, last):
    """y[r] for rows r in [first, last); w (n_in, n_out). Four events at a time, one sum after the other."""
    four, n = np.uint64(4), np.uint64(y.shape[1])
    for r in range(np.uint64(first), np.uint64(last)):
        for o in range(n):
            y[r, o] = start[o]
        e, end = np.uint64(edges[r]), np.uint64(edges[r + ONE])
        while e + four <= end:
            i, j = np.uint64(ids[e]), np.uint64(ids[e + ONE])
            k, m = np.uint64(ids[e + ONE + ONE]), np.uint64(ids[e + four - ONE])
            a, b, c, d = values[e], values[e + ONE], values[e + ONE + ONE], values[e + four - ONE]
            for o in range(n):
                y[r, o] = (((y[r, o] + a * w[i, o]) + b * w[j, o]) + c * w[k, o]) + d * w[m, o]
            e += four
        while e < end:
            i, a = np.uint64(ids[e]), values[e]
            for o in range(n):
                y[r, o] += a * w[i, o]
            e += ONE


@jit.kernel
def _to_weights(edges, ids, values, g, dw, first, last):
    """dw[:, o] for output units o in [first, last), added to what is there; g (rows, n_out), dw (n_in, n_out)."""
    for r in range(np.uint64(g.shape[0])):
        for e in range(np.uint64(edges[r]), np.uint64(edges[r + ONE])):
            i, a = np.uint64(ids[e]), values[e]
            for o in range(np.uint64(first), np.uint64(last)):
                dw[i, o] += a * g[r, o]
