"""A linear layer whose units hold a fixed, random part of their weights; the rest is zero and stays so.

    y = W x + b ;   W = W o M ;   each row of M has round((1 - sparsity) n_in) ones
    W ~ U(-r, r),  r = 1 / sqrt(density (1 - sparsity) n_in) ;   b ~ U(-1 / sqrt(n_in), 1 / sqrt(n_in))

Optimisers know no masks: `hold` lets one put the zeros back after each of its steps. The parameter is W^T, a row for
each presynaptic unit: of an input of which most is silent, as after k winners, `active` reads the rows of the active
units alone.

Source: Iyer et al., Frontiers in Neurorobotics 16:846219 (2022); arXiv:2201.00042, section 3 (bounds by their code).
"""

import math
import warnings
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable

from neurosparse import check, rng

with warnings.catch_warnings():  # torch says once that its CSR tensors are in beta
    warnings.simplefilter("ignore")
    torch.zeros(1, 1).to_sparse_csr()


class Shares(NamedTuple):
    """Of the weights that are zero, in [0, 1), and of the inputs that are not, at a time, in (0, 1]."""

    sparsity: float = 0.0
    density: float = 1.0


DENSE = Shares()


def mask(n_out: int, n_in: int, sparsity: float, seed: int, name: str) -> torch.Tensor | None:
    """(n_out, n_in) bool: every row keeps round((1 - sparsity) n_in) places, at least one; None: all, for sparsity 0.

    Raises ValueError for sparsity outside [0, 1), TypeError or ValueError for other sizes and seeds.
    """
    owner = "tensor.mask"
    check.integer(owner, "n_out", n_out, 1)
    check.integer(owner, "n_in", n_in, 1)
    if not check.between(owner, "sparsity", sparsity, 0.0, 1.0) < 1.0:
        check.fail(owner, "sparsity must be < 1", sparsity, "a unit needs inputs")
    if sparsity == 0.0:
        return None
    kept, draw = max(1, round((1.0 - sparsity) * n_in)), rng.stream(seed, name)
    made = np.zeros((n_out, n_in), bool)
    for unit in range(n_out):
        made[unit, rng.choice(draw, n_in, kept, unit)] = True
    return torch.from_numpy(made)


def bound(owner: str, shares: Shares, n_in: int) -> float:
    """r of n_in inputs. Raises ValueError for a density outside (0, 1]."""
    if not check.between(owner, "density", shares.density, 0.0, 1.0) > 0.0:
        check.fail(owner, "density must be > 0", shares.density, "it is the share of inputs that are not zero")
    return 1.0 / math.sqrt(shares.density * (1.0 - shares.sparsity) * n_in)


def spread(shape: tuple[int, ...], r: float, seed: int, name: str) -> torch.Tensor:
    """Numbers of U(-r, r) in torch's default type; the same for the same seed and name."""
    numbers = rng.uniforms(rng.stream(seed, name), math.prod(shape)).reshape(shape)
    return torch.from_numpy(r * (2.0 * numbers - 1.0)).to(torch.get_default_dtype())


def same_type(owner: str, name: str, x: torch.Tensor, weights: torch.Tensor) -> None:
    """x is a tensor of the weights' type of numbers (autocast brings others to one); raises TypeError as `owner`."""
    if not isinstance(x, torch.Tensor):
        check.fail(owner, f"{name} must be a tensor", type(x).__name__, error=TypeError)
    if x.dtype != weights.dtype and not torch.is_autocast_enabled(x.device.type):
        check.fail(owner, f"{name} must be {weights.dtype}, as the weights", x.dtype, "see Module.to", TypeError)


class MaskedLinear(nn.Module):
    """`rows` (n_in, n_out), the transposed weights with the zeros of `mask`, and a bias (n_out,).

    seed and name of the random streams: two layers of one net need two names. quick: inputs are mostly zero, and what
    is behind their zeros needs no gradient, as after k winners; see `active`.
    """

    keep: torch.Tensor | None

    def __init__(
        self, n_in: int, n_out: int, shares: Shares = DENSE, *, seed: int = 0, name: str = "linear",
        quick: bool = False,
    ):  # fmt: skip
        super().__init__()
        kept, r = mask(n_out, n_in, shares.sparsity, seed, f"{name} mask"), bound("tensor.MaskedLinear", shares, n_in)
        self.rows = nn.Parameter(spread((n_in, n_out), r, seed, f"{name} weight"))
        self.bias = nn.Parameter(spread((n_out,), 1.0 / math.sqrt(n_in), seed, f"{name} bias"))
        self.register_buffer("keep", None if kept is None else kept.t().to(self.rows.dtype).contiguous())
        self.seed, self.name, self.quick = seed, name, quick
        self.rezero()

    @torch.no_grad()
    def rezero(self) -> None:
        """Put the zeros back."""
        if self.keep is not None:
            self.rows.mul_(self.keep)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, n_in) -> (batch, n_out). Raises ValueError for another shape, TypeError for other types."""
        same_type("tensor.MaskedLinear", "input", x, self.rows)
        if x.ndim != 2 or x.shape[1] != len(self.rows):
            check.fail("tensor.MaskedLinear", f"input must have shape (batch, {len(self.rows)})", tuple(x.shape))
        return active(x, self.rows, self.bias) if self.quick else torch.addmm(self.bias, x, self.rows)


def rezero(module: nn.Module) -> None:
    """Put the zeros of every layer in `module` back; what has no `rezero` of its own is left alone."""
    for part in module.modules():
        if part is not module or isinstance(part, MaskedLinear):
            getattr(part, "rezero", lambda: None)()


def hold(optimiser: torch.optim.Optimizer, module: nn.Module):
    """After each step of `optimiser`, `rezero(module)`; returns a handle with `.remove()`."""
    return optimiser.register_step_post_hook(lambda *_: rezero(module))


def active(x: torch.Tensor, rows: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """x rows + bias for an x (batch, n_in) that is mostly zero; costs its non-zeros, forward and backward.

    rows (n_in, n_out), bias (n_out,). The gradient of x is zero where x is: for an x made by `kwinners`, which stops
    the gradient there, that is the whole gradient.
    """
    return _Active.apply(x, rows) + bias  # type: ignore[operator]


class _Active(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, rows):
        at = x.to_sparse_csr()
        ctx.save_for_backward(x, rows)
        return torch.nn.functional.embedding_bag(
            at.col_indices(), rows, at.crow_indices()[:-1], mode="sum", per_sample_weights=at.values()
        )

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        x, rows = ctx.saved_tensors
        (dy,) = grad_outputs
        to_rows = x.t().to_sparse_csr() @ dy if ctx.needs_input_grad[1] else None
        if not ctx.needs_input_grad[0]:
            return None, to_rows
        return torch.sparse.sampled_addmm(x.to_sparse_csr(), dy, rows.t(), beta=0.0).to_dense(), to_rows
