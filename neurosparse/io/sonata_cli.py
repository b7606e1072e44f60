"""The command `neurosparse sonata`: run networks of the SONATA format. Mounted by `neurosparse.cli`."""

import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Run networks of the SONATA format.", no_args_is_help=True, rich_markup_mode=None)

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="simulation_config.json, or the file that names it.")]
Method = Annotated[str | None, typer.Option(metavar="NAME", help="precise (events, exact) or grid. Default: precise.")]
Dt = Annotated[float | None, typer.Option("--dt", metavar="MS", help="Step of the grid. Default: run.dt of the files.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Default: output_dir of the files.")]
Compare = Annotated[Path | None, typer.Option("--compare", metavar="FILE", help="Expected spikes, HDF5 or CSV.")]
Window = Annotated[float | None, typer.Option(metavar="MS", help="Spikes this near are one. Default: 1e-9, or one dt.")]
Components = Annotated[Path | None, typer.Option("--components", metavar="DIR", help="Where parameter files are.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of every error.")]


@app.callback()
def _group() -> None:
    """Run networks of the SONATA format."""


@app.command()
def run(
    config: Config,
    method: Method = None,
    dt: Dt = None,
    compare: Compare = None,
    window: Window = None,
    out: Out = None,
    components: Components = None,
    debug: Debug = False,
) -> None:
    """Run a simulation and write its spikes; files are checked before anything runs."""
    from neurosparse.cli import _guard

    with _guard("sonata run", debug):
        from neurosparse.io.sonata import screens, simulate

        start = time.perf_counter()
        method = method or ("precise" if dt is None else "grid")
        loaded = simulate.load(config, components)
        keep = () if compare is None else (compare,)
        replaced = simulate.check_target(loaded, out, keep).exists()
        wanted = None if compare is None else simulate.expected(compare, loaded)
        read = time.perf_counter()
        outcome = simulate.simulate(loaded, method, dt)
        done = time.perf_counter()
        step = None if method == "precise" else dt or loaded.built.net.dt
        pairs = None
        if wanted is not None:
            near = window if window is not None else step or 1e-9
            pairs = {name: simulate.compare(outcome.spikes[name], train, near) for name, train in wanted.items()}
        path = simulate.save(loaded, outcome, out, keep)
        seconds = (read - start, done - read)
        typer.echo(screens.run(loaded, outcome, step, pairs, path, replaced, seconds))
