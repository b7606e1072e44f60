"""Whether a Moment fits a network: the names, types and shapes of its arrays, and every number that is used as a place.

Compiled code looks nothing up twice: a spike list with an id or a length out of range would write where it must not.
Membranes, traces and weights are numbers of any size, and are taken as they are.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurosparse import check, grid
from neurosparse.encode import Events, check_events
from neurosparse.plan import Plan

REMEDY = "run it from the beginning"


def check_moment(owner: str, plan: Plan, initial: Mapping[str, np.ndarray], step: Any, arrays: Any) -> None:
    """Raise ValueError or TypeError unless a network with the state `initial` can go on from `arrays` at `step`."""
    check.integer(owner, "step of the moment", step, high=grid.MOST)
    if not isinstance(arrays, Mapping) or not all(type(array) is np.ndarray for array in arrays.values()):
        check.fail(owner, "the moment must hold a dict of arrays", arrays, REMEDY, TypeError)
    if _form(arrays) != _form(initial):
        check.fail(owner, "start must come from this network", [*map(str, arrays)], REMEDY)
    for k, part in enumerate(plan.parts):
        about = f"{owner}: in flight from {part.name!r}"
        if part.given:
            check_events(about, Events(arrays[f"start{k}"], arrays[f"index{k}"]), part.n)
            continue
        _check_ring(about, arrays[f"ring{k}"], arrays[f"ringn{k}"], part.n)
        if part.dynamics is not None and np.any(arrays[f"z{k}"][part.n :]):
            check.fail(about, f"only {part.n} neurons can spike", int(np.flatnonzero(arrays[f"z{k}"])[-1]), REMEDY)
    for j, route in enumerate(plan.routes):
        if route.release:
            check.between(owner, f"last spikes of projection {j}", arrays[f"last{j}"], -1, step, remedy=REMEDY)


def _form(arrays: Mapping[str, np.ndarray]) -> dict:
    """Names, types and shapes; lengths of events in flight may differ."""
    return {k: (v.dtype, v.shape if k[:5] not in ("start", "index") else v.ndim) for k, v in arrays.items()}


def _check_ring(about: str, ring: np.ndarray, counts: np.ndarray, n: int) -> None:
    """Lists of ids, (ticks, n), each ascending and as long as its count."""
    check.between(about, "spikes of a step", counts, 0, n, remedy=REMEDY)
    listed = np.repeat(np.arange(len(counts)), counts[:, 0])
    place = np.arange(len(listed)) - (np.cumsum(counts[:, 0]) - counts[:, 0])[listed]
    ids = ring[listed, place]
    check.between(about, "ids", ids, 0, n - 1, remedy=REMEDY)
    if np.any((np.diff(ids) <= 0) & (np.diff(listed) == 0)):
        check.fail(about, "ids must ascend in each step", ids, REMEDY)
