"""Where the synapses of a sparse matrix are, as tensors: by presynaptic unit, and the transposed pattern beside it.

values[k] belongs to the k-th synapse by presynaptic unit, values[order[k]] to the k-th by postsynaptic unit.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from neurosparse import csr


class Pattern(NamedTuple):
    """Where the synapses are: by presynaptic unit, which is the order of the values, and by postsynaptic unit."""

    indptr: Tensor  # (n_in + 1,) int64
    indices: Tensor  # (nnz,) int32, postsynaptic units
    back_indptr: Tensor  # (n_out + 1,) int64
    back_indices: Tensor  # (nnz,) int32, presynaptic units
    order: Tensor  # (nnz,) int32 or int64: the place of each among the values

    @property
    def n_in(self) -> int:
        """Presynaptic units."""
        return len(self.indptr) - 1

    @property
    def n_out(self) -> int:
        """Postsynaptic units."""
        return len(self.back_indptr) - 1

    @property
    def density(self) -> float:
        """Share of the pairs that have a synapse."""
        return len(self.indices) / (self.n_in * self.n_out)


def pattern(synapses: csr.Csr) -> Pattern:
    """The pattern of `synapses` (rows presynaptic), with the transposed one that is kept beside it."""
    places = csr.reweight(synapses, 0.0)
    source, cols, _ = csr.to_coo(places)
    order = np.argsort(cols, kind="stable")
    back = np.append(0, np.cumsum(np.bincount(cols, minlength=synapses.n_cols)))
    kind = np.int32 if len(cols) < 2**31 else np.int64
    turned = back.astype(np.int64), source[order].astype(np.int32), order.astype(kind)
    return Pattern(*(torch.from_numpy(np.array(each)) for each in (synapses.indptr, synapses.indices, *turned)))


def rows(p: Pattern) -> Tensor:
    """(nnz,) presynaptic unit of each value."""
    units = torch.arange(p.n_in, device=p.indptr.device)
    return torch.repeat_interleave(units, p.indptr.diff(), output_size=len(p.indices))


def dense(values: Tensor, p: Pattern) -> Tensor:
    """(n_in, n_out) with zeros where there is no synapse."""
    out = values.new_zeros(p.n_in, p.n_out)
    out[rows(p), p.indices.long()] = values
    return out


def as_csr(indptr: Tensor, indices: Tensor, values: Tensor, n_cols: int) -> Tensor:
    """A CSR matrix of PyTorch, (len(indptr) - 1, n_cols), without looking for mistakes in it."""
    shape = (len(indptr) - 1, n_cols)
    return torch.sparse_csr_tensor(indptr, indices.long(), values, shape, check_invariants=False)
