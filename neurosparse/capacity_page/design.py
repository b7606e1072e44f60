"""A segment and its surroundings as the sliders have them, held to what is possible: theta <= s <= a <= n."""

from typing import NamedTuple

LARGEST_N, LARGEST_A, LARGEST_S, LARGEST_M = 2**20, 4096, 1024, 1000


class Design(NamedTuple):
    """What is calculated; fp and fn are what the solver may allow, as powers of ten."""

    n: int = 2048  # cells
    a: int = 40  # active cells
    s: int = 20  # synapses
    theta: int = 10  # threshold
    noise: float = 0.2  # share of the a cells that is swapped
    m: int = 10  # patterns of a union, or segments
    fp: float = -9.0  # log10 of false positives allowed
    fn: float = -3.0  # log10 of false negatives allowed

    @property
    def v(self) -> int:
        """Active cells swapped."""
        return round(self.noise * self.a)


def settle(wanted: Design) -> Design:
    """The nearest possible design: what is larger than it may be is lowered."""
    n = _within(wanted.n, 16, LARGEST_N)
    a = _within(wanted.a, 1, min(n, LARGEST_A))
    s = _within(wanted.s, 1, min(a, LARGEST_S))
    noise = round(_clip(wanted.noise, 0.0, 1.0), 6)
    m = _within(wanted.m, 1, LARGEST_M)
    fp, fn = _clip(wanted.fp, -300.0, 0.0), _clip(wanted.fn, -300.0, 0.0)
    return Design(n, a, s, _within(wanted.theta, 1, s), noise, m, fp, fn)


def _within(value: float, low: int, high: int) -> int:
    return round(_clip(value, low, high))


def _clip(value: float, low: float, high: float) -> float:
    """Also of what is no number, which becomes the low end."""
    return min(value, high) if value > low else low
