"""What `neurosparse sonata run` prints."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from neurosparse.io import table
from neurosparse.io.sonata.simulate import Comparison, Loaded, Outcome


def run(
    loaded: Loaded,
    outcome: Outcome,
    dt: float | None,
    compared: Mapping[str, Comparison] | None,
    path: Path,
    replaced: bool,
    seconds: tuple[float, float],
) -> str:
    """Populations, edges, spikes and rates, the comparison, where spikes were written, how long it took.

    dt: the step of a run on the grid, ms; None for a precise run.
    """
    simulation, built = loaded
    how = "by events, exact" if dt is None else f"on a grid of {dt:g} ms"
    lines = [
        ("network", f"{built.edges:,} edges, {built.synapses:,} synapses"),
        ("run", f"{simulation.tstop:g} ms {how}"),
        *(("note", note) for note in built.notes),
    ]
    if outcome.merged:
        lines.append(("note", f"{outcome.merged} input spikes share a step with another of their source: lost"))
    last = [
        ("spikes", str(path) + " (replaced)" * replaced),
        ("time", f"{seconds[0]:.2f} s to read, {seconds[1]:.2f} s to run"),
    ]
    shown = [table.pairs(lines, width=1000), table.rows(_populations(loaded, outcome), {"rate": "Hz"})]
    if compared is not None:
        shown.append(table.rows([_compared(name, pair) for name, pair in compared.items()], {}))
    return "\n\n".join([*shown, table.pairs(last, width=1000)])


def _populations(loaded: Loaded, outcome: Outcome) -> list[dict]:
    rows = []
    for part in loaded.built.parts:
        if part.model is None:
            spikes, model = len(loaded.built.inputs[part.name].t), "virtual"
        else:
            spikes, model = int(np.isin(outcome.spikes[part.population].i, part.ids).sum()), part.model.neuron
        rate = spikes / len(part.at) / loaded.simulation.tstop * 1000.0
        rows.append({"population": part.name, "model": model, "neurons": len(part.at), "spikes": spikes, "rate": rate})
    return rows


def _compared(name: str, pair: Comparison) -> dict:
    return {
        "compared": name,
        "expected": pair.expected,
        "got": pair.got,
        "matched": pair.matched,
        "median_ms": pair.median,
        "largest_ms": pair.largest,
    }
