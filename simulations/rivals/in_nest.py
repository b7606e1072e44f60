"""The networks of the comparisons in NEST; timed from Run to its return, after Prepare and a first millisecond."""

# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportMissingImports=false
import time
from collections.abc import Callable

from models import brunel, coba, cuba, stdp


def build(options: dict) -> Callable:
    """Options: network, n, seed, duration_ms, threads."""
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=0.1, local_num_threads=options["threads"], rng_seed=options["seed"] + 1)
    cells = {"cuba": _cuba, "coba": _coba, "brunel": _brunel, "stdp": _stdp}[options["network"]](nest, options["n"])
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


def _cuba(nest, n: int):
    """iaf_psc_exp with C_m chosen so that 1 pA is 1 mV."""
    v = cuba.MEMBRANE
    cells = nest.Create("iaf_psc_exp", n, params={
        "C_m": v["tau_mem"], "tau_m": v["tau_mem"], "E_L": v["v_rest"], "V_th": v["v_th"], "V_reset": v["v_reset"],
        "t_ref": v["t_ref"], "tau_syn_ex": v["tau_exc"], "tau_syn_in": v["tau_inh"],
        "V_m": nest.random.uniform(v["v_reset"], v["v_th"]),
    })  # fmt: skip
    c = cuba.Config(n=n)
    return _bernoulli(nest, cells, c, c.w_exc, c.w_inh)


def _coba(nest, n: int):
    """iaf_cond_exp, which NEST integrates by an adaptive Runge-Kutta method."""
    v, c = coba.MEMBRANE, coba.Config(n=n)
    cells = nest.Create("iaf_cond_exp", n, params={
        "C_m": v["c_m"], "g_L": v["c_m"] / v["tau_mem"], "E_L": c.v_rest, "V_th": v["v_th"], "V_reset": v["v_reset"],
        "t_ref": v["t_ref"], "tau_syn_ex": v["tau_exc"], "tau_syn_in": v["tau_inh"], "E_ex": v["e_exc"],
        "E_in": v["e_inh"], "V_m": nest.random.uniform(v["v_reset"], v["v_th"]),
    })  # fmt: skip
    return _bernoulli(nest, cells, c, c.w_exc, -c.w_inh)


def _bernoulli(nest, cells, c, w_exc: float, w_inh: float):
    n_exc = round(0.8 * c.n)
    rule = {"rule": "pairwise_bernoulli", "p": c.in_degree / c.n}
    nest.Connect(cells[:n_exc], cells, rule, {"weight": w_exc, "delay": c.delay})
    nest.Connect(cells[n_exc:], cells, rule, {"weight": w_inh, "delay": c.delay})
    return cells


def _brunel(nest, n: int):
    """iaf_psc_delta; one generator, from which NEST draws independent spikes for each neuron."""
    c = brunel.Config(scale=n / 12_500)
    size, degree, j = brunel.sizes(c)
    cells = nest.Create("iaf_psc_delta", n, params={
        "C_m": 1.0, "tau_m": brunel.TAU_MEM, "E_L": 0.0, "V_th": brunel.THETA, "V_reset": c.v_reset,
        "t_ref": brunel.T_REF, "V_m": nest.random.uniform(0.0, brunel.THETA),
    })  # fmt: skip
    exc, inh = cells[: size["exc"]], cells[size["exc"] :]
    for source, k, w in ((exc, degree["exc"], j), (inh, degree["inh"], -c.g * j)):
        nest.Connect(source, cells, {"rule": "fixed_indegree", "indegree": k}, {"weight": w, "delay": c.delay})
    noise = nest.Create("poisson_generator", params={"rate": brunel.external_rate(c)})
    nest.Connect(noise, cells, syn_spec={"weight": j, "delay": c.delay})
    return cells


def _stdp(nest, n: int):
    """iaf_cond_exp, and parrots that repeat the spikes of generators onto stdp_synapse."""
    v, c = stdp.MEMBRANE, stdp.Config(n=n)
    cells = nest.Create("iaf_cond_exp", n, params={
        "C_m": v["c_m"], "g_L": v["c_m"] / v["tau_mem"], "E_L": v["v_rest"], "V_th": v["v_th"], "V_m": v["v_rest"],
        "V_reset": v["v_reset"], "t_ref": v["t_ref"], "tau_syn_ex": v["tau_exc"], "E_ex": v["e_exc"],
        "tau_minus": c.tau_plus,
    })  # fmt: skip
    inputs = nest.Create("parrot_neuron", c.inputs)
    nest.Connect(nest.Create("poisson_generator", params={"rate": c.rate}), inputs)
    rule = {
        "synapse_model": "stdp_synapse", "weight": nest.random.uniform(0.0, c.g_max), "delay": c.dt, "Wmax": c.g_max,
        "lambda": c.a_plus, "alpha": c.ratio, "mu_plus": 0.0, "mu_minus": 0.0, "tau_plus": c.tau_plus,
    }  # fmt: skip
    nest.Connect(inputs, cells, "all_to_all", rule)
    return cells
