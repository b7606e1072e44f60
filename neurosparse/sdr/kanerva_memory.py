"""Kanerva's sparse distributed memory as counters: hard locations at random addresses, each heard within radius r.

    active(x)  = locations l with |x - address_l| <= r                  Hamming distance in bits
    store      counter_lj += 1 where bit j of the data is on, else -= 1,     for each l in active(address)
    sums_j     = sum over l in active(cue) of counter_lj
    recall_j   = sums_j > 0                                  a tie, as where nothing is active, reads 0
    settle     recall again and again from what was recalled: an auto-association, store(memory, words, words)

Chances: `capacity.kanerva_activation` that a location is active, `capacity.kanerva_shared` how many are for two
addresses, `capacity.kanerva_fidelity` that a bit is right, and `capacity.kanerva_critical_distance` from where
`settle` ends at what was stored.

Source: Kanerva, Sparse Distributed Memory (1988).
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, jit, rng
from neurosparse.sdr.overlap import popcount

MOST = 2**31 - 1  # items: a counter is int32


class Memory(NamedTuple):
    """L hard locations whose addresses are packed: bit i % 64 of word i // 64 is bit i."""

    addresses: np.ndarray  # (L, ceil(bits / 64)) uint64
    counters: np.ndarray  # (L, width) int32
    bits: int  # of an address
    radius: int
    stored: int  # items


class Settled(NamedTuple):
    """Where repeated reading came to rest, or where it was cut off."""

    word: np.ndarray  # (bits,) uint8
    readings: int  # the last of them changed nothing, if `fixed`
    fixed: bool


def empty(bits: int, locations: int, radius: int, width: int | None = None, seed: int = 0) -> Memory:
    """Nothing stored; the addresses of the hard locations come from `seed`; width: bits of the data, default `bits`.

    Raises TypeError or ValueError for sizes below 1 and a radius outside [0, bits], MemoryError for too many counters.
    """
    owner = "kanerva_memory.empty"
    bits = check.integer(owner, "bits", bits, 1, 2**31 - 1)
    locations = check.integer(owner, "locations", locations, 1, 2**31 - 1)
    radius = check.integer(owner, "radius", radius, 0, bits, "addresses differ in all their bits at most")
    width = bits if width is None else check.integer(owner, "width", width, 1, 2**31 - 1)
    stream, words = rng.stream(seed, "kanerva hard locations"), (bits + 63) // 64
    check.fits(owner, "the counters", locations * (4.0 * width + 8.0 * words))
    addresses = np.empty((locations, words), dtype=np.uint64)
    _scatter(stream, np.uint64(2**64 - 1) >> np.uint64(-bits % 64), addresses)
    return Memory(addresses, np.zeros((locations, width), dtype=np.int32), bits, radius, 0)


def active(memory: Memory, address) -> np.ndarray:
    """Ascending int64 ids of the locations that hear an address (bits,) of zeros and ones. Raises as `store`."""
    owner = "kanerva_memory.active"
    address = _packed(_words(owner, "address", address, 1, _checked(owner, memory).bits)[None])[0]
    return _active(memory, address)


def store(memory: Memory, addresses, data) -> Memory:
    """A memory that holds data[i] at addresses[i] too; zeros and ones of shape (T, bits) and (T, width).

    Raises TypeError for what is no memory, ValueError for arrays of another shape, numbers other than 0 and 1, and
    more than 2^31 - 1 items, beyond which a counter could overflow.
    """
    owner = "kanerva_memory.store"
    addresses = _words(owner, "addresses", addresses, 2, _checked(owner, memory).bits)
    data = _words(owner, "data", data, 2, memory.counters.shape[1])
    if len(addresses) != len(data):
        check.fail(owner, "addresses and data must be as many", (len(addresses), len(data)))
    stored = check.integer(owner, "items", memory.stored + len(data), 0, MOST)
    counters, signs = memory.counters.copy(), 2 * data.astype(np.int32) - 1
    with np.errstate(over="ignore"):  # where Python runs it: the product in popcount is meant to overflow
        _store(memory.addresses, memory.radius, _packed(addresses), signs, counters)
    return memory._replace(counters=counters, stored=stored)


