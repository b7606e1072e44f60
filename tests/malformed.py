"""What malformed input is made of: values that no field takes, a network that runs, and what a clear error is."""

import datetime
import decimal
import re
import warnings

import numpy as np
import pytest

from neurosparse import clock, encode, rng, wire
from neurosparse.network import (
    CurrentInput,
    Modulator,
    Network,
    PoissonInput,
    PoissonSource,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSource,
    StateMonitor,
)

NAN, INF = float("nan"), float("inf")
STREAM = rng.stream(0, "malformed")
WIRING, BACK = wire.all_to_all(2, 3, 0.5), wire.all_to_all(3, 3, 0.5)


class Silent:
    """An object that will not even print."""

    def __repr__(self):
        raise RuntimeError("no words")


class Hollow:
    """An object that says it is an array, and is none."""

    def __array__(self, *_, **__):
        raise RuntimeError("no numbers")


JUNK = [
    None, NAN, INF, -INF, -1.0, -3, 0, True, 1e300, -1e300, 1e-320, 10**30, 10**5000, 2**31 - 1, 2**40, 2**63, 1 + 2j,
    "", "abc", "a\nb", "a\0b", 'a"""b', "\\N", "\ud800", "x" * 9999, b"x", bytearray(b"ab"), [], [1, 2], [[1], [1, 2]],
    [[1.0, 2.0]], [[[[1]]]], ["a", "b"], (), (1,), (NAN, NAN), {}, {"a": 1}, {1}, range(3), object(), Silent(), Hollow(),
    int, np, print, lambda: 1, datetime.date(2020, 1, 1), decimal.Decimal("1.5"), np.float16(3), np.uint64(2**64 - 1),
    np.longdouble("1e400"), np.datetime64("2020"), np.array(1.0), np.array([1.0]), np.zeros(0), np.ones(7), np.ones(3),
    np.full(3, NAN), np.full(3, INF), np.ones((3, 3)), np.ones((2, 2, 2)), np.array([True, False, True]),
    np.array([1, None], dtype=object), np.array(["a"]), np.array([1 + 1j]), np.arange(3, dtype=np.int8), np.ma.masked,
    np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), np.zeros(3, dtype=[("a", float)]), np.ones(3, ">f8"), np.ones((3, 0)),
]  # fmt: skip


def refused(call) -> str:
    """The message of an error that a person can mend: owner, need, got. Anything else is a failure."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    error = caught.value
    if not getattr(error, "user_mistake", False):
        raise AssertionError(f"raw {type(error).__name__}: {error}") from error
    assert re.match(r"\S.*: .+, got .+", str(error), re.DOTALL), str(error)
    return str(error)


def tolerated(call) -> bool:
    """Whether the call worked; it may refuse in words, and nothing else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # plain Python and NumPy warn of what overflows
            call()
    except Exception as error:
        if not getattr(error, "user_mistake", False):
            raise
        return False
    return True


def network(**changes) -> Network:
    """A network with one of everything; `changes` replace its fields."""
    cell = Population("a", 3, "lif", {"tau_mem": 20.0}, {"jump": ("exp", {"tau_syn": 5.0})}, {"v": 0.0})
    plastic = ("reward_stdp", {"w_max": 1.0}), ("tsodyks", {"tau_rec": 800.0}), "m"
    parts = {
        "populations": (SpikeSource("s", 2), PoissonSource("q", 2, 5.0, STREAM), cell),
        "projections": (
            Projection("s", "a", WIRING, 1.0, "jump"),
            Projection("a", "a", BACK, np.full(9, 0.5), "jump", *plastic),
        ),
        "inputs": (CurrentInput("i", "a", "current"), PoissonInput("a", "jump", 3.0, 0.5, STREAM), Modulator("m", "a")),
    }
    return Network(**(parts | changes))


def with_part(where: str, at: int, **changes) -> Network:
    """The network with other fields in one of its populations, projections or inputs."""
    items = [*getattr(network(), where)]
    items[at] = items[at]._replace(**changes)
    return network(**{where: tuple(items)})


def events(n_steps=5):
    return encode.events_from_pairs([0, 1], [1, 3], n_steps)


def inputs(**changes) -> dict:
    return {"s": events(), "i": 0.5, "m": 1.0} | changes


def watch():
    return SpikeMonitor("a"), StateMonitor("a", ("v",), 1, (0, 1), (0.0, 0.3))


def run(net, given=None, duration=0.5, monitors=None, **options):
    """Compile and run; the spikes must be ids of neurons in steps of the run."""
    engine = clock.compile(net, watch() if monitors is None else monitors, **options)
    done = clock.run(engine, duration, inputs() if given is None else given)
    for name, spikes in done.spikes.items():
        part = engine.plan.parts[engine.plan.index("test", name)]
        assert np.all((spikes.i >= 0) & (spikes.i < part.n))
        assert np.all((spikes.step >= 0) & (spikes.step < done.n_steps))
    return done
