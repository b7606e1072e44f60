"""Simulators that a benchmark compares, each in a process of its own, so that none sees another's threads or devices.

A rival is a module with `build(options) -> step`, where `step()` runs once and returns (seconds of the loop, spikes).
`step.values()`, where there is one, gives arrays of the last run: weights of "stdp", else (ids, times in ms) of spikes.
`options` is a dict of plain values; it holds `threads` and `folder`, a scratch folder.
"""

import importlib
import multiprocessing as mp
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Rival(NamedTuple):
    """A simulator that stands ready in its own process."""

    pipe: Any
    build_seconds: float

    def run(self) -> tuple[float, int]:
        """(seconds of the loop, spikes) of one run."""
        self.pipe.send("run")
        return _answer(self.pipe)

    def memory(self) -> float:
        """Largest resident memory of its process so far, MiB."""
        self.pipe.send("memory")
        return _answer(self.pipe)

    def values(self) -> Any:
        """What `step.values()` gives, for rivals that have it."""
        self.pipe.send("values")
        return _answer(self.pipe)


@contextmanager
def start(module: str, options: dict) -> Iterator[Rival]:
    """Build the rival in a new process; end the process at the end of the block. What fails there is raised here."""
    context = mp.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(module, options | {"folder": folder}, there), daemon=True)
        process.start()
        there.close()
        try:
            yield Rival(here, _answer(here))
        finally:
            here.close()
            process.join(timeout=5)
            process.kill()
            process.join()


def _answer(pipe):
    try:
        kind, value = pipe.recv()
    except EOFError:
        raise RuntimeError("rivals: a rival's process ended without an answer") from None
    if kind == "error":
        raise RuntimeError(f"rivals: {value}")
    return value


def _serve(module: str, options: dict, pipe) -> None:
    try:
        begin = time.perf_counter()
        step = importlib.import_module(module).build(options)
        pipe.send(("built", time.perf_counter() - begin))
        while True:
            wanted = pipe.recv()
            peak = (
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            )
            answers = {"run": step, "memory": lambda peak=peak: peak / 1024, "values": lambda: step.values()}
            pipe.send(("value", answers[wanted]()))
    except EOFError:
        return
    except Exception as error:
        pipe.send(("error", f"{module}: {type(error).__name__}: {error}"))
