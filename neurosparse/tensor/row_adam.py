"""Adam for tables of which few rows are ever used: the numbers of Adam, at the cost of the rows touched so far.

    m <- b1 m + (1 - b1) g ;  v <- b2 v + (1 - b2) g^2 ;  p <- p - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)

A row that never had a gradient has m = v = 0 and stays as it is: Adam without it is the same. A row that had one goes
on moving while m fades, as in Adam, and unlike torch.optim.SparseAdam, which lets it rest. Gradients are sparse tensors
of rows, as `dendrites.respond(..., sparse_grad=True)` gives them.

Source: Kingma & Ba, arXiv:1412.6980 (2015), algorithm 1.
"""

from collections.abc import Iterable

import torch

from neurosparse import check


class RowAdam(torch.optim.Optimizer):
    """Adam of tables (n, dim) with sparse gradients; lr > 0, betas in [0, 1), eps > 0. ValueError for others."""

    def __init__(
        self, params: Iterable[torch.Tensor], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):  # fmt: skip
        owner = "tensor.RowAdam"
        check.positive(owner, "lr", lr)
        check.positive(owner, "eps", eps)
        if not all(0.0 <= beta < 1.0 for beta in betas):
            check.fail(owner, "betas must be in [0, 1)", betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None):  # type: ignore[override]
        """One step of every table that has a gradient. Raises TypeError for one that is not sparse."""
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None:
                    self._move(table, group)
        return loss

    def _move(self, table: torch.Tensor, group: dict) -> None:
        if not table.grad.is_sparse:  # type: ignore[union-attr]
            check.fail("tensor.RowAdam", "gradients must be sparse", "a dense one", "take torch.optim.Adam", TypeError)
        grad = table.grad.coalesce()  # type: ignore[union-attr]
        state, rows = self.state[table], grad.indices()[0]
        if not state:
            state.update(step=0, slot=rows.new_full((len(table),), -1), rows=rows[:0])
            state.update(m=table.new_zeros(0, *table.shape[1:]), v=table.new_zeros(0, *table.shape[1:]))
        _admit(state, rows)
        state["step"] += 1
        g = torch.zeros_like(state["m"]).index_copy_(0, state["slot"][rows], grad.values())
        b1, b2 = group["betas"]
        m, v = state["m"].lerp_(g, 1.0 - b1), state["v"].mul_(b2).addcmul_(g, g, value=1.0 - b2)
        below = torch.sqrt(v, out=g).div_((1.0 - b2 ** state["step"]) ** 0.5).add_(group["eps"])
        change = torch.div(m, below, out=below)
        table.index_add_(0, state["rows"], change, alpha=-group["lr"] / (1.0 - b1 ** state["step"]))


def _admit(state: dict, rows: torch.Tensor) -> None:
    """Give rows that come for the first time a place among the moments."""
    new = rows[state["slot"][rows] < 0]
    if not len(new):
        return
    first = len(state["rows"])
    state["slot"][new] = torch.arange(first, first + len(new), device=new.device)
    state["rows"] = torch.cat([state["rows"], new])
    for name in ("m", "v"):
        state[name] = torch.cat([state[name], state[name].new_zeros(len(new), *state[name].shape[1:])])
