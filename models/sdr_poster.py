"""Five later figures of the theory of sparse patterns: settings, archived values, and what they were counted with.

    P1   errors of a neuron over the correlation of its inputs
    P2   errors of two neurons that compete, over n
    P3   similarity of what a temporal memory predicts and what comes, over n
    P4   its recall under noise
    P5   surprise at a random input while a union of k patterns is predicted

n: cells; a: active ones of an input; s: synapses of a segment; theta: active synapses that it fires at; v: cells
swapped by noise. Archived means the numbers in Numenta's published experiments (htmresearch, sdr_paper), of which
the poster of arXiv:1601.00720 was drawn. Five things are to be known of them:

1. P1's trials of (64, 4000, 40) had theta = 20, not the stated 10, at which every second pattern would be false.
2. P3's lines are those of 20,000 transitions with s = 20; the notebook that prints them says 19,000 and s = 25.
3. P3's memory learned each sequence twice. A segment that fires falsely while a cell becomes active learns, and grows
   to a union; false predictions then make more of them, until some cells are always predicted. How many is chance:
   at n = 800 two runs gave .977 and .989. The law knows fixed segments only.
4. P4's noise could turn on again a cell that it had turned off; the law's does not.
5. P4's drawn observations are one trial of 19 transitions; a series of 1,000 trials was stored beside them.

Source: poster "Sparse distributed representations ..." to arXiv:1601.00720.
"""

P1_SETTINGS = ((32, 2000, 20, 10), (32, 4000, 20, 10), (64, 4000, 40, 20))  # a, n, s, theta
P1_STATED_THETA = 10
P1_SEGMENTS = 500
P1_SAMPLES = 20_000  # patterns of one published trial
P1_BIN = 0.02  # correlation
# means of the published trials by bins of the correlation, from 0 on
P1_MEANS = (
    (7.1e-4, 3.4e-3, 0.0164, 0.0453, 0.0891, 0.138),
    (1.2e-4, 5.6e-4, 3.0e-3, 9.2e-3, 0.0213, 0.0355),
    (5.1e-7, 1.9e-5, 3.8e-4, 2.2e-3),
)

P2 = (24, 500, 11.5, 5.0)  # s, segments of a neuron, centre and slope of the sigmoid
P2_NOISE = 1e-3  # width of the noise that breaks ties
P2_N = tuple(range(300, 3501, 200))
P2_ACTIVE = (64, 128, 256)
# a -> (errors, patterns tested) for n = 300, 500, ...
P2_COUNTS = {
    64: ((2736527, 20_000_000), (621, 10_000_000), (2, 10_000_000)),
    128: ((959346, 2_000_000), (692581, 2_000_000), (36401, 1_000_000), (745, 1_000_000), (236, 11_000_000),
          (11, 11_000_000), (3, 11_000_000), (1, 11_000_000)),
    256: ((1001193, 2_000_000), (979520, 2_000_000), (464716, 1_000_000), (406276, 1_000_000), (276204, 1_000_000),
          (96118, 1_000_000), (17508, 1_000_000), (2506, 1_000_000), (387, 1_000_000), (707, 11_000_000),
          (165, 11_000_000), (31, 11_000_000), (7, 11_000_000), (4, 11_000_000)),
}  # fmt: skip

P3_S, P3_THETA, P3_PERMANENCES = 20, 10, (0.8, 0.5, 0.05)  # initial, connected, increment; no decrement
P3_SEQUENCES, P3_LENGTH, P3_PASSES = 1000, 20, 2
P3_ACTIVE = (64, 128, 256)
P3_N = tuple(range(300, 4001, 100))
# a -> first n, Jaccard indices for n, n + 100, ... of two runs
P3_FOUND = {
    64: (300, ((0.213333, 0.16, 0.128, 0.109259, 0.540992, 0.976688, 0.996960, 0.998871, 0.999573, 0.999795),
         (0.213333, 0.16, 0.128, 0.111850, 0.549857, 0.988546, 0.996940, 0.998864, 0.999552, 0.999811))),
    128: (1100, ((0.116364, 0.107573, 0.165658, 0.432004, 0.815115, 0.953340, 0.992783, 0.995852, 0.997509, 0.998454),
         (0.116364, 0.107353, 0.157743, 0.454401, 0.842802, 0.966443, 0.992472, 0.988813, 0.997545, 0.998454))),
    256: (2300, ((0.111304, 0.106706, 0.109826, 0.139174, 0.222095, 0.370347, 0.551080, 0.730062, 0.912105, 0.948032),
         (0.111304, 0.107039, 0.110426, 0.141433, 0.222137, 0.364128, 0.596220, 0.794860, 0.912105, 0.948032))),
}  # fmt: skip
# a -> first n, the stored lines
P3_LINES = {
    64: (300, (0.2133336330, 0.2432088366, 0.6044889510, 0.8816534815, 0.9678829427, 0.9904192682, 0.9967893123)),
    128: (700, (0.1859625575, 0.2206797387, 0.3533451947, 0.5472215973, 0.7278783408, 0.8507876739, 0.9207610294)),
    256: (1500, (0.1868214993, 0.2115595973, 0.2609085096, 0.3328302851, 0.4220391337, 0.5199109607, 0.6164749974)),
}

P4 = (2048, 40, 20, 19)  # n, a, s, transitions of a trial
P4_THETAS = (8, 12, 16)
P4_V = tuple(range(0, 40, 2))
P4_TRIALS = 1000
# theta -> Jaccard indices of 1,000 trials (recall, but for one false cell in a million), v = 0, 2, ...
P4_FOUND = {
    8: (1.0, 1.0, 1.0, 1.0, 0.999998716303, 0.999996328029, 1.0, 0.99993161104, 0.998652631579, 0.988597368421, 0.9487,
        0.845202824134, 0.657226315789, 0.413329300385, 0.189123950119, 0.0545172366893, 0.00763796534018,
        0.000352631578947, 3.94736842105e-06, 0.0),
    12: (1.0, 1.0, 1.0, 1.0, 1.0, 0.995910526316, 0.960664473684, 0.846871052632, 0.640214473684, 0.397481578947,
         0.189097368421, 0.0672052631579, 0.0163776315789, 0.00227236842105, 0.000142105263158, 1.31578947368e-06, 0.0,
         0.0, 0.0, 0.0),
    16: (1.0, 1.0, 1.0, 0.909685526316, 0.656614473684, 0.365511842105, 0.156975, 0.0513763157895, 0.0129723684211,
         0.00237368421053, 0.000288157894737, 1.57894736842e-05, 1.31578947368e-06, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
}  # fmt: skip
# theta -> what the figure shows: one trial, at v = 18
P4_DRAWN = {8: 0.988157894737, 12: 0.392105263158, 16: 0.0}

P5_A, P5_S, P5_THETA, P5_ONSET, P5_PASSES = 40, 20, 10, 5, 10  # onset: elements before the branch
P5_N = (2000, 4000)
P5_K = tuple(range(1, 51))
P5_TRIALS = 10_000
# n -> k -> share of a random input that was not predicted
P5_FOUND = {
    2000: {1: 0.98015, 5: 0.9033725, 10: 0.8169725, 15: 0.7400875, 20: 0.6682975, 25: 0.60286, 30: 0.5464475,
           35: 0.4919, 40: 0.44739, 45: 0.40263, 50: 0.3634775},
    4000: {1: 0.99011, 5: 0.9508575, 10: 0.9047775, 15: 0.85993, 20: 0.8177975, 25: 0.7777475, 28: 0.75439,
           50: 0.6049},
}  # fmt: skip
