"""Branching factor of a recurrent network: how many spikes follow one, for each spike that came before.

    sigma(i, t) = after / max(1, before)
    after  = spikes of the targets of i in [t + 1, t + 1 + window)
    before = spikes of the sources of i in [t - window, t)

averaged over the spikes of a neuron, then over neurons that have one (NaN-mean), then over samples. Below 1
activity dies out, above it grows; spikes that input drives count in the numerator only through targets, so
a driven liquid works best a little above 1. Times are steps of 1 ms. Spikes within `margin` steps of either
end are no reference points (their windows would be cut), but are counted in the windows of others.

Source: V. Ivanov, K. Michmizos, Increasing liquid state machine performance with edge-of-chaos dynamics
organized by astrocyte-modulated plasticity, NeurIPS 2021 (window 4 ms, margin 25 + 4 ms, 20 samples).
"""

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes

OWNER = "measure.branching_factor"


def branching_factor(i, t, targets: tuple, sources: tuple, n_steps: int, window: int = 4, margin: int = 29) -> float:
    """Branching factor of one sample; NaN when no spike lies in [margin, n_steps - margin).

    i, t              (n_spikes,) neuron ids and steps of 1 ms, in any order, t in [0, n_steps)
    targets           (indptr (n + 1,), indices (nnz,)): row i lists the neurons that i projects to
    sources           the same of the transpose: row i lists the neurons that project to i
    window, margin    steps; margin >= window

    Raises ValueError for spikes or ids out of range, rows that do not fit, and a margin shorter than the
    window.
    """
    from neurosparse.measure.windows import mean_ratio  # Numba takes a while to import; rates and plots need none

    check.integer(OWNER, "window", window, low=1)
    check.integer(OWNER, "margin", margin)
    if margin < window:
        check.fail(OWNER, f"margin must be >= window = {window}", margin, "windows would reach over the ends")
    n = len(targets[0]) - 1
    i, t = spikes.pairs_steps(OWNER, i, t, n, n_steps)
    after, before = _rows("targets", targets, n), _rows("sources", sources, n)
    spike_indptr = np.concatenate(([0], np.cumsum(np.bincount(i, minlength=n))))
    times = t[np.argsort(i, kind="stable")]
    sigma = mean_ratio(spike_indptr, times, *after, *before, n_steps, window, margin)
    return mean_over_samples(sigma)


def mean_over_samples(values) -> float:
    """Mean of the values that are not NaN; NaN when there is none."""
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else float("nan")


def _rows(name: str, rows: tuple, n: int) -> tuple[np.ndarray, np.ndarray]:
    if len(rows) != 2:
        check.fail(OWNER, f"{name} must be a pair (indptr, indices)", rows)
    indices = spikes.ids(OWNER, rows[1], n, f"the indices of {name}")
    indptr = spikes.ids(OWNER, rows[0], len(indices) + 1, f"the indptr of {name}")
    if len(indptr) != n + 1:
        check.fail(OWNER, f"the indptr of {name} must have {n + 1} entries", len(indptr))
    if indptr[0] != 0 or indptr[-1] != len(indices) or np.any(np.diff(indptr) < 0):
        check.fail(OWNER, f"the indptr of {name} must rise from 0 to {len(indices)}", indptr)
    return indptr, indices
