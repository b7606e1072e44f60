"""A perceptron with active dendrites and k winners, and its three controls: one part taken away, or all.

    784 - 2048 - 2048 - 10, one head for all tasks; each hidden layer: linear, gate of its dendrites, 5 % winners

    active_dendrites   half of the weights zero, gate, winners
    sparse_only        half of the weights zero, winners
    dendrites_only     all weights, gate, ReLU
    mlp                all weights, ReLU

Source: Iyer et al., Frontiers in Neurorobotics 16:846219 (2022), arXiv:2201.00042, sections 3 and 4 and their code:
sizes, shares, bounds. That the weights of dendrites_only are dense is our reading; the output has no dendrites.
"""

from typing import Literal

import torch
from pydantic import Field
from torch import nn

from neurosparse import check
from neurosparse.io import config
from neurosparse.tensor.dendrites import ActiveDendrites, Mode
from neurosparse.tensor.kwinners import KWinners
from neurosparse.tensor.sparse_weights import MaskedLinear, Shares

Method = Literal["active_dendrites", "sparse_only", "dendrites_only", "mlp"]
GATED = ("active_dendrites", "dendrites_only")
SPARSE = ("active_dendrites", "sparse_only")


class Config(config.Config):
    """Sizes and shares of one net."""

    method: Method = Field(default="active_dendrites", description="which parts the net has")
    n_inputs: int = Field(default=784, ge=1, le=100_000, description="pixels; the context has as many")
    hidden: int = Field(default=2048, ge=1, le=65_536, description="units of each hidden layer")
    n_hidden: int = Field(default=2, ge=1, le=20, description="hidden layers")
    n_classes: int = Field(default=10, ge=2, le=10_000, description="units of the head")
    n_segments: int = Field(default=10, ge=1, le=1000, description="segments of each hidden unit")
    mode: Mode = Field(default="absolute_max", description="how segments act, see neurosparse/tensor/dendrites.py")
    kw: float = Field(default=0.05, gt=0, le=1, description="share of hidden units that win")
    beta: float = Field(default=0.0, ge=0, le=1000, description="strength of boosting, 0: none")
    weight_sparsity: float = Field(default=0.5, ge=0, lt=1, description="share of weights that are zero")
    dendrite_sparsity: float = Field(default=0.0, ge=0, lt=1, description="share of segment weights that are zero")
    context_density: float = Field(
        default=0.1, gt=0, le=1, description="of the bound of the segments; the paper's code takes 0.1 for images too"
    )
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of masks and weights")


class Net(nn.Module):
    """Hidden layers and a head; `net(x, contexts, which)` are the logits. Without dendrites it needs no contexts."""

    def __init__(self, c: Config):
        super().__init__()
        self.gated = c.method in GATED
        winners = round(c.kw * c.hidden)
        sizes = [c.n_inputs] + [c.hidden] * c.n_hidden
        self.layers = nn.ModuleList(_layer(c, k, sizes[k]) for k in range(c.n_hidden))
        self.rests = nn.ModuleList(
            KWinners(c.hidden, max(1, winners), c.beta) if c.method in SPARSE else nn.ReLU() for _ in self.layers
        )
        shares = Shares(c.weight_sparsity, c.kw) if c.method in SPARSE else Shares()
        self.head = MaskedLinear(c.hidden, c.n_classes, shares, seed=c.seed, name="head")

    def forward(
        self, x: torch.Tensor, contexts: torch.Tensor | None = None, which: torch.Tensor | None = None
    ) -> torch.Tensor:
        """(batch, n_inputs) -> (batch, n_classes). contexts as in `ActiveDendrites`; ValueError where they lack."""
        if self.gated and contexts is None:
            check.fail("dendrites.Net", "a net with dendrites needs contexts", None)
        for layer, rest in zip(self.layers, self.rests, strict=True):
            x = rest(layer(x, contexts, which) if self.gated else layer(x))
        return self.head(x)


def build(c: Config) -> Net:
    """The net, its weights drawn; float32, or torch's default type."""
    return Net(c)


def _layer(c: Config, k: int, n_in: int) -> nn.Module:
    """Hidden layer k; its input is that of the net, or winners."""
    sparse = c.method in SPARSE
    shares = Shares(c.weight_sparsity if sparse else 0.0, c.kw if sparse and k else 1.0)
    linear = MaskedLinear(n_in, c.hidden, shares, seed=c.seed, name=f"layer {k}", quick=sparse and k > 0)
    if c.method not in GATED:
        return linear
    shares = Shares(c.dendrite_sparsity, c.context_density)
    rows = c.mode != "one_segment"  # else all segments are used
    return ActiveDendrites(linear, c.n_inputs, c.n_segments, shares, mode=c.mode, sparse_grad=rows)
