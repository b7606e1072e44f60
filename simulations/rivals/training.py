"""The same spiking network in libraries for PyTorch: `u = decay v + x ; z = [u >= 1] ; v = (1 - z) u`, no bias.

The surrogate is the sigmoid's derivative 4 s (1 - s), s = sigmoid(4 (u - 1)), which all libraries have; the reset takes
z as a constant, as snnTorch always does. Each in its way for whole sequences: SpikingJelly's multi-step mode, Norse's
`Lift` of the cell without synaptic current, snnTorch's loop over `Leaky`, our `Cell.scan`. Norse multiplies inputs by
1 - decay: its weights are divided by that in each forward pass, and so are inputs that come without weights.
"""

import importlib.metadata
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from neurosparse.tensor import Cell, spikes
from neurosparse.tensor.event_linear import EventLinear

TAU = 20.0  # steps
DECAY = 1.0 - 1.0 / TAU


class Library(NamedTuple):
    """What a contestant builds its network from."""

    version: str
    layer: Callable[[int], nn.Module]  # n -> a module that turns inputs (time, batch, n) into spikes
    linear: Callable[..., nn.Module] = nn.Linear  # (n_in, n_out, bias=False)
    scale: float = 1.0  # what inputs without weights are to be multiplied by


def ours() -> Library:
    """Compiled scan; weights by events where the input is sparse enough."""
    return Library(importlib.metadata.version("neurosparse"), _Ours, EventLinear)


def ours_plain() -> Library:
    """Compiled scan behind PyTorch's own linear layers, as the rivals have them."""
    return Library(importlib.metadata.version("neurosparse"), _Ours)


def norse() -> Library:
    """`Lift(LIFBoxCell)`."""
    from norse.torch import LIFBoxCell, LIFBoxParameters, Lift  # pyright: ignore[reportMissingImports]
    from norse.torch.functional.reset import reset_value  # pyright: ignore[reportMissingImports]

    def detached(z, v, reset, th):
        return reset_value(z.detach(), v, reset, th)

    p = LIFBoxParameters(
        tau_mem_inv=1000.0 / TAU, v_th=1.0, v_reset=0.0, method="tanh", alpha=2.0, reset_method=detached
    )
    return Library(
        importlib.metadata.version("norse"),
        lambda n: _First(Lift(LIFBoxCell(p, dt=0.001))),
        _Scaled,
        1.0 / (1.0 - DECAY),
    )


def snntorch() -> Library:
    """A loop over `Leaky`."""
    import snntorch  # pyright: ignore[reportMissingImports]
    from snntorch import surrogate  # pyright: ignore[reportMissingImports]

    def layer(n):
        return _Loop(snntorch.Leaky(DECAY, spike_grad=surrogate.sigmoid(slope=4.0), reset_mechanism="zero"))

    return Library(importlib.metadata.version("snntorch"), layer)


def spikingjelly() -> Library:
    """`LIFNode` in multi-step mode."""
    from spikingjelly.activation_based import neuron, surrogate  # pyright: ignore[reportMissingImports]

    def layer(n):
        node = neuron.LIFNode(TAU, decay_input=False, surrogate_function=surrogate.Sigmoid(alpha=4.0),
                              detach_reset=True, step_mode="m")  # fmt: skip
        return _Fresh(node)

    return Library(importlib.metadata.version("spikingjelly"), layer)


MAKERS = {
    "neurosparse": ours, "neurosparse plain": ours_plain, "Norse": norse, "snnTorch": snntorch,
    "SpikingJelly": spikingjelly,
}  # fmt: skip


class Network(nn.Module):
    """Linear and spiking layers in turn; gives spike counts (batch, n_out) of inputs (time, batch, n_in)."""

    def __init__(self, library: Library, weights: list[torch.Tensor]):
        super().__init__()
        parts = []
        for w in weights:
            linear = library.linear(w.shape[1], w.shape[0], bias=False)
            linear.load_state_dict({"weight": w})
            parts += [linear, library.layer(len(w))]
        self.parts = nn.Sequential(*parts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Spike counts."""
        return self.parts(x).sum(dim=0)


class _Ours(nn.Module):
    def __init__(self, n: int):
        super().__init__()
        mode = spikes("hard", "sigmoid", 4.0, detach_reset=True)
        self.cell = Cell("lif", n, {"tau_mem": TAU, "method": "euler"}, spikes=mode, port="jump")

    def forward(self, x):
        return self.cell.scan(x)[0]


class _First(nn.Module):
    """Without the state that comes second."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]


class _Loop(nn.Module):
    def __init__(self, cell: nn.Module):
        super().__init__()
        self.cell = cell

    def forward(self, x):
        v, out = torch.zeros_like(x[0]), []
        for now in x:
            z, v = self.cell(now, v)
            out.append(z)
        return torch.stack(out)


class _Fresh(nn.Module):
    """From rest in each call."""

    def __init__(self, node: nn.Module):
        super().__init__()
        self.node = node

    def forward(self, x):
        self.node.reset()  # type: ignore[operator]
        return self.node(x)


class _Scaled(nn.Linear):
    def forward(self, input):
        return nn.functional.linear(input, self.weight * (1.0 / (1.0 - DECAY)))
