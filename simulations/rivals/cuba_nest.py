"""CUBA in NEST: iaf_psc_exp with C_m chosen so that 1 pA is 1 mV; timed from Run to its return, after Prepare."""

import time
from collections.abc import Callable

from models import cuba


def build(options: dict) -> Callable:
    """Options: n, seed, duration_ms, threads."""
    import nest

    n = options["n"]
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=0.1, local_num_threads=options["threads"], rng_seed=options["seed"] + 1)
    c, v = cuba.Config(n=n), cuba.MEMBRANE
    n_exc = round(0.8 * n)
    cells = nest.Create("iaf_psc_exp", n, params={
        "C_m": v["tau_mem"], "tau_m": v["tau_mem"], "E_L": v["v_rest"], "V_th": v["v_th"], "V_reset": v["v_reset"],
        "t_ref": v["t_ref"], "tau_syn_ex": v["tau_exc"], "tau_syn_in": v["tau_inh"],
        "V_m": nest.random.uniform(v["v_reset"], v["v_th"]),
    })  # fmt: skip
    rule = {"rule": "pairwise_bernoulli", "p": c.in_degree / n}
    nest.Connect(cells[:n_exc], cells, rule, {"weight": c.w_exc, "delay": c.delay})
    nest.Connect(cells[n_exc:], cells, rule, {"weight": c.w_inh, "delay": c.delay})
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Prepare()
    nest.Run(1.0)

    def step() -> tuple[float, int]:
        before = recorder.n_events
        start = time.perf_counter()
        nest.Run(options["duration_ms"])
        seconds = time.perf_counter() - start
        return seconds, recorder.n_events - before

    return step
