"""The figures of the theory of dendrites that recognise sparse patterns: settings, published values, errata.

n cells, a of them active; a segment of s synapses fires when theta of them are hit; noise swaps v of the a cells; a
union holds m patterns of s cells.

Source: Ahmad & Hawkins, "How do neurons operate on sparse distributed representations? A mathematical theory of
sparsity, neurons and active dendrites", arXiv:1601.00720, figures 4 to 7. Settings and values are those of its
published notebooks, which differ from the text in two places:

1. Figure 5A's dashed line, "50 % activity", is that of a = n / 4: .00519 at n = 300, where a = n / 2 gives .584. (Half
   the cells active never becomes safe, either way.)
2. Figure 6's caption has n from 10,000 to 200,000; its numbers are those of n from 1,000 to 17,000 (`FIG6_GRID`).

And in its text: with n = 10,000, a = 300, s = 30, theta = 15, 10^6 segments are said to err less than once in 10^9; it
is 1.049 in 10^9. Two stored points of figure 7B (n = 20,000, m = 3 and 4) are off by .11 % and .01 %, one of figure 4B
(theta 8, v 26) by .9 %: differences of numbers near 1. The first dot of figure 4A's a = 256 (`FAR_4A`) is no outcome of
its law: it would be one of 263,200 misses where 203 are due.
"""

S, THETA = 24, 12  # figures 4A and 5A
ACTIVE = (64, 128, 256)
FIG4A_N = tuple(range(300, 3501, 200))
FIG5A_N = tuple(range(300, 7001, 200))
TRIALS_4A, TRIALS_4B = 100_000_000, 10_000_000  # of each of their points
# a -> false positives found, as shares of their trials, from n = 300 on in steps of 200
DOTS_4A = {
    64: (1.09318e-3, 5.74e-6, 1.1e-7),
    128: (0.292048, 0.00737836, 0.00032014, 2.585e-5, 2.95e-6, 5.9e-7, 1.3e-7, 1e-8, 1e-8),
    256: (0.997368, 0.629267, 0.121048, 0.0193688, 0.00350879, 0.00074956, 0.00018659, 5.332e-5, 1.65e-5, 5.58e-6,
          2.23e-6, 9.3e-7, 3.2e-7, 2.7e-7, 7e-8, 4e-8, 2e-8),
}  # fmt: skip
FAR_4A = (256, 300)  # a, n
DASHED_5A = {300: 0.00518604, 19900: 0.00716735}  # n -> stored values of the dashed line

FIG4B = (128, 30)  # a, s
FIG4B_THETAS = (8, 12, 16)
FIG4B_V = (6, 13, 19, 26, 32, 38, 45, 51, 58, 64, 70, 77, 83, 90, 96, 102)
# theta -> false negatives found, as shares of their trials, up to the last v of FIG4B_V
DOTS_4B = {
    8: (1.7e-7, 3.6e-6, 8.02e-5, 7.358e-4, 0.0046704, 0.0268579, 0.0894488, 0.263911, 0.50879, 0.770817),
    12: (1.7e-7, 1.11e-5, 3.1558e-4, 0.0027716, 0.0198583, 0.0716827, 0.190397, 0.426699, 0.664547, 0.880767,
         0.970354, 0.99638),
    16: (1e-8, 2.02e-5, 5.9479e-4, 0.0062736, 0.0434683, 0.13914, 0.351389, 0.582524, 0.787882, 0.933878, 0.983776,
         0.998305, 0.999893, 0.999999),
}  # fmt: skip

FIG5B_S = tuple(range(2, 31, 2))  # theta = s / 2
FIG5B_AN = ((32, 2000), (32, 4000), (512, 16000), (4000, 16000))  # the last one dashed
# (a, n) -> s -> their values
STATED_5B = {
    (32, 2000): {20: 3.904e-14, 30: 3.270e-21},
    (32, 4000): {20: 3.967e-17, 30: 1.033e-25},
    (512, 16000): {20: 1.430e-10, 30: 3.078e-15},
    (4000, 16000): {20: 1.381e-2, 30: 2.725e-3},
}

FIG6_THETAS = tuple(range(3, 25))
FIG6_SHARES = (0.005, 0.01, 0.015, 0.02, 0.025, 0.03)  # a / n
FIG6_S = tuple(range(20, 51, 5))
FIG6_GRID = (1000, 5000, 9000, 13000, 17000)  # n of the plotted numbers
FIG6_CAPTION = tuple(range(10_000, 200_001, 10_000))  # n of the caption
NMDA = 8  # smallest threshold that was measured
MEDIANS_6 = (
    0.01733, 0.001989, 1.710e-4, 1.201e-5, 6.572e-7, 3.334e-8, 1.354e-9, 4.800e-11, 1.544e-12, 3.409e-14, 6.395e-16,
    9.337e-18, 1.372e-19, 1.431e-21, 1.420e-23, 1.125e-25, 5.177e-28, 3.898e-30, 1.703e-32, 9.212e-35, 4.616e-37,
    2.071e-39,
)  # fmt: skip

FIG7_M = tuple(range(1, 20))
FIG7A = (1000, (20, 25, 30))  # n, s
STATED_7A = {20: {10: 182.927, 19: 318.767}, 25: {10: 223.670, 19: 381.859}, 30: {10: 262.576, 19: 439.387}}
FIG7B = (200, 25, 15)  # a, s, theta
FIG7B_N = (1000, 10000, 20000)
# n -> m -> their values, all from the size of the mean union
STATED_7B = {
    1000: {1: 1.00140e-5, 2: 0.0473895, 5: 0.991080},
    10000: {1: 5.30352e-20, 2: 2.35602e-14, 5: 2.27922e-8, 10: 1.27080e-4, 19: 0.0453789},
    20000: {1: 1.75826e-24, 2: 9.73604e-19, 5: 2.03826e-12, 10: 3.32243e-8, 19: 8.14089e-5},
}
