"""STDP against other simulators: run time, time to a first result, memory."""

from figures import _rivals

SOURCE = "bench_stdp"


def draw(record):
    """See `_rivals.draw`."""
    return _rivals.draw(record, "STDP")
