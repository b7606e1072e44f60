"""Spikes with a derivative: Heaviside forward, a smooth bump backward.

    forward  z = [x >= 0]          backward  dz/dx = 1 / (1 + ALPHA |x|)^2

Source: Zenke & Ganguli, SuperSpike, Neural Computation 30 (2018) 1514, eq. 3.3 (fast sigmoid).
"""

import torch

ALPHA = 25.0  # steepness, per unit of the membrane


class _FastSigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx, *grad_outputs):
        (x,) = ctx.saved_tensors
        return grad_outputs[0] / (1.0 + ALPHA * x.abs()) ** 2


def spike(x: torch.Tensor) -> torch.Tensor:
    """1 where x >= 0, else 0, in x's type and shape; differentiable by the surrogate."""
    return _FastSigmoid.apply(x)  # type: ignore[return-value]
