"""CUBA in Brian2, C++ standalone with its default optimisation; timed by the binary's own clock."""

import os
from collections.abc import Callable

from models import cuba


def build(options: dict) -> Callable:
    """Options: n, seed, duration_ms, folder."""
    import brian2 as b2

    n = options["n"]
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.start_scope()
    b2.seed(options["seed"])
    b2.defaultclock.dt = 0.1 * b2.ms
    c, v = cuba.Config(n=n), cuba.MEMBRANE
    n_exc = round(0.8 * n)
    group = b2.NeuronGroup(
        n,
        """dv/dt = (ge + gi - (v - v_rest)) / tau_mem : volt (unless refractory)
           dge/dt = -ge / tau_exc : volt
           dgi/dt = -gi / tau_inh : volt""",
        threshold="v > v_th",
        reset="v = v_reset",
        refractory=v["t_ref"] * b2.ms,
        method="exact",
        namespace={key: value * (b2.ms if key[0] == "t" else b2.mV) for key, value in v.items()},
    )
    group.v = "v_reset + rand() * (v_th - v_reset)"
    synapses = []
    for source, variable, weight in ((group[:n_exc], "ge", c.w_exc), (group[n_exc:], "gi", c.w_inh)):
        made = b2.Synapses(source, group, on_pre=f"{variable} += w", namespace={"w": weight * b2.mV})
        made.connect(p=c.in_degree / n)
        synapses.append(made)
    spikes = b2.SpikeMonitor(group)
    b2.Network(group, *synapses, spikes).run(options["duration_ms"] * b2.ms)
    place = os.path.join(options["folder"], "standalone")
    b2.device.build(directory=place, compile=True, run=False, debug=False)
    device = b2.get_device()

    def step() -> tuple[float, int]:
        device.run(place, with_output=False, run_args=[])
        return device._last_run_time, int(spikes.num_spikes)

    return step
