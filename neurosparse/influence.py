"""Modulators, couplings and noise made explicit: what reaches a population without spikes."""

import numpy as np

from neurosparse import check, csr
from neurosparse.network import Coupling, Modulator, NoiseInput
from neurosparse.plan import Link, Modulation, Noise, Plan
from neurosparse.routes import entrance


def modulation(plan: Plan, entry: Modulator) -> Modulation:
    """A Modulator, or an error that names what is wrong with it."""
    owner = f"Modulator {entry.name!r}"
    target = plan.index(owner, entry.target)
    if entry.source is None:
        return Modulation(entry.name, target, None, "", None)
    source = _with_field(plan, owner, entry.source, entry.field)
    n, cells = plan.parts[target].n, plan.parts[source].n
    if entry.domain is None:
        if cells not in (1, n):
            need = f"{entry.source!r} must have 1 or {n} cells, as {entry.target!r}"
            check.fail(owner, need, cells, "say in `domain` which cell each neuron listens to")
        return Modulation(entry.name, target, source, entry.field, None if cells == 1 else csr.frozen(np.arange(n)))
    domain = np.asarray(entry.domain)
    if domain.shape != (n,) or domain.dtype.kind not in "iu":
        check.fail(owner, f"domain must be ({n},) integers", f"{domain.shape} {domain.dtype}")
    check.between(owner, "domain", domain, 0, cells - 1)
    return Modulation(entry.name, target, source, entry.field, csr.frozen(domain.astype(np.int64)))


def link(plan: Plan, entry: Coupling) -> Link:
    """A Coupling, or an error that names what is wrong with it."""
    owner = f"Coupling {entry.source!r} -> {entry.target!r}"
    source = _with_field(plan, owner, entry.source, entry.field)
    target, port = entrance(plan, owner, entry)
    wiring = csr.validate(owner, entry.csr)
    shape = (plan.parts[source].n, plan.parts[target].n)
    if (wiring.n_rows, wiring.n_cols) != shape:
        check.fail(owner, f"csr must have shape {shape}", (wiring.n_rows, wiring.n_cols))
    dynamics = plan.parts[target].dynamics
    assert dynamics is not None
    if port in dynamics.impulses:
        check.fail(owner, "a coupling needs a port that holds values, not one of spikes alone", port)
    pairwise = source == target and hasattr(dynamics.module, "couple")
    if pairwise:
        check.one_of(owner, f"field that cells of {entry.source!r} couple by", entry.field, (dynamics.module.COUPLED,))
    return Link(source, target, port, entry.field, csr.transpose(wiring), pairwise)


def noise(plan: Plan, entry: NoiseInput) -> Noise:
    """A NoiseInput, or an error that names what is wrong with it."""
    owner = f"NoiseInput -> {entry.target!r}"
    target, port = entrance(plan, owner, entry)
    dynamics, n = plan.parts[target].dynamics, plan.parts[target].n
    assert dynamics is not None
    if port in dynamics.impulses:
        check.fail(owner, "noise needs a port that holds values, not one of spikes alone", port)
    if np.shape(entry.sd) not in ((), (n,)):
        check.fail(owner, f"sd must be one number or have shape ({n},)", np.shape(entry.sd))
    sd = np.atleast_1d(np.asarray(check.at_least(owner, "sd", entry.sd, 0), dtype=np.float64))
    return Noise(target, port, csr.frozen(sd), entry.stream)


def _with_field(plan: Plan, owner: str, name: str, field: str) -> int:
    """Place of a population that has this State field."""
    k = plan.index(owner, name)
    dynamics = plan.parts[k].dynamics
    check.one_of(owner, f"State field of {name!r}", field, dynamics.state if dynamics else ())
    return k
