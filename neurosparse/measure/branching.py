"""Branching factor of a recurrent network: how many spikes follow one, for each spike that came before.

    sigma(i, t) = after / max(1, before)
    after  = spikes of the targets of i in [t + 1, t + 1 + window)
    before = spikes of the sources of i in [t - window, t)

averaged over the spikes of a neuron, then over neurons that have one (NaN-mean), then over samples. Below 1
activity dies out, above it grows; spikes that input drives count in the numerator only through targets, so
a driven liquid works best a little above 1, unless the spikes of the input are given to count in `before`
too. Times are steps of 1 ms. Spikes within `margin` steps of either end are no reference points (their
windows would be cut), but are counted in the windows of others.

Source: V. Ivanov, K. Michmizos, Increasing liquid state machine performance with edge-of-chaos dynamics
organized by astrocyte-modulated plasticity, NeurIPS 2021 (window 4 ms, margin 25 + 4 ms, 20 samples).
"""

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes

OWNER = "measure.branching_factor"


def branching_factor(
    i, t, targets: tuple, sources: tuple, n_steps: int, window: int = 4, margin: int = 29, inputs: tuple | None = None
) -> float:
    """Branching factor of one sample; NaN when no spike lies in [margin, n_steps - margin).

    i, t              (n_spikes,) neuron ids and steps of 1 ms, in any order, t in [0, n_steps)
    targets           (indptr (n + 1,), indices (nnz,)): row i lists the neurons that i projects to
    sources           the same of the transpose: row i lists the neurons that project to i
    window, margin    steps; margin >= window
    inputs            None, or (i, t, rows) to normalise by input: spikes of input neurons, which then count in `before`
                      like those of other sources; row i of rows lists the inputs that project to neuron i

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
    if inputs is not None:
        i, t, after, before = _with_inputs(i, t, after, before, inputs, n_steps)
    spike_indptr = np.concatenate(([0], np.cumsum(np.bincount(i, minlength=len(after[0]) - 1))))
    times = t[np.argsort(i, kind="stable")]
    sigma = mean_ratio(spike_indptr, times, *after, *before, n_steps, window, margin)
    return mean_over_samples(sigma[:n])


def mean_over_samples(values) -> float:
    """Mean of the values that are not NaN; NaN when there is none."""
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else float("nan")


def _with_inputs(i, t, after: tuple, before: tuple, inputs: tuple, n_steps: int):
    """Inputs as neurons n, n + 1, ... that have neither targets nor sources: spikes, rows of targets and of sources."""
    if len(inputs) != 3:
        check.fail(OWNER, "inputs must be (i, t, rows)", inputs)
    n, most = len(before[0]) - 1, 2**31 - 1
    indptr, indices = _rows("inputs", inputs[2], n, most)
    input_i, input_t = spikes.pairs_steps(f"{OWNER}, inputs", inputs[0], inputs[1], most, n_steps)
    used, place = np.unique(indices, return_inverse=True)
    known = np.isin(input_i, used)
    input_i, input_t = np.searchsorted(used, input_i[known]), input_t[known]
    owner = np.concatenate([np.repeat(np.arange(n), np.diff(p)) for p in (before[0], indptr)])
    merged = np.concatenate([before[1], place + n])[np.argsort(owner, kind="stable")]
    rows = before[0] + indptr, merged
    after, before = ((np.append(p, np.full(len(used), p[-1])), ids) for p, ids in (after, rows))
    return np.concatenate([i, input_i + n]), np.concatenate([t, input_t]), after, before


def _rows(name: str, rows: tuple, n: int, n_ids: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    if len(rows) != 2:
        check.fail(OWNER, f"{name} must be a pair (indptr, indices)", rows)
    indices = spikes.ids(OWNER, rows[1], n if n_ids is None else n_ids, f"the indices of {name}")
    indptr = spikes.ids(OWNER, rows[0], len(indices) + 1, f"the indptr of {name}")
    if len(indptr) != n + 1:
        check.fail(OWNER, f"the indptr of {name} must have {n + 1} entries", len(indptr))
    if indptr[0] != 0 or indptr[-1] != len(indices) or np.any(np.diff(indptr) < 0):
        check.fail(OWNER, f"the indptr of {name} must rise from 0 to {len(indices)}", indptr)
    return indptr, indices
