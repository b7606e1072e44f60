"""Run a plan from event to event; see the package docstring for the order of events."""

import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numba.core.errors import NumbaError

from neurosparse import check, encode, jit
from neurosparse.form import check_form
from neurosparse.network import CurrentInput, Network
from neurosparse.precise import loop
from neurosparse.precise.plan import Plan, check_kinds, plan

ROOM = 1 << 12  # spikes, to begin with
TURN = 1 << 16  # events between two looks at Ctrl-C
FASTEST = 1e-3  # ms between two spikes that a neuron fires by itself
RULES = "the functions of a closed form hold floats, math and @jit.shared helpers; NUMBA_DISABLE_JIT=1 helps to debug"


class Train(NamedTuple):
    """Spikes of one population as pairs, in the order of their times."""

    i: np.ndarray  # (k,) ids
    t: np.ndarray  # (k,) ms


class Run(NamedTuple):
    """What a run gives back."""

    spikes: dict[str, Train]  # of every population with neurons, by its name
    events: int  # synaptic events: arrivals of one spike at one synapse
    duration: float  # ms


def run(net: Network, duration: float, inputs: Mapping[str, Any] | None = None) -> Run:
    """Run a network for `duration` ms, off the grid; spikes at `duration` itself are the last.

    inputs: name of a SpikeSource -> Train (i, t), t >= 0 in ms and any order, or `encode.Events`, whose step s stands
    for the time (s + 1) dt, as recorders stamp it; name of a CurrentInput -> one number or (n,), constant over the run.
    Raises ValueError or TypeError for a network that has no closed form, for sources, rules and releases that only the
    grid has, and for missing, unknown or ill-shaped inputs.
    """
    net = check_form("precise.run", net)
    check.at_least("precise.run", "duration", check.scalar("precise.run", "duration", duration, "ms"), 0, "ms")
    inputs = {} if inputs is None else inputs
    check_kinds(net)
    _check_names(net, inputs)
    explicit = plan(net, inputs)
    given_t, given_g = _given(explicit, inputs, net.dt)
    text = loop.write(explicit)
    advance = jit.generated(text.text, "advance", text.namespace, *text.digests)
    values = _start(explicit) | {"given_t": given_t, "given_g": given_g, "until": float(duration)}
    while True:
        _make_room(values)
        try:
            done = advance(*[values[name] for name in text.args])
        except NumbaError as error:
            names = sorted({unit.module.__name__ for unit in explicit.units if isinstance(unit.module, ModuleType)})
            reason = " ".join(str(error).split())
            check.fail("precise", f"the closed forms of {', '.join(names)} must compile", reason, RULES, TypeError)
        if done:
            return _collect(explicit, values, float(duration))


def _check_names(net: Network, inputs: Mapping[str, Any]) -> None:
    if not isinstance(inputs, Mapping):
        check.fail("precise.run", "inputs must be a dict of names", inputs, error=TypeError)
    needed = [p.name for p in net.populations if not hasattr(p, "neuron")]
    needed += [entry.name for entry in net.inputs if isinstance(entry, CurrentInput)]
    for name in inputs:
        check.one_of("precise.run", "input", name, needed)
    missing = [name for name in needed if name not in inputs]
    if missing:
        check.fail("precise.run", f"inputs must name {', '.join(needed)}", sorted(inputs), f"add {', '.join(missing)}")


def _given(explicit: Plan, inputs: Mapping[str, Any], dt: float) -> tuple[np.ndarray, np.ndarray]:
    """(times, numbers) of all input spikes by time, then number."""
    times, numbers = [np.empty(0)], [np.empty(0, np.int64)]
    for k, unit in enumerate(explicit.units):
        if unit.module is None:
            train = _train(f"precise.run input {unit.name!r}", inputs[unit.name], unit.n, dt)
            times.append(train.t)
            numbers.append(train.i + explicit.offset[k])
    t, g = np.concatenate(times), np.concatenate(numbers)
    order = np.lexsort((g, t))
    return t[order], g[order]


