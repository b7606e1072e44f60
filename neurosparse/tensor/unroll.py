"""A step module unrolled over time on tensors."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import torch

from neurosparse import check


def unroll(module: ModuleType, p: Any, inputs: Sequence[torch.Tensor], state: Any = None):
    """Run `module.step` over time; returns (z, state): outputs (time, batch, neuron) and the last State.

    inputs: one tensor (time, batch, neuron) for each of the module's PORTS, in their order. state: a State of
    (batch, neuron) tensors, default `module.init(p)`. Raises ValueError for other shapes.
    """
    owner = "tensor.unroll"
    if len(inputs) != len(module.PORTS):
        check.fail(
            owner,
            f"needs one input for each port of {module.__name__}: {', '.join(module.PORTS)}",
            len(inputs),
        )
    shape = inputs[0].shape
    if len(shape) != 3 or any(x.shape != shape for x in inputs):
        check.fail(owner, "inputs must share one shape (time, batch, neuron)", [tuple(x.shape) for x in inputs])
    if state is None:
        state = module.State(*(inputs[0].new_full(shape[1:], float(value)) for value in module.init(p)))
    for name, value in state._asdict().items():
        if value.shape != shape[1:]:
            check.fail(
                owner,
                f"state {name} must have shape {tuple(shape[1:])}",
                tuple(value.shape),
                "reset the state",
            )
    out, adds = [], getattr(module, "ADDS", {})
    for now in zip(*inputs, strict=True):
        arrived = dict(zip(module.PORTS, now, strict=True))
        state = state._replace(**{field: getattr(state, field) + arrived.pop(port) for port, field in adds.items()})
        state, z = module.step(p, state, *arrived.values())
        out.append(z)
    return torch.stack(out), state
