"""Kanerva's sparse distributed memory: dense addresses of N bits, hard locations at random, each heard within radius r.

    p_act    = 2^-N sum_{i <= r} C(N, i)                        chance that a location is active
    q(D)     = 2^-N sum_i C(D, i) sum_{j <= min(r-i, r-D+i)} C(N-D, j)      active for two addresses D bits apart
    signal   = locations q(D)                                   reading D bits away from what was stored
    noise^2  = (T - 1) E[overlap^2]                             of the T - 1 other items
    fidelity = Phi(signal / sqrt(noise^2 + locations q (1 - q)))            of one bit, by the normal law

E[overlap^2] of a random item: method "exact" takes locations p_act^2 + locations (locations - 1) E[q(D)^2], D binomial.
"independent" takes locations p_act^2 alone, and no variance of the signal, as if no two locations shared an item: that
is Kanerva's estimate, too hopeful where locations p_act^2 is not small (1.1 in his example: noise^2 is 2.2 times that).

Source: Kanerva, Sparse Distributed Memory (1988).
"""

from fractions import Fraction
from functools import lru_cache
from math import comb

import numpy as np
from scipy.special import log_ndtr, ndtr

from neurosparse import check
from neurosparse.sdr.capacity import inputs
from neurosparse.sdr.capacity.blocks import agreements
from neurosparse.sdr.capacity.exact import check_cost
from neurosparse.sdr.capacity.result import LogNumber

METHODS = ("exact", "independent")
REACH = 10.0  # standard deviations of the binomial distance that E[q^2] takes in
LONGEST = 1 << 16  # bits of an address: q costs one term for each bit of distance


def kanerva_activation(bits, radius) -> LogNumber:
    """p_act. Raises TypeError for what is not whole, ValueError for radius > bits."""
    bits, radius = _address("kanerva_activation", bits, radius)
    return agreements("kanerva_activation", bits, np.full_like(bits, 2), bits - radius, True)


def kanerva_shared(bits, radius, distance, locations=1) -> LogNumber:
    """locations q(distance): expected number of locations active for both. Inputs broadcast.

    Raises as kanerva_activation, and ValueError for distance > bits and locations < 1.
    """
    owner = "kanerva_shared"
    bits, radius = _address(owner, bits, radius)
    distance, locations = inputs.whole(owner, "distance", distance), inputs.whole(owner, "locations", locations, 1)
    bits, radius, distance, locations = inputs.together(
        owner, bits=bits, radius=radius, distance=distance, locations=locations
    )
    inputs.at_most(owner, "distance", distance, "bits", bits, "addresses differ in all their bits at most")
    rows = zip(*map(np.ravel, (bits, radius, distance)))
    logs = np.array([_log_shared(*map(int, row)) for row in rows]).reshape(bits.shape)
    return LogNumber(logs + np.log10(locations), exact=_shared, arguments=(bits, radius, distance, locations))


def kanerva_fidelity(bits: int, radius: int, locations: int, stored: int, distance, method: str = "exact"):
    """Chance that one bit, read `distance` bits away from its address, is right: a float or an array like distance.

    Raises as kanerva_shared, and ValueError for stored < 1, sizes that are arrays, and another method.
    """
    return ndtr(_clearness("kanerva_fidelity", bits, radius, locations, stored, distance, method))[()]


def kanerva_error(bits: int, radius: int, locations: int, stored: int, distance, method: str = "exact") -> LogNumber:
    """1 - fidelity, however small: that one bit, read `distance` bits away, is wrong. Raises as kanerva_fidelity."""
    clearness = _clearness("kanerva_error", bits, radius, locations, stored, distance, method)
    return LogNumber(log_ndtr(-clearness) / np.log(10.0))


