"""What can be known of a network without running it: closed forms, as oracles beside the simulations.

Rates are in Hz, times in ms, voltages in mV, currents in pA, resistances in GOhm; functions take scalars or arrays.
`max_plus` and `dilation` hold theorems on ultradiscretized neurons. Best file to read first: `siegert.py`, which also
states what sigma means here and elsewhere.
"""

from neurosparse.theory.meanfield import Solution, brunel_rate, mean_field
from neurosparse.theory.psp import Peak, psp_peak
from neurosparse.theory.shot_noise import Moments, campbell
from neurosparse.theory.siegert import f_i_curve, siegert

__all__ = [
    "Moments",
    "Peak",
    "Solution",
    "brunel_rate",
    "campbell",
    "f_i_curve",
    "mean_field",
    "psp_peak",
    "siegert",
]
