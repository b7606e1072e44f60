"""The neurons' differential equations in biology's units, written a second time: the truth that steps are held to.

Each gives d/dt of all State fields but the refractory time, per ms, under a current i (pA, or the unit of the port).
"""

import math

import numpy as np


def lif(y, i=0.0):
    return [(-70.0 - y[0] + 0.04 * i) / 10.0]


def alif(y, i=0.0):
    return [*lif(y, i), -y[1] / 200.0]


def lif_exp(y, i=0.0):
    v, exc, inh = y
    return [(-70.0 - v + 0.04 * (exc + inh + i)) / 10.0, -exc / 5.0, -inh / 10.0]


def lif_alpha(y, i=0.0):
    v, a_exc, exc, a_inh, inh = y
    dv = (-70.0 - v + 0.04 * (exc + inh + i)) / 10.0
    return [dv, -a_exc / 2.0, (math.e * a_exc - exc) / 2.0, -a_inh / 3.0, (math.e * a_inh - inh) / 3.0]


def lif_cond(y, i=0.0):
    v, exc, inh = y
    return [(10.0 * (-60.0 - v) + exc * (0.0 - v) + inh * (-80.0 - v) + i) / 200.0, -exc / 5.0, -inh / 10.0]


def adex(y, i=0.0):
    v, w, exc, inh = y
    dv = (30.0 * (-70.6 - v) + 30.0 * 2.0 * np.exp((v + 50.4) / 2.0) - w + exc + inh + i) / 281.0
    return [dv, (4.0 * (v + 70.6) - w) / 144.0, -exc / 5.0, -inh / 10.0]


def izhikevich(y, i=0.0):
    v, u = y
    return [0.04 * v * v + 5.0 * v + 140.0 - u + i, 0.02 * (0.2 * v - u)]


def hh_traub(y, i=0.0, v_rest=-60.0):
    v, m, h, n, exc, inh = y
    u = v + 63.0
    sodium, potassium = 20000.0 * m**3 * h * (v - 50.0), 6000.0 * n**4 * (v + 90.0)
    synaptic = exc * v + inh * (v + 80.0)
    return [
        (10.0 * (v_rest - v) - sodium - potassium - synaptic + i) / 200.0,
        0.32 * (13.0 - u) / (np.exp((13.0 - u) / 4.0) - 1.0) * (1.0 - m)
        - 0.28 * (u - 40.0) / (np.exp((u - 40.0) / 5.0) - 1.0) * m,
        0.128 * np.exp((17.0 - u) / 18.0) * (1.0 - h) - 4.0 / (1.0 + np.exp((40.0 - u) / 5.0)) * h,
        0.032 * (15.0 - u) / (np.exp((15.0 - u) / 5.0) - 1.0) * (1.0 - n) - 0.5 * np.exp((10.0 - u) / 40.0) * n,
        -exc / 5.0,
        -inh / 10.0,
    ]


def intfire1(y, i=0.0):
    return [-y[0] / 10.0]
