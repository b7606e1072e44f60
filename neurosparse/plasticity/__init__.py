"""Rules that change synapses: one file for each, no base class, no registration. Best file to read first: stdp.

    Params, params(..., dt)     biology in, kernel constants out
    Synapse                     what a synapse holds: `w`, the magnitude of its weight, and more fields where needed
    Pre, Post                   traces of a source and of a target; for each field f, Params has decay_f
    trace(p, decay, r, z)       the trace r one step later, z = 1 where its neuron spiked, else 0
    on_pre(p, s, pre, post, m)  Synapse -> Synapse when a spike of the source arrives
    on_post(p, s, pre, post, m) Synapse -> Synapse when the target spikes
    sweep(p, s, post, m)        optional: every p.every steps for every synapse

All scalars in, scalars out, with arithmetic and `ops` only. Rules see magnitudes; the sign of a weight is kept by the
engine. m is the projection's modulator, 1 where it has none.

Amplitudes are at most LARGEST: no sum or product of them leaves what a float64 holds.

In a tick: spikes arrive and on_pre runs, with the traces as they were before these spikes and those of the last step;
then on_post runs for the targets that spiked in the last step, and sees the arrivals of this one. All delay lies before
the synapse (axonal), as in Brian2. What sources release is short-term plasticity, see `neurosparse.release`.
"""

LARGEST = 1e12
