"""Progress of a loop: a bar when standard error is a terminal, else a heartbeat line now and then.

    for chunk in track(chunks, "training images"):

    training images: 1200/6000, 10 s, about 40 s left

Nothing is written for loops shorter than `every` seconds off a terminal, and never on standard output.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from neurosparse import check

Item = TypeVar("Item")


def track(iterable: Iterable[Item], label: str, total: int | None = None, every: float = 10.0) -> Iterator[Item]:
    """The items of `iterable`, one by one, with progress on standard error.

    `total` is the number of items if `len` does not tell, `every` the seconds between two heartbeat lines.
    Raises ValueError for `every` <= 0 and `total` < 0.
    """
    check.positive("progress.track", "every", every, "s")
    if total is not None:
        check.integer("progress.track", "total", total)
    elif isinstance(iterable, Sized):
        total = len(iterable)
    if sys.stderr.isatty():
        return _bar(iterable, label, total)
    return _heartbeat(iterable, label, total, every)


def _bar(iterable: Iterable[Item], label: str, total: int | None) -> Iterator[Item]:
    from tqdm.auto import tqdm

    yield from tqdm(iterable, label, total, leave=False, file=sys.stderr, dynamic_ncols=True)


def _heartbeat(iterable: Iterable[Item], label: str, total: int | None, every: float) -> Iterator[Item]:
    start = last = time.monotonic()
    done = said = 0
    for item in iterable:
        yield item
        done += 1
        now = time.monotonic()
        if now - last >= every:
            last, said = now, done
            _say(label, done, total, now - start)
    if 0 < said < done:
        _say(label, done, done, time.monotonic() - start)


def _say(label: str, done: int, total: int | None, seconds: float) -> None:
    count = f"{done}/{total}" if total else f"{done}"
    left = f", about {clock((total - done) * seconds / done)} left" if total and total > done else ""
    sys.stderr.write(f"{label}: {count}, {clock(seconds)}{left}\n")
    sys.stderr.flush()


def clock(seconds: float) -> str:
    """A time for people: `0.42 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{max(seconds, 0.01):.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 1:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
