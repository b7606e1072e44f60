"""A membrane over all time steps on a GPU: the equations of `scan_kernels`, one Triton program for a block of cells.

The loop over time runs inside the program, the state stays in registers, and what the next step needs is loaded one
step ahead. Numbers are those of `scan_kernels` up to rounding; a cell's bits do not depend on the batch.

Needs Triton, and a GPU or TRITON_INTERPRET=1, under which the same kernels run on tensors of the CPU.
"""

import math

import torch
import triton  # pyright: ignore[reportMissingImports]
import triton.language as tl  # pyright: ignore[reportMissingImports]
from torch.autograd.function import once_differentiable

from neurosparse.tensor import surrogate
from neurosparse.tensor.scan import Membrane, rows_of
from neurosparse.tensor.surrogate import Spikes

BLOCK = 128  # cells of a program
PI = tl.constexpr(math.pi)
H = tl.constexpr(surrogate.H)
WIDE = tl.constexpr(surrogate.WIDE)
LEAK = tl.constexpr(surrogate.LEAK)


def scan(x: torch.Tensor, v: torch.Tensor, membrane: Membrane, mode: Spikes) -> tuple[torch.Tensor, torch.Tensor]:
    """As `scan.scan`."""
    rows = rows_of(x, membrane)
    fixed = torch.stack([row.detach() for row in rows])
    return _Scan.apply(x, v, rows[0], rows[3], rows[6], fixed, membrane.kind, mode)  # type: ignore[return-value]


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, v, _leak, _v_th, _eps, fixed, kind, mode):
        x, v = x.detach().contiguous(), v.detach().contiguous()
        u, last = torch.empty_like(x), v.clone()
        z = u if kind == "leaky" else torch.empty_like(u)
        steps, cells, n = len(x), v.numel(), x.shape[2]
        if steps and cells:
            _forward[_grid(cells)](  # type: ignore
                x, v, fixed, u, z, last, steps, x.numel(), cells, n, kind, mode.how, mode.alpha, BLOCK
            )
        ctx.save_for_backward(x if kind == "tropical" else u, v, u, fixed)
        ctx.kind, ctx.mode = kind, mode
        return z, last

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        x, v, u, fixed = ctx.saved_tensors
        learned = any(ctx.needs_input_grad[2:5])
        g, g_last = (grad.contiguous() for grad in grad_outputs)
        gx, gv = torch.empty_like(u), g_last.clone()
        sums = u.new_zeros(3, *(v.shape if learned else (1,)))
        steps, cells, n, mode = len(u), v.numel(), u.shape[2], ctx.mode
        if steps and cells:
            _backward[_grid(cells)](  # type: ignore
                x, v, fixed, u, g, g_last, gx, gv, sums, steps, u.numel(), cells, n, ctx.kind, mode.how, mode.surrogate,
                mode.alpha, not mode.detach_reset, learned, BLOCK,
            )  # fmt: skip
        grads = list(sums.sum(dim=1)) if learned else [None, None, None]
        return gx, gv, *grads, None, None, None


def _grid(cells: int) -> tuple[int]:
    return (triton.cdiv(cells, BLOCK),)


@triton.jit
def _log1p(y):
    """log1p(y) for 0 <= y <= 1, as in `elementary`."""
    q = y / (2.0 + y)
    w = q * q
    total = w * 0.0 + 1.0 / 33.0
    for k in tl.static_range(0, 16):
        total = total * w + 1.0 / (31.0 - 2.0 * k)
    return 2.0 * q * total


@triton.jit
def _sigmoid(x):
    e = tl.exp(-tl.abs(x))
    return tl.where(x >= 0, 1.0, e) / (1.0 + e)


@triton.jit
def _normal(x, sd):
    return tl.exp(-(x * x) / (2.0 * sd * sd)) * (0.3989422804014327 / sd)


@triton.jit
def _rise(kind: tl.constexpr, v, x, leak, gain, drive, eps):
    """u."""
    if kind == "tropical":
        a = v + leak
        u = tl.maximum(a, x) + eps * _log1p(tl.exp(-tl.abs(a - x) / eps))
    else:
        u = leak * v + gain * x + drive
    return u


@triton.jit
def _answer(how: tl.constexpr, alpha: tl.constexpr, over, eps):
    """z of over = u - v_th."""
    if how == "soft":
        z = _sigmoid(alpha * (over / eps))
    else:
        z = tl.where(over >= 0, 1.0, 0.0).to(over.dtype)
    return z


@triton.jit
def _after(how: tl.constexpr, alpha: tl.constexpr, u, v_th, v_reset, carry, eps):
    """(z, v) after u."""
    z = _answer(how, alpha, u - v_th, eps)
    return z, z * (v_reset + carry * (u - v_th)) + (1.0 - z) * u


