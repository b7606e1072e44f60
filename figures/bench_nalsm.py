"""Speed of NALSM: time for one sample by threads, and the phases that it goes to on one thread."""

from figures.bench_liquid import draw

__all__ = ["SOURCE", "draw"]
SOURCE = "bench_nalsm"
