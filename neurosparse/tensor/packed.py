"""Spikes kept for the backward pass as bits, and layers that are computed again instead of kept.

    with packed():                           saved tensors of nothing but 0 and 1 take 1 bit, not 32 or 64, a value
        out, state = cell.scan(x)
    out, state = checkpointed(layer, x, state, segment=10)      layer(x, state) -> (out, state), time first

A layer saves its input spikes and its membranes: 8 bytes a cell and step in float32. `checkpointed` saves the spikes as
bits and the state at the beginning of each segment of time, and computes a segment again when its gradient is asked
for: 1/8 byte a cell and step, and the membranes of one segment. With segments of sqrt(T) steps both are O(sqrt(T)).
Bits are exact: what was saved comes back with the same bits and strides, and so do gradients. Sums over segments round
otherwise than one sum over all steps: equal bits are those of the same segments without `checkpointed`.

Source: Griewank & Walther, ACM Trans. Math. Softw. 26 (2000) 19; Chen, Xu, Zhang & Guestrin, arXiv:1604.06174 (2016).
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.checkpoint import checkpoint

from neurosparse import check

SMALL = 64  # values that are not worth a look
LOOK = 1024  # values that are looked at before all of them
WORDS = {4: torch.int32, 8: torch.int64, 2: torch.int16}  # by bytes of a float
POWERS = (128, 64, 32, 16, 8, 4, 2, 1)  # as numpy.packbits


class Bits(NamedTuple):
    """A tensor of zeros and ones."""

    data: torch.Tensor  # uint8, eight values each, in the order of memory
    shape: tuple[int, ...]
    order: tuple[int, ...]  # of the dimensions in memory, outermost first
    dtype: torch.dtype


def pack(x: torch.Tensor) -> Bits | None:
    """x as bits; None where a value is neither +0 nor 1, or where x has gaps or is no tensor of floats."""
    if not x.is_floating_point() or x.itemsize not in WORDS or x.layout != torch.strided:
        return None
    order = tuple(sorted(range(x.ndim), key=lambda k: -x.stride(k)))
    dense, word = x.detach().permute(order), WORDS[x.itemsize]
    if not dense.is_contiguous():
        return None
    words, one = dense.reshape(-1).view(word), torch.ones((), dtype=x.dtype).view(word).item()
    if not (_binary(words[:LOOK], one) and _binary(words, one)):
        return None
    return Bits(_packed(words), tuple(x.shape), order, x.dtype)


def unpack(bits: Bits) -> torch.Tensor:
    """The tensor of which `pack` made the bits, with its strides."""
    sizes = [bits.shape[k] for k in bits.order]
    flat = _unpacked(bits.data, math.prod(sizes)).to(bits.dtype)
    return flat.reshape(sizes).permute(tuple(np.argsort(bits.order)))


def packed() -> saved_tensors_hooks:
    """A block in which tensors saved for the backward pass are kept as bits where these are all there is to them.

    Parameters stay as they are, and so does what is saved inside other hooks, those of `torch.utils.checkpoint` too.
    """
    return saved_tensors_hooks(_keep, lambda kept: unpack(kept) if isinstance(kept, Bits) else kept)


def checkpointed(layer: Callable, x: torch.Tensor, state: Any = None, segment: int | None = None):
    """(out, last state) of layer(x, state), in segments of time that are computed again backward.

    x (time, ...); out has its time first too. segment: steps, by default sqrt(time). The layer must give the same for
    the same input; PyTorch's own random numbers are repeated. Raises TypeError or ValueError for a segment below 1.
    """
    owner = "tensor.checkpointed"
    if not isinstance(x, torch.Tensor) or not x.ndim:
        check.fail(owner, "x must be a tensor, time first", type(x).__name__, error=TypeError)
    steps = usual(len(x)) if segment is None else check.integer(owner, "segment", segment, 1)
    out = []
    for part in x.split(steps):
        z, state = again(layer, part, state)
        out.append(z)
    return torch.cat(out), state


def usual(steps: int) -> int:
    """Steps of a segment with which those kept at once are fewest: sqrt(steps), rounded up."""
    return max(1, math.isqrt(max(steps, 1) - 1) + 1)


def again(function: Callable, x: torch.Tensor, *more):
    """function(x, *more), computed again backward; of x its bits are kept where it is spikes."""
    bits = pack(x) if torch.is_grad_enabled() else None
    if bits is None:
        return checkpoint(function, x, *more, use_reentrant=False)
    return checkpoint(_shown, function, bits, _Hidden.apply(x), *more, use_reentrant=False)


def _shown(function: Callable, bits: Bits, hidden: torch.Tensor, *more):
    return function(_Shown.apply(hidden, bits), *more)


class _Hidden(torch.autograd.Function):
    """One value that stands for all of x: it carries the graph of x, not its numbers."""

    @staticmethod
    def forward(ctx, x):
        return x.new_zeros(()).expand(x.shape)

    @staticmethod
    def backward(ctx, *grad_outputs):
        return grad_outputs[0]


class _Shown(torch.autograd.Function):
    """The numbers again, with the graph of what stood for them."""

    @staticmethod
    def forward(ctx, hidden, bits):
        return unpack(bits)

    @staticmethod
    def backward(ctx, *grad_outputs):
        return grad_outputs[0], None


def _keep(x: torch.Tensor) -> torch.Tensor | Bits:
    if x.numel() < SMALL or (x.is_leaf and x.requires_grad):
        return x
    return pack(x) or x


def _binary(words: torch.Tensor, one: int | float | bool) -> bool:
    return bool(((words == 0) | (words == one)).all())


def _packed(words: torch.Tensor) -> torch.Tensor:
    """NumPy's packbits, on any device."""
    n = len(words)
    data = torch.empty((n + 7) // 8, dtype=torch.uint8, device=words.device)
    if words.device.type == "cpu":
        data.numpy()[:] = np.packbits(words.numpy() != 0)
        return data
    return _packed_by_torch(words, data)


def _packed_by_torch(words: torch.Tensor, data: torch.Tensor) -> torch.Tensor:
    lit = words.new_zeros(8 * len(data), dtype=torch.uint8)
    lit[: len(words)] = words != 0
    for k, power in enumerate(POWERS):
        if k:
            data += lit[k::8] * power
        else:
            torch.mul(lit[k::8], power, out=data)
    return data


def _unpacked(data: torch.Tensor, n: int) -> torch.Tensor:
    if data.device.type == "cpu":
        return torch.from_numpy(np.unpackbits(data.numpy(), count=n))
    return _unpacked_by_torch(data, n)


def _unpacked_by_torch(data: torch.Tensor, n: int) -> torch.Tensor:
    powers = torch.tensor(POWERS, dtype=torch.uint8, device=data.device)
    return (data[:, None] & powers).ne(0).reshape(-1)[:n].to(torch.uint8)
