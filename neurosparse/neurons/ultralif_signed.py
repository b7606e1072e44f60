"""UltraLIF with excitation and inhibition apart, so that inhibition can silence it. An extension of ours.

    u = LSE_eps(v + log_tau, exc) - eps log(1 + e^(inh / eps)) ;   z = [u >= v_th] ;   v <- v_reset where z is 1

In e^(v / eps) this is a leaky integrator whose sum is divided by 1 + e^(inh / eps): shunting inhibition. An inh of 0
costs eps log 2, one of -10 eps nothing. Threshold, reset, variants and parameters are those of `ultralif`.
Source: the membrane of Minoza, arXiv:2602.11206 (2026), definition 4.1; the divisor is ours.
"""

from neurosparse import ops
from neurosparse.neurons import ultralif

PORTS = ("exc", "inh")  # in units of v
ORDER = ultralif.ORDER
VARIANTS = ultralif.VARIANTS
BOUNDS = ultralif.BOUNDS
Params = ultralif.Params
State = ultralif.State
params = ultralif.params
init = ultralif.init


def step(p: Params, s: State, exc, inh):
    """One step; exc and inh in units of v."""
    u = ops.logsumexp2(s.v + p.log_tau, exc, p.eps) - p.eps * ops.softplus(inh / p.eps)
    v, z = ultralif.fire(p, u)
    return State(v), z
