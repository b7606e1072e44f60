"""Projections made explicit: synapses by source, delay and target, with their rule and release."""

import numpy as np

from neurosparse import check, csr, find, grid
from neurosparse.jit import kernel
from neurosparse.network import Coupling, CurrentInput, NoiseInput, PoissonInput, Projection
from neurosparse.plan import Plan, Route, Rule
from neurosparse.wire import Later

LONGEST = 100_000  # steps of delay: a ring of the spikes of so many steps is kept


def target_of(plan: Plan, owner: str, entry: Projection | CurrentInput | PoissonInput | NoiseInput | Coupling) -> int:
    """Place in plan.parts of what `entry` acts on."""
    target = plan.index(owner, entry.target)
    if plan.parts[target].dynamics is None:
        check.fail(owner, "the target must have neurons", f"the source {entry.target!r}")
    return target


def entrance(
    plan: Plan, owner: str, entry: Projection | CurrentInput | PoissonInput | NoiseInput | Coupling
) -> tuple[int, str]:
    """Target and port of what `entry` acts on."""
    target = target_of(plan, owner, entry)
    dynamics = plan.parts[target].dynamics
    assert dynamics is not None
    check.one_of(owner, f"port of {entry.target!r}", entry.port, dynamics.module.PORTS)
    return target, entry.port


def route(plan: Plan, projection: Projection) -> Route:
    """One projection made explicit, or an error that names what is wrong with it."""
    owner = f"Projection {projection.source!r} -> {projection.target!r}"
    source = plan.index(owner, projection.source)
    target, port = entrance(plan, owner, projection)
    wiring = projection.csr.build() if isinstance(projection.csr, Later) else projection.csr
    wiring = csr.validate(owner, wiring)
    shape = (plan.parts[source].n, plan.parts[target].n)
    if (wiring.n_rows, wiring.n_cols) != shape:
        check.fail(owner, f"csr must have shape {shape}", (wiring.n_rows, wiring.n_cols))
    if np.shape(projection.delay) not in ((), (wiring.nnz,)):
        check.fail(owner, f"delay must be one number or have shape ({wiring.nnz},)", np.shape(projection.delay))
    changing = projection.rule is not None or projection.release is not None
    low = 0 if plan.parts[source].given and not changing else 1
    check.between(owner, "delay", projection.delay, 0, LONGEST * plan.dt, "ms")
    if changing and plan.parts[source].given and np.any(np.asarray(projection.delay) < 0.5 * plan.dt):
        what = "rule" if projection.rule is not None else "release"
        check.fail(owner, f"delay must be at least 1 step of {plan.dt:g} ms with a {what}", projection.delay)
    steps = np.asarray(grid.steps(owner, "delay", projection.delay, plan.dt, low))
    delays, segments, indices, weight = by_delay(wiring, steps)
    release = find.model(owner, "release", projection.release)
    listens = ()
    if release is not None:
        release = find.dynamics(f"{owner} release", *release, {}, plan.parts[source].n, plan.dt)
        takes = len(getattr(release.module, "MODULATORS", ()))
        heard = None if projection.rule is not None or not takes else projection.modulator
        listens = listening(plan, owner, source, heard, takes)
        if len(listens) < takes:
            what = f"{release.module.__name__} needs {takes} modulator, without a rule beside it"
            check.fail(owner, what, projection.modulator, "name a Modulator of the source's")
    found = Route(source, target, port, delays, segments, indices, weight, release=release, release_listens=listens)
    if projection.rule is None:
        if projection.modulator is not None and not listens:
            check.fail(owner, "a modulator needs a rule to act on", projection.modulator)
        if len(weight) > 1 and weight.min() == weight.max():
            found = found._replace(weight=csr.frozen(weight[:1]))
        return found
    return _plastic(plan, owner, found, projection)


def _plastic(plan: Plan, owner: str, route: Route, projection: Projection) -> Route:
    """The route with its rule; weights become magnitudes."""
    found = find.model(owner, "plasticity", projection.rule)
    assert found is not None
    module, biology = found
    p = find.constants(f"{owner} rule", module, biology, plan.dt)
    params = {name: float(check.scalar(f"{owner} rule", name, value)) for name, value in p._asdict().items()}
    for field in (*module.Pre._fields, *module.Post._fields):
        check.one_of(f"{owner} rule", "constant", f"decay_{field}", params)
    low, high = float(route.weight.min(initial=0.0)), float(route.weight.max(initial=0.0))
    least, most = params.get("w_min", 0.0), params.get("w_max", np.inf)
    signed = least < 0  # the rule moves weights through zero
    if low < 0 < high and not signed:
        check.fail(owner, "weights under a rule must have one sign", (low, high), "split the projection in two")
    weight = csr.frozen(route.weight if signed else np.abs(route.weight))
    with np.errstate(over="ignore"):  # a bound that no float32 reaches
        bounds = np.float32(least), np.float32(most)
    if len(weight) and (weight.min() < bounds[0] or weight.max() > bounds[1]):
        got = (float(weight.min()), float(weight.max()))
        check.fail(owner, f"weights must lie in the rule's bounds [{least}, {most}]", got, "see w_min, w_max")
    beside = dict.fromkeys(module.Synapse._fields[1:], 0.0)
    rule = Rule(module, params, beside, ())
    rule = rule._replace(modulators=listening(plan, owner, route.target, projection.modulator, rule.takes))
    return route._replace(weight=weight, rule=rule, sign=-1.0 if low < 0 and not signed else 1.0)


