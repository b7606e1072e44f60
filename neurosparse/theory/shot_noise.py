"""Mean and variance of a free membrane under Poisson input (Campbell's theorem).

    v(t) = sum over spikes of h(t - t_k) ;   <v> = rate * integral of h ,   Var v = rate * integral of h^2

    delta:  h = w exp(-t / tau_mem)                          w rate tau_mem             w^2 rate tau_mem / 2
    exp:    current w exp(-t / tau_syn)                      w r rate tau_syn           (w r tau_syn)^2 rate / 2 (m + s)
    alpha:  current w e (t / tau_syn) exp(-t / tau_syn)      e w r rate tau_syn         (e w r tau_syn)^2 rate
                                                                                         (s + 2 m) / 4 (s + m)^2
with m = tau_mem, s = tau_syn. The integrals follow from the poles of |H|^2.

Source: Campbell, Proc. Cambridge Phil. Soc. 15 (1909) 117; Papoulis, Probability, Random Variables and Stochastic
Processes (1991), section 10-2.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check


class Moments(NamedTuple):
    """Of the free membrane, above rest."""

    mean: np.ndarray | float  # mV
    variance: np.ndarray | float  # mV^2


def campbell(kind: str, rate, weight, tau_mem=20.0, tau_syn=5.0, r=1.0) -> Moments:
    """Moments of the free membrane under Poisson spikes; the moments of independent inputs add.

    kind    "delta" (weight in mV; tau_syn and r are not used), "exp" or "alpha" (weight in pA, the peak of the current)
    rate    of all spikes together, Hz; tau_mem, tau_syn in ms; r in GOhm: tau_mem / c_m with c_m in pF. All broadcast.

    Raises ValueError for another kind, a rate < 0 and times or resistances that are not positive.
    """
    owner = "theory.campbell"
    check.one_of(owner, "kind", kind, ("delta", "exp", "alpha"))
    check.at_least(owner, "rate", rate, 0, "Hz")
    check.number(owner, "weight", weight)
    check.positive(owner, "tau_mem", tau_mem, "ms")
    check.positive(owner, "tau_syn", tau_syn, "ms")
    check.positive(owner, "r", r, "GOhm")
    rate, w, m, s = (np.asarray(x, dtype=float) for x in (rate, weight, tau_mem, tau_syn))
    per_ms = rate / 1000.0
    if kind == "delta":
        return Moments((per_ms * w * m)[()], (per_ms * w * w * m / 2.0)[()])
    area = w * r * s * (np.e if kind == "alpha" else 1.0)
    spread = (s + 2.0 * m) / (4.0 * (s + m) ** 2) if kind == "alpha" else 1.0 / (2.0 * (m + s))
    return Moments((per_ms * area)[()], (per_ms * area**2 * spread)[()])
