"""The command `neurosparse capacity`: how often SDRs are confused. Mounted by `neurosparse.cli`.

Its commands are made from the table of `io.capacity_commands`; their options take numbers, ranges and lists.
"""

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from neurosparse.io.capacity_commands import FUNCTIONS, PARETO, SOLVERS, Argument, Command, commands

HELP = "Calculate with sparse distributed representations: errors, unions, memories, designs."
app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=None)
solve = typer.Typer(help="Find designs for given errors.", no_args_is_help=True, rich_markup_mode=None)

RANGES = "Numbers, ranges (8:20, 0:1000:100) and lists (32,64) are taken alike; several of them give all combinations."
METAVARS = {"whole": "N", "real": "X", "share": "N|X"}

Exact = Annotated[bool, typer.Option("--exact", help="The exact fraction, and its digits.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines, nothing else.")]
Plot = Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw it: .png, .pdf or .svg.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of every error.")]
All = Annotated[bool, typer.Option("--all", help="All designs, and which are on the front.")]
Port = Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0: any free one.")]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")]


@app.callback()
def _group() -> None:
    """Calculate with sparse distributed representations: errors, unions, memories, designs."""


@solve.callback()
def _solve() -> None:
    """Find designs for given errors."""


@app.command()
def serve(port: Port = 5006, open_: Open = True, debug: Debug = False) -> None:
    """Open the calculator as a page of this machine, with sliders and curves. Needs neurosparse[page]."""
    from neurosparse.cli import _guard

    with _guard("capacity serve", debug):
        from neurosparse.capacity_page import server

        server.serve(port, open_, typer.echo)


def _add(group: typer.Typer, command: Command) -> None:
    def call(**typed: Any) -> None:
        _answer(command, typed)

    options = {argument.name: _option(argument) for argument in command.arguments}
    options |= {"method": _method(command)} if command.methods else {}
    options |= {"exact": (Exact, False)} if "fraction" in command.flags else {}
    options |= {"plot": (Plot, None), "json": (Json, False), "debug": (Debug, False)}
    _take(call, options)
    example = f"Example: neurosparse capacity {'solve ' * (group is solve)}{command.name} {command.example}"
    group.command(command.name, help=command.help, short_help=_short(command), epilog=f"{RANGES}\n\n\b\n{example}")(
        call
    )


def _short(command: Command) -> str:
    """Its first sentence."""
    return command.help.partition(". ")[0].rstrip(".") + "."


def _take(call: Any, options: dict[str, tuple]) -> None:
    """Give a function of **keywords the signature that Typer reads."""
    kind = inspect.Parameter.KEYWORD_ONLY
    parts = [inspect.Parameter(n, kind, annotation=a, default=d) for n, (a, d) in options.items()]
    call.__signature__ = inspect.Signature(parts)
    call.__annotations__ = {name: annotation for name, (annotation, _) in options.items()}


def _option(argument: Argument) -> tuple:
    option = typer.Option(argument.option, metavar=METAVARS[argument.kind], help=argument.help)
    if argument.optional:
        return Annotated[str | None, option], None
    default = inspect.Parameter.empty if argument.default is None else argument.default
    return Annotated[str, option], default


def _given(owner: str, command: Command, typed: dict[str, Any]) -> dict[str, list]:
    """Values of the arguments that were typed."""
    from neurosparse.io import capacity_ranges

    there = [one for one in command.arguments if typed[one.name] is not None]
    return {one.name: capacity_ranges.read(owner, one, typed[one.name]) for one in there}


def _method(command: Command) -> tuple:
    text = f"Any of {','.join(command.methods)}. Default: {command.methods[0]}."
    return Annotated[str | None, typer.Option("--method", metavar="LIST", help=text)], None


def _answer(command: Command, typed: dict[str, Any]) -> None:
    from neurosparse.cli import _guard

    with _guard(f"capacity {command.name}", typed["debug"], "a plot is written whole or not at all"):
        from neurosparse.io import capacity_answers

        plot, methods = typed["plot"], typed.get("method")
        if plot is not None:
            from neurosparse.io import capacity_plot

            capacity_plot.check_file(command.name, plot)
        given = _given(command.name, command, typed)
        listed = None if methods is None else [one.strip() for one in methods.split(",")]
        answer = capacity_answers.evaluate(command, given, listed, typed.get("exact", False))
        if plot is not None:
            from neurosparse.io import capacity_plot

            capacity_plot.save(answer, plot)
        _show(answer, typed["json"], plot)


def _show(answer: Any, json: bool, plot: Path | None) -> None:
    from neurosparse.io import capacity_screens

    if json:
        typer.echo(capacity_screens.json(answer, plot and str(plot.absolute())))
        return
    typer.echo(capacity_screens.text(answer))
    if plot is not None:
        typer.echo(f"\nplot  {plot}")


def _pareto(**typed: Any) -> None:
    from neurosparse.cli import _guard

    with _guard("capacity solve pareto", typed["debug"], "a plot is written whole or not at all"):
        from neurosparse.io import capacity_pareto

        plot = typed["plot"]
        if plot is not None:
            from neurosparse.io import capacity_plot

            capacity_plot.check_file(pareto.name, plot)
        answer = capacity_pareto.evaluate(pareto, _given("pareto", pareto, typed), typed["all_"])
        if plot is not None:
            from neurosparse.io import capacity_plot_pareto

            capacity_plot_pareto.save(answer, plot)
        _show(answer, typed["json"], plot)


for _one in commands(FUNCTIONS):
    _add(app, _one)
for _one in commands(SOLVERS):
    _add(solve, _one)
(pareto,) = commands(PARETO)
_take(
    _pareto,
    {a.name: _option(a) for a in pareto.arguments}
    | {"all_": (All, False), "plot": (Plot, None), "json": (Json, False), "debug": (Debug, False)},
)
solve.command("pareto", help=pareto.help, epilog=f"Example: neurosparse capacity solve pareto {pareto.example}")(
    _pareto
)
app.add_typer(solve, name="solve")
