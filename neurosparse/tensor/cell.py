"""Any neuron module as a torch layer: one step, or all steps at once.

    cell = Cell("lif", 128, {"tau_mem": 20.0}, learn=("decay",), spikes=spikes("hard", "atan"))
    z, state = cell(x, state)          # x (batch, neuron), one step; state None: as `init` of the module says
    z, state = cell.scan(x, state)     # x (time, batch, neuron)
    cell.used                          # which backend ran last: "numba", "triton" or "torch"

Parameters are those of the module's `params` (ms, mV, pA); `learn` names fields of its Params, which then follow the
gradient inside their range. What comes in goes to one port, by default "jump", "exc" or "current". The state is the
module's State, of (batch, neuron) tensors: pass it on, or drop it to begin anew. `functional` is the same without a
module. Of a model that is read and does not spike (`li`) the output is its potential.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from neurosparse import check, find
from neurosparse.tensor import fused, learned
from neurosparse.tensor.surrogate import DEFAULT, Spikes, answering

PORTS = ("jump", "exc", "current")  # where inputs go, the first that a module has


class Cell(nn.Module):
    """`n` neurons of one module; see above.

    params: keyword arguments of the module's `params`, numbers or arrays (n,). per_neuron: learned fields have a value
    for each neuron, not one for all. maps: field -> `learned.Map` in place of the module's BOUNDS. dt in ms.
    Raises TypeError or ValueError for what the module refuses, and for unknown fields, ports and backends.
    """

    def __init__(
        self, neuron: ModuleType | str, n: int, params: Mapping[str, Any] | None = None, *, learn: tuple[str, ...] = (),
        spikes: Spikes = DEFAULT, port: str | None = None, backend: str = "auto", per_neuron: bool = False,
        maps: Mapping[str, learned.Map] | None = None, dt: float = 1.0,
    ):  # fmt: skip
        super().__init__()
        owner = "tensor.Cell"
        self.module = find.find_module(owner, neuron, "neurons")
        self.n = check.integer(owner, "n", n, 1)
        self.given, self.dt, self.spikes = dict(params or {}), dt, spikes
        if not isinstance(spikes, Spikes):
            check.fail(owner, "spikes must be made by tensor.spikes(...)", spikes, error=TypeError)
        check.one_of(owner, "backend", backend, fused.BACKENDS)
        self.backend, self.used = backend, ""
        constants = find.constants(owner, self.module, self.given, dt)
        usual = next((name for name in PORTS if name in self.module.PORTS), self.module.PORTS[0])
        self.port: str = usual if port is None else check.one_of(owner, "port", port, self.module.PORTS)
        if isinstance(learn, str):
            check.fail(owner, "learn must be a tuple of names", learn, f"take ({learn!r},)", TypeError)
        for name in learn:
            check.one_of(owner, "learn", name, self.module.Params._fields)
        bounds, maps = getattr(self.module, "BOUNDS", {}), maps or {}
        self.maps = {name: maps.get(name) or learned.of_bounds(*bounds.get(name, (-np.inf, np.inf))) for name in learn}
        self.learned = nn.ParameterDict()
        self.plain: dict[str, float] = {}
        for name, value in constants._asdict().items():
            self._keep(owner, name, np.asarray(value, dtype=float), per_neuron)
        fused.check_mode(owner, self.module, spikes)

    def _keep(self, owner: str, name: str, value: np.ndarray, per_neuron: bool) -> None:
        """A field as a learned parameter, a buffer of one value a neuron, or a plain number."""
        if value.shape not in ((), (self.n,)):
            check.fail(owner, f"{name} must be one number or have shape ({self.n},)", value.shape)
        kind = torch.get_default_dtype()
        if name in self.maps:
            start = torch.as_tensor(np.array(np.broadcast_to(value, (self.n,)) if per_neuron else value))
            self.learned[name] = nn.Parameter(learned.free(owner, name, self.maps[name], start).to(kind))
        elif value.shape:
            self.register_buffer(f"fixed_{name}", torch.as_tensor(value, dtype=kind))
        else:
            self.plain[name] = float(value)

    def params(self) -> Any:
        """The module's Params now: numbers, and tensors for learned fields and those of one value a neuron."""
        values: dict[str, Any] = dict(self.plain)
        for name, how in self.maps.items():
            values[name] = learned.value(how, self.learned[name])
        for name, value in self.named_buffers(recurse=False):
            values[name.removeprefix("fixed_")] = value
        return self.module.Params(**values)

    def rest(self, like: torch.Tensor) -> Any:
        """The first State for inputs (..., batch, neuron) like this."""
        p = self.params()
        return self.module.State(*(start + like.new_zeros(like.shape[-2:]) for start in self.module.init(p)))

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """One step: x (batch, neuron) -> (out (batch, neuron), State). Raises ValueError for other shapes."""
        self._check(x, state, 2, "(batch, {n}), one step; for all steps call scan")
        with answering(self.spikes):
            return one_step(self.module, self.params(), self.rest(x) if state is None else state, x, self.port)

    def scan(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """All steps: x (time, batch, neuron) -> (out of the same shape, last State). Raises ValueError for others."""
        self._check(x, state, 3, "(time, batch, {n})")
        state = self.rest(x) if state is None else state
        p = self.params()
        self.used = fused.choose("tensor.Cell.scan", self.backend, self.module, p, self.port, x)
        if self.used != "torch":
            return fused.run(self.used, self.module, p, self.port, self.spikes, x, state)
        with answering(self.spikes):
            return unrolled(self.module, p, state, x, self.port)

    def _check(self, x: torch.Tensor, state: Any, dims: int, shape: str) -> None:
        if not isinstance(x, torch.Tensor) or not x.is_floating_point():
            check.fail("tensor.Cell", "input must be a tensor of floats", getattr(x, "dtype", type(x)), error=TypeError)
        if x.ndim != dims or x.shape[-1] != self.n:
            remedy = "time is the first axis, neurons the last" if x.ndim == dims else ""
            check.fail("tensor.Cell", f"input must have shape {shape.format(n=self.n)}", tuple(x.shape), remedy)
        check_state("tensor.Cell", self.module, x, state)

    def extra_repr(self) -> str:
        """What `print` shows."""
        name = self.module.__name__.removeprefix("neurosparse.neurons.")
        return f"{name}, n={self.n}, {self.given}, learn={tuple(self.maps)}, {self.spikes}, backend={self.backend!r}"


def check_state(owner: str, module: ModuleType, x: torch.Tensor, state: Any) -> None:
    """State fits the inputs (..., batch, neuron), or is None; raises TypeError or ValueError."""
    if state is None:
        return
    if not isinstance(state, module.State):
        check.fail(owner, f"state must be the State of {module.__name__}", type(state).__name__, error=TypeError)
    for name, value in state._asdict().items():
        if value.shape != x.shape[-2:]:
            need = f"state {name} must have shape {tuple(x.shape[-2:])}, as the batch"
            check.fail(owner, need, tuple(value.shape), "begin the next batch with state=None")


def one_step(module: ModuleType, p: Any, state: Any, x: torch.Tensor, port: str) -> tuple[torch.Tensor, Any]:
    """(out, State) after one step in which x arrives at one port and nothing at the others."""
    adds = getattr(module, "ADDS", {})
    if port in adds:
        state = state._replace(**{adds[port]: getattr(state, adds[port]) + x})
    ports = [name for name in module.PORTS if name not in adds]
    state, z = module.step(p, state, *[x if name == port else 0.0 for name in ports])
    return (getattr(state, module.OUT) if hasattr(module, "OUT") else z), state


def unrolled(module: ModuleType, p: Any, state: Any, x: torch.Tensor, port: str) -> tuple[torch.Tensor, Any]:
    """(out, last State) of all steps of x, one after the other."""
    out = []
    for now in x:
        z, state = one_step(module, p, state, now, port)
        out.append(z)
    return (torch.stack(out) if out else torch.empty_like(x)), state


def functional(
    neuron: ModuleType | str, p: Any, x: torch.Tensor, state: Any = None, *, port: str, mode: Spikes = DEFAULT
):
    """(out, State) of one step, or of all where x is (time, batch, neuron), with a Params `p` of numbers or tensors."""
    module = find.find_module("tensor.functional", neuron, "neurons")
    if state is None:
        state = module.State(*(start + x.new_zeros(x.shape[-2:]) for start in module.init(p)))
    check_state("tensor.functional", module, x, state)
    with answering(mode):
        return unrolled(module, p, state, x, port) if x.ndim == 3 else one_step(module, p, state, x, port)
