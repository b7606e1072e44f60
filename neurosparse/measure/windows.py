"""The compiled loop of the branching factor: spikes in the windows around each spike (see `branching.py`).

Spikes of a row of neurons are counted once, as a running sum over steps; a window is then a difference of two of its
entries.
"""

import numpy as np

from neurosparse.jit import kernel, shared


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
def mean_ratio(
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
