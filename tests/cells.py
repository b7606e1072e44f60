"""What the tests of neurons share: the models found, inputs that make each of them lively, one neuron run alone."""

import importlib
import pkgutil

import numba
import numpy as np

import neurosparse.neurons
import neurosparse.synapses
from neurosparse import clock, rng
from neurosparse.network import CurrentInput, Network, Population, SpikeMonitor, StateMonitor
from neurosparse.neurons import lif


def discovered(room):
    return [importlib.import_module(f"{room.__name__}.{m.name}") for m in pkgutil.iter_modules(room.__path__)]


def name_of(module):
    return module.__name__.rpartition(".")[2]


NEURONS = discovered(neurosparse.neurons)
KERNELS = discovered(neurosparse.synapses)
MANY = 4 if numba.config.DISABLE_JIT else 100  # neurons of a conformance test; plain Python takes its time
named = {"ids": lambda value: name_of(value) if hasattr(value, "__name__") else None}

# name: (dt, parameters, mean and spread of the noise at each port); "abs": a conductance, never negative
PLAIN = {"tau_mem": 8.0, "v_th": 1.0, "t_ref": 2.0}
LIVELY = {
    "lif": (1.0, PLAIN, [(1.0, 2.5), (0.0, 0.2)]),
    "alif": (1.0, PLAIN | {"beta": 0.3, "tau_adapt": 30.0}, [(1.0, 2.5), (0.0, 0.2)]),
    "lif_exp": (1.0, PLAIN, [(1.0, 2.5), (0.0, 0.2), (0.0, 0.2)]),
    "lif_alpha": (1.0, PLAIN, [(1.0, 2.5), (0.0, 0.2), (0.0, 0.2)]),
    "lif_cond": (1.0, {"t_ref": 2.0}, [(2.0, 4.0, "abs"), (1.0, 3.0, "abs"), (0.0, 100.0)]),
    "adex": (0.5, {"t_ref": 1.0}, [(150.0, 300.0), (-20.0, 50.0), (0.0, 50.0)]),
    "izhikevich": (1.0, {}, [(8.0, 8.0)]),
    "hh_traub": (0.1, {"t_ref": 2.0}, [(1.0, 1.0, "abs"), (0.5, 0.5, "abs"), (100.0, 500.0)]),
    "intfire1": (1.0, {"t_ref": 2.0}, [(0.1, 0.3)]),
    "li": (1.0, {"tau_mem": 8.0}, [(1.0, 2.5), (0.0, 0.2)]),
    "ultralif": (1.0, {}, [(0.0, 0.4)]),
    "ultralif_signed": (1.0, {}, [(0.2, 0.5), (0.0, 0.3)]),
    "sigmalif": (1.0, {}, [(0.0, 0.4)]),
    "ultradlif": (1.0, {}, [(0.5, 0.5), (0.5, 0.5, "abs")]),
}
SILENT = {  # parameters or none, under which the lively inputs divided by a hundred raise no spike
    "lif": {"v_th": 1e6}, "alif": {"v_th": 1e6}, "lif_exp": {"v_th": 1e6}, "lif_alpha": {"v_th": 1e6},
    "ultralif": {"v_th": 9.0}, "ultralif_signed": {"v_th": 9.0}, "sigmalif": {"v_th": 9.0}, "ultradlif": {"v_th": 9.0},
}  # fmt: skip


def resets(module):
    """The ways of resetting that a model offers, as keyword arguments."""
    try:
        module.params(dt=0.1, reset="value", hold=True)
    except TypeError:
        return [{}]
    return [{"reset": reset, "hold": hold} for reset in ("value", "subtract") for hold in (True, False)]


def lively(module, n, steps):
    """(dt, parameters that spike often, inputs (steps, n) for each port).

    A model that is not in the table gets noise, at the first strength in powers of four that makes it spike.
    """
    stream = rng.stream(3, module.__name__)
    noise = [rng.normals(stream, n * steps, k).reshape(steps, n) for k in range(len(module.PORTS))]
    if name_of(module) in LIVELY:
        dt, many, levels = LIVELY[name_of(module)]
        inputs = [mean + spread * x for (mean, spread, *_), x in zip(levels, noise, strict=True)]
        return dt, dict(many), [np.abs(x) if "abs" in how else x for how, x in zip(levels, inputs)]
    for strength in 4.0 ** np.arange(8):
        inputs = [strength * (0.5 + noise[0]), *[0.1 * strength * x for x in noise[1:]]]
        if run_numpy(module, 0.5, {}, inputs)[0].mean() > 0.02:
            break
    return 0.5, {}, inputs


def run_numba(module, dt, many, inputs):
    """(z, fields) of every step, from the compiled loop."""
    steps, n = inputs[0].shape
    net = Network((Population("a", n, module, many),), (),
                  tuple(CurrentInput(port, "a", port) for port in module.PORTS), dt=dt)  # fmt: skip
    run = clock.run(net, steps * dt, dict(zip(module.PORTS, inputs)),
                    (SpikeMonitor("a"), StateMonitor("a", module.State._fields)))  # fmt: skip
    z = np.zeros((steps, n))
    z[run.spikes["a"].step, run.spikes["a"].i] = 1
    return z, run.states["a"].fields


def run_numpy(module, dt, many, inputs):
    """(z, fields) of every step, from the step on arrays."""
    from tests import reference

    p = module.params(dt=dt, **many)
    n = inputs[0].shape[1]
    s = module.State(*(np.full(n, value) for value in module.init(p)))
    z, states = [], []
    for now in zip(*inputs):
        s, out = reference.step(module, p, s, now)
        z.append(out)
        states.append(s)
    return np.array(z), {name: np.array([getattr(s, name) for s in states]) for name in module.State._fields}


def one(params, dt, duration, inputs=(), given=None, kernels=None, fields=("v",), neuron=lif, init=None):
    """Run one neuron; (spikes, fields after each step)."""
    net = Network((Population("a", 1, neuron, params, kernels or {}, init or {}),), (), inputs, dt)
    run = clock.run(net, duration, given or {}, (SpikeMonitor("a"), StateMonitor("a", fields)))
    return run.spikes["a"], {name: value[:, 0] for name, value in run.states["a"].fields.items()}
