"""Ultradiscretized neurons whose neighbours' membranes diffuse: `neurons.ultradlif` on a ring or any graph.

    LSE_i(v) = eps log sum_j a_ij e^(v_j / eps) ,   j = i and all that are linked to i

    "paper", "neurosparse"   u_i = LSE_i(v) + I_i ;             v <- v_reset where z is 1, else u
    "code"                   w = tau0 v + I ;  u_i = LSE_i(w) ;   v <- v_reset where z is 1, else w

a_ij is the weight of the link from j to i, 1 for i itself; in "neurosparse" alpha times the weight, and what these
leave of 1 for i itself: any row-stochastic matrix. du_i / dv_j are then softmax weights, each >= 0, their sum 1.

Source: Minoza, UltraLIF, arXiv:2602.11206 (2026), definition 4.2; "code": the authors' program. Graphs are ours.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from neurosparse import check, csr, ops
from neurosparse.neurons import ultradlif, ultralif
from neurosparse.tensor import learned, ultra_scan
from neurosparse.tensor.cell import Cell
from neurosparse.tensor.surrogate import Spikes, answering
from neurosparse.tensor.surrogate import spikes as answer

SOFT = answer("soft")
BACKENDS = ("auto", "numba", "torch")
EPS_MAPS = {
    "paper": learned.Map("clamped", 0.1, 20.0),
    "code": learned.Map("clamped", 0.1, 20.0),
    "neurosparse": learned.Map("sigmoid", 0.01, 20.0),
}
SLIP = float(1.0 / (1.0 + np.exp(-0.9)))  # "code" starts the free number, not tau0, at 0.9: tau0 = 0.711


class UltraDLIF(Cell):
    """`n` neurons on a ring, or on the graph `links`; used like `Cell`, its State is w, the membrane after the reset.

    links: Csr (n x n), rows sources, weights > 0, nobody linked to itself. params: tau0, eps, v_th, v_reset of
    `ultradlif.params`, and alpha, by default 1 / (1 + the largest sum of weights that a neuron receives). learn_tau:
    UltraDPLIF, "code" alone; it starts at 0.711, as there, unless tau0 is given. Other keywords as `Cell`.
    Raises TypeError or ValueError for what those refuse.
    """

    def __init__(
        self, n: int, variant: str = "neurosparse", learn_tau: bool = False, learn_eps: bool = True, *,
        links: Any = None, params: Mapping[str, Any] | None = None, spikes: Spikes = SOFT, backend: str = "auto",
        **more: Any,
    ):  # fmt: skip
        owner = "tensor.UltraDLIF"
        check.one_of(owner, "variant", variant, tuple(ultradlif.VARIANTS))
        check.one_of(owner, "backend", backend, BACKENDS)
        if learn_tau and variant != "code":
            check.fail(owner, 'learn_tau needs variant "code"', variant, "the others have no tau0")
        sources, weight = received(owner, ultradlif.ring(n) if links is None else links, n)
        degree = weight.sum(axis=1)
        given = {"variant": variant, "degree": degree, "alpha": 1.0 / (1.0 + max(degree, default=0.0))}
        if learn_tau:
            given["tau0"] = SLIP
        learn = ("tau0",) * learn_tau + ("eps",) * learn_eps
        maps = {"eps": EPS_MAPS[variant], **more.pop("maps", {})}
        super().__init__(
            ultradlif, n, {**given, **(params or {})}, learn=learn, spikes=spikes, port="current", maps=maps, **more
        )
        self.backend, self.late = backend, variant == "code"
        shares = self.module.params(**self.given, dt=self.dt)
        self.neighbours = Neighbours(shares.own, shares.others, sources, weight)

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """One step: x (batch, neuron) -> (z (batch, neuron), State). Raises as `Cell`."""
        self._check(x, state, 2, "(batch, {n}), one step; for all steps call scan")
        with answering(self.spikes):
            w, z = self._step(self.params(), (self.rest(x) if state is None else state).w, x)
        return z, ultradlif.State(w)

    def scan(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """All steps: x (time, batch, neuron) -> (z of the same shape, last State). Raises as `Cell`."""
        self._check(x, state, 3, "(time, batch, {n})")
        w, p, out = (self.rest(x) if state is None else state).w, self.params(), []
        self.used = choose("tensor.UltraDLIF.scan", self.backend, x)
        if self.used == "numba":
            constants = (p.tau0, p.eps, p.v_th, p.v_reset)
            z, w = ultra_scan.scan(x, w, constants, self.neighbours.graph(x), self.late, self.spikes)
            return z, ultradlif.State(w)
        with answering(self.spikes):
            for now in x:
                w, z = self._step(p, w, now)
                out.append(z)
        return (torch.stack(out) if out else torch.empty_like(x)), ultradlif.State(w)

    def _step(self, p: Any, v: torch.Tensor, x: torch.Tensor):
        """(membrane after the reset, z)."""
        if not self.late:
            return ultralif.fire(p, self.neighbours(v, p.eps) + x)
        w = p.tau0 * v + x
        z = ops.spike((self.neighbours(w, p.eps) - p.v_th) / p.eps)
        return ops.reset(z, p.v_reset, w), z


class Neighbours(nn.Module):
    """Who is next to whom: own one number or (n,), others times weight (n, k) for those in sources (n, k)."""

    table: torch.Tensor  # (n, k + 1), a neuron itself first
    logs: torch.Tensor  # (n, k + 1) log shares, float64, whatever v is; -inf where the table is filled up

    def __init__(self, own: Any, others: Any, sources: np.ndarray, weight: np.ndarray):
        super().__init__()
        own = np.broadcast_to(np.reshape(own, (-1, 1)), (len(sources), 1))
        others = np.broadcast_to(np.reshape(others, (-1, 1)), own.shape)
        with np.errstate(divide="ignore"):  # log 0 where the table is filled up
            logs = np.log(np.concatenate([own, others * weight], axis=1))
        table = np.concatenate([np.arange(len(sources))[:, None], sources], axis=1)
        self.register_buffer("table", torch.from_numpy(table), persistent=False)
        self.register_buffer("logs", torch.from_numpy(logs), persistent=False)

    def graph(self, like: torch.Tensor) -> ultra_scan.Graph:
        """The same for compiled loops."""
        share = self.logs.exp().to(like.dtype).T.contiguous()
        return ultra_scan.Graph(self.table.T.contiguous().numpy(), share.numpy())

    def forward(self, v: torch.Tensor, eps: Any) -> torch.Tensor:
        """LSE_i(v), (batch, n), of v of that shape; eps one number or a tensor of one or (n,)."""
        eps = torch.as_tensor(eps, dtype=v.dtype, device=v.device)
        return eps * torch.logsumexp(v[:, self.table] / eps[..., None] + self.logs.to(v), dim=-1)


def choose(owner: str, name: str, x: torch.Tensor) -> str:
    """The backend that runs. Raises ValueError, with the reason, where the one asked for can not."""
    if name == "torch" or torch.compiler.is_compiling():
        return "torch"
    why = "" if x.device.type == "cpu" else f"numba does not run on {x.device}"
    if x.dtype not in (torch.float32, torch.float64):
        why = f"compiled loops take float32 and float64, not {x.dtype}"
    if why and name == "numba":
        check.fail(owner, "backend 'numba' must be able to run this", why, 'take backend="auto"')
    return "torch" if why else "numba"


def received(owner: str, links: csr.Csr, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(sources, weights), (n, k) each, of what every neuron receives; filled up with itself at weight 0.

    Raises TypeError or ValueError for links that are no Csr (n x n), weights <= 0 and links of a neuron to itself.
    """
    csr.validate(owner, links)
    if (links.n_rows, links.n_cols) != (n, n):
        check.fail(owner, f"links must be a Csr ({n} x {n})", links)
    check.positive(owner, "weights of links", links.weight)
    targets, sources, weight = csr.to_coo(csr.transpose(links))
    if np.any(targets == sources):
        check.fail(owner, "no neuron may be linked to itself", int(targets[targets == sources][0]), "it keeps a share")
    count = np.bincount(targets, minlength=n)
    k = int(count.max(initial=0))
    check.fits(owner, f"a table of {n} x {k} neighbours", 24.0 * n * (k + 1), "take a graph without hubs")
    place = np.arange(links.nnz) - np.repeat(np.cumsum(count) - count, count)
    table, weights = np.repeat(np.arange(n)[:, None], k, axis=1), np.zeros((n, k))
    table[targets, place], weights[targets, place] = sources, weight
    return table, weights
