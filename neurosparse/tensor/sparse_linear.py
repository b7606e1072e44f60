"""A linear layer that holds only its synapses: memory and time follow their number, not n_in n_out.

    y = x W + b ;   W[i, o] = values[k] for the synapse k from i to o, zero elsewhere

values ~ U(-r, r), r = 1 / sqrt(mean number of inputs of a unit), as torch.nn.Linear of that many inputs; b alike. The
pattern is a `csr.Csr`, rows presynaptic, and the values are in its order: `to_csr` gives the trained synapses to the
event engine.
The gradients are those of a dense matrix under a fixed mask, at the places of the synapses (`sparse_ops`).
"""

import math
from typing import cast

import numpy as np
import torch
from torch import nn

from neurosparse import check, csr, rng
from neurosparse.tensor import sparse_ops
from neurosparse.tensor.sparse_ops import BACKENDS
from neurosparse.tensor.sparse_pattern import Pattern, pattern
from neurosparse.tensor.sparse_weights import same_type

OWNER = "tensor.SparseLinear"
CHOICES = ("auto", *BACKENDS)
FLOATS = (torch.float32, torch.float64)


def random_pattern(n_in: int, n_out: int, density: float, seed: int = 0, name: str = "sparse") -> csr.Csr:
    """n_in x n_out with round(density n_out) synapses from each unit to others drawn without repetition; weights 0.

    Raises ValueError for a density outside [0, 1], TypeError or ValueError for other sizes.
    """
    owner = "tensor.random_pattern"
    check.integer(owner, "n_in", n_in, 1)
    check.integer(owner, "n_out", n_out, 1, 2**31 - 1)
    each = round(check.between(owner, "density", density, 0.0, 1.0) * n_out)
    check.fits(owner, "the synapses", 24.0 * each * n_in)
    draw, indices = rng.stream(seed, f"{name} pattern"), np.empty((n_in, each), np.int32)
    for unit in range(n_in):
        indices[unit] = rng.choice(draw, n_out, each, unit)
    return csr.make(np.arange(n_in + 1) * each, indices.reshape(-1), np.zeros(n_in * each, np.float32), n_out)


