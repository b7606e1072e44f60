"""What a run costs: spikes, synaptic operations, updates, and an estimate of the energy.

    synaptic operations = sum_i s_i k_i            s_i spikes and k_i targets (out-degree) of neuron i
    neuron updates      = n n_steps                clock-driven; an event-driven run has fewer
    E = sum over kinds of operation of (number of operations) (energy of one)

These are estimates by counting, of the arithmetic of a chip, not measurements of this computer: no clock, no leakage,
no network on chip. Say which table a number is from; they differ by factors up to ten thousand.

    table            synaptic op       neuron update     weight update      pJ
    fp32, fp16       one add           one MAC           one MAC            45 nm, 0.9 V [1]
    int8             one add           one MAC           one MAC            45 nm, 0.9 V [1]
    fp32_memory      + 32 bit fetched  + 32 bit read     + 32 bit read      arithmetic [1]; weights in DRAM 20 pJ/bit,
                     from DRAM         and written       and written        state on chip 0.25 pJ/bit [2]
    loihi            23.6              81                120                14 nm, simulated before there was a chip [3]

A binary spike adds a weight; a graded activation multiplies it, so that soft activations count as MACs.

Sources: [1] M. Horowitz, Computing's energy problem, ISSCC 2014, fig. 1.1.9 (add 0.9, 0.4, 0.03 pJ, multiply 3.7, 1.1,
0.2 pJ for fp32, fp16, int8); [2] Z. Yan, Z. Bai, W.-F. Wong, Reconsidering the energy efficiency of spiking neural
networks, arXiv 2409.08290, 2024; [3] M. Davies et al., Loihi, IEEE Micro 38 (1) (2018) 82, table 2 (energies of a
synaptic operation, of the update of an active neuron, of a synaptic update).
"""

from collections.abc import Iterable, Mapping
from operator import mul
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes as pairs

OWNER = "measure.operations"


class Costs(NamedTuple):
    """Energy of one operation of each kind, pJ."""

    synaptic_operation: float
    neuron_update: float
    weight_update: float


COSTS: Mapping[str, Costs] = MappingProxyType(
    {
        "fp32": Costs(0.9, 4.6, 4.6),
        "fp16": Costs(0.4, 1.5, 1.5),
        "int8": Costs(0.03, 0.23, 0.23),
        "fp32_memory": Costs(0.9 + 32 * 20.0, 4.6 + 2 * 32 * 0.25, 4.6 + 2 * 32 * 20.0),
        "loihi": Costs(23.6, 81.0, 120.0),
    }
)


class Operations(NamedTuple):
    """What was done in a run, and its energy by each table of `COSTS`."""

    spikes: int
    synaptic_operations: int
    neuron_updates: int
    weight_updates: int
    energy: dict[str, float]  # J


def operations(spikes, fan_out, n_steps: int, weight_updates: int = 0, neuron_updates: int | None = None) -> Operations:
    """Operations of one population and the projections that it is the source of; see `total` for networks.

    spikes          (n,) spikes of each neuron in the run
    fan_out         out-degrees (n,), a `Csr` with n rows, or a list of these, one for each projection, [] for none
    n_steps         steps of the run
    weight_updates  changes of single weights by plasticity
    neuron_updates  None for n n_steps; 0 for sources, which have no state

    Sums are exact, whatever their size. Raises ValueError for counts that are no whole numbers >= 0 and lengths that
    do not fit.
    """
    counts = pairs.ids(OWNER, spikes, 2**62, "spikes")
    n_steps = check.integer(OWNER, "n_steps", n_steps)
    weight_updates = check.integer(OWNER, "weight_updates", weight_updates)
    numbers = isinstance(fan_out, list) and fan_out and not any(hasattr(k, "indptr") or np.ndim(k) for k in fan_out)
    several = fan_out if isinstance(fan_out, list) and not numbers else [fan_out]
    each = counts.tolist()  # Python's whole numbers do not overflow
    if neuron_updates is None:
        updates = len(each) * n_steps
    else:
        updates = check.integer(OWNER, "neuron_updates", neuron_updates)
    synaptic = sum(sum(map(mul, each, _degrees(one, len(each)).tolist())) for one in several)
    return _with_energy(sum(each), synaptic, updates, weight_updates)


def total(parts) -> Operations:
    """Sum of the operations of populations, or of runs. Raises TypeError for what is none."""
    if not isinstance(parts, Iterable):
        check.fail("measure.total", "parts must be a sequence of Operations", parts, error=TypeError)
    parts = list(parts)
    for part in parts:
        if not isinstance(part, Operations):
            check.fail("measure.total", "each part must be Operations", part, "make it with operations(...)", TypeError)
    return _with_energy(*(sum(int(part[k]) for part in parts) for k in range(4)))


def joules(done: Operations, costs: Costs) -> float:
    """Energy of operations, J, by the table `costs`, pJ >= 0. Raises ValueError for other costs."""
    check.at_least("measure.joules", "costs", tuple(costs), 0.0, "pJ")
    kinds = done.synaptic_operations, done.neuron_updates, done.weight_updates
    return 1e-12 * sum(number * cost for number, cost in zip(kinds, costs))


def _with_energy(*numbers: int) -> Operations:
    done = Operations(*numbers, energy={})
    return done._replace(energy={name: joules(done, costs) for name, costs in COSTS.items()})


def _degrees(fan_out, n: int) -> np.ndarray:
    degrees = np.diff(fan_out.indptr) if hasattr(fan_out, "indptr") else fan_out
    degrees = pairs.ids(OWNER, degrees, 2**62, "out-degrees")
    if len(degrees) != n:
        check.fail(OWNER, f"out-degrees must be one for each of the {n} neurons", len(degrees))
    return degrees
