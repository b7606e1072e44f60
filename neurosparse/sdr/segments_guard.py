"""One thread at a time: the counters of a table are shared by all that ask it, so two at once would count together.

Kernels let go of Python's lock, and such answers are wrong without a sign. So who works on a table puts it down here,
and a second one is refused: not made to wait, since what it would then see is another table. A `copy`, or for reading
the `fork` of a `freeze`, has counters of its own.
"""

import os

import numpy as np

from neurosparse import check

_busy: dict[int, object] = {}  # by the id of meta, which the caller holds
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_busy.clear)  # the other threads are not there


def enter(owner: str, meta: np.ndarray) -> None:
    """Begin to work on the table of `meta`; raises RuntimeError as `owner` where another thread does. Then `leave`."""
    mine = object()
    if _busy.setdefault(id(meta), mine) is not mine:  # one step, which no thread can come between
        remedy = "give each its own: copy, or for reading freeze and fork"
        check.fail(owner, "a table and its memory are for one thread at a time", "a second one", remedy, RuntimeError)


def leave(meta: np.ndarray) -> None:
    """The work that `enter` began is done."""
    del _busy[id(meta)]
