"""The table of `neurosparse capacity`: a paragraph for each function of the calculator; one added is a command.

    room.function(argument, argument: real, argument=default) | methods | flags
        what it says
        an example

Rooms are those of `neurosparse.sdr.capacity`, and `adapters` (see `capacity_adapters`) for what the calculator takes or
gives as no plain number. Arguments are whole numbers, `real` ones, or a `share` of cells; theta? may be left out.
Flags: `fraction`, that the result has an exact one; `scalars`, that the function takes no arrays. A command is named as
its function, with dashes.

Nothing is imported here, so that every --help answers at once; the tests hold the table against the signatures of the
functions, and run every example.
"""

from typing import NamedTuple

WHOLE, REAL, SHARE = "whole", "real", "share"

CELLS = {
    "n": "Cells.",
    "a": "Active cells of an input.",
    "s": "Synapses of a segment.",
    "theta": "Active synapses that a segment fires at.",
    "v": "Active cells that noise swaps for others.",
    "w": "Active cells of a code.",
    "b": "Cells in common.",
    "u": "Cells of the union.",
    "m": "Patterns stored on one segment.",
    "k": "Predicted patterns.",
    "transitions": "Transitions stored.",
    "trials": "Trials.",
    "seed": "Seed of the random numbers.",
    "threads": "Threads.",
    "segments": "Segments of a neuron.",
    "neurons": "Neurons drawn.",
    "most": "The answer is looked for below.",
}
MANY = CELLS | {"m": "Segments.", "cells": "Cells.", "segments": "Segments of a cell."}
WILLSHAW = {
    "m": "Input cells.",
    "n": "Output cells.",
    "k": "Active cells of an input.",
    "l": "Active cells of an output.",
    "patterns": "Pairs stored.",
    "misses": "Active cells that the cue lacks.",
}
AUTO = WILLSHAW | {"n": "Cells.", "k": "Active cells of a pattern.", "patterns": "Patterns stored."}
BLOCKS = {
    "q": "Modules.",
    "k": "Units of a module.",
    "b": "Modules that agree.",
    "theta": "Modules that must agree.",
}
KANERVA = {
    "bits": "Bits of an address.",
    "radius": "Bits within which a location hears.",
    "distance": "Bits between two addresses.",
    "locations": "Hard locations.",
    "stored": "Items stored.",
}
BLOOM = {"bits": "Bits of the filter.", "hashes": "Throws of an item.", "items": "Items stored."}
FLY = {
    "d": "Inputs (projection neurons).",
    "p": "Inputs that a Kenyon cell samples.",
    "m": "Kenyon cells.",
    "k": "Cells of a tag.",
    "g": "Inputs in common.",
    "theta": "Cells in common.",
}
REALS = {
    "q": "Probability.",
    "p": "Probability of one segment.",
    "fp": "False positives allowed.",
    "fn": "False negatives allowed.",
    "error": "False positives allowed.",
    "quality": "False ones allowed, as a share of l.",
    "false_one": "Probability of a false one.",
    "psi_match": "Weight of the stored winner.",
    "psi_other": "Weight of each other unit.",
}
SHARES = {"v": "Active cells that noise swaps: 8, or a share of a below 1: 0.2."}
WORDS = {
    "population": MANY,
    "willshaw": WILLSHAW,
    "willshaw.willshaw_auto_false_one": AUTO,
    "information": WILLSHAW,
    "blocks": BLOCKS,
    "kanerva": KANERVA,
    "bloom": BLOOM,
    "fly": FLY,
}

