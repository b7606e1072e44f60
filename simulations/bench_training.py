"""Speed of training: leaky integrate-and-fire layers forward and backward, and an epoch, beside three libraries.

    scan     one layer alone, gradient to its inputs: `steps` x `batch` x `n`
    epoch    inputs-n-classes, spike counts, cross entropy, Adam: one step on each of `n_batches` batches of spikes
    large    one layer of 16,384 neurons, 16 samples, 500 steps; bytes a second beside a copy

All compute the same (`rivals.training`): `agreement` is the share of neurons whose spikes are those of ours in "scan",
and the rows hold the loss of the first and the last batch. Contestants take turns in each round, each from the same
weights on the same batches; medians and quartiles are over rounds after two rounds of warm-up, ratios within a round.
Inputs of the epoch are dense float tensors of 0 and 1 (time, batch, unit) that lie in memory, for all; classes differ
in where their active units are. An epoch of `samples` is its number of batches times the median. "neurosparse plain"
has PyTorch's own linear layers, as the rivals do; "neurosparse" looks up weights by events (`tensor.event_linear`).

Published for "large" on an RTX 4090: Open Neuromorphic, SNN library benchmarks (2024).
"""

import math
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field

from neurosparse import rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations.rivals import training

US = "neurosparse"
WARM = 2
LARGE = (500, 16, 16_384)  # steps, samples, neurons
GAINS = (3.0, 3.0)  # of uniform weights in +-1 / sqrt(inputs), so that both layers spike
UNITS = {"milliseconds": "ms", "q1": "ms", "q3": "ms", "forward_ms": "ms", "epoch_seconds": "s", "gb_s": "GB/s"}


class Config(config.Config):
    """Sizes, rivals (one whose package is missing is left out, and a row says so) and repetitions."""

    tasks: tuple[Literal["scan", "epoch", "large"], ...] = Field(
        default=("scan", "epoch"), min_length=1, description="what is timed"
    )
    rivals: tuple[Literal["neurosparse plain", "Norse", "snnTorch", "SpikingJelly"], ...] = Field(
        default=("neurosparse plain", "Norse", "snnTorch", "SpikingJelly"), description="who else runs"
    )
    steps: int = Field(default=100, ge=2, le=10_000, description="time steps")
    batch: int = Field(default=128, ge=1, le=10_000, description="samples of a batch")
    n_inputs: int = Field(default=700, ge=2, le=100_000, description="input units of the epoch")
    n: int = Field(default=128, ge=1, le=100_000, description="spiking units")
    n_classes: int = Field(default=20, ge=2, le=1000, description="output units of the epoch")
    activities: tuple[Annotated[float, Field(gt=0, le=0.5)], ...] = Field(
        default=(0.025, 0.1), min_length=1, description="share of inputs that are 1 in the epoch"
    )
    samples: int = Field(default=8156, ge=1, le=10_000_000, description="of a whole epoch")
    n_batches: int = Field(default=12, ge=3, le=100_000, description="batches of the epoch that are run")
    repeats: int = Field(default=21, ge=2, le=10_000, description='rounds of "scan" and "large"')
    thread_counts: tuple[Annotated[int, Field(ge=1, le=256)], ...] = Field(
        default=(1,), min_length=1, description="threads to run with"
    )
    device: Literal["cpu", "cuda"] = Field(default="cpu", description="where")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of weights, inputs and gradients")


