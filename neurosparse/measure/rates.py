"""Firing rates.

rate of a neuron      = its spikes / duration                                  Hz
rate of a population  = spikes in a bin / (neurons * width of the bin)         Hz for each neuron, over time
"""

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes


def firing_rate(i, n: int, duration_ms: float) -> np.ndarray:
    """Mean rate of each neuron, (n,) Hz, from the ids i (n_spikes,) of all spikes in `duration_ms`.

    Raises ValueError for ids outside [0, n) and a duration that is not positive.
    """
    owner = "measure.firing_rate"
    check.integer(owner, "n", n, low=1)
    check.positive(owner, "duration_ms", duration_ms, "ms")
    return np.bincount(spikes.ids(owner, i, n), minlength=n) * (1000.0 / duration_ms)


def population_rate(t_ms, n: int, duration_ms: float, bin_ms: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    """Mean rate of a population of n neurons over time.

    t_ms (n_spikes,) times of the spikes of all of them, in [0, duration_ms]. Returns (edges, rate): edges
    (n_bins + 1,) ms and rate (n_bins,) Hz for each neuron. A bin holds the spikes in (lo, hi], since a spike is
    stamped at the end of its step. The last bin is shorter where `bin_ms` does not divide the duration, and its rate
    is right all the same. Raises ValueError for times outside the duration.
    """
    owner = "measure.population_rate"
    check.positive(owner, "bin_ms", bin_ms, "ms")
    t_ms = np.asarray(t_ms, dtype=np.float64)
    _, t_ms = spikes.pairs_ms(owner, np.zeros(t_ms.shape, np.int64), t_ms, n, duration_ms)
    n_bins = int(spikes.bins(duration_ms, bin_ms)) + 1
    edges = np.append(np.arange(n_bins) * bin_ms, duration_ms)
    count = np.bincount(spikes.bins(t_ms, bin_ms), minlength=n_bins)
    return edges, count * (1000.0 / n) / np.diff(edges)
