"""Synchrony of a population from binned spike counts.

    chi^2 = Var_b( mean_i c_i(b) ) / mean_i Var_b( c_i(b) )        c_i(b) = spikes of neuron i in bin b

chi is 1 when all neurons do the same, about 1 / sqrt(n) when they are independent, and 0 when they cancel
out. Source: D. Golomb, J. Rinzel, Physica D 72, 1994 (there on voltages); D. Golomb, Scholarpedia
2(1):1347, 2007.
"""

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes


def population_synchrony(i, t_ms, n: int, duration_ms: float, bin_ms: float = 5.0) -> float:
    """chi in [0, 1] of n neurons; NaN when no count varies (a silent population).

    i (n_spikes,) ids in [0, n), t_ms (n_spikes,) times in [0, duration_ms], ms. Only whole bins are used;
    `bin_ms` sets what counts as together: spikes in (lo, hi] of one bin. Raises ValueError for spikes out of range
    and fewer than two bins.
    """
    owner = "measure.population_synchrony"
    i, t_ms = spikes.pairs_ms(owner, i, t_ms, n, duration_ms)
    check.positive(owner, "bin_ms", bin_ms, "ms")
    n_bins = int(duration_ms / bin_ms + spikes.ROUNDING)
    if n_bins < 2:
        check.fail(
            owner,
            "duration_ms must hold two bins of bin_ms or more",
            (duration_ms, bin_ms),
            "use smaller bins",
        )
    column = spikes.bins(t_ms, bin_ms)
    inside = column < n_bins
    i, column = i[inside], column[inside]
    cell, count = np.unique(i * n_bins + column, return_counts=True)
    owner_of_cell = cell // n_bins
    single = _variances(owner_of_cell, count, n, n_bins).mean()
    bins, total = np.unique(column, return_counts=True)
    together = _variances(np.zeros(len(bins), np.int64), total, 1, n_bins)[0] / n**2
    return float(np.sqrt(together / single)) if single > 0 else float("nan")


def _variances(row: np.ndarray, count: np.ndarray, n_rows: int, n_bins: int) -> np.ndarray:
    """Variance over n_bins of each row, from its counts that are not zero; exact before the last division."""
    sums, squares = np.zeros(n_rows, np.int64), np.zeros(n_rows, np.int64)
    np.add.at(sums, row, count)
    np.add.at(squares, row, count**2)
    return (n_bins * squares - sums**2) / n_bins**2
