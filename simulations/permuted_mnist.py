"""Permuted MNIST: one net learns task after task, each the same images with pixels in another order; what is left?

Each task is shown for `epochs`, then never again; the head is the same for all. The context of a task is the mean of
its training images (its prototype), given while it trains; at test each image takes the nearest prototype, or the true
one with context=told. With context=found nobody tells tasks apart: batches form clusters as they come. Pixels are
standardised by mean and SD of all training pixels. Methods share permutations, order of images and, where their parts
agree, initial weights. After each task those seen so far are tested on the first `n_probe` test images; after the
last, all of them on all n_test.

Methods train beside one another on `threads` threads, each on one, so that the results do not depend on it.
Nothing is chosen on test images. Source: models/dendrites.py; that Adam starts anew with each task is our reading.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field, model_validator

from models import dendrites
from neurosparse import data, rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.tensor import contexts
from neurosparse.tensor.row_adam import RowAdam
from neurosparse.tensor.sparse_weights import hold

SIZES = {"digits": (1200, 597), "mnist": (60_000, 10_000), "fashion-mnist": (60_000, 10_000)}
TEST_BATCH = 500
PROJECTIONS = 32  # of the images, that tell clusters apart


class Config(config.Config):
    """Which nets learn which tasks, and how."""

    dataset: Literal["digits", "mnist", "fashion-mnist"] = Field(default="mnist", description="images")
    methods: tuple[dendrites.Method, ...] = Field(
        default=("active_dendrites", "sparse_only"), min_length=1, description="nets, see models/dendrites.py"
    )
    n_tasks: int = Field(default=10, ge=1, le=1000, description="permutations, one after another")
    n_train: int = Field(default=0, ge=0, le=60_000, description="training images of each task; 0: all")
    n_test: int = Field(default=0, ge=0, le=10_000, description="test images of each task; 0: all")
    n_probe: int = Field(default=1000, ge=1, le=10_000, description="test images between tasks; at most n_test")
    n_segments: int = Field(default=0, ge=0, le=1000, description="segments of each hidden unit; 0: n_tasks")
    mode: dendrites.Mode = Field(default="absolute_max", description="how segments act")
    context: Literal["nearest", "told", "found"] = Field(
        default="nearest",
        description="prototype at test: nearest, or the task's own; found: nearest of clusters found while training",
    )
    epochs: int = Field(default=3, ge=1, le=1000, description="passes over a task; published: 3, with 2 or 5 tasks 1")
    batch: int = Field(default=256, ge=1, le=60_000, description="images of a step")
    lr: float = Field(default=5e-4, gt=0, le=1, description="of Adam; published up to 10 tasks: 5e-4")
    mlp_lr: float = Field(default=3e-6, gt=0, le=1, description="of Adam, method mlp; published: 3e-6 with 5 epochs")
    restart: bool = Field(default=True, description="Adam forgets its moments where a task ends")
    hidden: int = Field(default=2048, ge=1, le=65_536, description="units of each hidden layer")
    kw: Annotated[float, Field(gt=0, le=1)] = Field(default=0.05, description="share of hidden units that win")
    beta: float = Field(default=0.0, ge=0, le=1000, description="strength of boosting, 0: none")
    weight_sparsity: float = Field(default=0.5, ge=0, lt=1, description="share of weights that are zero")
    dendrite_sparsity: float = Field(default=0.0, ge=0, lt=1, description="share of segment weights that are zero")
    context_density: float = Field(
        default=0.1, gt=0, le=1, description="of the first weights of segments, see models/dendrites.py"
    )
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of permutations, order of images, masks and weights")

    @model_validator(mode="after")
    def _fits(self):
        most = SIZES[self.dataset]
        if any(n > there for n, there in zip(self.sizes, most, strict=True)):
            raise ValueError(f"{self.dataset} has {most[0]} + {most[1]} images, got n_train, n_test = {self.sizes}")
        if len(set(self.methods)) < len(self.methods):
            raise ValueError(f"methods must differ from one another, got {list(self.methods)}")
        smallest = self.sizes[0] % self.batch or self.batch
        if self.context == "found" and smallest <= PROJECTIONS + 1:
            raise ValueError(f"context=found needs batches of > {PROJECTIONS + 1}, got a last one of {smallest}")
        if self.mode == "one_segment" and self.segments > 1:
            raise ValueError(f"mode=one_segment needs n_segments=1, got {self.segments}")
        return self

    @property
    def sizes(self) -> tuple[int, int]:
        """(n_train, n_test) with the defaults of the data set filled in."""
        n_train, n_test = SIZES[self.dataset]
        return self.n_train or n_train, self.n_test or n_test

    @property
    def segments(self) -> int:
        """Segments of each unit."""
        return self.n_segments or self.n_tasks


class Tasks(NamedTuple):
    """What all methods share."""

    x: torch.Tensor  # (n_train, pixels) standardised
    y: torch.Tensor  # (n_train,)
    test_x: torch.Tensor
    test_y: torch.Tensor
    orders: list[torch.Tensor]  # of the pixels, for each task
    prototypes: torch.Tensor  # (n_tasks, pixels)
    nearest: torch.Tensor  # (n_tasks, n_test) which prototype each test image is taken for
    stream: rng.Stream  # of the order of images


class Learned(NamedTuple):
    """What one method brought."""

    accuracy: np.ndarray  # (task trained, task tested), NaN for what was not tested
    loss: np.ndarray  # (n_tasks,) mean of the last epoch of each
    contexts: int  # prototypes that it was given, or found


def tiny() -> Config:
    """Two tasks of 8 x 8 digits, four small nets."""
    return Config(
        dataset="digits", methods=("active_dendrites", "sparse_only", "dendrites_only", "mlp"), n_tasks=2, n_train=600,
        n_test=200, epochs=2, batch=32, lr=5e-3, mlp_lr=5e-3, hidden=64, kw=0.1,
    )  # fmt: skip


def run(config: Config, threads: int = 1) -> Result:
    """Train every method on all tasks. Metrics: accuracy_<method>, of the test images of all tasks in the end."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        tasks = prepare(config)
        nets = [build(config, method, tasks.x.shape[1]) for method in config.methods]
        with ThreadPoolExecutor(min(threads, len(nets))) as pool:
            learned = list(pool.map(partial(learn, config, tasks), config.methods, nets))
    finally:
        torch.set_num_threads(before)
    right = (tasks.nearest == torch.arange(config.n_tasks)[:, None]).double().mean(dim=1).numpy()
    rows = [_row(name, one) for name, one in zip(config.methods, learned, strict=True)]
    metrics = {f"accuracy_{row['method']}": row["accuracy"] for row in rows} | {"context_right": float(right.mean())}
    arrays = {
        "method": np.array(config.methods), "accuracy": np.stack([one.accuracy for one in learned]),
        "loss": np.stack([one.loss for one in learned]), "context_right": right, "sizes": np.array(config.sizes),
    }  # fmt: skip
    return Result(arrays, metrics, rows, {})


