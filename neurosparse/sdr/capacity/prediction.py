"""What a first-order temporal memory predicts: from errors of one segment to sets of predicted cells.

    segments a cell holds   S = transitions * a / n              q = 1 - (1 - P_fp)^S, that a cell is predicted falsely
    similarity (Jaccard)    a / (a + q (n - a))                  a cells are predicted rightly, q of the others falsely
    distance                q (n - a) / (a + q (n - a))          1 minus that, with all digits
    recall under noise      1 - P_fn(a, s, v, theta)             share of the right cells still predicted
    surprise                (1 - a/n)^k                          share of a random input that k predicted patterns miss

n: cells; a: active cells of an input; transitions: pairs of inputs stored, with a segment of s synapses, threshold
theta, on each active cell of the second; v: active cells swapped by noise.

Source: the theory curves of the archived figures of arXiv:1601.00720.
"""

from fractions import Fraction

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import double, exact, inputs, match
from neurosparse.sdr.capacity.population import any_of
from neurosparse.sdr.capacity.result import LogNumber


def segments_per_cell(n, a, transitions):
    """transitions * a / n: a float, or a float64 array. Raises as match.false_positive; transitions are >= 0."""
    owner = "segments_per_cell"
    n, a, _ = inputs.overlapping(owner, n, a, 0)
    transitions = inputs.number(owner, "transitions", transitions, 0, 1e15)
    inputs.together(owner, n=n, transitions=transitions)
    found = transitions * a / n
    return found if np.ndim(found) else float(found)


def false_prediction(n, a, s, theta, transitions) -> LogNumber:
    """q: that a cell is predicted for a random input. Raises as false_positive and segments_per_cell."""
    return any_of(match.false_positive(n, a, s, theta), segments_per_cell(n, a, transitions))


def prediction_similarity(n, a, s, theta, transitions):
    """Expected Jaccard index of predicted and actual cells: a float, or a float64 array. Raises as false_prediction."""
    q = 10.0 ** np.asarray(false_prediction(n, a, s, theta, transitions).log10)
    a, n = np.asarray(check.positive("prediction_similarity", "a", a)), np.asarray(n)
    found = a / (a + q * (n - a))
    return found if np.ndim(found) else float(found)


def prediction_distance(n, a, s, theta, transitions) -> LogNumber:
    """1 - similarity = q (n - a) / (a + q (n - a)), the Jaccard distance, however small. Raises as the similarity."""
    q = np.asarray(false_prediction(n, a, s, theta, transitions).log10)
    a, n = np.asarray(check.positive("prediction_distance", "a", a)), np.asarray(n)
    with np.errstate(divide="ignore"):
        return LogNumber(q + np.log10(n - a) - np.log10(a + 10.0**q * (n - a)))


def prediction_recall(a, s, v, theta) -> LogNumber:
    """1 - P_fn: that a cell is still predicted when v of the a cells are swapped. Raises as false_negative."""
    return match.true_positive(a, s, v, theta)


def union_surprise(n, a, k) -> LogNumber:
    """(1 - a/n)^k: share of a random input outside of k predicted patterns. Raises as union_overlap."""
    n, a, k = _patterns("union_surprise", n, a, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        log10 = np.where(k > 0, k * np.log1p(-a / n) / double.LN10, 0.0)
    return LogNumber(log10, None, _missed, (n, a, k))


def union_overlap(n, a, k):
    """a (1 - (1 - a/n)^k): mean overlap of a random input with k predicted patterns, cells; float64.

    Raises TypeError for what is not whole, ValueError for negatives, a > n and n >= 2**26.
    """
    n, a, k = _patterns("union_overlap", n, a, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(k > 0, -a * np.expm1(k * np.log1p(-a / n)), 0.0)
    return found if found.ndim else float(found)


def _patterns(owner: str, n, a, k) -> tuple[np.ndarray, ...]:
    n, a, _ = inputs.overlapping(owner, n, a, 0)
    return inputs.together(owner, n=n, a=a, k=inputs.whole(owner, "k", k))


def _missed(n: int, a: int, k: int) -> Fraction:
    exact.check_cost("exact", (float(k) * n.bit_length()) ** 1.6)
    return Fraction(n - a, n) ** k
