"""One wiring rule in Brian2 by its Cython code, compiled before the first timing."""

# pyright: reportAttributeAccessIssue=false, reportArgumentType=false, reportMissingImports=false
import gc
import time
from collections.abc import Callable


def build(options: dict) -> Callable:
    """Options: rule, n, in_degree, seed."""
    import brian2 as b2

    b2.prefs.codegen.target = "cython"
    b2.seed(options["seed"])
    n, k = options["n"], options["in_degree"]
    how = {
        "bernoulli": {"p": k / n},
        "fixed in-degree": {"i": f"k for k in sample(N_pre, size={k})"},
        "fixed out-degree": {"j": f"k for k in sample(N_post, size={k})"},
        "all to all": {},
    }[options["rule"]]
    b2.BrianLogger.suppress_name("unused_brian_object")  # nothing is ever run
    group = b2.NeuronGroup(n, "v : 1")

    def step() -> tuple[float, int]:
        start = time.perf_counter()
        synapses = b2.Synapses(group, group, "w : 1", name="wiring")
        synapses.connect(**how)
        seconds, count = time.perf_counter() - start, len(synapses)
        del synapses
        gc.collect()
        return seconds, count

    return step
