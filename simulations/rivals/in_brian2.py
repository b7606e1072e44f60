"""The networks of the comparisons in Brian2: C++ standalone, timed by the binary's own clock, or Cython."""

# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportMissingImports=false
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from models import brunel, coba, cuba, stdp

CUBA = """dv/dt = (ge + gi - (v - v_rest)) / tau_mem : volt (unless refractory)
          dge/dt = -ge / tau_exc : volt
          dgi/dt = -gi / tau_inh : volt"""
COBA = """dv/dt = (v_rest - v + ge * (e_exc - v) + gi * (e_inh - v)) / tau_mem : volt (unless refractory)
          dge/dt = -ge / tau_exc : 1
          dgi/dt = -gi / tau_inh : 1"""
STDP = """dv/dt = (v_rest - v + ge * (e_exc - v)) / tau_mem : volt
          dge/dt = -ge / tau_exc : 1"""
TRACES = """w : 1
            dx/dt = -x / tau : 1 (event-driven)
            dy/dt = -y / tau : 1 (event-driven)"""
BRUNEL = "dv/dt = -v / tau_mem : volt (unless refractory)"
DT = 0.1  # ms


def build(options: dict) -> Callable:
    """Options: network, n, seed, duration_ms, cython, folder."""
    import brian2 as b2

    if options["cython"]:
        b2.prefs.codegen.target = "cython"
        cache = os.environ.get("NEUROSPARSE_CACHE_DIR")  # a time to the first result: cold or warm as ours
        if cache:
            b2.prefs.codegen.runtime.cython.cache_dir = os.path.join(cache, "cython")
    else:
        b2.set_device("cpp_standalone", build_on_run=False)
    b2.start_scope()
    b2.seed(options["seed"])
    b2.defaultclock.dt = DT * b2.ms
    objects = {"cuba": _cuba, "coba": _coba, "brunel": _brunel, "stdp": _stdp}[options["network"]](b2, options["n"])
    spikes = b2.SpikeMonitor(objects[0])
    net = b2.Network(*objects, spikes)
    step: Any = (_in_cython if options["cython"] else _in_cpp)(b2, net, spikes, options)
    if options["network"] == "stdp":
        step.values = lambda: np.array(objects[-1].w)
    else:
        step.values = lambda: (np.array(spikes.i), np.array(spikes.t / b2.ms) + DT)  # at the end of the step, as ours
    return step


def _in_cpp(b2, net, spikes, options: dict) -> Callable:
    net.run(options["duration_ms"] * b2.ms)
    place = os.path.join(options["folder"], "standalone")
    b2.device.build(directory=place, compile=True, run=False, debug=False)
    device = b2.get_device()

    def step() -> tuple[float, int]:
        device.run(place, with_output=False, run_args=[])
        return device._last_run_time, int(spikes.num_spikes)

    return step


def _in_cython(b2, net, spikes, options: dict) -> Callable:
    net.run(0 * b2.ms)

    def step() -> tuple[float, int]:
        before, start = int(spikes.num_spikes), time.perf_counter()
        net.run(options["duration_ms"] * b2.ms)
        return time.perf_counter() - start, int(spikes.num_spikes) - before

    return step


def _group(b2, n: int, equations: str, membrane: dict, method: str, low: float):
    """Neurons with first potentials between `low` and threshold, mV; ms and mV told by the names.

    Brian2 counts the step of the spike into the refractory time, we and NEST do not.
    """
    volts, times = ("v_th", "v_reset", "v_rest", "e_exc", "e_inh"), ("tau_mem", "tau_exc", "tau_inh")
    namespace = {k: x * (b2.mV if k in volts else b2.ms) for k, x in membrane.items() if k in volts + times}
    group = b2.NeuronGroup(
        n, equations, threshold="v > v_th", reset="v = v_reset", refractory=(membrane["t_ref"] + DT) * b2.ms,
        method=method, namespace=namespace,
    )  # fmt: skip
    group.v = f"{low} * mV + rand() * (v_th - {low} * mV)"
    return group


def _cuba(b2, n: int) -> list:
    c = cuba.Config(n=n)
    group = _group(b2, n, CUBA, cuba.MEMBRANE, "exact", cuba.MEMBRANE["v_reset"])
    return [group, *_bernoulli(b2, group, c, c.w_exc * b2.mV, c.w_inh * b2.mV)]


def _coba(b2, n: int) -> list:
    """Conductances in units of the leak, the method that Brian2's own example takes."""
    c, v = coba.Config(n=n), coba.MEMBRANE
    leak = v["c_m"] / v["tau_mem"]
    group = _group(b2, n, COBA, v | {"v_rest": c.v_rest}, "exponential_euler", v["v_reset"])
    return [group, *_bernoulli(b2, group, c, c.w_exc / leak, c.w_inh / leak)]


def _bernoulli(b2, group, c, w_exc, w_inh) -> list:
    n_exc, made = round(0.8 * c.n), []
    for source, variable, weight in ((group[:n_exc], "ge", w_exc), (group[n_exc:], "gi", w_inh)):
        synapses = b2.Synapses(source, group, on_pre=f"{variable} += w", namespace={"w": weight})
        synapses.connect(p=c.in_degree / c.n)
        made.append(synapses)
    return made


def _brunel(b2, n: int) -> list:
    """Fixed in-degrees by sampling the sources of each target."""
    c = brunel.Config(scale=n / 12_500)
    size, degree, j = brunel.sizes(c)
    membrane = {"tau_mem": brunel.TAU_MEM, "v_th": brunel.THETA, "v_reset": c.v_reset, "t_ref": brunel.T_REF}
    group = _group(b2, n, BRUNEL, membrane, "exact", 0.0)
    parts = {"exc": (group[: size["exc"]], j), "inh": (group[size["exc"] :], -c.g * j)}
    made = [group]
    for name, (source, weight) in parts.items():
        synapses = b2.Synapses(source, group, on_pre="v += w", delay=c.delay * b2.ms, namespace={"w": weight * b2.mV})
        synapses.connect(i=f"k for k in sample(N_pre, size={degree[name]})")
        made.append(synapses)
    rate = brunel.external_rate(c) / degree["exc"] * b2.Hz
    made.append(b2.PoissonInput(group, "v", N=degree["exc"], rate=rate, weight=j * b2.mV))
    return made


def _stdp(b2, n: int) -> list:
    """Brian2's own example STDP, for many neurons."""
    c, v = stdp.Config(n=n), stdp.MEMBRANE
    volts, times = ("v_th", "v_reset", "v_rest", "e_exc"), ("tau_mem", "tau_exc")
    namespace = {k: v[k] * b2.mV for k in volts} | {k: v[k] * b2.ms for k in times}
    neurons = b2.NeuronGroup(
        n, STDP, threshold="v > v_th", reset="v = v_reset", method="exponential_euler", namespace=namespace
    )
    neurons.v = v["v_rest"] * b2.mV
    inputs = b2.PoissonGroup(c.inputs, rates=c.rate * b2.Hz)
    rule = {"tau": c.tau_plus * b2.ms, "g_max": c.g_max, "up": c.a_plus * c.g_max}
    synapses = b2.Synapses(
        inputs, neurons, TRACES,
        on_pre="ge += w\nx += up\nw = clip(w + y, 0, g_max)",
        on_post="y -= down\nw = clip(w + x, 0, g_max)",
        namespace=rule | {"down": c.ratio * rule["up"]},
    )  # fmt: skip
    synapses.connect()
    synapses.w = "rand() * g_max"
    return [neurons, inputs, synapses]
