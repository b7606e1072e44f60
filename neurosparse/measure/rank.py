"""How many inputs a network tells apart: ranks of its states, and distances between the states of classes.

    kernel rank           rank of the states that m different inputs leave: high where inputs are separated
    generalisation rank   rank of the states that m noisy versions of an input leave: low where noise is ignored
    rank                  singular values above  s_max max(m, n) eps                             (NumPy's tolerance)
    kernel quality        (SP' - AP' - d0) / (d1 - d0) ;   SP' = (SP - lo) / (hi - lo), AP' likewise
    separation            mean_{a < b} |c_a - c_b| / (1 + mean_a v_a)

SP, AP kernel and generalisation rank; c_a centroid of the states of class a, v_a their mean squared distance from it.
eps is float64's: states are taken as they are, so whole counts are exact, while states of a float32 simulation that
are noisy in their last digits want a larger tolerance.

Sources: R. Legenstein, W. Maass, Neural Networks 20 (2007) 323 (ranks); V. Ivanov, K. Michmizos, NeurIPS 2021 (rescaled
difference of ranks, mean over random draws of 100 samples of a class); D. Norton, D. Ventura, Neurocomputing 73 (2010)
2893 (separation; they divide the sum of distances by the square of the number of classes, and take distances, not
squares, from the centroid).
"""

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes


def kernel_rank(states, tolerance: float | None = None) -> int:
    """Rank of the states (m, n) of n neurons after m different inputs.

    tolerance   singular values above it count; None for s_max max(m, n) eps

    Raises ValueError for states that are no matrix of finite numbers, and a negative tolerance.
    """
    return _rank("measure.kernel_rank", states, tolerance)


def generalisation_rank(states, tolerance: float | None = None) -> int:
    """Rank of the states (m, n) of n neurons after m noisy versions of an input; arguments as in `kernel_rank`."""
    return _rank("measure.generalisation_rank", states, tolerance)


def mean_rank(states, labels, per_class: int, n_draws: int, stream, tolerance: float | None = None) -> float:
    """Mean rank of `n_draws` random draws of `per_class` states of each class.

    states (m, n), labels (m,) whole numbers >= 0, stream `rng.stream(seed, name)`: draw d of class c is that of step d
    and the class's place. Raises ValueError for arrays that do not fit and classes with fewer states than drawn.
    """
    from neurosparse import rng  # Numba takes a while to import; rates and plots need none

    owner = "measure.mean_rank"
    states, rows = _classes(owner, states, labels)
    check.integer(owner, "per_class", per_class, 1, min(map(len, rows)), "draw no more than the smallest class has")
    check.integer(owner, "n_draws", n_draws, 1, 2**32 // len(rows) - 1)
    ranks = []
    for draw in range(n_draws):
        picked = [
            row[rng.choice(stream, len(row), per_class, draw * len(rows) + place)] for place, row in enumerate(rows)
        ]
        ranks.append(_rank(owner, states[np.concatenate(picked)], tolerance))
    return float(np.mean(ranks))


def kernel_quality(sp, ap, sp_range: tuple, ap_range: tuple, difference_range: tuple = (-1.0, 1.0)):
    """Kernel quality in [0, 1] of one model, or of models (k,), from kernel ranks `sp` and generalisation ranks `ap`.

    sp_range, ap_range   (lowest, highest) rank over all models that are compared: they become 0 and 1
    difference_range     (lowest, highest) rescaled difference, which become 0 and 1 too; (-1, 1) is all that there can
                         be; give those of the models that are compared to have the best at 1

    Raises ValueError for numbers that are not finite, for sp and ap of two lengths, and for ranges that do not rise.
    """
    owner = "measure.kernel_quality"
    for name, pair in (("sp_range", sp_range), ("ap_range", ap_range), ("difference_range", difference_range)):
        if np.shape(check.number(owner, name, pair)) != (2,) or not pair[0] < pair[1]:
            check.fail(owner, f"{name} must be a pair (lowest, highest)", pair)
    shapes = np.shape(check.number(owner, "sp", sp)), np.shape(check.number(owner, "ap", ap))
    if shapes[0] != shapes[1] and () not in shapes:
        check.fail(owner, "sp and ap must be one for each model, or a number for all", shapes)
    difference = _rescaled(sp, sp_range) - _rescaled(ap, ap_range)
    return _rescaled(difference, difference_range)


def separation(states, labels) -> float:
    """Distance between classes over their spread; NaN for less than two classes.

    states (m, n), labels (m,) whole numbers >= 0. Raises ValueError for arrays that do not fit.
    """
    states, rows = _classes("measure.separation", states, labels)
    if len(rows) < 2:
        return float("nan")
    centroid = np.stack([states[row].mean(axis=0) for row in rows])
    variance = [np.mean(np.sum((states[row] - c) ** 2, axis=1)) for row, c in zip(rows, centroid)]
    a, b = np.triu_indices(len(rows), 1)
    between = np.mean(np.linalg.norm(centroid[a] - centroid[b], axis=1))
    return float(between / (1.0 + np.mean(variance)))


def _rescaled(value, span: tuple):
    return (np.asarray(value, dtype=np.float64) - span[0]) / (span[1] - span[0])


def _matrix(owner: str, states) -> np.ndarray:
    states = np.asarray(check.number(owner, "states", states), dtype=np.float64)
    if states.ndim != 2 or not states.size:
        check.fail(owner, "states must be a matrix (inputs, neurons)", states.shape)
    return states


def _classes(owner: str, states, labels) -> tuple[np.ndarray, list[np.ndarray]]:
    """The states, and the rows of each class."""
    states = _matrix(owner, states)
    labels = spikes.ids(owner, labels, 2**62, "labels")
    if len(labels) != len(states):
        check.fail(owner, f"labels must be one for each of the {len(states)} states", len(labels))
    return states, [np.flatnonzero(labels == label) for label in np.unique(labels)]


def _rank(owner: str, states, tolerance: float | None) -> int:
    states = _matrix(owner, states)
    singular = np.linalg.svd(states, compute_uv=False)
    least = float(singular[0]) * max(states.shape) * np.finfo(np.float64).eps
    if tolerance is not None:
        least = check.at_least(owner, "tolerance", check.scalar(owner, "tolerance", tolerance), 0.0)
    return int(np.count_nonzero(singular > least))
