"""Errors of a segment: it fires for a random input (false positive), or stays silent for its own, noisy (negative).

    P_fp(n, a, s, theta) = sum_{b=theta}^{min(a,s)} C(s, b) C(n-s, a-b) / C(n, a)
    P_fn(a, s, v, theta) = sum_{b=s-theta+1}^{min(s,v)} C(s, b) C(a-s, v-b) / C(a, v)

n: cells; a: active cells of an input; s: synapses of the segment; theta: active synapses that it fires at; v: active
cells of the stored input that noise swapped for others. Few synapses of many (s << a) are the same law: a segment that
subsamples. theta = s = a: the chance that two random SDRs are equal.

Sources: arXiv:1601.00720, section "Robust pattern recognition"; 1503.07469.
"""

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import approximate, exact, inputs, law, tails
from neurosparse.sdr.capacity.result import LogNumber, from_fractions

APPROXIMATE = {"binomial": approximate.binomial, "leading": approximate.leading, "kl": approximate.kl}
METHODS = ("log", "exact", *APPROXIMATE)


def false_positive(n, a, s, theta, method: str = "log") -> LogNumber:
    """P(a random set of a out of n cells meets theta or more of the s synapses).

    n, a, s, theta: whole numbers or arrays of them, broadcast. method: "log" (correct to the last digits, at any size),
    "exact" (the same from integers), and what others use: "binomial", "leading", "kl" (see `approximate`). theta > s
    is refused; s >= theta > a gives 0.

    Raises TypeError for what is not whole, ValueError for negatives, a > n, s > n, theta > s, n >= 2**26, shapes that
    do not broadcast and another method.
    """
    owner = "false_positive"
    check.one_of(owner, "method", method, METHODS)
    n, a, s = inputs.overlapping(owner, n, a, s)
    theta = inputs.reachable(owner, s, theta)
    n, a, s, theta = inputs.together(owner, n=n, a=a, s=s, theta=theta)
    if method == "log":
        return law.evaluate(tails.AT_LEAST, n, a, s, theta)
    return from_fractions(exact.at_least, n, a, s, theta) if method == "exact" else APPROXIMATE[method](n, a, s, theta)


def false_negative(a, s, v, theta, method: str = "log") -> LogNumber:
    """P(a segment with s of an input's a cells has fewer than theta left, once v of the a are swapped for others).

    The cells swapped in were silent in the stored input, so the segment has no synapse on them and n does not enter.
    method: "log" or "exact". Raises as false_positive, and ValueError for s > a and v > a.
    """
    owner = "false_negative"
    check.one_of(owner, "method", method, ("log", "exact"))
    a, s, lost, edge = swapped(owner, a, s, v, theta)
    if method == "exact":
        return from_fractions(exact.at_least, a, lost, s, edge)
    return law.evaluate(tails.AT_LEAST, a, lost, s, edge)


def true_positive(a, s, v, theta) -> LogNumber:
    """1 - false_negative, to full precision: the recall of a segment under noise. Raises as false_negative."""
    a, s, lost, edge = swapped("true_positive", a, s, v, theta)
    return law.evaluate(tails.CDF, a, lost, s, edge - 1)


def swapped(owner: str, a, s, v, theta) -> tuple[np.ndarray, ...]:
    """(a, s, v, s - theta + 1), of one shape: losing so many synapses is what silences the segment."""
    a, s, v = inputs.whole(owner, "a", a, 1), inputs.whole(owner, "s", s), inputs.whole(owner, "v", v)
    a, s, v = inputs.together(owner, a=a, s=s, v=v)
    inputs.at_most(owner, "s", s, "a", a, "the segment samples the a active cells of its input")
    inputs.at_most(owner, "v", v, "a", a, "no more active cells can be swapped than there are")
    theta = inputs.reachable(owner, s, theta)
    a, s, v, theta = inputs.together(owner, a=a, s=s, v=v, theta=theta)
    return a, s, v, s - theta + 1
