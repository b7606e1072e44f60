"""The form of a Network: every field of the right kind, before anything reads it, looks for models or takes memory.

What the values mean (which ports a model has, whether shapes agree) is for `resolve` and `precise.plan` to check.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.network import (
    Coupling,
    CurrentInput,
    Modulator,
    Network,
    NoiseInput,
    PoissonInput,
    PoissonSource,
    Population,
    Projection,
    SpikeSource,
)
from neurosparse.rng import Stream
from neurosparse.wire import Later

PARTS: dict[str, Any] = {
    "populations": Population | SpikeSource | PoissonSource,
    "projections": Projection,
    "inputs": CurrentInput | PoissonInput | NoiseInput | Modulator,
    "couplings": Coupling,
}
DT = (1e-9, 1e9)  # ms
EXAMPLES = {"plasticity": '("stdp", {"w_max": 2.0})', "release": '("tsodyks", {})', "a kernel": '("exp", {})'}


def check_form(owner: str, net: Any) -> Network:
    """The network itself, dt as a float. Raises ValueError or TypeError for a field of the wrong kind."""
    if not isinstance(net, Network):
        check.fail(owner, "needs a Network", type(net).__name__, error=TypeError)
    check.positive("Network", "dt", check.scalar("Network", "dt", net.dt, "ms"), "ms")
    check.between("Network", "dt", net.dt, *DT, "ms")
    for name, kinds in PARTS.items():
        items = getattr(net, name)
        if not isinstance(items, tuple | list) or isinstance(items, kinds):
            check.fail("Network", f"{name} must be a tuple", items, "a single one needs its comma: (item,)", TypeError)
        for item in items:
            if not isinstance(item, kinds):
                check.fail("Network", f"{name} must hold {kinds}", item, error=TypeError)
    if not net.populations:
        check.fail("Network", "needs at least one population", net.populations)
    _check_names(
        [p.name for p in net.populations] + [i.name for i in net.inputs if not isinstance(i, PoissonInput | NoiseInput)]
    )
    for population in net.populations:
        _check_population(f"{type(population).__name__} {population.name!r}", population)
    for projection in net.projections:
        _check_projection(projection)
    for coupling in net.couplings:
        _check_coupling(coupling)
    for entry in net.inputs:
        _check_input(f"{type(entry).__name__} -> {_text(type(entry).__name__, 'target', entry.target)!r}", entry)
    return net._replace(dt=float(net.dt))


def _check_names(names: list) -> None:
    for name in names:
        _text("Network", "name", name)
    for name in names:
        if not name or not name.isprintable() or any(mark in name for mark in '"\\'):
            check.fail("Network", "a name is printable text without quotes and backslashes", name)
        if names.count(name) > 1:
            check.fail("Network", "populations and inputs need distinct names", name)


def _check_population(owner: str, population: Population | SpikeSource | PoissonSource) -> None:
    check.integer(owner, "n", population.n, low=1, high=2**31 - 1)
    if isinstance(population, PoissonSource):
        _check_stream(owner, population.stream)
    elif isinstance(population, Population):
        _model(owner, population.neuron)
        if population.every is not None:
            check.scalar(owner, "every", population.every, "ms")
        for name in ("params", "kernels", "init"):
            given = getattr(population, name)
            if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
                check.fail(
                    owner,
                    "params and init must be dicts" if name != "kernels" else "kernels must be a dict",
                    given,
                    error=TypeError,
                )
        for spec in population.kernels.values():
            _check_pair(owner, "a kernel", spec)


def _check_projection(p: Projection) -> None:
    owner = f"Projection {_text('Projection', 'source', p.source)!r} -> {_text('Projection', 'target', p.target)!r}"
    if not isinstance(p.csr, Csr | Later):
        remedy = "see csr.from_coo, wire, wire.later"
        check.fail(owner, "csr must be a neurosparse.Csr", type(p.csr).__name__, remedy, TypeError)
    if isinstance(p.csr, Later):
        check.integer(owner, "n_rows of csr", p.csr.n_rows, low=1)
        check.between(owner, "synapses of csr", check.scalar(owner, "synapses of csr", p.csr.expected), 0, 2**62)
        if not callable(p.csr.build):
            check.fail(owner, "build of csr must be callable", p.csr.build, "wire.later makes one", TypeError)
    elif not all(isinstance(array, np.ndarray) and array.ndim for array in p.csr[:3]):
        got = [type(array).__name__ for array in p.csr[:3]]
        check.fail(owner, "csr must be a neurosparse.Csr of arrays", got, "see csr.from_coo, wire", TypeError)
    check.number(owner, "delay", p.delay, "ms")
    _text(owner, "port", p.port)
    for room in ("plasticity", "release"):
        spec = p.rule if room == "plasticity" else p.release
        if spec is not None:
            _check_pair(owner, room, spec)
    for name in p.modulator if isinstance(p.modulator, tuple) else (p.modulator,):
        if name is not None or isinstance(p.modulator, tuple):
            _text(owner, "modulator", name)


def _check_coupling(c: Coupling) -> None:
    owner = f"Coupling {_text('Coupling', 'source', c.source)!r} -> {_text('Coupling', 'target', c.target)!r}"
    _text(owner, "port", c.port)
    _text(owner, "field", c.field)
    if not isinstance(c.csr, Csr) or not all(isinstance(array, np.ndarray) and array.ndim for array in c.csr[:3]):
        check.fail(owner, "csr must be a neurosparse.Csr", type(c.csr).__name__, "see csr.from_coo, wire", TypeError)


def _check_input(owner: str, entry: CurrentInput | PoissonInput | NoiseInput | Modulator) -> None:
    if not isinstance(entry, Modulator):
        _text(owner, "port", entry.port)
    elif entry.source is not None:
        _text(owner, "source", entry.source)
        _text(owner, "field", entry.field)
    elif _text(owner, "field", entry.field) or entry.domain is not None:
        check.fail(owner, "a field needs its source", entry.field, 'name the population: source="astro"')
    if isinstance(entry, PoissonInput):
        check.number(owner, "rate", entry.rate, "Hz")
        check.scalar(owner, "weight", entry.weight)
        _check_stream(owner, entry.stream)
    if isinstance(entry, NoiseInput):
        check.number(owner, "sd", entry.sd)
        _check_stream(owner, entry.stream)


def _check_stream(owner: str, stream: Any) -> None:
    if not isinstance(stream, Stream) or not all(isinstance(word, np.uint64) for word in stream):  # pyright: ignore
        check.fail(owner, "stream must be a Stream", stream, 'make it with rng.stream(seed, "name")', TypeError)


def _check_pair(owner: str, what: str, spec: Any) -> None:
    model, params = check.pair(owner, what, spec, EXAMPLES[what])
    _model(owner, model)
    if not all(isinstance(key, str) for key in params):
        check.fail(owner, "parameters must be a dict of names", params, error=TypeError)


def _model(owner: str, model: Any) -> None:
    if not isinstance(model, str | ModuleType):
        check.fail(owner, "a model is a module or its name", model, error=TypeError)


def _text(owner: str, name: str, value: Any) -> str:
    if not isinstance(value, str):
        check.fail(owner, f"{name} must be a name", value, error=TypeError)
    return value
