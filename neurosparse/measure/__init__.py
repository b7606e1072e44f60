"""Numbers that describe spiking activity.

Spikes come as pairs: `i` (n_spikes,) neuron ids in [0, n) and `t` (n_spikes,) times, in any order. Times
are in ms where the argument is called `t_ms` and whole steps where it is called `t`. What can not be
measured (a rate of no neuron, a CV of one interval) is NaN, never an error. Best file to read first:
`branching.py`.
"""

from neurosparse.measure.alternatives import Alternative
from neurosparse.measure.avalanches import (
    Avalanches,
    Crackling,
    crackling,
    event_counts,
    find_avalanches,
    mean_size_exponent,
)
from neurosparse.measure.branching import branching_factor, mean_over_samples
from neurosparse.measure.energy import COSTS, Costs, Operations, joules, operations, total
from neurosparse.measure.isi import intervals, isi_cv
from neurosparse.measure.lyapunov import Lyapunov, filtered_distance, lyapunov
from neurosparse.measure.memory import MemoryCapacity, memory_capacity
from neurosparse.measure.mr import MrEstimate, mr_estimator
from neurosparse.measure.process import branching_process
from neurosparse.measure.rank import generalisation_rank, kernel_quality, kernel_rank, mean_rank, separation
from neurosparse.measure.rates import firing_rate, population_rate
from neurosparse.measure.synchrony import population_synchrony
from neurosparse.measure.tails import PowerLaw, power_law

__all__ = [
    "branching_factor",
    "mean_over_samples",
    "firing_rate",
    "population_rate",
    "intervals",
    "isi_cv",
    "population_synchrony",
    "MrEstimate",
    "mr_estimator",
    "branching_process",
    "Avalanches",
    "event_counts",
    "find_avalanches",
    "mean_size_exponent",
    "Crackling",
    "crackling",
    "Alternative",
    "PowerLaw",
    "power_law",
    "kernel_rank",
    "generalisation_rank",
    "mean_rank",
    "kernel_quality",
    "separation",
    "MemoryCapacity",
    "memory_capacity",
    "Lyapunov",
    "filtered_distance",
    "lyapunov",
    "COSTS",
    "Costs",
    "Operations",
    "operations",
    "total",
    "joules",
]
