"""The fly's olfactory hash: m Kenyon cells, each sampling p of d inputs; the k most active make the tag.

    shared inputs of two cells      H(d, p, p): mean p^2 / d
    cells with the same inputs      C(m, 2) / C(d, p) pairs expected
    overlap of two tags             H(m, k, k) for unrelated odours: mean k^2 / m

d: inputs (50 projection neurons), p: inputs of a cell (about 6), m: Kenyon cells (2000), k: size of a tag (100, 5 %).
Whole numbers or arrays, broadcast.

Source: Dasgupta, Stevens, Navlakha, Science 358 (2017) 793-796.
"""

from fractions import Fraction
from math import comb

import numpy as np

from neurosparse.sdr.capacity import factorial, inputs, law, tails
from neurosparse.sdr.capacity.result import LogNumber

SAMPLE = "a cell samples d inputs at most"
TAG = "a tag has m cells at most"


def fly_shared_inputs(d, p, g) -> LogNumber:
    """P(two cells share g inputs). Raises TypeError for what is not whole, ValueError for negatives and p > d."""
    d, p = _part("fly_shared_inputs", "d", d, "p", p, SAMPLE)
    d, p, g = inputs.together("fly_shared_inputs", d=d, p=p, g=inputs.whole("fly_shared_inputs", "g", g))
    return law.evaluate(tails.PMF, d, p, p, g)


def fly_shared_mean(d, p):
    """p^2 / d inputs: a float or an array. Raises as fly_shared_inputs."""
    d, p = _part("fly_shared_mean", "d", d, "p", p, SAMPLE)
    return (p * (p / d))[()]


def fly_twins(m, d, p) -> LogNumber:
    """Expected number of pairs of cells with the very same inputs, C(m, 2) / C(d, p). Raises as fly_shared_inputs."""
    owner = "fly_twins"
    d, p = _part(owner, "d", d, "p", p, SAMPLE)
    m, d, p = inputs.together(owner, m=inputs.whole(owner, "m", m, 1), d=d, p=p)
    flat = [np.ascontiguousarray(one).ravel() for one in (d, p)]
    codes = tails.chooses(factorial.table(int(d.max(initial=1))), *flat)[0].reshape(d.shape)
    with np.errstate(divide="ignore"):  # no pair with one cell
        return LogNumber(np.log10(m * (m - 1.0) / 2.0) - codes, exact=_twins, arguments=(m, d, p))


def fly_tag_overlap(m, k):
    """k^2 / m cells shared by the tags of unrelated odours: a float or an array. Errors as fly_tag_collision."""
    m, k = _part("fly_tag_overlap", "m", m, "k", k, TAG)
    return (k * (k / m))[()]


def fly_tag_collision(m, k, theta) -> LogNumber:
    """P(the tags of two unrelated odours share theta cells or more). Raises as fly_shared_inputs, and for theta > k."""
    owner = "fly_tag_collision"
    m, k = _part(owner, "m", m, "k", k, TAG)
    theta = inputs.whole(owner, "theta", theta)
    m, k, theta = inputs.together(owner, m=m, k=k, theta=theta)
    inputs.at_most(owner, "theta", theta, "k", k, "tags of k cells share k at most")
    return law.evaluate(tails.AT_LEAST, m, k, k, theta)


def _twins(m: int, d: int, p: int) -> Fraction:
    return Fraction(comb(m, 2), comb(d, p))


def _part(owner: str, large: str, n, small: str, a, remedy: str):
    n, a = inputs.whole(owner, large, n, 1), inputs.whole(owner, small, a)
    both = inputs.together(owner, **{large: n, small: a})
    inputs.at_most(owner, small, both[1], large, both[0], remedy)
    return both
