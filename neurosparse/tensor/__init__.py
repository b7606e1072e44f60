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

__all__ = [
    "Cell",
    "Delay",
    "DelayLinear",
    "EventLinear",
    "EventPropLIF",
    "Guest",
    "Layered",
    "Samples",
    "Scale",
    "SparseLinear",
    "answering",
    "encoders",
    "eventprop",
    "events",
    "fit",
    "functional",
    "fused",
    "hardened",
    "layers",
    "packed",
    "random_pattern",
    "report",
    "spike",
    "spikes",
    "through_time",
    "to_network",
    "ultra",
    "unroll",
]


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

from neurosparse.tensor import (  # noqa: E402  (needs `ops` to know tensors)
    encoders,
    eventprop,
    events,
    fit,
    fused,
    layers,
    packed,
    report,
    through_time,
    ultra,
)
from neurosparse.tensor.cell import Cell, functional  # noqa: E402
from neurosparse.tensor.channels import Delay, Scale  # noqa: E402
from neurosparse.tensor.delays import DelayLinear  # noqa: E402
from neurosparse.tensor.event_linear import EventLinear  # noqa: E402
from neurosparse.tensor.eventprop import EventPropLIF  # noqa: E402
from neurosparse.tensor.fit import Samples  # noqa: E402
from neurosparse.tensor.guest import Guest  # noqa: E402
from neurosparse.tensor.net import Layered, hardened  # noqa: E402
from neurosparse.tensor.sparse_linear import SparseLinear, random_pattern  # noqa: E402
from neurosparse.tensor.to_network import to_network  # noqa: E402
