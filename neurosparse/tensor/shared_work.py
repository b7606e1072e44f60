"""Compiled kernels on the threads that PyTorch was given (`torch.set_num_threads`): each takes pieces of a range.

A kernel releases Python's lock and writes only what belongs to its piece, so the pieces may run in any order. Small
work stays on the calling thread.
"""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

SMALL = 200_000  # steps of work, a few nanoseconds each, that are not worth a second thread
PIECES = 4  # for each thread: rows are of unequal length

_pools: dict[int, ThreadPoolExecutor] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pools.clear)  # a fork copies the pool without its threads


def spread(kernel: Callable, arguments: tuple, n: int, work: float) -> None:
    """kernel(*arguments, first, last) for pieces of [0, n) that together are all of it; work: steps in all."""
    threads = min(torch.get_num_threads(), n)
    if threads < 2 or work < SMALL:
        kernel(*arguments, 0, n)
        return
    pool = _pools.get(threads) or _pools.setdefault(threads, ThreadPoolExecutor(threads))
    pieces = min(n, threads * PIECES)
    edges = [n * k // pieces for k in range(pieces + 1)]
    for done in [pool.submit(kernel, *arguments, a, b) for a, b in itertools.pairwise(edges)]:
        done.result()
