"""Spikes of a batch as padded lists of their times, and what is read from them: first times, counts, a membrane.

    V(t) = sum over spikes w k(t - t_k)        k as in `eventprop_kernels`

Everything here is differentiable in the times, so that gradients go on to `eventprop`.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from neurosparse import check


class SpikeTimes(NamedTuple):
    """Spikes of a batch, padded at the end of each row: id -1, time inf."""

    i: torch.Tensor  # (batch, k) int64, which input or neuron
    t: torch.Tensor  # (batch, k) float64, ms


def pad(samples: Sequence[tuple]) -> SpikeTimes:
    """Spikes of samples (i, t), each a pair of sequences of one length (tensors, arrays, lists), as one batch.

    Raises ValueError for no samples, and for a sample whose ids and times differ in number.
    """
    if not len(samples):
        check.fail("tensor.pad", "there must be at least one sample", 0)
    each = [(torch.as_tensor(i).long(), torch.as_tensor(t).double()) for i, t in samples]
    for i, t in each:
        if i.ndim != 1 or i.shape != t.shape:
            check.fail("tensor.pad", "ids and times of a sample must be vectors of one length", (i.shape, t.shape))
    ids, times = (nn.utils.rnn.pad_sequence(list(x), True, fill) for x, fill in zip(zip(*each), (-1, math.inf)))
    return SpikeTimes(ids, times)


def first_times(spikes: SpikeTimes, n: int, silent: float = math.inf) -> torch.Tensor:
    """(batch, n): time of the first spike of each neuron, ms; `silent` where there is none. Differentiable.

    Raises TypeError or ValueError for an n that is not above all ids.
    """
    _above("tensor.first_times", spikes, n)
    t = torch.where(spikes.i < 0, math.inf, spikes.t)
    first = t.new_full((len(t), n), math.inf).scatter_reduce(1, spikes.i.clamp(min=0), t, "amin")
    return torch.where(torch.isfinite(first), first, silent)


def counts(spikes: SpikeTimes, n: int) -> torch.Tensor:
    """(batch, n) int64: number of spikes of each neuron. Raises as `first_times`."""
    _above("tensor.counts", spikes, n)
    there = (spikes.i >= 0).long()
    return there.new_zeros(len(there), n).scatter_add(1, spikes.i.clamp(min=0), there)


def _above(owner: str, spikes: SpikeTimes, n: int) -> None:
    most = int(spikes.i.max()) if spikes.i.numel() else 0
    check.integer(owner, "n", n, max(1, most + 1), remedy="one for each neuron")


def membrane(spikes: SpikeTimes, w: torch.Tensor, times: torch.Tensor, tau_mem: float, tau_syn: float) -> torch.Tensor:
    """Voltage (time, batch, n_out) of a readout that does not spike, driven by `spikes` through w (n, n_out).

    times (time,), ms; tau_mem, tau_syn of the readout, ms. Differentiable in w and spikes.
    Raises TypeError or ValueError for w with too few rows, and for time constants <= 0.
    """
    for name, tau in (("tau_mem", tau_mem), ("tau_syn", tau_syn)):
        check.positive("tensor.membrane", name, check.scalar("tensor.membrane", name, tau), "ms")
    _above("tensor.membrane", spikes, len(w))
    there = (spikes.t < times[:, None, None]) & (spikes.i >= 0)
    gap = torch.where(there, times[:, None, None] - torch.where(spikes.i < 0, 0.0, spikes.t), 0.0)
    c = 1.0 / tau_syn - 1.0 / tau_mem
    spread = gap if c == 0.0 else -torch.expm1(-gap * c) / c
    k = torch.where(there, torch.exp(-gap / tau_mem) * spread / tau_mem, 0.0)
    return torch.einsum("tbk,bko->tbo", k, w.to(k.dtype)[spikes.i.clamp(min=0)])
