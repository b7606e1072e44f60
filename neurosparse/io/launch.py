"""One run of a simulation, one drawing of a figure: from a module of the project to a file in a folder."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neurosparse import discover, rng
from neurosparse.check import fail
from neurosparse.io import provenance, results

FORMATS = ("png", "pdf", "svg")


def run(
    name: str,
    module: Any,
    config: Any,
    threads: int = 1,
    folder: str | Path = "results",
    checkpoint_every: float | None = None,
) -> results.Record:
    """Run the simulation `module` called `name`, note its random streams and its time, store what it returns.

    checkpoint_every (ms of simulated time): keep checkpoints beside the result until it is stored, and go on from
    those of a run of the same configuration that was cut off.
    Raises OSError before the run starts if the folder can not be written, TypeError if it returns no Result.
    """
    target = results.target(name, config, folder)
    if checkpoint_every is None:
        return _run(name, module, config, threads, folder)
    from neurosparse.io import checkpoints

    if not any(value is checkpoints or value is checkpoints.run for value in vars(module).values()):
        remedy = "leave --checkpoint-every away"
        fail(f"simulation {name}", "checkpoints need a simulation that calls checkpoints.run", name, remedy)
    with checkpoints.kept(target.with_suffix(".checkpoints"), checkpoint_every):
        return _run(name, module, config, threads, folder)


def _run(name: str, module: Any, config: Any, threads: int, folder: str | Path) -> results.Record:
    started, tick = datetime.now(UTC), time.perf_counter()
    with rng.ledger() as streams:
        result = module.run(config, threads=threads)
    seconds = round(time.perf_counter() - tick, 3)
    if not isinstance(result, results.Result):
        fail(
            f"{name}.run",
            "it must return results.Result(arrays, metrics, rows, units)",
            result,
            error=TypeError,
        )
    made = provenance.collect(
        seed=getattr(config, "seed", None),
        streams=streams,
        threads=threads,
        seconds=seconds,
        started=started,
        folder=discover.project(),
    )
    path = results.save(name, result, config, made, folder)
    return results.Record(name, **result._asdict(), config=config.model_dump(), provenance=made, path=path)


def draw(
    name: str,
    module: Any,
    record: results.Record,
    formats: Sequence[str] = FORMATS[:1],
    folder: str | Path = "results",
) -> Iterator[Path]:
    """Draw the figure `module` called `name` and write it to FOLDER/figures/NAME.FORMAT; gives its paths.

    Raises TypeError if it draws no matplotlib Figure; a file is written whole or not at all.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.figure import Figure

    from neurosparse import plot

    with plot.style():  # Matplotlib reads part of a style while it draws and part while it saves
        drawn = module.draw(record)
        if not isinstance(drawn, Figure):
            fail(f"{name}.draw", "it must return a matplotlib Figure", drawn, error=TypeError)
        try:
            for kind in dict.fromkeys(formats):
                path = Path(folder) / "figures" / f"{name}.{kind}"
                with results.atomic(path) as scratch:
                    drawn.savefig(scratch, format=kind, dpi=150, bbox_inches="tight")
                yield path
        finally:
            plt.close(drawn)
