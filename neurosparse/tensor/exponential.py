"""`ops.exp`, `expm1`, `log`, `sigmoid` and `softplus` on tensors: in float64 the same bits as in `neurosparse.ops`.

Tensors of other types take torch's own.
"""

import torch

from neurosparse import elementary


def _pieces(x):
    """(2^(k - 1), expm1(r)) as in `ops`."""
    t, r = elementary.halved(x.clamp(elementary.LOWEST, elementary.HIGHEST))
    return ((t.view(torch.int64) + 1022) << 52).view(torch.float64), elementary.series(r)


class _Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        half, rest = _pieces(x)
        y = torch.where(x < elementary.LOWEST, 0.0, (half + half * rest) * 2.0)
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


class _Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        e = exp(-x.abs())
        y = torch.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, *grad_outputs):
        (y,) = ctx.saved_tensors
        return grad_outputs[0] * y * (1.0 - y)


class _Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0.0) + elementary.log1p_series(exp(-x.abs()))

    @staticmethod
    def backward(ctx, *grad_outputs):
        (x,) = ctx.saved_tensors
        return grad_outputs[0] * sigmoid(x)


def sigmoid(x: torch.Tensor) -> torch.Tensor:
    """1 / (1 + e to the -x), of x's type and shape; differentiable."""
    return _Sigmoid.apply(x) if x.dtype == torch.float64 else torch.sigmoid(x)  # type: ignore[return-value]


def softplus(x: torch.Tensor) -> torch.Tensor:
    """log(1 + e to the x), of x's type and shape; differentiable."""
    return _Softplus.apply(x) if x.dtype == torch.float64 else torch.nn.functional.softplus(x)  # type: ignore[return-value]


class _Log(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        normal = (x >= elementary.SMALLEST) & (x <= elementary.LARGEST)
        bits = torch.where(normal, x, 1.0).view(torch.int64)
        k = (bits - elementary.HALF_ROOT) >> 52
        return torch.where(normal, elementary.log_series(k.to(x.dtype), (bits - (k << 52)).view(x.dtype)), torch.log(x))

    @staticmethod
    def backward(ctx, *grad_outputs):
        (x,) = ctx.saved_tensors
        return grad_outputs[0] / x


def log(x: torch.Tensor) -> torch.Tensor:
    """Natural logarithm, of x's type and shape; differentiable."""
    return _Log.apply(x) if x.dtype == torch.float64 else torch.log(x)  # type: ignore[return-value]
