"""Active dendrites: a context picks one segment of each unit, which gates the unit's feed-forward sum.

    y = W x + b ;   d_ij = u_ij . c ;   j* = argmax_j |d_ij| ;   h_i = y_i sigmoid(d_ij*)        "absolute_max"
    j* = argmax_j d_ij :   h_i = y_i sigmoid(d_ij*)  "max" ,   h_i = y_i + d_ij*  "bias"
    one segment, no choice:   h_i = y_i sigmoid(d_i1)  "one_segment"

x (batch, n_in) input, c (dim) context, u_ij (dim) weights of segment j of unit i, without bias; the sign of d is kept.
The gradient goes to the chosen segment alone. A context that a whole batch shares costs one look at the segments, not
one for each sample; where samples choose among a few (say one for each task), give the few and `which`.

    u ~ U(-r, r),  r = 1 / sqrt(density (1 - sparsity) dim) with the zeros of a mask, density that of the context

Source: Iyer et al., Frontiers in Neurorobotics 16:846219 (2022); arXiv:2201.00042, eqs. 1 and 2 (bounds by their code).
"""

from typing import Literal

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from neurosparse import check
from neurosparse.tensor.sparse_weights import DENSE, MaskedLinear, Shares, bound, mask, same_type, spread

MODES = ("absolute_max", "max", "bias", "one_segment")
Mode = Literal["absolute_max", "max", "bias", "one_segment"]
OWNER = "tensor.ActiveDendrites"


def respond(
    segments: torch.Tensor, contexts: torch.Tensor, n_segments: int, mode: str = MODES[0], sparse_grad: bool = False
) -> torch.Tensor:
    """(k, n) response d of the chosen segment of each of n units to each of k contexts.

    segments (n n_segments, dim), those of a unit side by side; contexts (k, dim). sparse_grad: the gradient of the
    segments is a sparse tensor of the chosen rows, for optimisers that take it, as SparseAdam. Raises ValueError for
    another mode or other shapes.
    """
    check.one_of("tensor.respond", "mode", mode, MODES)
    check.integer("tensor.respond", "n_segments", n_segments, 1, 1 if mode == "one_segment" else 2**31)
    shapes = tuple(segments.shape), tuple(contexts.shape)
    if segments.ndim != 2 or contexts.ndim != 2 or contexts.shape[1] != segments.shape[1] or len(segments) % n_segments:
        need = f"segments and contexts must have shapes (n {n_segments}, dim) and (k, dim)"
        check.fail("tensor.respond", need, shapes)
    if mode == "one_segment":
        return contexts @ segments.t()
    return _Chosen.apply(segments, contexts, n_segments, mode == "absolute_max", sparse_grad)  # type: ignore[return-value]


class ActiveDendrites(nn.Module):
    """A linear layer (n_in to n_out) and n_segments segments of `dim` weights for each of its units.

    shares: of segment weights that are zero, and of the context that is not; masks and weights are drawn from the
    seed and under the name of `linear`. mode: see above. sparse_grad: see `respond`.
    """

    keep: torch.Tensor | None

    def __init__(
        self, linear: MaskedLinear, dim: int, n_segments: int, shares: Shares = DENSE, *,
        mode: Mode = "absolute_max", sparse_grad: bool = False,
    ):  # fmt: skip
        super().__init__()
        check.one_of(OWNER, "mode", mode, MODES)
        check.integer(OWNER, "n_segments", n_segments, 1, 1 if mode == "one_segment" else 2**31)
        check.integer(OWNER, "dim", dim, 1)
        n, seed, name = len(linear.bias) * n_segments, linear.seed, linear.name
        kept, r = mask(n, dim, shares.sparsity, seed, f"{name} segment mask"), bound(OWNER, shares, dim)
        self.linear, self.n_segments, self.mode, self.sparse_grad = linear, n_segments, mode, sparse_grad
        self.segments = nn.Parameter(spread((n, dim), r, seed, f"{name} segments"))
        self.register_buffer("keep", kept)
        self.rezero()

    @torch.no_grad()
    def rezero(self) -> None:
        """Put the zeros of the segments back; `linear` has its own."""
        if self.keep is not None:
            self.segments.mul_(self.keep)

    def respond(self, contexts: torch.Tensor) -> torch.Tensor:
        """(k, n_out) responses of the chosen segments to contexts (k, dim)."""
        return respond(self.segments, contexts, self.n_segments, self.mode, self.sparse_grad)

    def forward(self, x: torch.Tensor, contexts: torch.Tensor, which: torch.Tensor | None = None) -> torch.Tensor:
        """(batch, n_in) -> (batch, n_out).

        contexts: (dim,) shared by the batch; (batch, dim) one for each sample; or (k, dim) with `which` (batch,) whole
        numbers, the row of each sample. Raises TypeError or ValueError for other shapes and types, and for rows that
        are not there: these on the CPU only, where a look at numbers does not make the device wait, and not compiled.
        """
        d = self.respond(_rows(contexts, which, len(x), self.segments))
        d = d if which is None else d[which]
        y = self.linear(x)
        return y + d if self.mode == "bias" else y * torch.sigmoid(d)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"n_segments={self.n_segments}, dim={self.segments.shape[1]}, mode={self.mode}"


