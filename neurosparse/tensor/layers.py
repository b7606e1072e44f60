"""A stack of layers as plain records, and back: what other formats, and the event engine, are made from.

    records = layers.describe([nn.Linear(784, 64), Cell("lif", 64), SparseLinear(pattern), Cell("li", 10)])
    stack = layers.build(records)              # a list of modules, with the same numbers

A record is a dict of numbers, text and NumPy arrays, with no torch in it. Its key "layer" says what it is:

    linear         weight (n_out, n_in), bias (n_out,) or None
    sparse         indptr, indices, values of a Csr (rows presynaptic), n_out, bias
    delay_linear   weight, delay (n_in, n_out) in steps, as it runs when it does not train; n_taps
    scale          factor (n,)
    delay          steps (n,)
    flatten        all but time and batch
    cell           neuron, n, given (arguments of `params`), dt (ms), port, spikes, backend, learn (what is learned:
                   its map and free numbers), constants (Params now), dtype
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from neurosparse import check, csr, neurons
from neurosparse.tensor import learned
from neurosparse.tensor.cell import Cell
from neurosparse.tensor.channels import Delay, Scale
from neurosparse.tensor.delays import DelayLinear
from neurosparse.tensor.net import Layered
from neurosparse.tensor.sparse_linear import SparseLinear
from neurosparse.tensor.surrogate import DEFAULT, Spikes, spikes

Record = dict[str, Any]
MODELS = sorted(file.stem for file in Path(neurons.__path__[0]).glob("*.py") if file.stem != "__init__")
NAMES = ("linear", "sparse", "delay_linear", "scale", "delay", "flatten", "cell")
FLOATS = ("float16", "bfloat16", "float32", "float64")
KNOWN = "nn.Linear, nn.Flatten(2), tensor.SparseLinear, DelayLinear, Scale, Delay and Cell"


def describe(stack: Iterable[nn.Module] | Layered) -> list[Record]:
    """Records of the layers, one for each, in order; of a Layered, its readout last (its mean over time is no layer).

    Raises TypeError for layers of other kinds, which it names.
    """
    owner = "tensor.layers.describe"
    if isinstance(stack, Layered):
        stack = [*(layer for pair in zip(stack.linears, stack.cells) for layer in pair), stack.linears[-1]]
    if not isinstance(stack, Iterable):
        check.fail(owner, "stack must be a sequence of layers", type(stack).__name__, error=TypeError)
    return [_record(owner, place, layer) for place, layer in enumerate(stack)]


def build(records: Sequence[Record], own_models: bool = False) -> list[nn.Module]:
    """The layers of records.

    own_models: import models that are not of this library, by the names that the records give; for files you trust.
    Raises TypeError or ValueError for records of other kinds, with parts missing, or damaged.
    """
    made = []
    for place, record in enumerate(records):
        owner = f"tensor.layers.build: layer {place}"
        if not isinstance(record, Mapping) or "layer" not in record:
            check.fail(owner, 'a record is a dict with the key "layer"', record, error=TypeError)
        name = check.one_of(owner, "layer", record["layer"], NAMES)
        if name == "cell" and not own_models:
            remedy = "own_models=True imports it, where you trust the file"
            check.one_of(owner, f"neuron ({remedy})", record.get("neuron"), MODELS)
        try:
            made.append(_BUILD[name](record))
        except KeyError as error:
            check.fail(owner, f"a {name} has {error.args[0]!r}", sorted(record))
        except (TypeError, ValueError, RuntimeError, IndexError, AttributeError) as error:
            if getattr(error, "user_mistake", False):
                raise
            check.fail(owner, f"a {name} must be whole ({error})", sorted(record))
    return made


def _record(owner: str, place: int, layer: Any) -> Record:
    if isinstance(layer, Cell):
        return _cell_record(layer)
    if isinstance(layer, SparseLinear):
        p = layer.pattern
        there = {"indptr": numpy(p.indptr), "indices": numpy(p.indices), "n_out": p.n_out}
        return {"layer": "sparse", **there, "values": numpy(layer.values), "bias": _bias(layer)}
    if isinstance(layer, DelayLinear):
        taps = {"delay": numpy(layer.whole()), "n_taps": layer.n_taps}
        return {"layer": "delay_linear", "weight": numpy(layer.w), **taps}
    if isinstance(layer, Scale):
        return {"layer": "scale", "factor": numpy(layer.factor)}
    if isinstance(layer, Delay):
        return {"layer": "delay", "steps": numpy(layer.steps)}
    if isinstance(layer, nn.Linear):
        return {"layer": "linear", "weight": numpy(layer.weight), "bias": _bias(layer)}
    if isinstance(layer, nn.Flatten) and (layer.start_dim, layer.end_dim) == (2, -1):
        return {"layer": "flatten"}
    return check.fail(owner, f"layer {place} must be one of {KNOWN}", repr(layer), error=TypeError)


def _cell_record(cell: Cell) -> Record:
    learn = {name: {"map": list(how), "free": numpy(cell.learned[name])} for name, how in cell.maps.items()}
    constants = {name: _plain(value) for name, value in cell.params()._asdict().items()}
    values = [*cell.learned.values(), *cell.buffers(recurse=False)]
    return {
        "layer": "cell",
        "neuron": cell.module.__name__.removeprefix("neurosparse.neurons."),
        "n": cell.n,
        "given": dict(cell.given),
        "dt": float(cell.dt),
        "port": cell.port,
        "spikes": list(cell.spikes),
        "backend": cell.backend,
        "learn": learn,
        "constants": constants,
        "dtype": str(values[0].dtype).removeprefix("torch.") if values else None,
    }


def numpy(values: torch.Tensor) -> np.ndarray:
    """A copy on the side of NumPy."""
    return values.detach().cpu().numpy().copy()


def _plain(value) -> Any:
    if not isinstance(value, torch.Tensor):
        return float(value)
    array = numpy(value).astype(np.float64)
    return array if array.ndim else float(array)


def _bias(layer: Any) -> np.ndarray | None:
    return None if layer.bias is None else numpy(layer.bias)


def _set(target: torch.Tensor, values) -> None:
    with torch.no_grad():
        target.copy_(torch.as_tensor(np.asarray(values)))


def _tensor(values) -> torch.Tensor:
    """Floats as they are, float32 or float64, else in torch's default type."""
    array = np.asarray(values)
    kind = None if array.dtype in (np.float32, np.float64) else torch.get_default_dtype()
    return torch.as_tensor(np.array(array), dtype=kind)


