"""A SONATA simulation from its files to its spikes, by events or on a grid.

On the grid delays are rounded to whole steps (at least one from neuron to neuron), and an input spike at t counts in
the step whose end is nearest to t, rint(t / dt) - 1, the first step for what comes earlier; two spikes of one source
in one step count once. All that arrives in a step is added up before thresholds are tested.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurosparse import check, clock, encode, grid, precise
from neurosparse.io.sonata import build, config, spikes
from neurosparse.io.sonata.build import Built
from neurosparse.io.sonata.config import Simulation
from neurosparse.io.sonata.files import SonataError, fail
from neurosparse.network import Network, SpikeMonitor
from neurosparse.precise import Train

METHODS = ("precise", "grid")


class Loaded(NamedTuple):
    """The files of a simulation, read."""

    simulation: Simulation
    built: Built


class Outcome(NamedTuple):
    """Spikes of a run by node population (node ids, ms), and what could not be kept on the grid."""

    spikes: dict[str, Train]
    merged: int  # input spikes that fell into the step of another of the same source


class Comparison(NamedTuple):
    """Spikes of one population against expected ones; pairs are made in order, neuron by neuron."""

    expected: int
    got: int
    matched: int  # pairs of spikes of one neuron that lie within the window
    median: float  # ms, of the absolute differences of pairs
    largest: float  # ms


def load(path: str | Path, components: Path | None = None) -> Loaded:
    """Read configuration and network. Raises SonataError naming file, need and remedy; writes nothing."""
    simulation = config.read(path)
    return Loaded(simulation, build.build(simulation, components))


def simulate(loaded: Loaded, method: str = "precise", dt: float | None = None) -> Outcome:
    """Run it: "precise" by events, or on the "grid" in steps of `dt` ms (default: that of the files, or 0.1).

    Raises ValueError for a model that has no closed form where `method` is "precise".
    """
    check.one_of("sonata", "method", method, METHODS, SonataError)
    simulation, built = loaded
    merged = 0
    if method == "precise":
        if dt is not None:
            fail("run", "dt belongs to the method grid", dt, "leave it out")
        found: Mapping = precise.run(built.net, simulation.tstop, built.inputs).spikes
    else:
        step = check.positive("sonata", "dt", built.net.dt if dt is None else check.scalar("sonata", "dt", dt), "ms")
        steps = grid.steps("sonata", "tstop", simulation.tstop, step)
        inputs = {name: on_grid(train, step, steps) for name, train in built.inputs.items()}
        given = sum(int(np.sum(train.t <= simulation.tstop)) for train in built.inputs.values())
        merged = given - sum(len(events.index) for events in inputs.values())
        watch = tuple(SpikeMonitor(part.name) for part in built.parts if part.model)
        found = clock.run(_rounded(built.net, step), simulation.tstop, inputs, watch).spikes
    return Outcome(_by_population(built, found), merged)


def _rounded(net: Network, dt: float) -> Network:
    """The network on a grid of `dt` ms, its delays rounded to steps."""
    rounded = [p._replace(delay=np.rint(np.asarray(p.delay) / dt)[()] * dt) for p in net.projections]
    return net._replace(dt=dt, projections=tuple(rounded))


def on_grid(train: Train, dt: float, n_steps: int) -> encode.Events:
    """Spike times rounded to steps as the docstring says; what is later than the last step is left out."""
    step = np.maximum(np.rint(np.asarray(train.t) / dt).astype(np.int64) - 1, 0)
    keep = step < n_steps
    return encode.events_from_pairs(np.asarray(train.i)[keep], step[keep], n_steps)


def expected(path: Path, loaded: Loaded) -> dict[str, Train]:
    """Spikes that a file holds of the populations with neurons, their ids checked."""
    names = list(dict.fromkeys(part.population for part in loaded.built.parts if part.model))
    found = spikes.read(path, names)
    if not found:
        fail(path.name, f"must hold spikes of {', '.join(names)}", "none of them")
    for name, train in found.items():
        known = np.concatenate([part.ids for part in loaded.built.parts if part.population == name])
        wrong = np.setdiff1d(train.i, known)
        if len(wrong):
            fail(path.name, f"node ids must be those of {name!r}", wrong[:5].tolist())
    return found


def compare(got: Train, want: Train, window: float) -> Comparison:
    """Pair the spikes of each neuron in order of time, each with the first that lies within `window` ms."""
    differences = []
    for i in np.union1d(got.i, want.i):
        ours, theirs = np.sort(got.t[got.i == i]), np.sort(want.t[want.i == i])
        a = b = 0
        while a < len(ours) and b < len(theirs):
            gap = ours[a] - theirs[b]
            if abs(gap) <= window:
                differences.append(abs(gap))
            a, b = a + (gap <= window), b + (gap >= -window)
    each = np.array(differences)
    median, largest = (float(np.median(each)), float(each.max())) if len(each) else (float("nan"), float("nan"))
    return Comparison(len(want.t), len(got.t), len(each), median, largest)


def check_target(loaded: Loaded, folder: Path | None, keep: tuple[Path, ...] = ()) -> Path:
    """The file that spikes will be written to; raises before anything runs if it may not be.

    keep: files that must stay as they are, whatever the configuration allows.
    """
    output = loaded.simulation.output
    path = (output.folder if folder is None else folder) / output.file
    remedy = "choose another with --out"
    if path.parent.exists() and not path.parent.is_dir():
        fail("output", "the output folder must be a folder", str(path.parent))
    read = (*keep, *(entry["input_file"] for entry in loaded.simulation.inputs.values() if "input_file" in entry))
    if any(path.exists() and other.exists() and path.samefile(other) for other in read):
        fail("output", "the output must not replace a file that is read", str(path), "choose another folder: --out")
    for place in (path, path.parent):
        if (
            place.exists() and not place.stat().st_mode & 0o222
        ):  # asked of the mode: an administrator may write anywhere
            fail("output", f"the output {'folder' if place.is_dir() else 'file'} must be writable", str(place), remedy)
    if not output.overwrite and path.parent.is_dir() and any(path.parent.iterdir()):
        remedy = f"{remedy}, empty it, or set overwrite_output_dir to true"
        fail("output", "the output folder must be empty or overwrite_output_dir true", str(path.parent), remedy)
    return path


def save(loaded: Loaded, outcome: Outcome, folder: Path | None = None, keep: tuple[Path, ...] = ()) -> Path:
    """Write the spikes, whole or not at all, as the configuration says or into `folder`; returns the path."""
    path = check_target(loaded, folder, keep)
    spikes.write(path, outcome.spikes, loaded.simulation.output.order)
    return path


def _by_population(built: Built, found: Mapping) -> dict[str, Train]:
    spikes_of: dict[str, list[Train]] = {}
    for part in built.parts:
        if part.model is not None:
            train = found[part.name]
            spikes_of.setdefault(part.population, []).append(Train(part.ids[train.i], train.t))
    joined = {}
    for name, trains in spikes_of.items():
        i, t = (np.concatenate([train[c] for train in trains]) for c in (0, 1))
        order = np.argsort(t, kind="stable") if len(trains) > 1 else slice(None)
        joined[name] = Train(i[order], t[order])
    return joined