def _rows(contexts: torch.Tensor, which: torch.Tensor | None, batch: int, segments: torch.Tensor) -> torch.Tensor:
    """The contexts as (k, dim), checked."""
    dim = segments.shape[1]
    same_type(OWNER, "contexts", contexts, segments)
    rows = contexts[None] if contexts.ndim == 1 else contexts
    if rows.ndim != 2 or rows.shape[1] != dim:
        check.fail(OWNER, f"contexts must have shape ({dim},) or (k, {dim})", tuple(contexts.shape))
    if which is None and len(rows) not in (1, batch):
        remedy = "or say with `which` whose is whose"
        check.fail(OWNER, f"contexts must be one, or one for each of {batch} samples", len(rows), remedy)
    if which is not None:
        _chosen(which, batch, len(rows))
    return rows


def _chosen(which: torch.Tensor, batch: int, k: int) -> None:
    """`which` is a row of k for each sample."""
    if not isinstance(which, torch.Tensor) or which.dtype not in (torch.int64, torch.int32):
        got = which.dtype if isinstance(which, torch.Tensor) else which
        check.fail(OWNER, "which must be a tensor of int64 or int32", got, error=TypeError)
    if which.shape != (batch,):
        check.fail(OWNER, f"which must have shape ({batch},)", tuple(which.shape))
    if batch and not k:
        check.fail(OWNER, "contexts must have a row for `which` to choose", k)
    if batch and which.device.type == "cpu" and not torch.compiler.is_compiling():
        low, high = int(which.min()), int(which.max())
        if low < 0 or high >= k:
            check.fail(OWNER, f"which must be in [0, {k})", (low, high), "it names rows of contexts")


class _Chosen(torch.autograd.Function):
    """d = max_j, or the d of the largest |d|; the backward pass touches the chosen rows alone."""

    @staticmethod
    def forward(ctx, segments, contexts, n_segments: int, absolute: bool, sparse: bool):
        d = (contexts @ segments.t()).view(len(contexts), -1, n_segments)
        best = (d.abs() if absolute else d).argmax(dim=2, keepdim=True)
        rows = best[..., 0] + n_segments * torch.arange(d.shape[1], device=d.device)  # (k, n) of the table
        ctx.save_for_backward(segments, contexts, rows)
        ctx.sparse = sparse
        return d.gather(2, best)[..., 0]

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        segments, contexts, rows = ctx.saved_tensors
        (g,) = grad_outputs  # (k, n)
        to_segments = to_contexts = None
        if ctx.needs_input_grad[0]:
            to_segments = _table(g, contexts, rows, segments, ctx.sparse)
        if ctx.needs_input_grad[1]:
            to_contexts = torch.stack([one @ segments[chosen] for one, chosen in zip(g, rows, strict=True)])
        return to_segments, to_contexts, None, None, None


def _table(g, contexts, rows, segments, sparse: bool) -> torch.Tensor:
    """Gradient of the segments: g_ki c_k in row rows_ki, summed over the contexts k."""
    values = (g[:, :, None] * contexts[:, None, :]).flatten(0, 1)
    if sparse:  # within one context the rows ascend, each once
        return torch.sparse_coo_tensor(
            rows.reshape(1, -1), values, segments.shape, is_coalesced=len(g) == 1, check_invariants=False
        )
    return torch.zeros_like(segments).index_add_(0, rows.flatten(), values)