def _train(owner: str, value: Any, n: int, dt: float) -> Train:
    if isinstance(value, encode.Events):
        i, step = encode.pairs(encode.check_events(owner, value, n))
        return Train(i.astype(np.int64), (step + 1) * dt)
    if not isinstance(value, tuple) or len(value) != 2:
        check.fail(owner, "needs a Train (i, t) or encode.Events", value, "write precise.Train(i, t)", TypeError)
    i, t = (check.array(owner, name, array) for name, array in zip(("ids", "times"), value))
    if i.ndim != 1 or i.shape != t.shape or (i.dtype.kind not in "iu" and len(i)):
        got = f"{i.dtype} {i.shape} and {t.dtype} {t.shape}"
        check.fail(owner, "needs ids i and times t of one length", got)
    if len(i):
        check.at_least(owner, "times", t, 0, "ms")
        check.between(owner, "ids", i, 0, n - 1)
    return Train(i.astype(np.int64), t.astype(np.float64))


def _start(explicit: Plan) -> dict[str, Any]:
    """Arguments of the loop before the first event."""
    values: dict[str, Any] = {"tally": np.zeros(len(loop.TALLY), np.int64), "most": TURN}
    values |= {name: getattr(explicit, name) for name in explicit._fields if name != "units"}
    values["widest"] = 1 + int(np.diff(explicit.start).max(initial=0))
    values |= {name: np.empty(0) for name in ("sent_t", "due")}
    values |= {name: np.empty(0, np.int64) for name in ("sent_g", "mark", "segment")}
    key = np.full(explicit.offset[-1], np.inf)
    for k, unit in enumerate(explicit.units):
        values |= {f"p{k}_{name}": value for name, value in unit.params.items()}
        values |= {f"s{k}_{name}": value for name, value in unit.state.items()}
        if hasattr(unit.module, "crossing"):
            key[explicit.offset[k] : explicit.offset[k + 1]] = _crossings(unit)
    order = np.argsort(key, kind="stable")  # sorted by (time, number): a heap
    own = np.isfinite(key).any() or any(hasattr(unit.module, "crossing") for unit in explicit.units)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return values | {"key": key, "heap": order if own else order[:0], "place": place}


def _crossings(unit) -> list[float]:
    """When each neuron fires by itself, from its initial state."""
    params = [np.broadcast_to(value, (unit.n,)).tolist() for value in unit.params.values()]
    state = [value.tolist() for value in unit.state.values()]
    module, found = unit.module, []
    for p, s in zip(zip(*params), zip(*state)):
        p, s = module.Params(*p), module.State(*s)
        found.append(module.crossing(p, s))
        if math.isfinite(found[-1]):
            again = module.crossing(p, module.fire(p, module.flow(p, s, found[-1]))) - found[-1]
            if not again >= FASTEST:
                need = f"a neuron must not fire by itself more often than every {FASTEST} ms"
                check.fail(f"precise: {unit.name!r}", need, again, "lower its current, or give it a t_ref")
    return found


def _make_room(values: dict[str, Any]) -> None:
    """Twice the room where the next event could overflow it."""
    _, sent, flying, _ = values["tally"].tolist()
    for used, names in ((sent, ("sent_t", "sent_g")), (flying, ("due", "mark", "segment"))):
        for name in names:
            old = values[name]
            if used + values["widest"] > len(old):
                check.fits(
                    "precise.run",
                    "what is in flight and was sent",
                    60 * (used + values["widest"]),
                    "run it for less long",
                )
                values[name] = np.empty(2 * (used + values["widest"]) + ROOM, old.dtype)
                values[name][:used] = old[:used]


def _collect(explicit: Plan, values: dict[str, Any], duration: float) -> Run:
    _, sent, _, events = values["tally"].tolist()
    t, g = values["sent_t"][:sent], values["sent_g"][:sent]
    unit = np.searchsorted(explicit.offset, g, side="right") - 1
    spikes = {}
    for k, population in enumerate(explicit.units):
        if population.module is not None:
            mine = unit == k
            spikes[population.name] = Train((g[mine] - explicit.offset[k]).astype(np.int32), t[mine])
    return Run(spikes, events, duration)
