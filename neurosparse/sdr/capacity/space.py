"""How many SDRs there are: N(n, w) = C(n, w) sets of w active cells among n.

Two random ones are equal with probability 1 / N = false_positive(n, w, w, w); a code carries log2 N bits.

Sources: arXiv:1503.07469, eq. 1.
"""

import numpy as np

from neurosparse.sdr.capacity import exact, factorial, inputs, law, tails
from neurosparse.sdr.capacity.result import LogNumber

LOG10_2 = float(np.log10(2.0))


def code_space(n, w) -> LogNumber:
    """C(n, w); `.value` is nan above 1.8e308, `.fraction()` the whole number.

    n, w: whole numbers or arrays of them, broadcast. Raises TypeError for what is not whole, ValueError for negatives,
    w > n and n >= 2**26.
    """
    owner = "code_space"
    n, w = inputs.together(owner, n=inputs.whole(owner, "n", n, 1), w=inputs.whole(owner, "w", w))
    inputs.at_most(owner, "w", w, "n", n, "no more cells can be active than there are")
    log10, value = tails.chooses(factorial.table(law.largest(n)), *inputs.flat(n, w))
    return law.make(log10, value, n.shape, exact.code_space, (n, w))


def code_bits(n, w):
    """log2 C(n, w), bits: a float, or a float64 array. Raises as code_space."""
    return code_space(n, w).log10 / LOG10_2