FUNCTIONS = """
space.code_space(n, w) | | fraction
    How many SDRs there are: C(n, w).
    --n 2048 --w 40
space.code_bits(n, w)
    log2 C(n, w), bits.
    --n 2048 --w 40
law.overlap_pmf(n, a, s, b) | | fraction
    P(overlap = b) of two random sets.
    --n 2048 --a 40 --s 20 --b 0:5
law.overlap_cdf(n, a, s, b) | | fraction
    P(overlap <= b).
    --n 2048 --a 40 --s 20 --b 1
law.overlap_sf(n, a, s, b) | | fraction
    P(overlap > b).
    --n 2048 --a 40 --s 20 --b 9
law.overlap_quantile(n, a, s, q: real)
    The smallest b with P(overlap <= b) >= q.
    --n 2048 --a 40 --s 20 --q 0.999
law.overlap_mean(n, a, s)
    Mean overlap, a s / n cells.
    --n 2048 --a 40 --s 20
law.overlap_variance(n, a, s)
    Variance of the overlap.
    --n 2048 --a 40 --s 20
match.false_positive(n, a, s, theta) | log exact binomial leading kl | fraction
    P(a random input fires a segment). Few synapses of many cells (s << a) are subsampling.
    --n 2048 --a 40 --s 20 --theta 10
match.false_negative(a, s, v, theta) | log exact | fraction
    P(a segment misses its own input, of whose a cells v are swapped).
    --a 40 --s 20 --v 8 --theta 13
match.true_positive(a, s, v, theta) | | fraction
    1 - false-negative, with all digits.
    --a 40 --s 20 --v 8 --theta 13
population.any_of(p: real, m) | log bound exact | fraction
    P(any of m independent events of probability p).
    --p 1e-9 --m 1e6
population.population_false_positive(n, a, s, theta, m) | log bound exact | fraction
    P(a random input fires any of m segments).
    --n 2048 --a 40 --s 20 --theta 10 --m 1000
population.expected_false_cells(p: real, cells, segments)
    Mean number of cells with a segment that fires falsely.
    --p 1e-9 --cells 65536 --segments 128
union.union_false_positive(n, a, s, m, theta) | markov exact plugin bloom | fraction
    P(a random input meets theta cells of the union of m patterns).
    --n 20000 --a 100 --s 25 --m 10 --theta 15
union.union_size_mean(n, s, m)
    Mean size of the union of m patterns, cells.
    --n 1000 --s 25 --m 1:10
union.union_size_pmf(n, s, m, u) | | fraction
    P(the union of m patterns has u cells).
    --n 1000 --s 25 --m 10 --u 223
prediction.segments_per_cell(n, a, transitions)
    Segments that a cell holds after so many transitions.
    --n 2048 --a 40 --transitions 20000
prediction.false_prediction(n, a, s, theta, transitions)
    P(a temporal memory predicts a cell for a random input).
    --n 2048 --a 40 --s 20 --theta 10 --transitions 20000
prediction.prediction_similarity(n, a, s, theta, transitions)
    Jaccard index of predicted and actual cells.
    --n 800 --a 64 --s 20 --theta 10 --transitions 20000
prediction.prediction_distance(n, a, s, theta, transitions)
    Jaccard distance of predicted and actual cells, however small.
    --n 800 --a 64 --s 20 --theta 10 --transitions 20000
prediction.prediction_recall(a, s, v, theta) | | fraction
    P(a cell is still predicted when v of a cells are swapped).
    --a 40 --s 20 --v 18 --theta 12
prediction.union_surprise(n, a, k) | | fraction
    Share of a random input outside of k predicted patterns.
    --n 2000 --a 40 --k 50
prediction.union_overlap(n, a, k)
    Mean overlap of a random input with k predicted patterns, cells.
    --n 2000 --a 40 --k 50
willshaw.willshaw_false_one(m, n, k, l, patterns, misses=0) | exact independent | fraction
    Willshaw memory: P(a silent output cell answers).
    --m 1000 --n 1000 --k 10 --l 10 --patterns 6000
willshaw.willshaw_auto_false_one(n, k, patterns, misses=0) | exact independent | fraction
    The same for patterns associated with themselves.
    --n 1000 --k 10 --patterns 6000
willshaw.willshaw_load(m, n, k, l, patterns)
    Share of the Willshaw memory's synapses that are on.
    --m 1000 --n 1000 --k 10 --l 10 --patterns 6000
information.willshaw_information(m, n, l, patterns, false_one: real)
    Bits that each of its synapses holds.
    --m 1000 --n 1000 --l 10 --patterns 6000 --false-one 4.8e-4
information.willshaw_capacity(m, n, k, l, quality: real = 0.01) | exact independent | scalars
    The most pairs that it holds at a quality.
    --m 1000 --n 1000 --k 10 --l 10
blocks.block_code_space(q, k) | | fraction
    Codes of q modules of k units: k^q.
    --q 24 --k 8
blocks.block_overlap_pmf(q, k, b) | | fraction
    P(two block codes agree in b modules).
    --q 24 --k 8 --b 0:6
blocks.block_false_positive(q, k, theta) | | fraction
    P(two block codes agree in theta modules or more).
    --q 24 --k 8 --theta 12
blocks.block_overlap_mean(q, k)
    Mean agreement, q / k.
    --q 24 --k 8
blocks.block_overlap_variance(q, k)
    Variance of the agreement.
    --q 24 --k 8
blocks.block_intersection(q, k, psi_match: real, psi_other: real)
    Expected intersection with a stored code.
    --q 24 --k 8 --psi-match 100 --psi-other 1
kanerva.kanerva_activation(bits, radius) | | fraction
    Sparse distributed memory: P(a location hears an address).
    --bits 1000 --radius 451
kanerva.kanerva_shared(bits, radius, distance, locations=1) | | fraction
    Locations that hear two addresses.
    --bits 1000 --radius 451 --distance 0:500:100 --locations 1e6
kanerva.kanerva_fidelity(bits, radius, locations, stored, distance) | exact independent | scalars
    P(a bit read so far from its address is right).
    --bits 1000 --radius 451 --locations 1e6 --stored 1e4 --distance 0:500:100
kanerva.kanerva_error(bits, radius, locations, stored, distance) | exact independent | scalars
    P(a bit read so far from its address is wrong), however small.
    --bits 1000 --radius 451 --locations 1e6 --stored 100 --distance 0:200:50
kanerva.kanerva_critical_distance(bits, radius, locations, stored) | exact independent | scalars
    From how far reading again and again finds an item, bits.
    --bits 1000 --radius 451 --locations 1e6 --stored 1e4
bloom.bloom_false_positive(bits, hashes, items) | log exact classic | fraction
    Bloom filter: P(all bits of a new item are set).
    --bits 1024 --hashes 7 --items 100
bloom.bloom_hashes(bits, items)
    Throws with the fewest false positives.
    --bits 1024 --items 100
fly.fly_shared_inputs(d, p, g) | | fraction
    Fly hash: P(two Kenyon cells share g inputs).
    --d 50 --p 6 --g 0:6
fly.fly_shared_mean(d, p)
    Mean number of shared inputs.
    --d 50 --p 6
fly.fly_twins(m, d, p) | | fraction
    Pairs of cells with the very same inputs.
    --m 2000 --d 50 --p 6
fly.fly_tag_overlap(m, k)
    Mean overlap of the tags of unrelated odours, cells.
    --m 2000 --k 100
fly.fly_tag_collision(m, k, theta) | | fraction
    P(the tags of unrelated odours share theta cells or more).
    --m 2000 --k 100 --theta 20
adapters.verify_false_positive(n, a, s, theta, trials=100000, seed=0, threads=1) | tilted plain bits | scalars
    Monte-Carlo check of false-positive, of any rarity.
    --n 2048 --a 40 --s 40 --theta 20
adapters.verify_false_negative(a, s, v, theta, trials=100000, seed=0, threads=1) | tilted plain bits | scalars
    Monte-Carlo check of false-negative.
    --a 40 --s 20 --v 8 --theta 13
adapters.verify_union_false_positive(n, a, s, m, theta, trials=100000, seed=0, threads=1) | tilted plain bits | scalars
    Monte-Carlo check of union-false-positive.
    --n 20000 --a 100 --s 25 --m 10 --theta 15
adapters.correlated_false_positive(n, a, s, theta, segments=500, neurons=20, seed=0) | | scalars
    P(a neuron errs on inputs made of clusters of cells), drawn.
    --n 2000 --a 32 --s 20 --theta 10 --segments 200
"""