def prepare(config: Config) -> Tasks:
    """Images, permutations and prototypes."""
    (x, y), (test_x, test_y) = images(config)
    mean, sd = x.mean(), x.std()
    x, test_x = (x - mean) / sd, (test_x - mean) / sd
    draw = rng.stream(config.seed, "permutations")
    orders = [torch.from_numpy(rng.permutation(draw, x.shape[1], k)) for k in range(config.n_tasks)]
    centres = torch.stack([contexts.prototype(x)[order] for order in orders])
    nearest = torch.stack([contexts.nearest(test_x[:, order], centres) for order in orders])
    return Tasks(x, y, test_x, test_y, orders, centres, nearest, rng.stream(config.seed, "order of images"))


def images(config: Config) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]:
    """((images, labels) for training, the same for testing): float32 (n, pixels), int64 (n,)."""
    n_train, n_test = config.sizes
    if config.dataset == "digits":
        held = data.load("digits")
        order = rng.permutation(rng.stream(config.seed, "split"), len(held.labels))
        return _tensors(held, order[:n_train]), _tensors(held, order[-n_test:])
    train, test = data.load(config.dataset, "train"), data.load(config.dataset, "test")
    return _tensors(train, np.arange(n_train)), _tensors(test, np.arange(n_test))


def build(config: Config, method: dendrites.Method, n_inputs: int) -> dendrites.Net:
    """The net of one method."""
    shared = ("hidden", "mode", "kw", "beta", "weight_sparsity", "dendrite_sparsity", "context_density", "seed")
    c = dendrites.Config(
        method=method, n_inputs=n_inputs, n_segments=config.segments, **{name: getattr(config, name) for name in shared}
    )
    return dendrites.build(c)


