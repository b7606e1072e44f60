"""One wiring rule in NEST: Connect and, where NEST sorts and registers its connections, Prepare."""

# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportMissingImports=false
import time
from collections.abc import Callable


def build(options: dict) -> Callable:
    """Options: rule, n, in_degree, seed, threads."""
    import nest

    n, k = options["n"], options["in_degree"]
    distinct = {"allow_multapses": False}
    rule = {
        "bernoulli": {"rule": "pairwise_bernoulli", "p": k / n},
        "fixed in-degree": {"rule": "fixed_indegree", "indegree": k} | distinct,
        "fixed out-degree": {"rule": "fixed_outdegree", "outdegree": k} | distinct,
        "total, multapses": {"rule": "fixed_total_number", "N": n * k},
        "all to all": {"rule": "all_to_all"},
    }[options["rule"]]
    nest.verbosity = nest.VerbosityLevel.ERROR

    def step() -> tuple[float, int]:
        nest.ResetKernel()
        nest.set(local_num_threads=options["threads"], rng_seed=options["seed"] + 1)
        cells = nest.Create("iaf_psc_exp", n)
        start = time.perf_counter()
        nest.Connect(cells, cells, rule, {"weight": 1.0, "delay": 1.0})
        nest.Prepare()
        seconds = time.perf_counter() - start
        nest.Cleanup()
        return seconds, int(nest.num_connections)

    return step
