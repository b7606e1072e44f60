"""A trained stack of layers as a Network for the event engine.

    stack = [SparseLinear(pattern), Cell("lif", 128), nn.Linear(128, 10), Cell("li", 10)]
    net = to_network(stack)                                   # "input" -> "layer1" -> "layer2", biases from "bias"
    clock.run(net, (n_steps + 1) * dt, {"input": events}, (SpikeMonitor("layer1"), StateMonitor("layer2", ("v",))))

In a stack spikes pass through all layers in one step; in a network a synapse between neurons takes one. So layer k
(from 1) is k - 1 steps later: its step t is step t - (k - 1) of the stack. Until then it is held at rest: its
refractory count starts at k - 1, and biases, which come from a neuron of "bias", begin with it.

Weights and biases become float32; those that are not are refused, or rounded where `rounded`. Then, for inputs of 0 and
1 and stacks in float64, spikes of `lif` and `alif` are the same bit for bit where the sums into a cell are:

* SparseLinear, backends "csr" and "events": always, for the engine adds in their order, weights first, then the bias;
* nn.Linear and "dense": matrix products add in an order of their own, so where sums are exact (weights that are
  multiples of a power of two, say), else to rounding;

and where the cell is unrolled or has no drive: with v_rest or i_bias, compiled loops add x before the drive, the engine
after it. `lif_exp` adds each weight to its current, not their sum, and is the same to rounding; so is DelayLinear.
`li` has no spikes: its v obeys the same rules. Other models may be the first layer, and later if they keep their rest.
"""

from collections.abc import Iterable
from types import ModuleType
from typing import Any

import numpy as np
from torch import nn

from neurosparse import check, csr, find
from neurosparse.network import Coupling, Network, Population, Projection, SpikeSource
from neurosparse.tensor.layers import Record, describe
from neurosparse.tensor.net import Layered

OWNER = "tensor.to_network"
WEIGHTS = ("linear", "sparse", "delay_linear")


def to_network(stack: Iterable[nn.Module] | Layered, dt: float | None = None, *, rounded: bool = False) -> Network:
    """The network of a stack of layers, each nn.Linear, SparseLinear or DelayLinear followed by a Cell, as above.

    A Cell that comes first hears its input neuron by neuron. The readout of a Layered stays outside: it takes the mean
    over time of the last spikes. dt (ms) is that of the cells; where given it must be.
    Raises TypeError for other layers, ValueError for soft spikes, cells in the wrong place, numbers that are not
    float32, and later cells that would leave their rest before anything arrives and can not be held there.
    """
    records = describe(stack)
    pairs = _pairs(records[:-1] if isinstance(stack, Layered) else records)
    dt = _common_dt(pairs, dt)
    populations: list[Any] = [SpikeSource("input", _inputs(*pairs[0]))]
    projections, couplings, gate = [], [], []
    for k, (synapses, cell) in enumerate(pairs, start=1):
        name, before = f"layer{k}", populations[-1].name
        populations.append(_population(name, cell, k, dt))
        weights, delay = _weights(name, synapses, cell, rounded)
        wait = (delay + (k > 1)) * dt
        projections.append(Projection(before, name, weights, wait, cell["port"]))
        bias = synapses.get("bias") if synapses else None
        if bias is None or not np.any(bias):
            continue
        gate, constant = [_gate(len(pairs), dt)], _bias(name, bias, k, len(pairs), rounded)
        if field := _field(cell):
            projections.append(Projection("bias", name, constant, dt, cell["port"]))
            first = {field: csr.to_scipy(constant).toarray()[0]} if k == 1 else {}  # in step 0 no spike arrives
            populations[-1] = populations[-1]._replace(init=populations[-1].init | first)
        else:
            couplings.append(Coupling("bias", name, constant, cell["port"], "v"))
    return Network(tuple(populations + gate), tuple(projections), (), dt, tuple(couplings))


def _pairs(records: list[Record]) -> list[tuple[Record | None, Record]]:
    """(what brings the input, cell) of each layer."""
    pairs, waiting = [], None
    for place, record in enumerate(records):
        kind = record["layer"]
        if kind == "cell":
            _check_cell(record, place, last=place == len(records) - 1)
            if waiting is None and pairs:
                check.fail(OWNER, "weights must stand between two cells", f"layers {place - 1} and {place}")
            pairs.append((waiting, record))
            waiting = None
        elif kind in WEIGHTS and waiting is None:
            waiting = record
        else:
            need = f"a stack alternates between weights ({', '.join(WEIGHTS)}) and cells"
            check.fail(OWNER, need, f"{kind} as layer {place}", "merge it into the weights before or after it")
    if waiting is not None or not pairs:
        remedy = "apply weights after the last cell to its spikes, outside"
        check.fail(OWNER, "the last layer must be a cell", [record["layer"] for record in records], remedy)
    return pairs


def _check_cell(record: Record, place: int, last: bool) -> None:
    if record["spikes"][0] == "soft":
        remedy = 'build the cell with spikes("hard"), and see what its spikes are then'
        check.fail(OWNER, f"layer {place} must have hard spikes: events are 0 or 1", "soft", remedy)
    if record["neuron"] == "li" and not last:
        check.fail(OWNER, "li has no spikes to pass on: it must be last", f"layer {place}")


