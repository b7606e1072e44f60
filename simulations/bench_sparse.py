"""Speed of products with a sparse matrix: milliseconds forward and backward, by density, samples and activity.

Ours: the three ways of `tensor.SparseLinear`, "csr", "events" and "dense", as a layer that turns (batch, n) into
(batch, n); "list" is `tensor.events.propagate`, given the ids of the active units (forward only). Rivals: a dense
matrix, CSR and COO matrices of PyTorch as leaves (matrix times (n, batch), their own autograd, which is also their
gradient to the matrix), and SciPy (forward only). The inputs are 0 and 1. Backward is to the input and to the weights.

All ways of a density and batch run in turn, `repeats` times after one warm-up, a quick call twice in a row, of which
the second counts. Times that do not depend on the activity are taken at the largest. `store=True` keeps what was found
as the table that backend "auto" asks; the activity below which events win is where the two lines cross on logarithmic
scales.
"""

import time
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field

from neurosparse import csr, rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.tensor import events, sparse_choice, sparse_pattern
from neurosparse.tensor.sparse_linear import SparseLinear, random_pattern

Share = Annotated[float, Field(gt=0, le=1)]
OURS = ("csr", "events", "dense")
LONG = 0.03  # s; a call of more finds no caches warm that it has not filled itself


class Config(config.Config):
    """Sizes of the matrices and of the measurement."""

    n: int = Field(default=10_000, ge=10, le=100_000, description="units on either side")
    densities: tuple[Share, ...] = Field(default=(0.001, 0.01, 0.1), min_length=1, description="share of pairs")
    batches: tuple[Annotated[int, Field(ge=1, le=100_000)], ...] = Field(
        default=(1, 8, 64), min_length=1, description="samples of a call"
    )
    activities: tuple[Share, ...] = Field(default=(0.001, 0.01, 0.1, 1.0), min_length=1, description="of the inputs")
    ways: tuple[Literal["csr", "events", "dense", "list", "torch dense", "torch CSR", "torch COO", "SciPy"], ...] = (
        Field(default=("csr", "events", "dense", "list", "torch dense", "torch CSR", "torch COO", "SciPy"),
              description="what is timed")
    )  # fmt: skip
    repeats: int = Field(default=9, ge=2, le=10_000, description="timed calls of each")
    device: Literal["cpu", "cuda"] = Field(default="cpu", description='where; on "cuda" without "list" and SciPy')
    store: bool = Field(default=False, description='keep the table for SparseLinear(backend="auto")')
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of synapses and inputs")


class Way(NamedTuple):
    """A product, ready to run: `forward()` gives y; x and w are the leaves, None where there is no gradient."""

    forward: Callable
    leaves: tuple[torch.Tensor, ...] = ()


def tiny() -> Config:
    """40 units."""
    return Config(n=40, densities=(0.1, 0.3), batches=(1, 3), activities=(0.1, 1.0), repeats=2)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each density, batch, way, activity and phase. Metrics: two ratios to PyTorch's CSR, `ratios`."""
    before, rows, arrays = torch.get_num_threads(), [], {}
    try:
        torch.set_num_threads(threads)
        for density in track(config.densities, "densities"):
            synapses = _synapses(config, density)
            for batch in config.batches:
                rows += measure(config, synapses, {"density": density, "batch": batch}, arrays)
    finally:
        torch.set_num_threads(before)
    if config.store:
        sparse_choice.store(points(rows, config))
    units = dict.fromkeys([*arrays, "milliseconds", "q1", "q3"], "ms")
    return Result(arrays, ratios(rows, config), rows, units)


def measure(config: Config, synapses: csr.Csr, where: dict, arrays: dict[str, np.ndarray]) -> list[dict]:
    """Rows of one density and batch; their single times go into `arrays`."""
    names, tasks = [name for name in config.ways if config.device == "cpu" or name not in ("list", "SciPy")], {}
    for activity in config.activities:
        x = _input(config, where["batch"], activity)
        for name in names:
            if activity == max(config.activities) or name in ("events", "list"):
                tasks[name, activity] = ways(synapses, x, name)
    spent: dict[tuple, list[float]] = {}
    for k in range(config.repeats + 1):
        for key, way in tasks.items():
            for phase, seconds in _once(way, config.device).items():
                if k:
                    spent.setdefault((*key, phase), []).append(1e3 * seconds)
    rows = []
    for (name, activity, phase), times in spent.items():
        q1, median, q3 = np.percentile(times, [25, 50, 75])
        row = where | {"way": name, "activity": activity, "phase": phase}
        rows.append(row | {"milliseconds": float(median), "q1": float(q1), "q3": float(q3)})
        arrays[_name(row)] = np.array(times)
    return rows


