"""Compiled loops over time for neurons that diffuse (`ultra_graph`): forward, and the hand-written backward.

    L_i = eps log sum_k a_ik e^(w_j(i,k) / eps) ,   p_ik = a_ik e^((w_j(i,k) - L_i) / eps) ,   sum_k p_ik = 1
    late ("code"):  w = tau0 v + x ,  u = L ,      v <- z v_reset + (1 - z) w
    else:           w = v ,           u = L + x ,  v <- z v_reset + (1 - z) u          z = answer((u - v_th) / eps)

Backward in time, g_z and g_v the gradients of z and of v after the step, d = (u - v_th) / eps, kept = w if late, else
u, slope = answer'(d) / eps:

    g_z <- g_z + attached g_v (v_reset - kept) ;   g_u = g_z slope (+ g_v (1 - z) but for late) ;   g_w = sum p^T g_u
    g_eps += g_u sum_k p_k (L - w_k) / eps - g_z slope d
    late:  g_w += g_v (1 - z) ,  g_x = g_w ,  g_v <- tau0 g_w ,  g_tau0 += g_w v        else:  g_x = g_u ,  g_v <- g_w

Inner loops are functions of their own (`stay_apart`), or LLVM takes their arrays to overlap; those in a closure are
`shared`, as Numba's cache does not know a compiled function again. A thread works on a share of the samples, and
nothing is summed across them: bits do not depend on threads or batch.

Source: Minoza, arXiv:2602.11206 (2026), definition 4.2, for the membranes; the derivatives are ours.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from neurosparse import jit
from neurosparse.elementary import exponent, log_series
from neurosparse.jit import shared
from neurosparse.tensor import light
from neurosparse.tensor.scan_kernels import SLOPES, hard, soft
from neurosparse.tensor.shared_work import spread
from neurosparse.tensor.surrogate import Spikes

ROWS = ("tau0", "eps", "v_th", "v_reset")
COST = 4.0  # steps of work, as `spread` counts them, for one neighbour in one step


class Graph(NamedTuple):
    """Who hears whom: (k, n) arrays."""

    near: np.ndarray  # int64
    share: np.ndarray  # a, in the type of the membranes; 0 where the table is filled up


def scan(x: torch.Tensor, v: torch.Tensor, constants: tuple, graph: Graph, late: bool, mode: Spikes):
    """(z (time, batch, n), last v (batch, n)) for inputs x, first v, and ROWS, one number or (n,) tensor each.

    Gradients reach x, v, tau0 and eps.
    """
    like = {"dtype": x.dtype, "device": x.device}
    rows = [torch.as_tensor(value, **like).expand(x.shape[2]) for value in constants]
    fixed = torch.stack([row.detach() for row in rows])
    return _Scan.apply(x, v, rows[0], rows[1], fixed, graph, late, mode)


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, v, tau0, eps, fixed, graph, late, mode):
        x, last, rows = x.detach().contiguous(), v.detach().clone(memory_format=torch.contiguous_format), fixed.numpy()
        w, level, z = (torch.empty_like(x) for _ in range(3))
        run = forward_kernel(late, mode.how == "soft")
        args = (x.numpy(), last.numpy(), *graph, rows, rows.dtype.type(mode.alpha), w.numpy(), level.numpy(), z.numpy())
        spread(run, args, x.shape[1], COST * x.numel() * len(graph.near))
        ctx.save_for_backward(x, v, w, level, fixed)
        ctx.graph, ctx.late, ctx.mode = graph, late, mode
        return z, last

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        x, v, w, level, fixed = ctx.saved_tensors
        rows, mode, kind = fixed.numpy(), ctx.mode, fixed.numpy().dtype.type
        g, gv = (part.clone(memory_format=torch.contiguous_format) for part in grad_outputs)
        gc = np.zeros((2, x.shape[1], x.shape[2]), rows.dtype)
        run = backward_kernel(ctx.late, mode.how == "soft", mode.surrogate)
        attached = kind(0.0 if mode.detach_reset else 1.0)
        args = (x.numpy(), v.detach().contiguous().numpy(), *ctx.graph, rows, kind(mode.alpha), attached, w.numpy(),
                level.numpy(), g.numpy(), gv.numpy(), gc)  # fmt: skip
        spread(run, args, x.shape[1], 2.0 * COST * x.numel() * len(ctx.graph.near))
        sums: Any = torch.from_numpy(gc.sum(axis=1))
        return g, gv, sums[0], sums[1], None, None, None, None


@jit.apart
def hear(w, near, heard):
    """heard (k, n) = w of the neighbours: read first, as no compiler takes scattered reads and arithmetic together."""
    jit.stay_apart()
    for k in range(np.uint64(near.shape[0])):
        for i in range(np.uint64(near.shape[1])):
            heard[k, i] = w[np.uint64(near[k, i])]


@jit.apart
def send(heard, near, w):
    """w of the neighbours += heard: the way back."""
    jit.stay_apart()
    for k in range(np.uint64(near.shape[0])):
        for i in range(np.uint64(near.shape[1])):
            w[np.uint64(near[k, i])] += heard[k, i]


@jit.apart
def highest(heard, k, top):
    """top = max(top, heard_k)."""
    jit.stay_apart()
    for i in range(np.uint64(top.shape[0])):
        top[i] = max(top[i], heard[k, i])


@jit.apart
def add(heard, share, k, top, c, total):
    """total += share_k e^((heard_k - top) / eps)."""
    jit.stay_apart()
    for i in range(np.uint64(top.shape[0])):
        total[i] += share[k, i] * light.exp((heard[k, i] - top[i]) / c[1, i])


@jit.apart
def raise_(top, total, c):
    """total = top + eps log total."""
    jit.stay_apart()
    for i in range(np.uint64(top.shape[0])):
        k, m = exponent(np.float64(total[i]))
        total[i] = top[i] + c[1, i] * log_series(k, m)


@shared
def levels(near, share, c, w, heard, top, total):
    """total = L of w; all (n,), but heard (k, n), which is room for the work, as is top."""
    n, zero = np.uint64(w.shape[0]), w.dtype.type(0)
    for i in range(n):
        top[i] = w[i]
        total[i] = zero
    hear(w, near, heard)
    for k in range(np.uint64(near.shape[0])):
        highest(heard, k, top)
    for k in range(np.uint64(near.shape[0])):
        add(heard, share, k, top, c, total)
    raise_(top, total, c)


@cache
def forward_kernel(late: bool, softly: bool):
    """Kernel (x, v, near, share, c, alpha, w, level, z, lo, hi): v in place; fills w, L, z of samples lo to hi - 1."""
    answer = soft if softly else hard

    @shared
    def begin(x, v, c, w, t, b, now):
        jit.stay_apart()
        for i in range(np.uint64(now.shape[0])):
            now[i] = c[0, i] * v[b, i] + x[t, b, i] if late else v[b, i]
            w[t, b, i] = now[i]

    @shared
    def end(x, v, c, alpha, now, total, level, z, t, b):
        jit.stay_apart()
        kind, one = x.dtype.type, alpha / alpha
        for i in range(np.uint64(now.shape[0])):
            u = total[i] if late else total[i] + x[t, b, i]
            s = kind(answer(alpha, u - c[2, i], c[1, i]))
            v[b, i] = s * c[3, i] + (one - s) * (now[i] if late else u)
            z[t, b, i] = s
            level[t, b, i] = total[i]

    def run(x, v, near, share, c, alpha, w, level, z, lo, hi):
        n = x.shape[2]
        now, top, total, heard = (np.empty(n, x.dtype), np.empty(n, x.dtype), np.empty(n, x.dtype),
                                  np.empty(near.shape, x.dtype))  # fmt: skip
        for b in range(np.uint64(lo), np.uint64(hi)):
            for t in range(np.uint64(x.shape[0])):
                begin(x, v, c, w, t, b, now)
                levels(near, share, c, now, heard, top, total)
                end(x, v, c, alpha, now, total, level, z, t, b)

    return jit.kernel(run)


@cache
def backward_kernel(late: bool, softly: bool, surrogate: str):
    """Kernel (x, v, near, share, c, alpha, attached, w, level, g, gv, gc, lo, hi).

    g: gradient of z, becomes that of x; gv: of the last state, becomes that of the first, v; gc (2, batch, n): those of
    tau0 and eps are added to.
    """
    answer, slope = soft if softly else hard, SLOPES[surrogate]

    @shared
    def begin(x, w, level, c, alpha, attached, g, gv, gw, gu, gc, t, b):
        """gu of what met the threshold; gw of what was spread, as far as it went past the threshold."""
        jit.stay_apart()
        kind, one = x.dtype.type, alpha / alpha
        for i in range(np.uint64(gu.shape[0])):
            u, h, eps = level[t, b, i] if late else level[t, b, i] + x[t, b, i], gv[b, i], c[1, i]
            kept, over = w[t, b, i] if late else u, u - c[2, i]
            s, steep = kind(answer(alpha, over, eps)), kind(slope(alpha, over / eps)) / eps
            gz = (g[t, b, i] + attached * h * (c[3, i] - kept)) * steep
            gw[i] = h * (one - s) if late else one - one
            gu[i] = gz if late else gz + h * (one - s)
            gc[1, b, i] -= gz * (over / eps)

    @shared
    def share_out(heard, level, share, k, c, gu, gc, t, b):
        """heard_k becomes what goes back to the neighbours k."""
        jit.stay_apart()
        for i in range(np.uint64(gu.shape[0])):
            far = (heard[k, i] - level[t, b, i]) / c[1, i]
            part = gu[i] * share[k, i] * light.exp(far)
            gc[1, b, i] -= part * far
            heard[k, i] = part

    @shared
    def end(v, w, level, c, alpha, g, gv, gw, gu, gc, t, b):
        """Gradients of x and of v before the step."""
        jit.stay_apart()
        kind, one = c.dtype.type, alpha / alpha
        for i in range(np.uint64(gu.shape[0])):
            g[t, b, i] = gw[i] if late else gu[i]
            gv[b, i] = c[0, i] * gw[i] if late else gw[i]
        if late and t > 0:
            last = t - np.uint64(1)
            for i in range(np.uint64(gu.shape[0])):
                s = kind(answer(alpha, level[last, b, i] - c[2, i], c[1, i]))
                gc[0, b, i] += gw[i] * (s * c[3, i] + (one - s) * w[last, b, i])
        elif late:
            for i in range(np.uint64(gu.shape[0])):
                gc[0, b, i] += gw[i] * v[b, i]

    def run(x, v, near, share, c, alpha, attached, w, level, g, gv, gc, lo, hi):
        n = x.shape[2]
        gw, gu, now, heard = (np.empty(n, x.dtype), np.empty(n, x.dtype), np.empty(n, x.dtype),
                              np.empty(near.shape, x.dtype))  # fmt: skip
        for b in range(np.uint64(lo), np.uint64(hi)):
            for past in range(np.int64(x.shape[0])):
                t = np.uint64(x.shape[0] - 1 - past)
                for i in range(np.uint64(n)):
                    now[i] = w[t, b, i]
                hear(now, near, heard)
                begin(x, w, level, c, alpha, attached, g, gv, gw, gu, gc, t, b)
                for k in range(np.uint64(near.shape[0])):
                    share_out(heard, level, share, k, c, gu, gc, t, b)
                send(heard, near, gw)
                end(v, w, level, c, alpha, g, gv, gw, gu, gc, t, b)

    return jit.kernel(run)
