"""`ops.exp` and `ops.expm1` on tensors: in float64 the same bits as in `neurosparse.ops`; other types take torch."""

import torch

from neurosparse import ops


def _pieces(x):
    """(2^(k - 1), expm1(r)) as in `ops`."""
    t, r = ops.halved(x.clamp(ops.LOWEST, ops.HIGHEST))
    return ((t.view(torch.int64) + 1022) << 52).view(torch.float64), ops.series(r)


class _Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        half, rest = _pieces(x)
        y = torch.where(x < ops.LOWEST, 0.0, (half + half * rest) * 2.0)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, *grad_outputs):
        (y,) = ctx.saved_tensors
        return grad_outputs[0] * y


class _Expm1(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        half, rest = _pieces(x)
        y = ((half - 0.5) + half * rest) * 2.0
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, *grad_outputs):
        (y,) = ctx.saved_tensors
        return grad_outputs[0] * (y + 1.0)


def exp(x: torch.Tensor) -> torch.Tensor:
    """e to the x, of x's type and shape; differentiable."""
    return _Exp.apply(x) if x.dtype == torch.float64 else torch.exp(x)  # type: ignore[return-value]


def expm1(x: torch.Tensor) -> torch.Tensor:
    """e to the x, minus one, of x's type and shape; differentiable."""
    return _Expm1.apply(x) if x.dtype == torch.float64 else torch.expm1(x)  # type: ignore[return-value]
