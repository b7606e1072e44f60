"""Short-term plasticity: how much a source releases at a spike, from its own past. Best file to read first: tsodyks.

    Params, State, params(..., dt), init(p)
    release(p, s, h) -> (State, amplitude)     h steps after the last spike; weights are multiplied by amplitude

Scalars in, scalars out, arithmetic and `ops` only. The state belongs to a source and a projection.
"""
