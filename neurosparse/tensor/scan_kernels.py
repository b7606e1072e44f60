"""Compiled loops over time for membranes: forward, and the hand-written backward.

    u_t = rise(v_{t-1}, x_t) ;   d_t = (u_t - v_th) / eps ;   z_t = answer(d_t) ;   v_t = z_t to_t + (1 - z_t) u_t
    to_t = v_reset + carry (u_t - v_th)

    "linear"     u = decay v + gain x + drive                  (lif, sigmalif)
    "tropical"   u = eps log(e^((v + log_tau) / eps) + e^(x / eps))     (ultralif)

Backward in time, g_z and g_v the gradients of z_t and v_t, slope = answer'(d) / eps, attached = 0 for a detached reset:

    g_z <- g_z + attached g_v (to - u) ;   g_u = g_z slope + g_v (1 - z + z carry)
    linear:    g_x = g_u gain ,     g_v <- g_u decay ,   g_decay += g_u v
    tropical:  g_x = g_u (1 - p) ,  g_v <- g_u p ,       g_log_tau += g_u p ,   g_eps += g_u H(p) ,
               p = sigmoid((v + log_tau - x) / eps) ,    H(p) = -p log p - (1 - p) log(1 - p)
    both:      g_v_th += -g_z slope - g_v z carry ,      g_eps += -g_z slope d

Arrays are (time, cell), a cell being a neuron of a sample: long rows, whatever the number of neurons. Constants are
(7, cell) in the order of ROWS. A thread works on a share of the cells, and nothing is summed across them: bits do not
depend on threads. No branch stands in an inner loop, so that all of them are vector code.

Source: Minoza, arXiv:2602.11206 (2026), equations 1 and 2, for the membranes; the derivatives are ours.
"""

import math
from functools import cache
from typing import Any

import numpy as np

from neurosparse import jit, ops
from neurosparse.elementary import log1p_series
from neurosparse.jit import shared
from neurosparse.tensor import light
from neurosparse.tensor.surrogate import WIDE, H

ROWS = ("leak", "gain", "drive", "v_th", "v_reset", "carry", "eps")  # leak: decay, or log_tau
LEARNED = ("leak", "v_th", "eps")  # rows of the gradient


@shared(forceinline=True)
def linear(v, x, leak, gain, drive, eps):
    """u."""
    return leak * v + gain * x + drive


@shared(forceinline=True)
def tropical(v, x, leak, gain, drive, eps):
    """u."""
    return ops.logsumexp2(v + leak, x, eps)


@shared(forceinline=True)
def share_linear(v, x, leak, gain, eps):
    """(du/dv, du/dx, du/dleak, du/deps)."""
    return leak, gain, v, eps - eps


@shared(forceinline=True)
def share_tropical(v, x, leak, gain, eps):
    """(du/dv, du/dx, du/dleak, du/deps)."""
    d = (v + leak - x) / eps
    far = abs(d)
    tail = ops.exp(-far)
    less = tail / (eps / eps + tail)
    p = eps / eps - less if d >= 0 else less
    return p, eps / eps - p, p, log1p_series(tail) + far * less


@shared(forceinline=True)
def hard(alpha, over, eps):
    """[over >= 0], over = u - v_th."""
    return alpha / alpha if over >= 0 else alpha - alpha


@shared(forceinline=True)
def soft(alpha, over, eps):
    """sigmoid(alpha over / eps)."""
    return ops.sigmoid(alpha * (over / eps))


def _slopes() -> dict[str, Any]:
    """Surrogate derivatives, as in `surrogate`; numbers keep the type of alpha."""

    @shared(forceinline=True)
    def fast_sigmoid(a, x):
        one = a / a
        return one / ((one + a * abs(x)) * (one + a * abs(x)))

    @shared(forceinline=True)
    def soft_sign(a, x):
        one = a / a
        return a / ((one + one) * (one + a * abs(x)) * (one + a * abs(x)))

    @shared(forceinline=True)
    def atan(a, x):
        y = 0.5 * math.pi * a * x
        return 0.5 * a / (1.0 + y * y)

    @shared(forceinline=True)
    def sigmoid(a, x):
        e, one = light.exp(-abs(a * x)), a / a
        return a * e / ((one + e) * (one + e))

    @shared(forceinline=True)
    def triangle(a, x):
        return max(a - a * a * abs(x), a - a)

    @shared(forceinline=True)
    def exponential(a, x):
        return 0.5 * a * light.exp(-a * abs(x))

    @shared(forceinline=True)
    def erf(a, x):
        return a / math.sqrt(math.pi) * light.exp(-(a * x) * (a * x))

    @shared(forceinline=True)
    def boxcar(a, x):
        return a if abs(x) * a <= 0.5 else a - a

    @shared(forceinline=True)
    def leaky_boxcar(a, x):
        return a if abs(x) * a <= 0.5 else 0.01 * a / a

    @shared(forceinline=True)
    def normal(x, sd):
        return light.exp(-(x * x) / (2.0 * sd * sd)) / (math.sqrt(2.0 * math.pi) * sd)

    @shared(forceinline=True)
    def multi_gaussian(a, x):
        s = 0.5 / a
        sides = normal(x - s, WIDE * s) + normal(x + s, WIDE * s)
        return (1.0 + H) * normal(x, s) - H * sides

    return {f.__name__: f for f in (fast_sigmoid, soft_sign, atan, sigmoid, triangle, exponential, erf, boxcar,
                                    leaky_boxcar, multi_gaussian)}  # fmt: skip