@triton.jit
def _slope(name: tl.constexpr, a: tl.constexpr, x):
    """The surrogate's derivative, as in `surrogate`."""
    r = tl.abs(x)
    if name == "fast_sigmoid":
        k = 1.0 / ((1.0 + a * r) * (1.0 + a * r))
    elif name == "soft_sign":
        k = a / (2.0 * (1.0 + a * r) * (1.0 + a * r))
    elif name == "atan":
        y = 0.5 * PI * a * x
        k = 0.5 * a / (1.0 + y * y)
    elif name == "sigmoid":
        e = tl.exp(-a * r)
        k = a * e / ((1.0 + e) * (1.0 + e))
    elif name == "triangle":
        k = tl.maximum(a - a * a * r, 0.0)
    elif name == "exponential":
        k = 0.5 * a * tl.exp(-a * r)
    elif name == "erf":
        k = a * 0.5641895835477563 * tl.exp(-(a * x) * (a * x))
    elif name == "boxcar":
        k = tl.where(r * a <= 0.5, 0.0 * r + a, 0.0)
    elif name == "leaky_boxcar":
        k = tl.where(r * a <= 0.5, 0.0 * r + a, LEAK)
    else:
        tl.static_assert(name == "multi_gaussian")
        s: tl.constexpr = 0.5 / a
        k = (1.0 + H) * _normal(x, s) - H * (_normal(x - s, WIDE * s) + _normal(x + s, WIDE * s))
    return k


@triton.jit
def _constants(c, n, i, there):
    at = c + i % n
    leak = tl.load(at, mask=there, other=0.0)
    gain = tl.load(at + n, mask=there, other=0.0)
    drive = tl.load(at + 2 * n, mask=there, other=0.0)
    v_th = tl.load(at + 3 * n, mask=there, other=0.0)
    v_reset = tl.load(at + 4 * n, mask=there, other=0.0)
    carry = tl.load(at + 5 * n, mask=there, other=0.0)
    return leak, gain, drive, v_th, v_reset, carry, tl.load(at + 6 * n, mask=there, other=1.0)


@triton.jit
def _forward(x, v, c, u, z, last, steps, end, cells, n, kind: tl.constexpr, how: tl.constexpr,
             alpha: tl.constexpr, block: tl.constexpr):  # fmt: skip
    i = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    there = i < cells
    leak, gain, drive, v_th, v_reset, carry, eps = _constants(c, n, i, there)
    now_v = tl.load(v + i, mask=there, other=0.0)
    at = i
    now = tl.load(x + at, mask=there, other=0.0)
    for _ in range(0, steps):
        ahead = tl.load(x + at + cells, mask=there & (at + cells < end), other=0.0)
        w = _rise(kind, now_v, now, leak, gain, drive, eps)
        tl.store(u + at, w, mask=there)
        if kind == "leaky":
            now_v = w
        else:
            s, now_v = _after(how, alpha, w, v_th, v_reset, carry, eps)
            tl.store(z + at, s, mask=there)
        now = ahead
        at += cells
    tl.store(last + i, now_v, mask=there)


@triton.jit
def _backward(x, v, c, u, g, g_last, gx, gv, sums, steps, end, cells, n, kind: tl.constexpr, how: tl.constexpr,
              name: tl.constexpr, alpha: tl.constexpr, attached: tl.constexpr, learned: tl.constexpr,
              block: tl.constexpr):  # fmt: skip
    i = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    there = i < cells
    leak, gain, _, v_th, v_reset, carry, eps = _constants(c, n, i, there)
    first = tl.load(v + i, mask=there, other=0.0)
    h = tl.load(g_last + i, mask=there, other=0.0)
    at = i + (end - cells)
    w = tl.load(u + at, mask=there, other=0.0)
    to_leak, to_th, to_eps = h * 0.0, h * 0.0, h * 0.0
    for _ in range(0, steps):
        earlier = at >= cells
        w_before = tl.load(u + at - cells, mask=there & earlier, other=0.0)
        gz = tl.load(g + at, mask=there, other=0.0)
        if kind == "leaky":
            before = tl.where(earlier, w_before, first)
            gu = gz + h
        else:
            _, v_before = _after(how, alpha, w_before, v_th, v_reset, carry, eps)
            before = tl.where(earlier, v_before, first)
            over = w - v_th
            s = _answer(how, alpha, over, eps)
            k = _slope(name, alpha, over / eps) / eps
            if attached:
                gz += h * (v_reset + carry * over - w)
            gu = gz * k + h * (1.0 - s + s * carry)
            if learned:
                to_th -= gz * k + h * s * carry
                to_eps -= gz * k * (over / eps)
        if kind == "tropical":
            d = (before + leak - tl.load(x + at, mask=there, other=0.0)) / eps
            tail = tl.exp(-tl.abs(d))
            less = tail / (1.0 + tail)
            p = tl.where(d >= 0, 1.0 - less, less)
            tl.store(gx + at, gu * (1.0 - p), mask=there)
            h = gu * p
            if learned:
                to_leak += gu * p
                to_eps += gu * (_log1p(tail) + tl.abs(d) * less)
        else:
            tl.store(gx + at, gu * gain, mask=there)
            h = gu * leak
            if learned:
                to_leak += gu * before
        w = w_before
        at -= cells
    tl.store(gv + i, h, mask=there)
    if learned:
        tl.store(sums + i, to_leak, mask=there)
        tl.store(sums + cells + i, to_th, mask=there)
        tl.store(sums + 2 * cells + i, to_eps, mask=there)