def listening(plan: Plan, owner: str, whose: int, given: str | tuple[str, ...] | None, takes: int) -> tuple[int, ...]:
    """Places of the modulators of a projection, which must be of the population `whose`."""
    wanted = () if given is None else (given,) if isinstance(given, str) else given
    if len(wanted) > takes:
        check.fail(owner, f"listens to at most {takes} modulator{'s' * (takes != 1)}", wanted)
    names = [modulator.name for modulator in plan.modulators]
    found = tuple(names.index(check.one_of(owner, "modulator", name, names)) for name in wanted)
    for c in found:
        if plan.modulators[c].target != whose:
            check.fail(owner, f"the modulator must be of {plan.parts[whose].name!r}", names[c])
    return found


def by_delay(wiring: csr.Csr, steps: np.ndarray) -> tuple:
    """(delays, segments, indices, weight) of a Route; `steps` is one delay or (nnz,)."""
    if steps.ndim == 0 or len(steps) == 0 or np.all(steps == steps[0]):
        delays = np.atleast_1d(steps)[:1] if steps.size else np.ones(1)
        return csr.frozen(delays.astype(np.int64)), *(csr.frozen(array) for array in wiring[:3])
    order, segments, delays = order_by_delay(wiring, steps)
    return tuple(csr.frozen(array) for array in (delays, segments, wiring.indices[order], wiring.weight[order]))


def order_by_delay(wiring: csr.Csr, steps: np.ndarray) -> tuple:
    """(order, segments, delays): synapses by row, delay, target, and where each delay of a row begins."""
    delays = np.flatnonzero(np.bincount(steps))
    kind = np.empty(delays[-1] + 1, dtype=np.int64)
    kind[delays] = np.arange(len(delays))
    segments = np.zeros(wiring.n_rows * len(delays) + 1, dtype=np.int64)
    order = np.empty(wiring.nnz, dtype=np.int64)
    _count_delays(wiring.indptr, steps, kind, len(delays), segments)
    _place_by_delay(wiring.indptr, steps, kind, len(delays), segments, order)
    return order, segments, delays


@kernel
def _count_delays(indptr, steps, kind, n_delays, segments):
    for row in range(indptr.shape[0] - 1):
        for j in range(indptr[row], indptr[row + 1]):
            segments[row * n_delays + kind[steps[j]] + 1] += 1
    for s in range(segments.shape[0] - 1):
        segments[s + 1] += segments[s]


@kernel
def _place_by_delay(indptr, steps, kind, n_delays, segments, order):
    place = np.empty(n_delays, dtype=np.int64)
    for row in range(indptr.shape[0] - 1):
        place[:] = segments[row * n_delays : (row + 1) * n_delays]
        for j in range(indptr[row], indptr[row + 1]):
            order[place[kind[steps[j]]]] = j
            place[kind[steps[j]]] += 1


def as_csr(route: Route, magnitude: np.ndarray | None, shape: tuple[int, int]) -> csr.Csr:
    """The projection's synapses with the weights that they have now; `magnitude` (nnz,) where a rule changes them."""
    weight = np.broadcast_to(route.weight if magnitude is None else route.sign * magnitude, route.indices.shape)
    rows = np.repeat(np.arange(len(route.segments) - 1), np.diff(route.segments)) // len(route.delays)
    return csr.from_coo(rows, route.indices, weight, shape)


def incoming(route: Route, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The synapses of each of `n` targets: offsets (n + 1,), their places in `route`, the segments they lie in."""
    small = np.int32 if max(len(route.indices), len(route.segments)) < 2**31 else np.int64
    offsets = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(route.indices, minlength=n), out=offsets[1:])
    synapses, segments = np.empty(len(route.indices), dtype=small), np.empty(len(route.indices), dtype=small)
    _turn(route.segments, route.indices, offsets[:-1].copy(), synapses, segments)
    return offsets, synapses, segments


@kernel
def _turn(segments, indices, place, synapses, seg):
    for s in range(segments.shape[0] - 1):
        for j in range(segments[s], segments[s + 1]):
            at = place[indices[j]]
            synapses[at], seg[at] = j, s
            place[indices[j]] += 1