def ways(synapses: csr.Csr, x: torch.Tensor, name: str) -> Way:
    """The way `name` of y = x W."""
    if name in OURS:
        layer = SparseLinear(synapses, bias=False, weights=True, backend=name).to(x.device)
        leaf = x.clone().requires_grad_()
        return Way(lambda: layer(leaf), (leaf, layer.values))
    if name == "list":
        at = x.to_sparse_csr()
        edges, ids = at.crow_indices().numpy(), at.col_indices().numpy()
        return Way(lambda: events.propagate(synapses, ids, edges))
    if name == "SciPy":
        matrix, turned = csr.to_scipy(csr.transpose(synapses)), np.ascontiguousarray(x.numpy().T)
        return Way(lambda: matrix @ turned)
    p, values = sparse_pattern.pattern(synapses), torch.from_numpy(np.array(synapses.weight))
    held: torch.Tensor = sparse_pattern.as_csr(p.back_indptr, p.back_indices, values[p.order.long()], p.n_in)
    held = {"torch CSR": lambda: held, "torch COO": held.to_sparse_coo, "torch dense": held.to_dense}[name]()
    held = held.detach().to(x.device).requires_grad_()
    turned = x.t().contiguous().requires_grad_()
    product = torch.mm if name == "torch dense" else torch.sparse.mm
    return Way(lambda: product(held, turned), (turned, held))


def points(rows: list[dict], config: Config) -> list[sparse_choice.Point]:
    """What `sparse_choice` needs of the rows, by first quartiles, where all three ways of ours were timed."""
    made = []
    for density in config.densities:
        for batch in config.batches:
            mine = [row for row in rows if (row["density"], row["batch"]) == (density, batch) and row["way"] in OURS]
            for training in (False, True):
                total: dict[str, dict[float, float]] = {}
                for row in mine:
                    if training or row["phase"] == "forward":
                        at = total.setdefault(row["way"], {})
                        at[row["activity"]] = at.get(row["activity"], 0.0) + row["q1"]
                if len(total) == len(OURS):
                    plain, dense = (next(iter(total[way].values())) for way in ("csr", "dense"))
                    below = crossing(sorted(total["events"].items()), min(plain, dense))
                    made.append(sparse_choice.Point(config.device, training, density, batch, below, dense < plain))
    return made


def crossing(line: list[tuple[float, float]], level: float) -> float:
    """The activity where a line of (activity, time) rises through `level`; 0: it is above it, 2: below it."""
    over = next((k for k, (_, time_) in enumerate(line) if time_ >= level), len(line))
    if over in (0, len(line)):
        return 0.0 if over == 0 else 2.0
    (a0, t0), (a1, t1) = np.log(line[over - 1 : over + 1])
    return float(np.exp(a0 + (a1 - a0) * (np.log(level) - t0) / (t1 - t0)))


def ratios(rows: list[dict], config: Config) -> dict[str, float]:
    """Time of PyTorch's CSR over ours: backward at the largest batch, forward of a list at the smallest, where timed.

    At the density nearest to 1 % and the activity nearest to 1 %.
    """
    density = min(config.densities, key=lambda d: abs(np.log(d / 0.01)))
    activity = min(config.activities, key=lambda a: abs(np.log(a / 0.01)))
    found = {
        (row["batch"], row["way"], row["phase"]): row["milliseconds"]
        for row in rows
        if row["density"] == density and (row["way"] not in ("events", "list") or row["activity"] == activity)
    }
    pairs = {
        "torch_csr_over_ours_backward": [(max(config.batches), way, "backward") for way in ("torch CSR", "csr")],
        "torch_csr_over_list_forward": [(min(config.batches), way, "forward") for way in ("torch CSR", "list")],
        "torch_csr_over_events_forward": [(min(config.batches), way, "forward") for way in ("torch CSR", "events")],
    }
    return {key: found[a] / found[b] for key, (a, b) in pairs.items() if a in found and b in found}


def _once(way: Way, device: str) -> dict[str, float]:
    """Seconds of one forward and one backward pass."""
    y, spent = _timed(way.forward, device)
    if not way.leaves:
        return {"forward": spent}
    ones = torch.ones_like(y)
    _, back = _timed(lambda: torch.autograd.grad(y, way.leaves, ones, retain_graph=True), device)
    return {"forward": spent, "backward": back}


def _timed(call: Callable, device: str) -> tuple[Any, float]:
    """What a call gives, and the seconds it takes with warm caches: of two in a row, where it is quick, the second."""
    for _ in range(2):
        begin = time.perf_counter()
        made = call()
        if device == "cuda":
            torch.cuda.synchronize()
        spent = time.perf_counter() - begin
        if spent > LONG:
            break
    return made, spent


def _synapses(config: Config, density: float) -> csr.Csr:
    pattern = random_pattern(config.n, config.n, density, config.seed, f"density {density}")
    return csr.reweight(pattern, rng.normals(rng.stream(config.seed, f"weights {density}"), pattern.nnz))


def _input(config: Config, batch: int, activity: float) -> torch.Tensor:
    u = rng.uniforms(rng.stream(config.seed, f"input {batch} {activity}"), batch * config.n)
    return torch.from_numpy((u < activity).reshape(batch, config.n).astype(np.float32)).to(config.device)


def _name(row: dict) -> str:
    return f"{row['way'].replace(' ', '_')}_{row['density']}_{row['batch']}_{row['activity']}_{row['phase']}"