class SparseLinear(nn.Module):
    """`values` (nnz,) in the order of the pattern, `bias` (n_out,) or None.

    synapses: a `csr.Csr`, rows presynaptic; its weights are the first values where `weights` is true, else they are
    drawn (streams of seed and name: two layers of one net need two names). backend "auto" takes what is fastest at the
    measured activity (`sparse_choice`); `used` says what the last forward pass took.
    Raises TypeError for synapses that are no Csr, ValueError for a broken one or an unknown backend.
    """

    indptr: torch.Tensor
    indices: torch.Tensor
    back_indptr: torch.Tensor
    back_indices: torch.Tensor
    order: torch.Tensor
    report: torch.Tensor

    def __init__(
        self, synapses: csr.Csr, bias: bool = True, *, weights: bool = False, backend: str = "auto", seed: int = 0,
        name: str = "sparse",
    ):  # fmt: skip
        super().__init__()
        csr.validate(OWNER, synapses)
        if not synapses.n_rows or not synapses.n_cols:
            check.fail(OWNER, "synapses must have rows and columns", synapses)
        self.backend = check.one_of(OWNER, "backend", backend, CHOICES)
        self._place(synapses)
        r = 1.0 / math.sqrt(max(synapses.nnz / synapses.n_cols, 1.0))
        first = torch.from_numpy(np.array(synapses.weight)) if weights else _spread(synapses.nnz, r, seed, name)
        self.values = nn.Parameter(first.to(torch.get_default_dtype()))
        drawn = _spread(synapses.n_cols, r, seed, f"{name} bias").to(torch.get_default_dtype()) if bias else None
        self.register_parameter("bias", None if drawn is None else nn.Parameter(drawn))
        self.report = torch.tensor([-1, -1, 0])

    @property
    def pattern(self) -> Pattern:
        """Where the synapses are."""
        return Pattern(self.indptr, self.indices, self.back_indptr, self.back_indices, self.order)

    @property
    def used(self) -> str:
        """What the last forward pass took: "csr", "events", "dense"; "" before the first."""
        place = int(self.report[0])
        return "" if place < 0 else BACKENDS[place]

    @property
    def activity(self) -> float:
        """Share of the last input that was not zero, where backend "auto" measured it, else nan."""
        _, active, n = self.report.tolist()
        return active / n if n and active >= 0 else math.nan

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., n_in) -> (..., n_out). Raises ValueError for another shape, TypeError for another type of numbers."""
        p, bias = self.pattern, cast("torch.Tensor | None", self.bias)
        same_type(OWNER, "input", x, self.values)
        if self.values.dtype not in FLOATS and x.device.type == "cpu":
            remedy = "see Module.float"
            check.fail(OWNER, "values must be float32 or float64 on a CPU", self.values.dtype, remedy, TypeError)
        if not x.ndim or x.shape[-1] != p.n_in:
            check.fail(OWNER, f"input must have shape (..., {p.n_in})", tuple(x.shape))
        flat = x.reshape(-1, p.n_in).to(self.values.dtype).contiguous()
        plain = type(x) is torch.Tensor and not (torch.is_grad_enabled() or torch.compiler.is_compiling())
        if plain:
            y, self.report = sparse_ops.forward(flat, self.values, p, self.backend)
        else:
            y, self.report = sparse_ops.product(flat, self.values, list(p), self.backend)
        y = y.reshape(*x.shape[:-1], p.n_out)
        return y if bias is None else y + bias

    def to_csr(self) -> csr.Csr:
        """The synapses with their values as weights, for the event engine."""
        p = self.pattern
        indptr, indices, values = (each.detach().cpu().numpy().copy() for each in (p.indptr, p.indices, self.values))
        return csr.make(indptr, indices, values.astype(np.float32), p.n_out)

    @torch.no_grad()
    def replace(self, synapses: csr.Csr, optimiser: torch.optim.Optimizer | None = None) -> None:
        """Rewire, in place: synapses that stay keep their values and what `optimiser` knows of each; new ones get the
        weights of `synapses` and zeros. Raises ValueError for another shape.
        """
        csr.validate(f"{OWNER}.replace", synapses)
        shape, before = (self.pattern.n_in, self.pattern.n_out), self.to_csr()
        if (synapses.n_rows, synapses.n_cols) != shape:
            check.fail(f"{OWNER}.replace", f"synapses must be {shape[0]} x {shape[1]}", synapses)
        stayed, new = (torch.from_numpy(each) for each in _common(before, synapses))
        old, fresh = self.values.data, torch.from_numpy(np.array(synapses.weight)).to(self.values)
        self._place(synapses)
        self.values.data, self.values.grad = fresh.index_copy(0, new.to(old.device), old[stayed.to(old.device)]), None
        state = optimiser.state.get(self.values, {}) if optimiser else {}
        for key, kept in state.items():
            if isinstance(kept, torch.Tensor) and kept.shape == old.shape:
                here = stayed.to(kept.device), new.to(kept.device)
                state[key] = torch.zeros_like(fresh, dtype=kept.dtype).index_copy(0, here[1], kept[here[0]])

    def _place(self, synapses: csr.Csr) -> None:
        for key, array in pattern(synapses)._asdict().items():
            where = getattr(self, key).device if hasattr(self, key) else None
            self.register_buffer(key, array.to(where))


def _common(old: csr.Csr, new: csr.Csr) -> tuple[np.ndarray, np.ndarray]:
    """Places of the pairs that both have, in either, in one order."""
    keys = [rows * np.int64(one.n_cols) + cols for one in (old, new) for rows, cols, _ in [csr.to_coo(one)]]
    _, first, second = np.intersect1d(*keys, assume_unique=True, return_indices=True)
    return first, second


def _spread(n: int, r: float, seed: int, name: str) -> torch.Tensor:
    return torch.from_numpy(r * (2.0 * rng.uniforms(rng.stream(seed, name), n) - 1.0))
