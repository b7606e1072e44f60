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
from neurosparse.jit import kernel, shared
from neurosparse.measure import spikes

OWNER = "measure.branching_factor"


def branching_factor(
    i,
    t,
    targets_indptr,
    targets_indices,
    sources_indptr,
    sources_indices,
    n_steps: int,
    window: int = 4,
    margin: int = 29,
) -> float:
    """Branching factor of one sample; NaN when no spike lies in [margin, n_steps - margin).

    i, t              (n_spikes,) neuron ids and steps of 1 ms, in any order, t in [0, n_steps)
    targets_indptr    (n + 1,), targets_indices (nnz,): row i lists the neurons that i projects to
    sources_indptr    (n + 1,), sources_indices (nnz,): row i lists the neurons that project to i
    window, margin    steps; margin >= window

    Raises ValueError for spikes or ids out of range, rows that do not fit, and a margin shorter than the
    window.
    """
    check.integer(OWNER, "window", window, low=1)
    check.integer(OWNER, "margin", margin)
    if margin < window:
        check.fail(OWNER, f"margin must be >= window = {window}", margin, "windows would reach over the ends")
    n = len(targets_indptr) - 1
    i, t = spikes.pairs_steps(OWNER, i, t, n, n_steps)
    targets = _rows("targets", targets_indptr, targets_indices, n)
    sources = _rows("sources", sources_indptr, sources_indices, n)
    spike_indptr = np.concatenate(([0], np.cumsum(np.bincount(i, minlength=n))))
    times = t[np.argsort(i, kind="stable")]
    sigma = _mean_ratio(spike_indptr, times, *targets, *sources, n_steps, window, margin)
    return mean_over_samples(sigma)


def mean_over_samples(values) -> float:
    """Mean of the values that are not NaN; NaN when there is none."""
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else float("nan")


def _rows(name: str, indptr, indices, n: int) -> tuple[np.ndarray, np.ndarray]:
    indices = spikes.ids(OWNER, indices, n, f"{name}_indices")
    indptr = spikes.ids(OWNER, indptr, len(indices) + 1, f"{name}_indptr")
    if len(indptr) != n + 1:
        check.fail(OWNER, f"{name}_indptr must have {n + 1} entries", len(indptr))
    if indptr[0] != 0 or indptr[-1] != len(indices) or np.any(np.diff(indptr) < 0):
        check.fail(OWNER, f"{name}_indptr must rise from 0 to {len(indices)}", indptr)
    return indptr, indices


@shared
def _spikes_before(total, indptr, indices, neuron, spike_indptr, times):
    """Fill total (n_steps + 1,): total[k] = spikes before step k of all neurons in one row."""
    total[:] = 0
    for edge in range(indptr[neuron], indptr[neuron + 1]):
        other = indices[edge]
        for m in range(spike_indptr[other], spike_indptr[other + 1]):
            total[times[m] + 1] += 1
    for step in range(len(total) - 1):
        total[step + 1] += total[step]


@kernel
def _mean_ratio(
    spike_indptr,
    times,
    targets_indptr,
    targets_indices,
    sources_indptr,
    sources_indices,
    n_steps,
    window,
    margin,
):
    """Mean of sigma over the reference spikes of each neuron: (n,), NaN where there is none."""
    n = len(spike_indptr) - 1
    sigma = np.full(n, np.nan)
    after = np.zeros(n_steps + 1, np.int64)
    before = np.zeros(n_steps + 1, np.int64)
    for neuron in range(n):
        total, points = 0.0, 0
        for k in range(spike_indptr[neuron], spike_indptr[neuron + 1]):
            t = times[k]
            if t < margin or t >= n_steps - margin:
                continue
            if points == 0:  # only neurons with a reference spike pay for their windows
                _spikes_before(after, targets_indptr, targets_indices, neuron, spike_indptr, times)
                _spikes_before(before, sources_indptr, sources_indices, neuron, spike_indptr, times)
            preceding = before[t] - before[t - window]
            total += (after[t + 1 + window] - after[t + 1]) / max(1, preceding)
            points += 1
        if points > 0:
            sigma[neuron] = total / points
    return sigma
