"""Neurons in closed form, for the event-driven engine: one file per model. The best file to copy: `lif.py`.

A model is a module of scalar functions that branch as they like; times are absolute, in ms, and State holds the time
`t` that it describes.

    PORTS                       names of the ports where spikes arrive
    BIAS                        optional: port -> parameter that a constant CurrentInput is added to
    Params, State               NamedTuples of floats without defaults; State has a field t
    params(**biology)           as the grid model of the same name takes, in ms, without dt
    init(p) -> State            at t = 0
    flow(p, s, t) -> State      the state at the later time t, if nothing arrives and nothing fires
    arrive(p, s, port, w)       -> (State, fires): weight w comes in at PORTS[port], at the time s.t
    fire(p, s) -> State         after a spike at the time s.t
    crossing(p, s) -> t         optional: when the neuron fires if nothing arrives; math.inf for never

A grid model is run by the file of its name here, or by the module that it names itself: PRECISE = "package.module".
"""