def _common_dt(pairs: list[tuple[Record | None, Record]], dt: float | None) -> float:
    found = sorted({cell["dt"] for _, cell in pairs} | ({float(dt)} if dt is not None else set()))
    if len(found) > 1:
        check.fail(OWNER, "dt must be one for all cells", found, "build the cells with one dt")
    return found[0]


def _inputs(synapses: Record | None, cell: Record) -> int:
    if synapses is None:
        return cell["n"]
    if synapses["layer"] == "sparse":
        return len(synapses["indptr"]) - 1
    return synapses["weight"].shape[1 if synapses["layer"] == "linear" else 0]


def _population(name: str, cell: Record, k: int, dt: float) -> Population:
    """The cells of layer k, held at rest for k - 1 steps."""
    module = find.find_module(OWNER, cell["neuron"], "neurons")
    constants = dict(cell["constants"])
    init = {}
    if k > 1 and not _stays(module, constants):
        if "n_ref" not in constants or (not np.all(constants["hold"]) and np.any(constants["n_ref"])):
            need = f"{name} must stay at rest while nothing arrives, for it hears from the stack {k - 1} steps late"
            got = f"{cell['neuron']} with {cell['given']}"
            check.fail(OWNER, need, got, "take v_rest = 0 and no i_bias (a bias of the weights does the same)")
        constants["hold"], init = 1.0, {"r": k - 1.0}
    same = find.constants(OWNER, module, cell["given"], dt)._asdict() if not cell["learn"] else {}
    if all(np.array_equal(value, constants[field]) for field, value in same.items()) and same:
        return Population(name, cell["n"], module, cell["given"], init=init)
    return Population(name, cell["n"], _as_learned(module), constants, init=init)


def _stays(module: ModuleType, constants: dict) -> bool:
    """Whether a cell at rest, to which nothing comes, stays there: to the last bit, but to rounding without spikes."""
    p = module.Params(**constants)
    first = module.init(p)
    last, z = module.step(p, first, *[0.0 for port in module.PORTS if port not in getattr(module, "ADDS", {})])
    same = np.isclose if hasattr(module, "OUT") else np.equal
    return not np.any(z) and all(np.all(same(a, b)) for a, b in zip(first, last))


def _as_learned(module: ModuleType) -> ModuleType:
    """The module with kernel constants in place of biology: what was learned need not follow from any."""
    made = ModuleType(module.__name__, module.__doc__)
    made.__dict__.update({name: value for name, value in vars(module).items() if not name.startswith("__")})
    made.params = lambda dt, **constants: module.Params(**constants)  # type: ignore[attr-defined]
    return made


def _weights(name: str, synapses: Record | None, cell: Record, rounded: bool) -> tuple[csr.Csr, Any]:
    """Csr, and delays in steps: one number, or one of each synapse."""
    n = cell["n"]
    if synapses is None:
        return csr.from_coo(np.arange(n), np.arange(n), 1.0, (n, n)), 0
    if synapses["layer"] == "sparse":
        values = _single(name, synapses["values"], rounded)
        made = csr.make(synapses["indptr"].copy(), synapses["indices"].copy(), values, synapses["n_out"])
    else:
        matrix = synapses["weight"].T if synapses["layer"] == "linear" else synapses["weight"]
        rows, columns = np.nonzero(matrix)
        made = csr.from_coo(rows, columns, _single(name, matrix[rows, columns], rounded), matrix.shape)
        if synapses["layer"] == "delay_linear":
            return _fitting(name, made, n), synapses["delay"][rows, columns]
    return _fitting(name, made, n), 0


def _fitting(name: str, made: csr.Csr, n: int) -> csr.Csr:
    if made.n_cols != n:
        check.fail(OWNER, f"weights into {name} must have {n} outputs", made.n_cols)
    return made


def _single(name: str, values: np.ndarray, rounded: bool) -> np.ndarray:
    """As float32, without loss unless `rounded`."""
    check.number(OWNER, f"weights of {name}", values)
    single = values.astype(np.float32)
    if not rounded and not np.array_equal(single, values):
        remedy = "train in float32, or pass rounded=True and expect other spikes here and there"
        check.fail(OWNER, f"weights and biases of {name} must be float32 numbers", values.dtype, remedy)
    return single


def _bias(name: str, bias: np.ndarray, k: int, depth: int, rounded: bool) -> csr.Csr:
    targets = np.flatnonzero(bias)
    weight = _single(name, bias[targets], rounded)
    return csr.from_coo(np.full(len(targets), k - 1), targets, weight, (depth, len(bias)))


def _field(cell: Record) -> str | None:
    """The State field that what arrives is added to, where a cell takes it so: such ports take spikes alone."""
    module = find.find_module(OWNER, cell["neuron"], "neurons")
    return getattr(module, "ADDS", {}).get(cell["port"])


def _gate(depth: int, dt: float) -> Population:
    """Neuron k - 1 spikes from step k - 2 on, and has v = 1 from then on, else 0: what layer k sees in step k - 1."""
    wait = np.maximum(np.arange(depth) - 1.0, 0.0)
    at_once = {"tau_mem": dt / 1000.0, "i_bias": 1.0, "v_th": 0.5, "v_reset": 1.0}  # decay is 0
    return Population("bias", depth, "lif", at_once, init={"v": 1.0 * (np.arange(depth) == 0), "r": wait})