def tiny() -> Config:
    """Ourselves alone, 6 units, 9 steps."""
    return Config(rivals=("neurosparse plain",), steps=9, batch=4, n_inputs=12, n=6, n_classes=3, activities=(0.2,),
                  n_batches=4, repeats=3)  # fmt: skip


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each task, activity, thread count and contestant. `threads` is not used: see thread_counts."""
    libraries, missing = found(config)
    before, rows, arrays = torch.get_num_threads(), [], {}
    try:
        for count in config.thread_counts:
            torch.set_num_threads(count)
            for task in track(config.tasks, "tasks"):
                for activity in config.activities if task == "epoch" else (0.0,):
                    mine, timed = TASKS[task](config, libraries, activity)
                    at = {"task": task, "activity": activity, "threads": count}
                    rows += [at | row for row in mine]
                    arrays |= {f"{name} {task} {activity} {count}": 1e3 * t for name, t in timed.items()}
    finally:
        torch.set_num_threads(before)
    numbers = metrics(rows, config)
    rows += missing
    units = {name: unit for name, unit in UNITS.items() if any(name in row for row in rows)}
    return Result(arrays, numbers, rows, units | dict.fromkeys(arrays, "ms"))


def found(config: Config) -> tuple[dict[str, training.Library], list[dict]]:
    """The contestants, and a row that says so for each that is not installed."""
    libraries, missing = {}, []
    for name in (US, *config.rivals):
        try:
            libraries[name] = training.MAKERS[name]()
        except ImportError as error:
            missing.append({"library": name, "version": f"not installed: {error}"})
    return libraries, missing


def metrics(rows: list[dict], config: Config) -> dict[str, float]:
    """Ratios of each rival to us by task, at the first activity and thread count; seconds of an epoch; agreement."""
    numbers = {}
    for row in rows:
        first = row["task"] != "epoch" or row["activity"] == config.activities[0]
        if first and row["threads"] == config.thread_counts[0]:
            key = f"{row['task']}_{row['library'].replace(' ', '_')}"
            numbers[f"ratio_{key}"] = row["ratio_median"]
            numbers |= {f"{name}_{key}": row[name] for name in ("epoch_seconds", "agreement", "gb_s") if name in row}
    return numbers


def scan(config: Config, libraries: dict, _) -> tuple[list[dict], dict[str, np.ndarray]]:
    """One layer alone."""
    return layer(config, libraries, (config.steps, config.batch, config.n))


def large(config: Config, libraries: dict, _) -> tuple[list[dict], dict[str, np.ndarray]]:
    """The size of the published comparison; bytes: x, z and u once forward, u and both gradients once backward."""
    rows, timed = layer(config, libraries, LARGE)
    ceiling = copy_speed(config.device)
    for row in rows:
        gb_s = 6 * 4 * math.prod(LARGE) / row["milliseconds"] / 1e6
        row |= {"gb_s": gb_s, "share_of_copy": gb_s / ceiling}
    return rows, timed


def layer(config: Config, libraries: dict, shape: tuple[int, int, int]) -> tuple[list[dict], dict[str, np.ndarray]]:
    """Forward and backward of one layer; x lets a few per cent of the steps spike."""
    x, g = (_normals(config, name, shape) for name in ("inputs", "gradients"))
    x = 0.04 + 0.25 * x
    tasks = {}
    for name, library in libraries.items():
        tasks[name] = library.layer(shape[2]).to(config.device), (library.scale * x).requires_grad_()
    seconds: dict[str, list] = {name: [] for name in libraries}
    spikes = {}
    for _ in range(config.repeats + WARM):
        for name, (module, leaf) in tasks.items():
            leaf.grad = None
            z, forward = _timed(config.device, module, leaf)
            _, backward = _timed(config.device, z.backward, g)
            seconds[name].append((forward + backward, forward))
            spikes[name] = z.detach()
    timed = {name: np.array(s)[WARM:] for name, s in seconds.items()}
    rows = _rows(libraries, {name: t[:, 0] for name, t in timed.items()})
    for row in rows:
        same = (spikes[row["library"]] == spikes[US]).all(dim=0).float().mean()
        row |= {"forward_ms": 1e3 * float(np.median(timed[row["library"]][:, 1])), "agreement": float(same)}
    return rows, {name: t[:, 0] for name, t in timed.items()}


def epoch(config: Config, libraries: dict, activity: float) -> tuple[list[dict], dict[str, np.ndarray]]:
    """Batches of an epoch, each one step of Adam."""
    sizes = (config.n_inputs, config.n, config.n_classes)
    weights = [gain / math.sqrt(k) * (2.0 * _uniforms(config, f"weights {k}", (m, k)) - 1.0)
               for gain, k, m in zip(GAINS, sizes, sizes[1:])]  # fmt: skip
    steps = {name: trainer(training.Network(library, weights).to(config.device)) for name, library in libraries.items()}
    seconds: dict[str, list] = {name: [] for name in libraries}
    losses: dict[str, list] = {name: [] for name in libraries}
    for x, y in batches(config, activity):
        for name, step in steps.items():
            loss, spent = _timed(config.device, step, x, y)
            seconds[name].append(spent)
            losses[name].append(loss.item())
    timed = {name: np.array(s)[WARM:] for name, s in seconds.items()}
    rows = _rows(libraries, timed)
    for row in rows:
        name = row["library"]
        row |= {"epoch_seconds": row["milliseconds"] / 1e3 * math.ceil(config.samples / config.batch)}
        row |= {"first_loss": losses[name][0], "last_loss": losses[name][-1]}
    return rows, timed


def trainer(network: training.Network) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """step(x, y) -> loss, before one step of Adam."""
    adam = torch.optim.Adam(network.parameters(), lr=1e-3)

    def step(x, y):
        adam.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        adam.step()
        return loss.detach()

    return step


def batches(config: Config, activity: float) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """(x (time, batch, unit) of 0 and 1, y (batch,)): a class has twice the mean activity on one half of its units."""
    shape = (config.steps, config.batch, config.n_inputs)
    dense = _uniforms(config, "units of a class", (config.n_classes, config.n_inputs)) < 0.5
    for k in range(config.n_batches):
        y = (_uniforms(config, f"classes {k}", (config.batch,)) * config.n_classes).long()
        p = activity * (0.5 + dense[y].float())
        yield (_uniforms(config, f"spikes {activity} {k}", shape) < p).float(), y


def copy_speed(device: str) -> float:
    """GB/s read and written by a copy of one array of the size of "large", the fastest of nine."""
    a = torch.zeros(math.prod(LARGE), device=device)
    b = torch.ones_like(a)
    spent = [_timed(device, b.copy_, a)[1] for _ in range(9)]
    return 2 * 4 * a.numel() / min(spent) / 1e9


def _rows(libraries: dict, timed: dict[str, np.ndarray]) -> list[dict]:
    rows = []
    for name, t in timed.items():
        q1, median, q3 = np.percentile(1e3 * t, [25, 50, 75])
        low, middle, high = np.percentile(t / timed[US], [25, 50, 75])
        row = {"library": name, "version": libraries[name].version, "milliseconds": median, "q1": q1, "q3": q3}
        rows.append(row | {"ratio_median": middle, "ratio_q1": low, "ratio_q3": high})
    return rows


def _timed(device: str, call: Callable, *arguments):
    if device == "cuda":
        torch.cuda.synchronize()
    begin = time.perf_counter()
    made = call(*arguments)
    if device == "cuda":
        torch.cuda.synchronize()
    return made, time.perf_counter() - begin


def _uniforms(config: Config, name: str, shape: tuple[int, ...]) -> torch.Tensor:
    u = rng.uniforms(rng.stream(config.seed, name), math.prod(shape)).astype(np.float32).reshape(shape)
    return torch.from_numpy(u).to(config.device)


def _normals(config: Config, name: str, shape: tuple[int, ...]) -> torch.Tensor:
    u = rng.normals(rng.stream(config.seed, name), math.prod(shape)).astype(np.float32).reshape(shape)
    return torch.from_numpy(u).to(config.device)


TASKS = {"scan": scan, "epoch": epoch, "large": large}