def _clearness(owner: str, bits: int, radius: int, locations: int, stored: int, distance, method: str) -> np.ndarray:
    """Signal over noise."""
    check.integer(owner, "stored", stored, 1)
    check.integer(owner, "locations", locations, 1)
    check.integer(owner, "bits", bits, 1, LONGEST)
    check.integer(owner, "radius", radius, 0, bits)
    check.one_of(owner, "method", method, METHODS)
    signal = np.asarray(kanerva_shared(bits, radius, distance, locations).value)
    signal = np.nan_to_num(signal)  # below 1e-308: none
    shared = locations * float(kanerva_activation(bits, radius)) ** 2
    if method == "independent":
        variance = np.full(signal.shape, (stored - 1) * shared)
    else:
        both = shared + locations * (locations - 1.0) * _mean_square(bits, radius)
        variance = (stored - 1) * both + signal * (1.0 - signal / locations)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(signal > 0.0, signal / np.sqrt(variance), 0.0)


def kanerva_critical_distance(bits: int, radius: int, locations: int, stored: int, method: str = "exact") -> int:
    """How far from a stored address, in bits, reading again and again still ends near it; 0 if nowhere.

    One reading from distance D ends about f(D) = bits (1 - fidelity(D)) away. The critical distance is the last D of
    the first stretch with f(D) < D; that stretch must begin below bits / 4, for an overloaded memory settles
    at bits / 2, where all addresses are. Raises as kanerva_fidelity.
    """
    distance = np.arange(1, check.integer("kanerva_critical_distance", "bits", bits, 2, LONGEST) // 2 + 1)
    nearer = bits * (1.0 - kanerva_fidelity(bits, radius, locations, stored, distance, method)) < distance
    first = int(np.argmax(nearer))
    if not nearer[first] or 4 * distance[first] >= bits:
        return 0
    beyond = np.flatnonzero(~nearer[first:])
    return int(distance[first + beyond[0] - 1]) if len(beyond) else bits // 2


def _address(owner: str, bits, radius):
    bits, radius = inputs.whole(owner, "bits", bits, 1, LONGEST), inputs.whole(owner, "radius", radius)
    bits, radius = inputs.together(owner, bits=bits, radius=radius)
    inputs.at_most(owner, "radius", radius, "bits", bits, "addresses differ in all their bits at most")
    return bits, radius


@lru_cache(maxsize=1 << 14)
def _log_shared(bits: int, radius: int, distance: int) -> float:
    """log10 q(distance): i of the bits that differ are flipped on one side, distance - i on the other."""
    i = np.arange(max(0, distance - radius), min(distance, radius) + 1)
    if not len(i):
        return -np.inf
    logs = np.zeros(len(i))
    if distance:
        logs += agreements("q", np.full_like(i, distance), np.full_like(i, 2), i, False).log10
    same, within = bits - distance, np.minimum(radius - i, radius - distance + i)
    if same:
        least = np.maximum(same - within, 0)
        logs += agreements("q", np.full_like(i, same), np.full_like(i, 2), least, True).log10
    top = logs.max()
    return float(top + np.log10(np.sum(10.0 ** (logs - top))))


@lru_cache(maxsize=64)
def _mean_square(bits: int, radius: int) -> float:
    """E[q(D)^2] of two random addresses."""
    half = REACH * np.sqrt(bits) / 2.0
    near = np.arange(max(0, int(bits / 2.0 - half)), min(bits, int(bits / 2.0 + half) + 1) + 1)
    log_weight = agreements("q", np.full_like(near, bits), np.full_like(near, 2), near, False).log10
    return float(np.sum(10.0 ** (log_weight + 2.0 * kanerva_shared(bits, radius, near).log10)))


def _shared(bits: int, radius: int, distance: int, locations: int) -> Fraction:
    check_cost("exact", float(bits) * bits)
    within = [0]  # within[j + 1]: addresses of the equal bits at most j away
    for j in range(bits - distance + 1):
        within.append(within[-1] + comb(bits - distance, j))
    total = 0
    for i in range(distance + 1):
        most = min(radius - i, radius - distance + i, bits - distance)
        total += comb(distance, i) * within[max(most + 1, 0)]
    return Fraction(locations * total, 2**bits)
