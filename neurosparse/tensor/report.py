"""What a trained net does on a test set: accuracy with its own and with hard spikes, rates, operations, energy.

    synaptic operations    sum over layers and steps of (spikes that are on) x (their targets); the input's too where it
                           is 0 or 1, else its first map counts as multiply-accumulates (MACs), once if it stands still
    energy, J a sample     "arithmetic"  additions, MACs and neuron updates, 45 nm, 32 bit
                           "memory"      the same with weights fetched and states read and written
                           "ann"         a net of the same weights in 8 bit, one pass, weights fetched, to compare with

All figures are of hard spikes: a soft spike multiplies, and its mean is no number of events. Costs: `measure.energy`;
of an 8-bit MAC with its weight fetched, 0.23 + 8 x 20 pJ. Sources: as there.
"""

import resource
import sys
from typing import Any, NamedTuple

import torch
from torch import nn

from neurosparse.measure import energy
from neurosparse.tensor import fit
from neurosparse.tensor.net import hardened, is_soft

FETCH = 20.0  # pJ a bit from DRAM, as in `measure.energy`
ARITHMETIC, MEMORY = energy.COSTS["fp32"], energy.COSTS["fp32_memory"]


class Report(NamedTuple):
    """Means over the test set; see above."""

    soft_accuracy: float  # with the net's own spikes; nan where they are hard
    hard_accuracy: float
    rate: float  # hard spikes of hidden neurons, a neuron and step
    rates: list[float]  # of each layer
    synaptic_operations: float  # a sample
    macs: float  # a sample, of analogue inputs
    updates: float  # of neurons, a sample
    energy: dict[str, float]  # J a sample
    peak_memory: float  # MiB of this process so far


class Counts(NamedTuple):
    """Sums over samples."""

    right: int
    samples: int
    spikes: list[float]
    places: list[float]
    operations: float
    macs: float
    updates: float


def evaluate(net: nn.Module, test: fit.Samples, encode: fit.Encode, seed: int = 0, batch: int = 1000) -> Report:
    """Raises as `fit` for samples that do not fit. The net is a `net.Layered`, or answers as one."""
    test = fit.checked("tensor.evaluate", "test", test)
    soft = fit.accuracy(net, test, encode, seed, batch) if is_soft(net) else float("nan")
    with hardened(net):
        done = _counted(net, test, encode, seed, batch)
    n = done.samples
    rates = [spikes / places for spikes, places in zip(done.spikes, done.places)]
    operations, macs, updates = done.operations / n, done.macs / n, done.updates / n
    return Report(
        soft, done.right / n, sum(done.spikes) / max(sum(done.places), 1.0), rates, operations, macs, updates,
        _energies(net, operations, macs, updates), peak_memory(),
    )  # fmt: skip


def _energies(net: nn.Module, operations: float, macs: float, updates: float) -> dict[str, float]:
    """J a sample."""
    mac, fetch = ARITHMETIC.neuron_update, MEMORY.synaptic_operation - ARITHMETIC.synaptic_operation
    weights = sum(_synapses(m) for m in _maps(net))
    byte = energy.COSTS["int8"].neuron_update + 8 * FETCH
    return {
        "arithmetic": 1e-12 * (operations * ARITHMETIC.synaptic_operation + (macs + updates) * mac),
        "memory": 1e-12
        * (operations * MEMORY.synaptic_operation + macs * (mac + fetch) + updates * MEMORY.neuron_update),
        "ann": 1e-12 * weights * byte,
    }


@torch.no_grad()
def _counted(net: nn.Module, test: fit.Samples, encode: fit.Encode, seed: int, batch: int) -> Counts:
    net.eval()
    noise, maps = fit.generator(seed, "test noise"), _maps(net)
    done = Counts(0, len(test.y), [], [], 0.0, 0.0, 0.0)
    for k in range(0, len(test.y), batch):
        x = encode(test.x[k : k + batch], noise)
        logits, hidden = fit.answer(net, x)
        spikes, places = [float(z.sum()) for z in hidden], [float(z.numel()) for z in hidden]
        binary = bool(((x == 0) | (x == 1)).all())
        first = _targets(maps[0], x, x.stride(0) == 0 and not binary) if maps else 0.0
        operations = sum(_targets(m, z) for m, z in zip(maps[1:], hidden)) + (first if binary else 0.0)
        done = Counts(
            done.right + int((logits.argmax(1).cpu() == test.y[k : k + batch]).sum()),
            done.samples,
            _added(done.spikes, spikes),
            _added(done.places, places),
            done.operations + operations,
            done.macs + (0.0 if binary else first),
            done.updates + sum(places),
        )
    return done


def _added(a: list[float], b: list[float]) -> list[float]:
    return [x + y for x, y in zip(a, b)] if a else b


def _maps(net: nn.Module) -> list[Any]:
    return list(getattr(net, "linears", []))


def _synapses(m: Any) -> int:
    """Synapses of a linear map, dense or sparse."""
    weight = getattr(m, "values", None)
    return int(m.weight.numel() if weight is None else weight.numel())


def _targets(m: Any, z: torch.Tensor, once: bool = False) -> float:
    """Sum over what is on of the targets that it has; of one step only where all are the same."""
    on = (z[:1] if once else z) != 0
    if isinstance(m, nn.Linear):
        return float(on.sum()) * m.out_features
    csr = m.to_csr()
    fan_out = torch.from_numpy(csr.indptr[1:] - csr.indptr[:-1]).double()
    return float((on.double().sum(dim=(0, 1)).cpu() * fan_out).sum())


def peak_memory() -> float:
    """The most memory that this process has had, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
