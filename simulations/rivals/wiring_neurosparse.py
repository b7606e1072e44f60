"""One wiring rule in neurosparse, from nothing to a finished Csr."""

import time
from collections.abc import Callable

from neurosparse import csr, rng, wire


def build(options: dict) -> Callable:
    """Options: rule, n, in_degree, seed."""
    rule, n, k = options["rule"], options["n"], options["in_degree"]
    stream = rng.stream(options["seed"], f"wiring {rule}")

    def make() -> csr.Csr:
        if rule == "bernoulli":
            return wire.bernoulli(stream, n, n, k / n)
        if rule == "fixed in-degree":
            return wire.fixed_in_degree(stream, n, n, k)
        if rule == "fixed out-degree":
            return wire.fixed_out_degree(stream, n, n, k)
        if rule == "total, multapses":
            return wire.multapses(stream, n, n, n * k)
        if rule == "total, distinct":
            return wire.pairs(stream, n, n, n * k)
        return wire.all_to_all(n, n)

    def step() -> tuple[float, int]:
        start = time.perf_counter()
        made = make()
        seconds = time.perf_counter() - start
        return seconds, round(float(made.weight.sum(dtype=float)))  # contacts, where several make one synapse

    return step
