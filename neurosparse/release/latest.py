"""Only the newest spike of a source counts: each replaces what is left of the one before.

    f = 1 - exp(-elapsed / tau_syn)   for every spike but the first, whose f is 1

On a port with the kernel `exp` of the same tau_syn the sum over a source's spikes is then w exp(-age / tau_syn), with
the age of its newest spike alone, as long as the weight stays; one that changed in between changes what is taken back.

Source: the synapses of the code of Ivanov & Michmizos, NeurIPS 2021, where a spike sets the age of its synapses to 0.
"""

from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, ops


class Params(NamedTuple):
    """Kernel constants."""

    slope: float  # dt / tau_syn


class State(NamedTuple):
    """State of a source."""

    fired: float  # 1 after the first spike


def params(tau_syn=1.0, dt=1.0) -> Params:
    """Kernel constants; tau_syn in ms, one number or one for each source. Raises ValueError for tau_syn <= 0."""
    check.positive("latest.params", "dt", check.scalar("latest.params", "dt", dt, "ms"), "ms")
    tau: Any = np.asarray(check.positive("latest.params", "tau_syn", tau_syn, "ms"), dtype=float)[()]
    return Params(dt / tau)


def init(p: Params) -> State:
    """No spike yet."""
    return State(0.0)


def release(p: Params, s: State, elapsed):
    """(State, factor of the weight) of a spike, `elapsed` steps after the last one."""
    return State(1.0), 1.0 - s.fired * ops.exp(-elapsed * p.slope)