def _linear(record: Record) -> nn.Linear:
    weight, bias = _tensor(record["weight"]), record["bias"]
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, dtype=weight.dtype)
    _set(layer.weight, weight)
    if bias is not None:
        _set(layer.bias, bias)
    return layer


def _sparse(record: Record) -> SparseLinear:
    values, bias = _tensor(record["values"]), record["bias"]
    indptr, indices = np.array(record["indptr"], np.int64), np.array(record["indices"], np.int32)
    synapses = csr.make(indptr, indices, np.zeros(len(indices), np.float32), int(record["n_out"]))
    layer = SparseLinear(synapses, bias is not None, weights=True).to(values.dtype)
    _set(layer.values, values)
    if bias is not None:
        _set(layer.bias, bias)  # type: ignore[arg-type]
    return layer


def _delay_linear(record: Record) -> DelayLinear:
    weight = np.asarray(record["weight"])
    layer = DelayLinear(weight.shape[0], weight.shape[1], int(record["n_taps"]), learned=False)
    check.between("tensor.layers.build", "delay", record["delay"], 0, layer.n_taps - 1, "steps")
    layer.to(_tensor(weight).dtype)
    _set(layer.w, weight)
    _set(layer.d, record["delay"])
    return layer


def _spikes(how: str, surrogate: str, alpha: float, detach_reset: bool) -> Spikes:
    return spikes(how, surrogate if how == "hard" else None, alpha, bool(detach_reset))


def _cell(record: Record) -> Cell:
    learn, n = record.get("learn", {}), int(record["n"])
    free = {name: np.asarray(each["free"]) for name, each in learn.items()}
    cell = Cell(
        record["neuron"], n, record["given"], learn=tuple(learn), spikes=_spikes(*record.get("spikes", DEFAULT)),
        port=record["port"], backend=record.get("backend", "auto"), dt=record["dt"],
        per_neuron=bool(free) and all(values.ndim for values in free.values()),
        maps={name: learned.Map(*each["map"]) for name, each in learn.items()},
    )  # fmt: skip
    if record.get("dtype"):
        cell.to(getattr(torch, check.one_of("tensor.layers.build", "dtype", record["dtype"], FLOATS)))
    for name, buffer in cell.named_buffers(recurse=False):
        if "constants" in record:  # what was float64 is it again
            _set(buffer, record["constants"][name.removeprefix("fixed_")])
    for name, values in free.items():
        _set(cell.learned[name], values)
    return cell


_BUILD = {
    "linear": _linear,
    "sparse": _sparse,
    "delay_linear": _delay_linear,
    "scale": lambda record: _scale(record),
    "delay": lambda record: Delay(np.asarray(record["steps"])),
    "flatten": lambda record: nn.Flatten(2),
    "cell": _cell,
}


def _scale(record: Record) -> Scale:
    layer = Scale(np.asarray(record["factor"]))
    layer.to(_tensor(record["factor"]).dtype)
    _set(layer.factor, record["factor"])
    return layer
