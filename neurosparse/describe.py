"""What a network is, as a table, and how much memory it will need, before anything is built or run.

Counted are the synapses (as given, drawn, and reordered where they have several delays), what rules keep for each
synapse, the state of neurons and sources (three times: as it begins, as it runs, as it ends), spikes in flight and
recordings.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, find
from neurosparse.check import readable
from neurosparse.form import check_form
from neurosparse.network import (
    Coupling,
    Network,
    NoiseInput,
    PoissonInput,
    PoissonSource,
    Population,
    Projection,
    SpikeMonitor,
    StateMonitor,
)
from neurosparse.routes import LONGEST
from neurosparse.wire import Later

LIVES = 3  # copies of the state while a run goes on
BASE = 150 << 20  # Python, NumPy and the compiler, bytes


class Memory(NamedTuple):
    """Estimated bytes."""

    synapses: int
    plasticity: int
    state: int
    recordings: int

    @property
    def total(self) -> int:
        """All of it, with the program itself."""
        return sum(self) + BASE

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {readable(value)}" for name, value in self._asdict().items() if value)
        return f"about {readable(self.total)} of memory ({parts}, program {readable(BASE)})"


def memory(net: Network, monitors: tuple = (), duration: float = 0.0, rate: float = 10.0) -> Memory:
    """Estimate for a run of `duration` ms, with spikes of `rate` Hz where they are recorded. Raises as `table`."""
    net = check_form("describe.memory", net)
    for name, value in {"duration": duration, "rate": rate}.items():
        check.at_least("describe.memory", name, check.scalar("describe.memory", name, value), 0)
    sizes = {p.name: p.n for p in net.populations}
    synapses = sum(_synapses(projection, net.dt) for projection in net.projections)
    synapses += max(
        (int(p.csr.expected) * p.csr.scratch for p in net.projections if isinstance(p.csr, Later)), default=0
    )
    plastic = sum(_plastic(projection) for projection in net.projections if projection.rule)
    state = LIVES * (sum(_state(p) for p in net.populations) + sum(_flight(net, p) for p in net.populations))
    return Memory(synapses, plastic, state, sum(_recorded(net, m, sizes, duration, rate) for m in monitors))


def require(net: Network) -> None:
    """Raise MemoryError for a network that this machine can not hold, before it is built."""
    check.fits("Network", "", memory(net).total, "take fewer synapses, or a larger machine")


def table(net: Network) -> str:
    """The network as aligned text. Raises as `form.check_form`."""
    net = check_form("describe.table", net)
    neurons = sum(p.n for p in net.populations if isinstance(p, Population))
    sources = sum(p.n for p in net.populations) - neurons
    title = f"Network of {neurons:,} neurons{f' and {sources:,} sources' if sources else ''}, dt {net.dt:g} ms"
    parts = [title, "", *_aligned([("population", "n", "model", "parameters"), *map(_population, net.populations)])]
    if net.projections:
        head = ("projection", "synapses", "weight", "delay (ms)", "port", "rule")
        parts += ["", *_aligned([head, *[_projection(p, net.dt) for p in net.projections]])]
    if net.inputs or net.couplings:
        parts += ["", *_aligned([("input", "to", "what"), *map(_input, (*net.inputs, *net.couplings))])]
    return "\n".join([*parts, "", str(memory(net))])


def _population(p: Any) -> tuple[str, ...]:
    if isinstance(p, Population):
        model = p.neuron if isinstance(p.neuron, str) else p.neuron.__name__.rpartition(".")[2]
        kernels = [f"{port}: {_name(kernel)}" for port, (kernel, _) in p.kernels.items()]
        slow = [] if p.every is None else [f"every {p.every:g} ms"]
        params = [f"{k} {_short(v)}" for k, v in p.params.items()]
        return p.name, f"{p.n:,}", model, ", ".join([*params, *kernels, *slow])
    return (
        p.name,
        f"{p.n:,}",
        *(("Poisson", f"{_short(p.rate)} Hz") if isinstance(p, PoissonSource) else ("spikes", "")),
    )


def _projection(p: Projection, dt: float) -> tuple[str, ...]:
    count = f"{_nnz(p):,.0f}" if not isinstance(p.csr, Later) else f"about {_nnz(p):,.0f}"
    weight = "" if isinstance(p.csr, Later) else _short(p.csr.weight)
    rules = ", ".join(_name(spec[0]) for spec in (p.rule, p.release) if spec)
    return f"{p.source} -> {p.target}", count, weight, _short(np.rint(np.asarray(p.delay) / dt) * dt), p.port, rules


def _input(entry: Any) -> tuple[str, ...]:
    if isinstance(entry, PoissonInput):
        return "Poisson", f"{entry.target}.{entry.port}", f"{_short(entry.rate)} Hz, weight {entry.weight:g}"
    if isinstance(entry, NoiseInput):
        return "noise", f"{entry.target}.{entry.port}", f"SD {_short(entry.sd)}"
    if isinstance(entry, Coupling):
        return entry.source, f"{entry.target}.{entry.port}", f"Coupling of {entry.field}, {entry.csr.nnz:,} links"
    what = type(entry).__name__ + (f", {entry.source}.{entry.field}" if getattr(entry, "source", None) else "")
    return entry.name, entry.target + (f".{entry.port}" if hasattr(entry, "port") else ""), what


def _name(model: Any) -> str:
    return model if isinstance(model, str) else model.__name__.rpartition(".")[2]


def _short(value: Any) -> str:
    """A number, or the range of many."""
    if isinstance(value, str | bool):
        return str(value)
    array = np.asarray(value)
    if array.size == 0:
        return "-"
    low, high = array.min(), array.max()
    return f"{low:g}" if low == high else f"{low:g} .. {high:g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def _nnz(p: Projection) -> float:
    return p.csr.expected if isinstance(p.csr, Later) else p.csr.nnz


def _synapses(p: Projection, dt: float) -> int:
    """Target and weight of 4 bytes, and where the synapses of a source begin.

    Where delays differ, these twice; the delays (as given, and frozen), their steps and their order of 8 bytes each;
    and where the synapses of each source and delay begin.
    """
    many = np.ndim(p.delay) > 0 and np.size(p.delay) > 0
    delays = min(np.max(p.delay) / dt, LONGEST, _nnz(p)) if many else 0
    return int(_nnz(p) * (48 if many else 8) + 8 * (p.csr.n_rows + 1) * (1 + delays))


def _plastic(p: Projection) -> int:
    """The magnitude, more fields, and where to find the synapses of a target."""
    assert p.rule is not None
    fields = len(find.find_module("Projection", p.rule[0], "plasticity").Synapse._fields)
    return int(_nnz(p) * (LIVES * 8 * fields + 8 + 4))


def _state(p: Any) -> int:
    if not isinstance(p, Population):
        return 8 * p.n if isinstance(p, PoissonSource) else 0
    fields = len(find.find_module(f"Population {p.name!r}", p.neuron, "neurons").State._fields)
    fields += 2 * len(p.kernels) + 2  # at most two for a kernel; arrivals and flags
    return 8 * p.n * fields


def _flight(net: Network, p: Any) -> int:
    longest = max(
        (float(np.max(q.delay)) for q in net.projections if q.source == p.name and np.size(q.delay)), default=0
    )
    rules = sum(1 for q in net.projections if q.source == p.name and (q.rule or q.release))
    return int((min(longest / net.dt, LONGEST) + 1) * p.n * (4 + 8 * rules))


def _recorded(net: Network, monitor: Any, sizes: dict[str, int], duration: float, rate: float) -> int:
    n, steps = sizes.get(monitor.target, 0), duration / net.dt
    if isinstance(monitor, SpikeMonitor):
        return 8 * n if monitor.counts_only else int(2 * 12 * n * rate * duration / 1000.0)
    if isinstance(monitor, StateMonitor):
        return int(
            8 * steps / monitor.every * len(monitor.fields) * (n if monitor.subset is None else len(monitor.subset))
        )
    return int(4 * steps)
