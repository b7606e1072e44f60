"""How often sparse distributed representations are confused: exact, in logarithms, and back from errors to a design.

    code_space(n, w)                                   how many SDRs there are
    overlap_pmf, _cdf, _sf, _quantile, _mean, _variance      the law of the overlap of two random ones
    false_positive(n, a, s, theta), false_negative(a, s, v, theta)     errors of one segment
    any_of(p, m), union_false_positive(n, a, s, m, theta)    of many segments, of a union of patterns
    thresholds, smallest_n, smallest_s, largest_population, largest_union, pareto      the ways back
    willshaw_..., block_..., kanerva_..., fly_..., bloom_...   other memories and codes
    verify_...                                         the same by simulation, with intervals, however rare

Whole numbers in, broadcast as NumPy arrays; a `LogNumber` out: `.log10`, `.value` where a float holds it, `.fraction()`
exactly. Digits hold to n = 67 million and any smallness: P = 10^-2770 is as correct as P = .1. Limits: unions whose
chain takes more than 5e9 steps (2 % of a million cells and 100 patterns take a second), cues of Willshaw's memory that
would take hours (100,000 cells), addresses of Kanerva's memory above 65,536 bits are refused before anything runs.

Best file to read first: law.py; the arithmetic beneath is in double.py, factorial.py and tails.py. Names load on first
use.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

_NAMES = {
    "result": ("LogNumber",),
    "space": ("code_space", "code_bits"),
    "law": (
        "overlap_pmf",
        "overlap_cdf",
        "overlap_sf",
        "overlap_quantile",
        "overlap_mean",
        "overlap_variance",
    ),
    "match": ("false_positive", "false_negative", "true_positive"),
    "population": ("any_of", "population_false_positive", "expected_false_cells"),
    "union": ("union_false_positive", "union_size_mean", "union_size_pmf"),
    "prediction": (
        "segments_per_cell",
        "false_prediction",
        "prediction_similarity",
        "prediction_distance",
        "prediction_recall",
        "union_surprise",
        "union_overlap",
    ),
    "bloom": ("bloom_false_positive", "bloom_hashes"),
    "solve": (
        "Window",
        "Design",
        "Pareto",
        "thresholds",
        "smallest_n",
        "smallest_s",
        "largest_population",
        "largest_union",
        "pareto",
    ),
    "willshaw": ("willshaw_false_one", "willshaw_auto_false_one", "willshaw_load"),
    "information": ("WillshawCapacity", "willshaw_information", "willshaw_capacity"),
    "blocks": (
        "block_code_space",
        "block_overlap_pmf",
        "block_false_positive",
        "block_overlap_mean",
        "block_overlap_variance",
        "block_intersection",
    ),
    "fly": ("fly_shared_inputs", "fly_shared_mean", "fly_twins", "fly_tag_overlap", "fly_tag_collision"),
    "kanerva": (
        "kanerva_activation",
        "kanerva_shared",
        "kanerva_fidelity",
        "kanerva_error",
        "kanerva_critical_distance",
    ),
    "correlated": (
        "Clusters",
        "make_clusters",
        "sample_clusters",
        "correlated_patterns",
        "pattern_correlation",
        "correlated_false_positive",
    ),
    "correlated_rare": ("verify_correlated",),
    "estimate": ("Estimate",),
    "montecarlo": ("Plan", "verify_false_positive", "verify_union_false_positive", "verify_false_negative"),
}
_HOME = {name: room for room, names in _NAMES.items() for name in names}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _rooms():
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOME, *_rooms()])


def _rooms() -> list[str]:
    return [room.name for room in iter_modules(__path__)]
