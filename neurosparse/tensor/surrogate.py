"""Spikes with a derivative: how a threshold answers, forward and backward, on tensors.

    how = "hard"   z = [x >= 0]           backward: the surrogate's g'(x)
    how = "soft"   z = g(x) = sigmoid(alpha x)     backward: its own derivative, so the gradient is exact
    how = "ste"    z = [x >= 0]           backward: that of "soft" (straight through)

x = distance to the threshold, in units of the model (mV, or of eps for the soft models). Derivatives g'(x), alpha > 0:

    fast_sigmoid   1 / (1 + alpha |x|)^2                      Zenke & Ganguli, Neural Computation 30 (2018) 1514
    soft_sign      alpha / (2 (1 + |alpha x|)^2)
    atan           alpha / (2 (1 + (pi alpha x / 2)^2))       Fang et al., ICCV 2021
    sigmoid        alpha s (1 - s) ,  s = sigmoid(alpha x)
    triangle       max(0, alpha - alpha^2 |x|)                Bellec et al., NeurIPS 2018; Esser et al., PNAS 2016
    exponential    (alpha / 2) exp(-alpha |x|)                Shrestha & Orchard, NeurIPS 2018
    erf            (alpha / sqrt(pi)) exp(-(alpha x)^2)
    boxcar         alpha where |x| <= 1 / (2 alpha), else 0
    leaky_boxcar   alpha where |x| <= 1 / (2 alpha), else 0.01
    multi_gaussian (1 + h) N(x; 0, s) - h N(x; s, 6 s) - h N(x; -s, 6 s) ,  h = .15, s = 1 / (2 alpha)
                                                              Yin, Corradi & Bohte, Nat. Mach. Intell. 3 (2021) 905
The integral of g' is 1 for soft_sign, atan, sigmoid, triangle, exponential, erf, boxcar; 2 / alpha for fast_sigmoid.
"""

import math
import threading
from typing import NamedTuple

import torch

from neurosparse import check

HOW = ("hard", "soft", "ste")
ALPHA = {
    "fast_sigmoid": 25.0, "soft_sign": 2.0, "atan": 2.0, "sigmoid": 4.0, "triangle": 1.0, "exponential": 1.0,
    "erf": 2.0, "boxcar": 1.0, "leaky_boxcar": 1.0, "multi_gaussian": 1.0,
}  # fmt: skip
NAMES = tuple(ALPHA)
LEAK = 0.01
H, WIDE = 0.15, 6.0


class Spikes(NamedTuple):
    """How thresholds answer: see the module. detach_reset: the reset takes z as a constant backward."""

    how: str = "hard"
    surrogate: str = "fast_sigmoid"
    alpha: float = 25.0
    detach_reset: bool = False


def spikes(how: str = "hard", surrogate: str | None = None, alpha: float | None = None, detach_reset: bool = False):
    """A checked Spikes; alpha: the surrogate's own default where not given, 1 for "soft" and "ste".

    Raises ValueError for unknown names and alpha <= 0, TypeError for other types.
    """
    owner = "tensor.spikes"
    check.one_of(owner, "how", how, HOW)
    if how == "hard":
        surrogate = surrogate or "fast_sigmoid"
        check.one_of(owner, "surrogate", surrogate, NAMES)
    elif surrogate not in (None, "sigmoid"):
        check.fail(owner, f'"{how}" has the derivative of its sigmoid: leave surrogate out', surrogate, 'or how="hard"')
    alpha = (ALPHA[surrogate] if how == "hard" and surrogate else 1.0) if alpha is None else alpha
    if not check.number(owner, "alpha", alpha) > 0:
        check.fail(owner, "alpha must be > 0", alpha)
    if not isinstance(detach_reset, bool):
        check.fail(owner, "detach_reset must be True or False", detach_reset, error=TypeError)
    return Spikes(how, surrogate or "sigmoid", float(alpha), detach_reset)


def _normal(x, mean, sd):
    return torch.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * math.sqrt(2.0 * math.pi))


def derivative(x: torch.Tensor, name: str, a: float) -> torch.Tensor:
    """g'(x) of the surrogate `name`, of x's shape."""
    r = x.abs()
    if name == "fast_sigmoid":
        return 1.0 / (1.0 + a * r) ** 2
    if name == "soft_sign":
        return 0.5 * a / (1.0 + a * r) ** 2
    if name == "atan":
        return 0.5 * a / (1.0 + (0.5 * math.pi * a * x) ** 2)
    if name == "sigmoid":
        s = torch.sigmoid(a * x)
        return a * s * (1.0 - s)
    if name == "triangle":
        return (a - a * a * r).clamp(min=0.0)
    if name == "exponential":
        return 0.5 * a * torch.exp(-a * r)
    if name == "erf":
        return a / math.sqrt(math.pi) * torch.exp(-((a * x) ** 2))
    if name == "multi_gaussian":
        s = 0.5 / a
        sides = _normal(x, s, WIDE * s) + _normal(x, -s, WIDE * s)
        return (1.0 + H) * _normal(x, 0.0, s) - H * sides
    inside = (r <= 0.5 / a).to(x.dtype)
    return a * inside + (LEAK * (1.0 - inside) if name == "leaky_boxcar" else 0.0)


class _Hard(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, name, alpha):
        ctx.save_for_backward(x)
        ctx.name, ctx.alpha = name, alpha
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx, *grad_outputs):
        (x,) = ctx.saved_tensors
        return grad_outputs[0] * derivative(x, ctx.name, ctx.alpha), None, None


DEFAULT = Spikes()


class _Now(threading.local):  # threads have one each
    mode = DEFAULT


_now = _Now()


class answering:
    """Inside `with answering(spikes(...)):` every `ops.spike` and `ops.reset` on tensors follows it."""

    def __init__(self, mode: Spikes):
        self.mode = mode

    def __enter__(self):
        self.before, _now.mode = _now.mode, self.mode

    def __exit__(self, *_):
        _now.mode = self.before


def spike(x: torch.Tensor) -> torch.Tensor:
    """1 where x >= 0, else 0, in x's type and shape, or as `answering` says; differentiable."""
    how, name, alpha, _ = _now.mode
    if how == "soft":
        from neurosparse.tensor.exponential import sigmoid

        return sigmoid(alpha * x)
    return _Hard.apply(x, name, alpha)  # type: ignore[return-value]


def reset(z: torch.Tensor, to, v: torch.Tensor) -> torch.Tensor:
    """z to + (1 - z) v, through which no gradient reaches z where `answering` says detach_reset."""
    if _now.mode.detach_reset and isinstance(z, torch.Tensor):
        z = z.detach()
    return z * to + (1.0 - z) * v
