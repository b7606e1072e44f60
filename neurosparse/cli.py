"""The command line: neurosparse run | figure | criticality | list | info | warmup | sonata | capacity.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 1 a defect,
2 a mistake in the command, the configuration or the data, 130 interrupted.
Heavy imports are inside the commands, so that every --help answers at once.
"""

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from neurosparse import __version__, capacity_cli
from neurosparse.io import sonata_cli

app = typer.Typer(
    name="neurosparse",
    help="Biologically inspired sparse computing: run experiments, draw their figures.",
    epilog="Start with: neurosparse list; neurosparse run NAME --keys; neurosparse run NAME",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(sonata_cli.app, name="sonata")
app.add_typer(capacity_cli.app, name="capacity")

Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of every error.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines, nothing else.")]
Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of results and figures.")]
Simulation = Annotated[str, typer.Argument(metavar="NAME", help="A simulation; `neurosparse list` shows them.")]
Figure = Annotated[str, typer.Argument(metavar="NAME", help="A figure; `neurosparse list` shows them.")]
Simulations = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Default: all simulations.")]
File = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML or JSON.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One key; repeatable.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Short for --set seed=N.")]
Threads = Annotated[int | None, typer.Option(metavar="N", min=1, help="Default: all cores.")]
Every = Annotated[
    float | None, typer.Option("--checkpoint-every", metavar="MS", help="Keep what is done, to go on after a crash.")
]
Tiny = Annotated[bool, typer.Option("--tiny", help="Start from the smallest useful configuration.")]
Keys = Annotated[bool, typer.Option("--keys", help="List the configuration keys, run nothing.")]
Stored = Annotated[Path | None, typer.Option("--result", metavar="FILE", help="Default: the newest, tiny ones last.")]
First = Annotated[bool, typer.Option("--run", help="Run its simulation first, with the defaults.")]
Formats = Annotated[str, typer.Option("--format", metavar="LIST", help="Any of png,pdf,svg.")]
Clear = Annotated[bool, typer.Option("--clear", help="Empty the kernel cache first.")]
Activity = Annotated[Path, typer.Argument(metavar="RESULT", help="A result, a recording, or spikes: .h5, .csv, .npz.")]
Part = Annotated[str | None, typer.Option(metavar="NAME", help="One population. Default: all neurons.")]
Since = Annotated[float | None, typer.Option("--from", metavar="MS", help="Default: the start.")]
Until = Annotated[float | None, typer.Option("--to", metavar="MS", help="Default: the end.")]
Bin = Annotated[
    float | None, typer.Option("--bin", metavar="MS", help="Of the estimate of m. Default: 1, or one step.")
]
Version = Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version.")]

WHOLE = "results are written whole or not at all"


class CliError(ValueError):
    """A command that can not be carried out as it was typed."""

    user_mistake = True


def main() -> None:
    """Entry point of the console script."""
    gc.set_threshold(50_000)  # collecting garbage while Numba, SciPy and scikit-learn load costs a quarter second
    if "" not in sys.path:  # last, so that a file in the current folder can be named and hides no package
        sys.path.append("")
    try:
        app(prog_name="neurosparse")
    except KeyboardInterrupt:
        typer.echo("\nneurosparse: interrupted", err=True)
        sys.exit(130)


@app.callback(invoke_without_command=True)
def _app(version: Version = False) -> None:
    if version:
        typer.echo(f"neurosparse {__version__}")
        raise typer.Exit


@app.command()
def run(
    name: Simulation,
    config: File = None,
    set_: Sets = None,
    seed: Seed = None,
    threads: Threads = None,
    tiny: Tiny = False,
    checkpoint_every: Every = None,
    out: Out = Path("results"),
    keys: Keys = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Run a simulation, store its result, print its numbers."""
    after = "the same command goes on from the last checkpoint" if checkpoint_every else WHOLE
    with _guard("run", debug, after):
        from neurosparse import discover
        from neurosparse.io import config as configs

        with redirect_stdout(sys.stderr) if json else nullcontext():
            module = discover.load("simulations", name)
        from neurosparse.io import screens

        if keys:
            lines = configs.keys(module.Config)
            typer.echo(screens.keys_json(name, lines) if json else screens.keys(lines))
            return
        values = configs.build(module.Config, config, set_ or [], seed, module.tiny() if tiny else None)
        with redirect_stdout(sys.stderr) if json else nullcontext():
            record = _run(name, module, values, threads, out, checkpoint_every)
        typer.echo(screens.record_json(record) if json else screens.record(record))


@app.command()
def figure(
    name: Figure,
    result: Stored = None,
    run_: First = False,
    format_: Formats = "png",
    out: Out = Path("results"),
    debug: Debug = False,
) -> None:
    """Draw a figure from a stored result."""
    with _guard("figure", debug, "figures and results are written whole or not at all"):
        from neurosparse import check, discover
        from neurosparse.io import launch, results

        formats = [part.strip() for part in format_.split(",")]
        for part in formats:
            check.one_of("figure", "--format", part, launch.FORMATS, CliError)
        if run_ and result is not None:
            raise CliError("figure: --run makes a new result and --result reads an old one; give one of the two")
        module = discover.load("figures", name)
        if run_:
            simulation = discover.load("simulations", module.SOURCE)
            record = _run(module.SOURCE, simulation, simulation.Config(), None, out)
        else:
            record = results.load(result or _newest(module.SOURCE, name, out))
        if record.name != module.SOURCE:
            check.fail(f"figure {name}", f"the result must be of {module.SOURCE}", record.name, error=CliError)
        typer.echo(f"from    {record.path}  ({record.provenance['started']})")
        for path in launch.draw(name, module, record, formats, out):
            typer.echo(f"figure  {path}")


@app.command()
def criticality(
    result: Activity,
    population: Part = None,
    from_: Since = None,
    to: Until = None,
    bin_: Bin = None,
    out: Out = Path("results"),
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Tell how near to criticality stored spikes are, and draw it."""
    with _guard("criticality", debug, "figures are written whole or not at all"):
        from neurosparse.io import criticality as stored
        from neurosparse.io import launch

        seen = stored.read(result, population, from_, to)
        report = stored.measured(seen, bin_)
        from neurosparse.plot import criticality as drawing

        name = stored.figure_name(result, seen)
        (path,) = launch.draw(name, drawing, report, folder=out)  # type: ignore[arg-type]
        if json:
            typer.echo(stored.screen_json(seen, report, result, path))
            return
        typer.echo(stored.screen(seen, report, result))
        typer.echo(f"\nfigure  {path}")


@app.command("list")
def list_(json: Json = False, debug: Debug = False) -> None:
    """Show all simulations and figures of this project."""
    with _guard("list", debug):
        from neurosparse.io import screens, strict_json

        found = screens.found()
        typer.echo(strict_json.dumps(found, indent=2) if json else screens.listing(found))


@app.command()
def info(json: Json = False, debug: Debug = False) -> None:
    """Show versions, processor, folders and the kernel cache."""
    with _guard("info", debug):
        from neurosparse.io import screens, strict_json

        facts = screens.facts()
        typer.echo(strict_json.dumps(facts, indent=2) if json else screens.about(facts))


@app.command()
def warmup(names: Simulations = None, clear: Clear = False, debug: Debug = False) -> None:
    """Fill the kernel cache: run tiny() of simulations."""
    with _guard("warmup", debug, "run it again to compile what is missing"):
        from neurosparse import check, discover

        known = discover.names("simulations")
        wanted = names or known
        for name in wanted:
            check.one_of("warmup", "simulation", name, known, CliError)
        if clear:
            typer.echo(_clear_kernels())
        width = max(map(len, wanted), default=0)
        failed = [name for name in wanted if not _warm(name, width, debug)]
        if failed:
            raise CliError(f"warmup: {len(failed)} of {len(wanted)} did not run: {', '.join(failed)}")


@contextmanager
def _guard(command: str, debug: bool, after_interrupt: str = "nothing was written") -> Iterator[None]:
    """Turns a mistake of the user into one message and exit code 2, Ctrl-C into one message and 130."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"\nneurosparse {command}: interrupted; {after_interrupt}", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:  # `neurosparse list | head -1`
        raise
    except Exception as error:
        from neurosparse.io import mistakes

        message = None if debug else mistakes.for_people(error)
        if message is None:
            raise
        typer.echo(f"Error: {message}", err=True)
        raise typer.Exit(2) from None


def _run(name: str, module: Any, config: Any, threads: int | None, out: Path, every: float | None = None) -> Any:
    from neurosparse import check
    from neurosparse.io import launch

    return launch.run(name, module, config, threads or check.cores(), out, every)


def _newest(source: str, figure: str, out: Path) -> Path:
    from neurosparse.io import results

    try:
        newest = results.latest(source, out)
        alone = len(list(newest.parent.glob("*.h5"))) == 1
        return newest if alone else results.latest(source, out, besides=_tiny(source))
    except FileNotFoundError:
        ways = f"first `neurosparse run {source}`, or `neurosparse figure {figure} --run`"
        raise CliError(f"figure {figure}: needs a stored result of {source} in {out}; {ways}") from None


def _tiny(source: str) -> Any:
    """The configuration tiny() of a simulation, None if it can not be had: the figure needs the stored result alone."""
    from neurosparse import discover

    try:
        with redirect_stdout(sys.stderr):
            return discover.load("simulations", source).tiny()
    except Exception:
        return None


def _clear_kernels() -> str:
    import shutil

    from neurosparse import jit

    folder = jit.cache_folder()
    if folder is None:
        return "the kernel cache is off (NEUROSPARSE_CACHE=0)"
    kernels = len(list(folder.rglob("*.nbc")))
    shutil.rmtree(folder, ignore_errors=True)
    return f"removed {kernels} kernels from {folder}"


def _warm(name: str, width: int, debug: bool) -> bool:
    """Run one tiny(), print one line; False if it could not run for a reason that the user can mend."""
    import tempfile

    from neurosparse import discover

    start = time.perf_counter()
    try:
        module = discover.load("simulations", name)
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
            _run(name, module, module.tiny(), None, Path(folder))
    except Exception as error:
        from neurosparse.io import mistakes

        message = None if debug else mistakes.for_people(error)
        if message is None:
            raise
        typer.echo(f"{name.ljust(width)}  {message}")
        return False
    typer.echo(f"{name.ljust(width)}  {time.perf_counter() - start:6.2f} s")
    return True


if __name__ == "__main__":
    main()
