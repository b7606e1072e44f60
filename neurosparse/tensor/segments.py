"""Dendritic segments on tensors: overlaps of a batch of SDRs with every segment, two ways that agree exactly.

    matmul   overlap = x W      W (n_cells, n_segments) of ones where there is a synapse, as a sparse CSR product;
                                x dense, (batch, n_cells). Best where much is active, or the batch is large
    events   only the rows of active cells are gathered, and added up at their segments: the cost is that of the
             synapses that are hit. x sparse: a sparse tensor, a batch (Csr) of SDRs, or active cells of each sample

Overlaps are counts of synapses, so the order of adding does not matter: both give the same whole numbers on any device,
and those of the compiled engine (`sdr.segments.activity`). For recognition; learning is the engine's.
Source: Hawkins & Ahmad (2016).
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import batch, segments, segments_layout


class Overlaps(NamedTuple):
    """Overlaps of a batch, and which segments they make active or matching."""

    connected: torch.Tensor  # (batch, n_segments) int32
    total: torch.Tensor  # (batch, n_segments) int32, potential synapses included
    active: torch.Tensor  # (batch, n_segments) bool
    matching: torch.Tensor  # (batch, n_segments) bool


class Segments(torch.nn.Module):
    """A table of segments, frozen: buffers that move with `.to(device)`.

    table: a `sdr.segments.Segments`. Column g of every result is segment g of the table; ids without a segment stay 0.
    """

    crow: torch.Tensor
    column: torch.Tensor
    split: torch.Tensor
    from_row: torch.Tensor
    cell: torch.Tensor
    strong: torch.Tensor

    def __init__(self, table: segments.Segments):
        super().__init__()
        if not isinstance(table, segments.Segments):
            check.fail("tensor.Segments", "table must be sdr.segments.Segments", type(table).__name__, error=TypeError)
        packed = segments.freeze(table).arrays
        rows = packed.rows.astype(np.int64)
        self.params = table.params
        self.n_segments = int(packed.meta[segments_layout.SEGMENT_TOP])
        ends = np.append(rows[:, segments_layout.START], len(packed.row_segment))
        self.register_buffer("crow", torch.from_numpy(ends))
        self.register_buffer("column", torch.from_numpy(packed.row_segment.astype(np.int64)))
        self.register_buffer("split", torch.from_numpy(rows[:, segments_layout.SPLIT].copy()))
        self._transpose(rows, packed.row_segment)

    def _transpose(self, rows: np.ndarray, column: np.ndarray) -> None:
        """The same synapses with segments as rows, for the product."""
        row = np.repeat(np.arange(len(rows)), rows[:, segments_layout.LENGTH])
        strong = np.arange(len(column)) - rows[row, segments_layout.START] < rows[row, segments_layout.SPLIT]
        order = np.lexsort((row, column))
        n = np.bincount(column, minlength=self.n_segments)
        self.register_buffer("from_row", torch.from_numpy(np.append(0, np.cumsum(n))))
        self.register_buffer("cell", torch.from_numpy(row[order]))
        self.register_buffer("strong", torch.from_numpy(strong[order].astype(np.float32)))

    def forward(self, x) -> Overlaps:
        """`matmul` for a dense tensor, `events` for all that is sparse."""
        dense = isinstance(x, torch.Tensor) and x.layout is torch.strided
        return self.matmul(x) if dense else self.events(x)

    def matmul(self, x: torch.Tensor) -> Overlaps:
        """Overlaps of x (batch, n_cells), zeros and ones of any type; one that is sparse is made dense."""
        x = x if x.layout is torch.strided else x.to_dense()
        if x.ndim != 2 or x.shape[1] != self.params.n_cells:
            check.fail("tensor.Segments.matmul", f"x must have shape (batch, {self.params.n_cells})", tuple(x.shape))
        if not bool(((x == 0) | (x == 1)).all()):
            check.fail("tensor.Segments.matmul", "x must hold zeros and ones only", str(x.dtype))
        x = x.to(device=self.crow.device, dtype=torch.float32).t()
        return self._found(self._product(self.strong, x), self._product(torch.ones_like(self.strong), x))

    def events(self, active) -> Overlaps:
        """Overlaps of a batch of `active` cells, of one of these forms:

        a sparse tensor (batch, n_cells) of ones, COO, CSR or another layout; a Csr whose rows are SDRs of n_cells bits
        (`sdr.batch`); a list with a vector of ascending ids, an array or an Sdr, for each sample. Raises TypeError or
        ValueError for other shapes, ids and numbers.
        """
        owner, n = "tensor.Segments.events", self.params.n_cells
        if isinstance(active, torch.Tensor) and active.layout is not torch.strided:
            return self._hit(*_ones(owner, active, n), active.shape[0])
        if isinstance(active, Csr):
            batch.rows(active, owner, n)
            sizes, cells = np.diff(active.indptr), active.indices.astype(np.int64)
        else:
            each = [segments.ids(owner, "cells", one, n) for one in active]
            sizes = np.array([len(one) for one in each], np.int64)
            cells = np.concatenate([np.empty(0, np.int64), *each])
        sample = torch.from_numpy(np.repeat(np.arange(len(sizes)), sizes))
        return self._hit(sample, torch.from_numpy(cells), len(sizes))

    def _hit(self, sample: torch.Tensor, cells: torch.Tensor, n: int) -> Overlaps:
        """Overlaps of n samples in which cells are active, both (active,) int64."""
        sample, cells = sample.to(self.crow.device), cells.to(self.crow.device)
        start, length = self.crow[cells], self.crow[cells + 1] - self.crow[cells]
        hit = torch.repeat_interleave(torch.arange(len(cells), device=cells.device), length)
        within = torch.arange(len(hit), device=cells.device) - (torch.cumsum(length, 0) - length)[hit]
        place = sample[hit] * self.n_segments + self.column[start[hit] + within]
        strong = (within < self.split[cells][hit]).to(torch.int32)
        return self._found(self._add(place, strong, n), self._add(place, torch.ones_like(strong), n))

    def _product(self, weight: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """(batch, n_segments): rows are segments here, and counts below 4096 are exact in float32."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse", UserWarning)  # torch calls its own sparse CSR a beta
            w = torch.sparse_csr_tensor(self.from_row, self.cell, weight, (self.n_segments, self.params.n_cells))
            return torch.sparse.mm(w, x).t().to(torch.int32)

    def _add(self, place: torch.Tensor, value: torch.Tensor, batch: int) -> torch.Tensor:
        out = torch.zeros(batch * self.n_segments, dtype=torch.int32, device=place.device)
        return out.index_add_(0, place, value).reshape(batch, self.n_segments)

    def _found(self, connected: torch.Tensor, total: torch.Tensor) -> Overlaps:
        p = self.params
        return Overlaps(connected, total, connected >= p.activation_threshold, total >= p.min_threshold)


def _ones(owner: str, x: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(sample, cell), int64 both, of the ones of a sparse tensor (batch, n), ascending."""
    if x.ndim != 2 or x.shape[1] != n:
        check.fail(owner, f"x must have shape (batch, {n})", tuple(x.shape))
    if x.layout is torch.sparse_coo and x.dtype is torch.bool:
        x = x.to(torch.int32)  # twice True stays seen: sums of bools hide it
    x = x.to_sparse_coo().coalesce()
    if x.sparse_dim() != 2 or not bool(((x.values() == 0) | (x.values() == 1)).all()):
        check.fail(owner, "x must hold zeros and ones only, each place once", str(x.dtype))
    sample, cell = x.indices()[:, x.values() == 1]
    return sample, cell
