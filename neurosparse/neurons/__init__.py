"""Neurons, one file per model. The best file to copy: `lif.py`.

A neuron module is the object; there is no base class and no registration. It holds

* `PORTS`: names of the inputs; `step` takes one number for each, in this order, but for those in `ADDS`;
* `ADDS` (optional): port -> State field; what arrives there is added to the field before the step, and is no argument;
* `ORDER`: how the error of a smooth solution shrinks with dt: 1, 2, 4, or math.inf where a step is exact;
* `Params` and `State`: NamedTuples of floats without defaults, each field commented with its unit;
* `params(..., dt) -> Params`: biology in (ms, mV, pA), kernel constants out; checks its arguments;
* `init(p) -> State`: the resting state;
* `step(p, s, *inputs) -> (State, z)`: one step, written with arithmetic and `neurosparse.ops`; z is 1 at a spike.

A file of your own works the same way: name it where a neuron is named, by module, "package.module" or "file.py".
"""