def learn(config: Config, tasks: Tasks, method: str, net: dendrites.Net) -> Learned:
    """Train `net` in place on all tasks, one after another, and test it after each."""
    torch.set_num_threads(1)  # each thread of Python has its own number
    steps = config.n_tasks * config.epochs * -(-config.sizes[0] // config.batch)
    marks = track(range(steps), f"training {method}")
    accuracy, loss = np.full((config.n_tasks, config.n_tasks), np.nan), np.zeros(config.n_tasks)
    found = net.gated and config.context == "found"
    clusters = contexts.Clusters(tasks.x.shape[1], PROJECTIONS, seed=config.seed) if found else None
    optimisers = adam(net, config.mlp_lr if method == "mlp" else config.lr)
    for k in range(config.n_tasks):
        if k and config.restart:
            optimisers = adam(net, config.mlp_lr if method == "mlp" else config.lr)
        net.train()
        for epoch in range(config.epochs):
            losses = []
            for x, y in batches(config, tasks, k, epoch):
                number = clusters.join(x) if clusters else k
                known = clusters.prototypes if clusters else tasks.prototypes
                losses.append(_step(net, optimisers, x, y, known[number]))
                next(marks)
            loss[k] = np.mean(losses)
        n_test = config.sizes[1] if k == config.n_tasks - 1 else min(config.n_probe, config.sizes[1])
        for task in range(k + 1):
            accuracy[k, task] = score(config, tasks, net, task, n_test, clusters)
    list(marks)
    return Learned(accuracy, loss, (len(clusters.size) if clusters else config.n_tasks) if net.gated else 0)


def adam(net: dendrites.Net, lr: float) -> list[torch.optim.Optimizer]:
    """Adam that keeps the zeros of the masks; the segments have their own, for few of them are used in a task."""
    sparse = net.gated and all(layer.sparse_grad for layer in net.layers)
    rows = [p for name, p in net.named_parameters() if sparse and name.endswith("segments")]
    rest = [p for name, p in net.named_parameters() if not (sparse and name.endswith("segments"))]
    optimisers: list[torch.optim.Optimizer] = [RowAdam(rows, lr=lr)] if rows else []
    optimisers.append(torch.optim.Adam(rest, lr=lr, fused=True))
    hold(optimisers[-1], net)
    return optimisers


def batches(config: Config, tasks: Tasks, task: int, epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Images of a task and their labels, in the order of this epoch."""
    order = torch.from_numpy(rng.permutation(tasks.stream, len(tasks.x), task * config.epochs + epoch))
    for chosen in order.split(config.batch):
        yield tasks.x[chosen][:, tasks.orders[task]], tasks.y[chosen]


@torch.no_grad()
def score(
    config: Config, tasks: Tasks, net: dendrites.Net, task: int, n: int, clusters: contexts.Clusters | None
) -> float:
    """Share of the first n test images of a task that are named right, by the prototypes of clusters if there are."""
    net.eval()
    right = 0
    for at in torch.arange(n).split(TEST_BATCH):
        x = tasks.test_x[at][:, tasks.orders[task]]
        known = clusters.prototypes if clusters else tasks.prototypes
        which = contexts.nearest(x, known) if clusters else tasks.nearest[task, at]
        which = torch.full_like(which, task) if config.context == "told" else which
        right += int((net(x, known, which).argmax(dim=1) == tasks.test_y[at]).sum())
    return right / n


def _step(net: dendrites.Net, optimisers: list[torch.optim.Optimizer], x, y, context) -> float:
    net.zero_grad()
    loss = torch.nn.functional.cross_entropy(net(x, context), y)
    loss.backward()
    for optimiser in optimisers:
        optimiser.step()
    return float(loss.detach())


def _row(method: str, one: Learned) -> dict:
    last = one.accuracy[-1]
    return {
        "method": method, "accuracy": float(last.mean()), "first_task": float(last[0]), "last_task": float(last[-1]),
        "when_new": float(np.diagonal(one.accuracy).mean()), "contexts": one.contexts,
    }  # fmt: skip


def _tensors(part: Any, chosen: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    pixels = part.images[chosen].reshape(len(chosen), -1).astype(np.float32)
    return torch.from_numpy(pixels), torch.from_numpy(part.labels[chosen].astype(np.int64))