SLOPES = _slopes()
RISE = {"linear": (linear, share_linear), "tropical": (tropical, share_tropical)}


@cache
def forward(membrane: str, how: str):
    """Kernel (x, v, c, alpha, u, z, lo, hi): v (cell,) in place; u, z are filled for cells lo .. hi - 1."""
    rise, answer = RISE[membrane][0], soft if how == "soft" else hard

    def run(x, v, c, alpha, u, z, lo, hi):
        kind, one = x.dtype.type, alpha / alpha
        for t in range(np.uint64(x.shape[0])):
            for i in range(np.uint64(lo), np.uint64(hi)):
                w = kind(rise(v[i], x[t, i], c[0, i], c[1, i], c[2, i], c[6, i]))
                s = kind(answer(alpha, w - c[3, i], c[6, i]))
                v[i] = s * (c[4, i] + c[5, i] * (w - c[3, i])) + (one - s) * w
                u[t, i] = w
                z[t, i] = s

    return jit.kernel(run)


@cache
def backward(membrane: str, how: str, surrogate: str, learned: bool):
    """Kernel (x, v, c, alpha, attached, u, g, gx, gv, gc, lo, hi): gx from g, the gradients of x and z.

    v (cell,): the first state; gv (cell,): gradient of the last state, becomes that of the first; gc (3, cell): that of
    LEARNED is added to, where `learned`.
    """
    share, answer, slope = RISE[membrane][1], soft if how == "soft" else hard, SLOPES[surrogate]

    @shared(forceinline=True)
    def after(c, alpha, i, w):
        """v after u."""
        s = answer(alpha, w - c[3, i], c[6, i])
        return s * (c[4, i] + c[5, i] * (w - c[3, i])) + (alpha / alpha - s) * w

    @shared(forceinline=True)
    def back(before, x, c, alpha, attached, u, g, gx, gv, gc, t, i):
        kind, one = x.dtype.type, alpha / alpha
        w, eps, carry = u[t, i], c[6, i], c[5, i]
        d = (w - c[3, i]) / eps
        s, k = kind(answer(alpha, w - c[3, i], eps)), kind(slope(alpha, d)) / eps
        to_v, to_x, to_leak, to_eps = share(kind(before), x[t, i], c[0, i], c[1, i], eps)
        # what is written is read below all branches: with one between, LLVM's test finds it to overlap itself
        h = gv[i]
        gz = g[t, i] + attached * h * (c[4, i] + carry * (w - c[3, i]) - w)
        gu = gz * k + h * (one - s + s * carry)
        gx[t, i] = gu * to_x
        gv[i] = gu * to_v
        if learned:
            gc[0, i] += gu * to_leak
            gc[1, i] -= gz * k + h * s * carry
            gc[2, i] += gu * to_eps - gz * k * d

    @shared  # a dispatcher in a closure has another cache key in each process
    def row(x, c, alpha, attached, u, g, gx, gv, gc, t, lo, hi):
        jit.stay_apart()  # a loop over falling t around it, and LLVM's test for overlapping arrays fails
        for i in range(np.uint64(lo), np.uint64(hi)):
            before = after(c, alpha, i, u[t - np.uint64(1), i])
            back(before, x, c, alpha, attached, u, g, gx, gv, gc, t, i)

    def run(x, v, c, alpha, attached, u, g, gx, gv, gc, lo, hi):
        for late in range(np.int64(x.shape[0]) - 1):
            row(x, c, alpha, attached, u, g, gx, gv, gc, np.uint64(x.shape[0] - 1 - late), lo, hi)
        for i in range(np.uint64(lo), np.uint64(hi if len(x) else lo)):
            back(v[i], x, c, alpha, attached, u, g, gx, gv, gc, np.uint64(0), i)

    return jit.kernel(run)


@jit.kernel
def leaky(x, v, c, u, lo, hi):
    """u_t = v_t = leak v + gain x + drive, without threshold."""
    for t in range(np.uint64(x.shape[0])):
        for i in range(np.uint64(lo), np.uint64(hi)):
            v[i] = c[0, i] * v[i] + c[1, i] * x[t, i] + c[2, i]
            u[t, i] = v[i]


@jit.apart
def _leaky_row(before, c, g, gx, gv, gc, t, lo, hi):
    jit.stay_apart()
    for i in range(np.uint64(lo), np.uint64(hi)):
        gu = g[t, i] + gv[i]
        gx[t, i] = gu * c[1, i]
        gv[i] = gu * c[0, i]
        gc[0, i] += gu * before[i]


@jit.kernel
def leaky_back(u, v, c, g, gx, gv, gc, lo, hi):
    """gx from g, the gradients of x and u; gv: of the last state, becomes that of the first; gc[0]: of the leak."""
    for late in range(np.int64(u.shape[0])):
        t = np.uint64(u.shape[0] - 1 - late)
        _leaky_row(v if t == 0 else u[t - np.uint64(1)], c, g, gx, gv, gc, t, lo, hi)