SOLVERS = """
adapters.thresholds(n, a, s, v: share, fp: real, fn: real)
    The window of theta that keeps both errors. There is none where low > high, and count is 0.
    --n 2048 --a 40 --s 20 --v 0.2 --fp 1e-9 --fn 1e-3
solve.smallest_n(a, s, theta?, fp: real, v?: share, fn?: real)
    The smallest n that keeps false positives. Give theta, or v and fn: then it is the largest that keeps fn.
    --a 40 --s 20 --theta 10 --fp 1e-9
adapters.smallest_s(n, a, v: share, fp: real, fn: real) | | scalars
    The smallest segment that keeps both errors.
    --n 2048 --a 40 --v 0.2 --fp 1e-9 --fn 1e-3
solve.largest_population(n, a, s, theta?, error: real, v?: share, fn?: real)
    The most segments of which any may fire falsely so often. Give theta, or v and fn as for smallest-n.
    --n 2048 --a 40 --s 20 --theta 10 --error 0.01
solve.largest_union(n, a, s, theta?, error: real, most=100000, v?: share, fn?: real)
    The most patterns that one segment may store. Give theta, or v and fn as for smallest-n.
    --n 20000 --a 100 --s 25 --theta 15 --error 1e-9
"""

PARETO = """
solve.pareto(n, a, s, v: share)
    The designs (s, theta) that no other beats in both errors.
    --n 2048 --a 40 --s 16,20,24 --v 0.2
"""


class Argument(NamedTuple):
    """An option of a command; without a default it must be given."""

    name: str
    kind: str
    default: str | None
    help: str
    optional: bool = False  # left out, it is None

    @property
    def option(self) -> str:
        """As it is typed."""
        return "--" + self.name.replace("_", "-")


class Command(NamedTuple):
    """A paragraph of the table."""

    function: str  # room.name
    arguments: tuple[Argument, ...]
    methods: tuple[str, ...]
    flags: frozenset[str]
    help: str
    example: str

    @property
    def name(self) -> str:
        """As it is typed."""
        return self.function.partition(".")[2].replace("_", "-")


def commands(table: str) -> list[Command]:
    """The paragraphs of a table."""
    lines = [line.strip() for line in table.strip().splitlines()]
    return [_command(*lines[i : i + 3]) for i in range(0, len(lines), 3)]


def _command(head: str, text: str, example: str) -> Command:
    call, methods, flags = [part.strip() for part in (head + " | |").split("|")[:3]]
    function, _, inside = call.rstrip(")").partition("(")
    words = WORDS.get(function) or WORDS.get(function.partition(".")[0]) or CELLS
    arguments = tuple(_argument(part, words) for part in inside.split(","))
    return Command(function, arguments, tuple(methods.split()), frozenset(flags.split()), text, example)


def _argument(text: str, words: dict[str, str]) -> Argument:
    declared, _, default = text.partition("=")
    name, _, kind = [part.strip() for part in declared.partition(":")]
    optional, name = name.endswith("?"), name.rstrip("?")
    meaning = {REAL: REALS, SHARE: SHARES}.get(kind, words)[name]
    return Argument(name, kind or WHOLE, default.strip() or None, meaning, optional)