def sums(memory: Memory, cue) -> np.ndarray:
    """(width,) int64: counters of the locations that hear the cue (bits,), added up. Raises as `store`."""
    owner = "kanerva_memory.sums"
    cue = _packed(_words(owner, "cue", cue, 1, _checked(owner, memory).bits)[None])[0]
    return memory.counters[_active(memory, cue)].sum(axis=0, dtype=np.int64)


def recall(memory: Memory, cue) -> np.ndarray:
    """(width,) uint8: one reading at the cue (bits,) of zeros and ones. Raises as `store`."""
    return (sums(memory, cue) > 0).astype(np.uint8)


def settle(memory: Memory, cue, most: int = 20) -> Settled:
    """Reads at the cue, then at what was read, until a reading changes nothing or `most` of them were made.

    Raises as `store`, and ValueError for most < 1 and data that are no addresses (width other than bits).
    """
    owner = "kanerva_memory.settle"
    word = _words(owner, "cue", cue, 1, _checked(owner, memory).bits)
    most = check.integer(owner, "most", most, 1)
    if memory.counters.shape[1] != memory.bits:
        sizes = memory.counters.shape[1], memory.bits
        check.fail(owner, "width must be bits", sizes, "only what is an address can be read at again")
    for reading in range(1, most + 1):
        last, word = word, recall(memory, word)
        if np.array_equal(last, word):
            return Settled(word, reading, True)
    return Settled(word, most, False)


def _active(memory: Memory, address: np.ndarray) -> np.ndarray:
    near = np.empty(len(memory.addresses), dtype=np.bool_)
    with np.errstate(over="ignore"):
        _hear(memory.addresses, memory.radius, address, near)
    return np.flatnonzero(near)


def _checked(owner: str, memory: Memory) -> Memory:
    if not isinstance(memory, Memory):
        remedy = "make it with kanerva_memory.empty(bits, locations, radius)"
        check.fail(owner, "memory must be a Memory", memory, remedy, TypeError)
    return memory


def _words(owner: str, name: str, words, dims: int, bits: int) -> np.ndarray:
    """Zeros and ones (..., bits) as uint8."""
    words = check.array(owner, name, words)
    if words.ndim != dims or words.shape[-1] != bits:
        check.fail(owner, f"{name} must have {dims} dimension(s), the last of {bits} bits", words.shape)
    if words.dtype.kind not in "biuf" or not np.all((words == 0) | (words == 1)):
        check.fail(owner, f"{name} must be zeros and ones", words)
    return words.astype(np.uint8)


def _packed(words: np.ndarray) -> np.ndarray:
    """(T, bits) of 0 and 1 to (T, ceil(bits / 64)) uint64."""
    padded = np.pad(words, ((0, 0), (0, -words.shape[1] % 64)))
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


@jit.shared
def _hears(location, radius, address):
    distance = 0
    for w in range(address.size):
        distance += np.int64(popcount(location[w] ^ address[w]))
    return distance <= radius


@jit.kernel
def _scatter(stream, last, addresses):
    """Random addresses; `last` masks the bits of the last word that there are."""
    for i in range(addresses.shape[0]):
        for w in range(addresses.shape[1]):
            addresses[i, w] = rng.bits(stream, i, w)
        addresses[i, -1] &= last


@jit.kernel
def _hear(addresses, radius, address, near):
    for i in range(near.size):
        near[i] = _hears(addresses[i], radius, address)


@jit.kernel
def _store(addresses, radius, items, signs, counters):
    for i in range(counters.shape[0]):  # location by location: a row of counters stays in the cache
        for t in range(items.shape[0]):
            if _hears(addresses[i], radius, items[t]):
                for j in range(counters.shape[1]):
                    counters[i, j] += signs[t, j]
