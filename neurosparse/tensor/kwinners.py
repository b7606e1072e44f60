"""k winners take all: the k largest of a layer keep their value, the rest is silent; with boosting by duty cycles.

    z_i = [b_i is among the k largest of b] ;  out_i = z_i h_i ;  b_i = h_i exp(beta (k / n - duty_i))
    duty <- (duty (T - batch) + sum over the batch of z) / T ;      T = min(period, samples seen so far)

h (batch, n) values of the units, beta strength of boosting (0: none), duty share of samples that a unit won. The k-th
largest may be shared: `strict` gives the places left to the lowest indices, else all that tie win. The gradient goes
through the winners alone, and boosting decides who wins but scales no output; exp(-beta duty), as elsewhere, ranks
the units alike. A negative h_i is boosted away from zero, so away from winning.

Source: Ahmad & Scheinkman, "How can we be so dense?", arXiv:1903.11257 (2019), algorithm 1 and eq. 1; strength and
period as in Cui, Ahmad & Hawkins, Frontiers in Computational Neuroscience 11:111 (2017).
"""

import math

import torch
from torch import nn

from neurosparse import check


def winners(h: torch.Tensor, k: int, strict: bool = True) -> torch.Tensor:
    """Bool, of h's shape (..., n): the k largest along the last axis; not strict: and whoever ties with the last.

    Raises TypeError or ValueError for k outside [1, n]; NaN counts as the largest, as in torch, and NaNs tie.
    """
    check.integer("tensor.winners", "k", k, 1, h.shape[-1], "at least one unit wins, at most all")
    least = torch.topk(h, k, dim=-1).values[..., -1:]
    nan = h != h
    won = (h >= least) | nan
    if strict and int(won.sum()) != k * h[..., 0].numel():
        larger = (h > least) | (nan & (least == least))
        tied = won & ~larger
        won = larger | (tied & (tied.cumsum(dim=-1) <= k - larger.sum(dim=-1, keepdim=True)))
    return won


def kwinners(
    h: torch.Tensor, k: int, duty: torch.Tensor | None = None, beta: float = 0.0, strict: bool = True
) -> torch.Tensor:
    """h (..., n) where it wins, else 0; differentiable through the winners. duty (n,): boosts the choice.

    Raises as `winners`, and ValueError for beta < 0, or beta > 0 with a duty of another shape than (n,).
    """
    return torch.where(_chosen(h, k, duty, beta, strict), h, 0.0)


class KWinners(nn.Module):
    """`kwinners` of (batch, n) that keeps the duty cycles while training; when testing, they stand still.

    n units, of which k win; beta >= 0 strength of boosting, period >= 1 samples that the duty cycles look back.
    """

    duty: torch.Tensor  # (n,) share of samples that each unit won
    seen: torch.Tensor  # samples so far, int64

    def __init__(self, n: int, k: int, beta: float = 0.0, period: int = 1000, strict: bool = True):
        super().__init__()
        owner = "tensor.KWinners"
        self.n = check.integer(owner, "n", n, 1)
        self.k = check.integer(owner, "k", k, 1, n, "at least one unit wins, at most all")
        self.beta = check.at_least(owner, "beta", beta, 0.0)
        self.period = check.integer(owner, "period", period, 1)
        self.strict = strict
        self.register_buffer("duty", torch.zeros(n))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """(batch, n) -> (batch, n). Raises ValueError for another shape."""
        if h.ndim != 2 or h.shape[1] != self.n:
            check.fail("tensor.KWinners", f"input must have shape (batch, {self.n})", tuple(h.shape))
        won = _chosen(h, self.k, self.duty, self.beta, self.strict)
        if self.training:
            self._remember(won)
        return torch.where(won, h, 0.0)

    @torch.no_grad()
    def _remember(self, won: torch.Tensor) -> None:
        self.seen += len(won)
        over = min(self.period, int(self.seen))
        new = min(len(won), over)  # a batch longer than the period counts whole, as its mean
        self.duty += (won.to(self.duty.dtype).mean(dim=0) - self.duty) * (new / max(over, 1))

    def entropy(self) -> float:
        """Mean binary entropy of the duty cycles, bits; at most that of k / n, where all units win alike."""
        p = self.duty.double().clamp(1e-300, 1.0)
        q = (1.0 - self.duty.double()).clamp(1e-300, 1.0)
        return float(-(p * p.log() + q * q.log()).mean()) / math.log(2.0)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"n={self.n}, k={self.k}, beta={self.beta}, period={self.period}, strict={self.strict}"


def _chosen(h, k: int, duty: torch.Tensor | None, beta: float, strict: bool) -> torch.Tensor:
    """`winners` of the boosted h."""
    check.at_least("tensor.kwinners", "beta", beta, 0.0)
    boosted = h.detach()
    if beta > 0.0:
        n = h.shape[-1]
        if duty is None or duty.shape != (n,):
            got = None if duty is None else tuple(duty.shape)
            check.fail("tensor.kwinners", f"boosting needs duty of shape ({n},)", got, "or set beta=0")
        boosted = boosted * torch.exp(beta * (k / n - duty.to(h.dtype)))
    return winners(boosted, k, strict)
