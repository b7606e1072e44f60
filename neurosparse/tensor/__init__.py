"""The torch side: the same steps on tensors, with gradients. The only room that imports torch.

Importing it teaches `neurosparse.ops` torch tensors; `spike` gets a surrogate derivative. Tensors are time first,
(time, batch, neuron). Time stays in ms, as everywhere: constants come from the same `params`.
"""

from types import SimpleNamespace

import torch

from neurosparse import ops
from neurosparse.tensor.exponential import exp, expm1, log, sigmoid, softplus
from neurosparse.tensor.surrogate import answering, reset, spike, spikes
from neurosparse.tensor.unroll import unroll

__all__ = ["Cell", "answering", "functional", "fused", "spike", "spikes", "unroll"]


def _pair(a, b):
    like = a if isinstance(a, torch.Tensor) else b
    return [
        x if isinstance(x, torch.Tensor) else torch.as_tensor(x, dtype=like.dtype, device=like.device) for x in (a, b)
    ]


ops.register(
    "torch",
    SimpleNamespace(
        where=torch.where,
        spike=spike,
        reset=reset,
        sigmoid=sigmoid,
        softplus=softplus,
        maximum=lambda a, b: torch.maximum(*_pair(a, b)),
        minimum=lambda a, b: torch.minimum(*_pair(a, b)),
        exp=exp,
        expm1=expm1,
        log=log,
        log1p=torch.log1p,
        logaddexp=lambda a, b: torch.logaddexp(*_pair(a, b)),
        sqrt=torch.sqrt,
        tanh=torch.tanh,
        abs=torch.abs,
    ),
)

from neurosparse.tensor import fused  # noqa: E402  (what follows needs `ops` to know tensors)
from neurosparse.tensor.cell import Cell, functional  # noqa: E402
