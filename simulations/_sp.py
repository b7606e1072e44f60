"""What the simulations of the spatial pooler share: parameter sets of the paper, epochs, and the measures of one epoch.

Source of the sets: settings published with Cui, Ahmad & Hawkins, Front. Comput. Neurosci. 11 (2017) 111.
"""

from typing import Any

import numpy as np

from neurosparse import rng
from neurosparse.csr import Csr
from neurosparse.sdr import sp_inputs, sp_metrics
from neurosparse.sdr import spatial_pooler as sp

BOOSTED: dict[str, Any] = {"potential_pct": 1.0, "perm_inc": 0.1, "perm_dec": 0.02, "boost_strength": 100.0}
PLAIN: dict[str, Any] = {"potential_pct": 0.5, "perm_inc": 0.02, "perm_dec": 0.004, "boost_strength": 0.0}
LOCAL: dict[str, Any] = {"inhibition": "local", "potential_radius": 12, "potential_pct": 1.0, "boost_strength": 100.0}


def patterns(kind: str, side: int, n: int, seed: int) -> Csr:
    """`n` patterns on a field of side x side; kind: "random", "sparsities", "bars", "bar_sets", "crosses", images."""
    half = min(3, (side - 1) // 2)
    if kind == "random":
        return sp_inputs.random_sdrs(side * side, n, max(1, round(0.02 * side * side)), seed)
    if kind == "sparsities":
        return sp_inputs.random_sdrs(side * side, n, (0.02, 0.2), seed)
    if kind == "bars":
        return sp_inputs.bars((side, side), n, 2, half, seed)
    if kind == "bar_sets":
        return sp_inputs.bars((side, side), n, 6, min(6, (side - 1) // 2), seed)
    if kind == "crosses":
        return sp_inputs.crosses((side, side), n, half, seed)
    from neurosparse import data

    grey = data.load(kind, "test").images
    return sp_inputs.images(grey[rng.choice(rng.stream(seed, "images"), len(grey), min(n, len(grey)))], (side, side))


def epoch(p: sp.Params, state: sp.State, x: Csr, number: int, seed: int, shuffle: bool = True) -> Csr:
    """Learn every pattern once, in the order of the file or in one of the epoch's own; in place. Returns the codes."""
    order = rng.permutation(rng.stream(seed, "order of patterns"), x.n_rows, number)
    return sp.compute(p, state, sp_inputs.take(x, order) if shuffle else x, True)


def measure(p: sp.Params, state: sp.State, x: Csr, noise_on: int, before: tuple | None, seed: int) -> tuple[dict, Csr]:
    """One row of measures on test patterns `x`, and their codes; before = (codes, state) an epoch ago, or None."""
    z = sp.compute(p, state, x)
    first = sp_inputs.take(x, range(min(noise_on, x.n_rows)))
    shares, curve = sp_metrics.noise_curve(p, state, first, seed=seed)
    formed, removed = sp_metrics.synapse_changes(before[1], state) if before else (0, 0)
    return {
        "stability": sp_metrics.stability(before[0], z) if before else np.nan,
        "entropy": sp_metrics.entropy(z),
        "sparsity": sp_metrics.sparsity(z),
        "noise_robustness": float(((curve[1:] + curve[:-1]) * np.diff(shares)).sum() / 2),
        "overlap_at_20": float(curve[4]),
        "overlap_at_40": float(curve[8]),
        "witness_error": sp_metrics.witness_error(state, x, z),
        "formed": formed,
        "removed": removed,
    }, z
