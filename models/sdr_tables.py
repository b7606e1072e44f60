"""Two tables of error rates of sparse patterns: archived values, and where they are wrong.

    1503.07469  "Properties of sparse distributed representations": its spreadsheet and notebook
    synapses    "Why neurons have thousands of synapses": its notebook, at n = 100,000 (the print has n = 200,000)

n: cells; a: active ones; s: synapses or stored cells (w where a = s); theta: threshold; m: segments or patterns.

The union table of the spreadsheet is right only where theta = w. Elsewhere its sum has C(n - w, w - b) where C(n - |X|,
w - b) belongs, X the union: the cells that miss the union were chosen among all that miss a single pattern
(`UNION_SHEET`; `flawed_union` gives its numbers). It grows with |X|, up to "probabilities" above 1.

Source: arXiv:1503.07469 and its archived spreadsheet; Hawkins & Ahmad (2016).
"""

from fractions import Fraction
from math import comb

# (n, a, s, theta) -> archived
MATCHES = {
    (64, 4, 4, 4): 1.57387e-6, (64, 4, 4, 3): 3.79303e-4, (64, 4, 4, 2): 0.0170938, (64, 4, 4, 1): 0.232525,
    (64, 8, 8, 8): 2.25929e-10, (64, 8, 8, 7): 1.01442e-7, (64, 8, 8, 6): 9.84351e-6, (64, 8, 8, 5): 3.60558e-4,
    (64, 8, 8, 4): 6.16927e-3,
    (64, 32, 32, 32): 5.45666e-19, (64, 32, 32, 24): 6.70223e-5, (64, 32, 32, 16): 0.598574,
    (1024, 2, 2, 2): 1.90921e-6, (1024, 5, 5, 5): 1.07629e-13,
    (1024, 20, 20, 20): 1.82484e-42, (1024, 20, 20, 17): 3.50023e-31, (1024, 20, 20, 14): 9.93621e-23,
    (1024, 20, 20, 10): 9.32924e-14,
    (1024, 4, 4, 2): 6.85524e-5, (1024, 7, 7, 4): 2.67069e-8,
}  # fmt: skip
SUBSAMPLES = {
    (1024, 8, 4, 2): 3.18242e-4, (1024, 20, 10, 5): 3.95317e-7,
    (20000, 40, 8, 8): 1.2129e-22, (20000, 40, 8, 6): 1.2065e-15, (20000, 40, 8, 4): 9.5436e-10,
    (20000, 40, 8, 3): 4.1215e-7, (20000, 40, 8, 2): 1.0838e-4,
}  # fmt: skip
CODES = {1: 64, 3: 41664, 5: 7624512, 7: 621216192, 9: 27540584512, 11: 743595781824}  # C(64, w)

# (n, w, theta, m) -> archived, m P
POPULATIONS = {
    (64, 3, 3, 10): 2.40015e-4, (64, 3, 2, 10): 0.0441628,
    (64, 12, 12, 10): 3.04487e-12, (64, 12, 10, 10): 2.68378e-7, (64, 12, 8, 10): 4.23112e-4,
    (1024, 21, 21, 10): 3.81689e-43, (1024, 21, 14, 10): 8.83490e-21, (1024, 21, 21, 10**9): 3.81689e-35,
    (1024, 21, 17, 10**9): 9.58410e-21, (1024, 21, 14, 10**9): 8.83490e-13,
    (100, 7, 4, 500): 0.144691001, (100, 7, 5, 500): 0.002826477, (100, 7, 6, 500): 2.03654e-5,
    (100, 7, 7, 500): 3.12352e-8,
}  # fmt: skip
SIMULATED = {
    (100, 7, 3, 500): 0.964839,
    (100, 7, 4, 500): 0.134632,
    (100, 7, 5, 500): 0.00285,
    (100, 7, 6, 500): 1.7e-5,
}
SIMULATED_TRIALS = 1_000_000  # the fewest that such digits need

# (n, w, m) -> archived, all of w cells in the union, cells as if independent
UNIONS_FULL = {(1024, 2, 20): 1.47043e-3, (1024, 20, 20): 1.83536e-10, (1024, 20, 40): 5.48219e-6}
# (n, w, m) -> theta -> what the spreadsheet should have said, from the size of the mean union
UNIONS = {
    (1024, 20, 20): {20: 1.2532e-10, 19: 5.6155e-9, 18: 1.19338e-7, 16: 1.51973e-5},
    (1024, 20, 30): {20: 7.7667e-8, 18: 2.6718e-5, 16: 1.24788e-3},
    (2048, 20, 20): {18: 3.09138e-12},
    (8192, 20, 60): {20: 4.33389e-18, 18: 3.46431e-14, 16: 3.71664e-11, 14: 1.25324e-8},
    (8192, 40, 80): {40: 2.15567e-20, 36: 4.15914e-14, 32: 7.44229e-10},
    (65536, 40, 80): {40: 1.06052e-53, 36: 1.62896e-43, 32: 2.29446e-35, 28: 2.78029e-28},
    (65536, 40, 600): {40: 2.86956e-21, 36: 7.23692e-15, 32: 1.70342e-10, 28: 3.53601e-7},
    (65536, 40, 1000): {40: 2.44460e-14, 36: 4.91401e-9, 32: 9.39629e-6, 28: 1.63795e-3},
}
# (n, w, m, theta) -> what it says; the last was set to 1 by hand, its sum is 2.03
UNION_SHEET = {
    (1024, 20, 20, 18): 2.49e-7, (65536, 40, 1000, 36): 5.4004619e-8, (65536, 40, 1000, 32): 1.1145615e-3,
    (65536, 40, 1000, 28): 1.0,
}  # fmt: skip
UNION_NOTEBOOK = {20: 1.23783e-10, 19: 5.55166e-9, 18: 1.18087e-7}  # (1024, 20, 20), |X| a real number

SYNAPSES_A = 2000
# n -> (s, theta) -> value; those of 200,000 are exact ones, for what the print says is not known
SYNAPSES = {
    100_000: {(6, 6): 6.35309e-11, (8, 8): 2.52507e-14, (10, 10): 1.00163e-17, (12, 6): 5.29387e-8,
              (16, 8): 2.81725e-10, (20, 10): 1.54193e-12, (24, 12): 8.58694e-15, (40, 10): 4.91542e-9,
              (80, 10): 4.62568e-6, (120, 10): 1.587998e-4, (240, 20): 1.07991e-7},
    200_000: {(6, 6): 9.9259566e-13, (8, 8): 9.8622e-17, (10, 10): 9.7794e-21, (12, 6): 8.7114e-10,
              (16, 8): 1.1821e-12, (20, 10): 1.6499e-15, (24, 12): 2.3431e-18, (40, 10): 6.3134e-12,
              (80, 10): 8.5374e-9, (120, 10): 4.1947e-7, (180, 15): 5.7742e-10},
}  # fmt: skip


def flawed_union(n: int, w: int, size: float, theta: int) -> Fraction:
    """The spreadsheet's sum for a union of `size` cells, of which it drops the fraction; no probability.

    Sum over b from theta to w of C(size, b) C(n - w, w - b) / C(n, w).
    """
    found = sum(comb(int(size), b) * comb(n - w, w - b) for b in range(theta, w + 1))
    return Fraction(found, comb(n, w))
