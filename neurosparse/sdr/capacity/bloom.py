"""Bloom filter: the union of SDRs whose cells are drawn one by one, and the whole of whose cells must be found.

    classic  (1 - (1 - 1/bits)^(hashes * items))^hashes: bits as if independent; too low
    exact    sum_d P(D = d) P(d given bits are all set by hashes * items throws)

D: how many different bits the `hashes` throws of a query meet; both laws are chains of positive terms (see `cover`).
A union with theta = a is such a filter whose throws do not repeat: union_false_positive(..., method="bloom") is its
independence approximation.

Sources: Bloom 1970, CACM 13; Bose et al. 2008, Information Processing Letters 108 (the exact law).
"""

from fractions import Fraction
from functools import lru_cache

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import cover, inputs, tails
from neurosparse.sdr.capacity.result import LogNumber, from_fractions


def bloom_false_positive(bits, hashes, items, method: str = "log") -> LogNumber:
    """P(all bits of a new item are set after `items` items).

    bits >= 1, hashes >= 1 throws of an item, items >= 0: whole numbers or arrays of them, broadcast. method: "log",
    "exact" (whole numbers; small filters) or "classic". Raises TypeError for what is not whole, ValueError for numbers
    out of range, another method and sizes that would take hours.
    """
    owner = "bloom_false_positive"
    check.one_of(owner, "method", method, ("log", "exact", "classic"))
    bits, hashes, items = _filter(owner, bits, hashes, items)
    if method == "exact":
        return from_fractions(_exact, bits, hashes, items)
    if method == "classic":
        with np.errstate(divide="ignore", invalid="ignore"):
            set_share = np.where(items > 0, -np.expm1(hashes * items * np.log1p(-1 / bits)), 0.0)
            return LogNumber(hashes * np.log10(set_share))
    found = [_chain(*map(int, one)) for one in zip(bits.flat, hashes.flat, items.flat)]
    return LogNumber(np.array(found, dtype=np.float64).reshape(bits.shape), None, _exact, (bits, hashes, items))


def bloom_hashes(bits, items):
    """bits / items * ln 2: hashes of fewest false positives, by the classic form; float64. Raises as the other."""
    bits, _, items = _filter("bloom_hashes", bits, 1, items)
    check.positive("bloom_hashes", "items", items)
    found = bits / items * np.log(2.0)
    return found if found.ndim else float(found)


def _filter(owner: str, bits, hashes, items) -> tuple[np.ndarray, ...]:
    bits, hashes = inputs.whole(owner, "bits", bits, 1), inputs.whole(owner, "hashes", hashes, 1, 10_000)
    return inputs.together(owner, bits=bits, hashes=hashes, items=inputs.whole(owner, "items", items))


@lru_cache(maxsize=4096)
def _chain(bits: int, hashes: int, items: int) -> float:
    """log10 of the exact law."""
    if not items:
        return -np.inf
    widest = min(bits, hashes)
    drawn = (
        cover.distribution("bloom_false_positive", bits, bits, 1, hashes) if bits <= hashes else _draws(bits, hashes)
    )
    logs = []
    for d in range(1, widest + 1):
        mantissa, exponent = cover.distribution("bloom_false_positive", bits, d, 1, hashes * items)
        both = tails.product_of(*[(float(x[0][d]), 0.0, int(x[1][d])) for x in (drawn, (mantissa, exponent))])
        logs.append(tails.written(both, False)[0])
    top = max(logs)
    return top + float(np.log10(np.sum(10.0 ** (np.array(logs) - top))))


def _draws(bits: int, hashes: int) -> tuple[np.ndarray, np.ndarray]:
    """P(D = d), (hashes + 1,) each: mantissa and exponent."""
    share = np.zeros(hashes + 1)
    share[0] = 1.0
    for _ in range(hashes):
        d = np.arange(hashes + 1)
        share[1:] = share[1:] * d[1:] / bits + share[:-1] * (bits - d[:-1]) / bits
        share[0] = 0.0
    return np.frexp(share)


def _exact(bits: int, hashes: int, items: int) -> Fraction:
    throws, total = hashes * items, Fraction(0)
    share = [Fraction(1)] + [Fraction(0)] * hashes
    for _ in range(hashes):
        share = [Fraction(0)] + [(share[d] * d + share[d - 1] * (bits - d + 1)) / bits for d in range(1, hashes + 1)]
    for d in range(1, min(hashes, bits) + 1):
        total += share[d] * cover.covered_at_least(bits, d, 1, throws, d)
    return total
