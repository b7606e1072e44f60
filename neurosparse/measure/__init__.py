"""Numbers that describe spiking activity.

Spikes come as pairs: `i` (n_spikes,) neuron ids in [0, n) and `t` (n_spikes,) times, in any order. Times
are in ms where the argument is called `t_ms` and whole steps where it is called `t`. What can not be
measured (a rate of no neuron, a CV of one interval) is NaN, never an error. Best file to read first:
`branching.py`.
"""

from neurosparse.measure.branching import branching_factor, mean_over_samples
from neurosparse.measure.isi import intervals, isi_cv
from neurosparse.measure.rates import firing_rate, population_rate
from neurosparse.measure.synchrony import population_synchrony

__all__ = [
    "branching_factor",
    "mean_over_samples",
    "firing_rate",
    "population_rate",
    "intervals",
    "isi_cv",
    "population_synchrony",
]
