"""What a temporal memory predicts, against the laws of prediction: figures P3 to P5 of the poster.

    P3   Jaccard index of predicted and coming cells over n: the law is that of segments which never change; beside it a
         memory that learned so (its theta was s meanwhile), and one that learned as published (see `sdr_poster`, 3)
    P4   recall over noise, for three theta; noise as published may turn on again a cell that it turned off
    P5   share of a random input outside of k predicted patterns

The memory has one cell for each column, as published: its order is one. Dots have intervals that hold with the
confidence given. One row for each check, as in `sdr_errors`.
"""

from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field
from scipy.stats import beta, hypergeom, norm, t

from models import sdr_poster as paper
from neurosparse import rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import capacity, temporal_memory
from simulations._poster import outside as misses
from simulations._poster import row

ANALYTIC = 1e-9  # relative: the stored lines have ten digits


class Config(config.Config):
    """Fewer sequences and trials than published; the published numbers are 1,000, 20, 1,000 and 10,000."""

    sequences: int = Field(
        default=120, ge=2, le=1000, description="P3: learned; time grows with the square; 1000: published"
    )
    active: Literal[64, 128, 256] = Field(default=64, description="P3: active cells a of the simulated line")
    sizes: tuple[int, ...] = Field(default=(400, 450, 500, 550, 600, 700, 800, 900), min_length=1, description="P3: n")
    tested: int = Field(default=40, ge=2, le=1000, description="P3: sequences tested")
    trials: int = Field(default=100, ge=2, le=10_000, description="P4: memories for each theta")
    noise: Literal["returning", "outside"] = Field(
        default="returning", description="P4: whether swapped cells may return"
    )
    unions: int = Field(default=60, ge=5, le=10_000, description="P5: memories for each n")
    probes: int = Field(default=50, ge=1, le=1000, description="P5: random inputs for each union")
    passes: int = Field(
        default=2, ge=1, le=10, description="P5: times that a branch is learned; 10: published, the same"
    )
    confidence: float = Field(default=0.999, gt=0.5, lt=1, description="of the intervals")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of patterns and memories")


def tiny() -> Config:
    """A few sequences, memories and trials."""
    return Config(sequences=4, sizes=(300, 800), tested=4, trials=2, unions=8, probes=20)


def run(config: Config, threads: int = 1) -> Result:
    """Arrays <panel>_x, _label, _law, _dots, _low, _high, _published and a few more; one row for each check."""
    arrays: dict[str, np.ndarray] = {}
    rows: list[dict] = []
    for panel in track((p3, p4, p5), "panels"):
        made, checks = panel(config)
        arrays |= {f"{panel.__name__}_{key}": np.asarray(value) for key, value in made.items()}
        rows += [{"figure": panel.__name__.upper()} | check for check in checks]
    passed = sum(check["passed"] for check in rows)
    return Result(arrays, {"checks": float(len(rows)), "passed": float(passed)}, rows, {})


class Found(NamedTuple):
    """Mean Jaccard index of a memory, its standard error over sequences, and the segments that it made."""

    mean: float
    error: float
    segments: int


def p3(config: Config) -> tuple[dict, list[dict]]:
    """Similarity against n."""
    n, a = np.array(paper.P3_N), np.array(paper.P3_ACTIVE)[:, None]
    full = _similarity(n, a, paper.P3_SEQUENCES * paper.P3_LENGTH)  # 20,000: theirs count 20 for each sequence
    mine = _similarity(np.array(config.sizes), config.active, config.sequences * (paper.P3_LENGTH - 1))
    found = [[_memory(config, size, fixed) for size in config.sizes] for fixed in (True, False)]
    mean = np.array([[one.mean for one in line] for line in found])
    error = np.array([[one.error for one in line] for line in found])
    error *= t.isf((1 - config.confidence) / 2, config.tested - 1)
    stored = np.array([_placed(paper.P3_LINES[k]) for k in paper.P3_ACTIVE])
    runs = [_placed((paper.P3_FOUND[k][0], paper.P3_FOUND[k][1][i])) for i in (0, 1) for k in paper.P3_ACTIVE]
    made = {"x": n, "label": [f"a = {k}" for k in paper.P3_ACTIVE], "law": full,
            "published": np.reshape(runs, (2, 3, -1)), "sizes": config.sizes, "mine": mine, "dots": mean,
            "low": mean - error, "high": mean + error,
            "segments": [[one.segments for one in line] for line in found]}  # fmt: skip
    checks = [row("stored lines", np.abs(full / stored - 1), ANALYTIC),
              row("law against a memory of fixed segments", np.abs(mean[0] - mine), 0.02),
              row("learning as published adds errors only", mean[1] - mean[0], 0.001)]  # fmt: skip
    if config.sequences == paper.P3_SEQUENCES:
        checks.append(_published(config, mean[1]))
    return made, checks


def p4(config: Config) -> tuple[dict, list[dict]]:
    """Recall against noise."""
    v, theta = np.array(paper.P4_V), np.array(paper.P4_THETAS)[:, None]
    _, a, s, transitions = paper.P4
    outside = np.array(capacity.prediction_recall(a, s, v, theta).value)
    returning, spread = _returning(v, theta)
    law = returning if config.noise == "returning" else outside
    shared = spread if config.noise == "returning" else np.zeros_like(law)
    hits = np.array([_recalled(config, k) for k in paper.P4_THETAS])
    cells = config.trials * transitions * a
    low, high = _interval(hits, cells, law, shared, config.confidence)
    published = np.array([paper.P4_FOUND[k] for k in paper.P4_THETAS])
    theirs = paper.P4_TRIALS * transitions * a
    bounds = _interval(published * theirs, theirs, returning, spread, config.confidence)
    drawn = np.array([[paper.P4_DRAWN[k]] for k in paper.P4_THETAS])
    one = _interval(drawn * transitions * a, transitions * a, returning[:, 9:10], spread[:, 9:10], config.confidence)
    made = {"x": v / a, "label": [f"theta = {k}" for k in paper.P4_THETAS], "law": outside, "returning": returning,
            "dots": hits / cells, "low": low, "high": high, "published": published, "drawn": drawn}  # fmt: skip
    return made, [
        row("memory against the law of its noise", misses(law, low, high), 0.0),
        row("1,000 stored trials against returning noise", misses(returning, *_slack(*bounds)), 0.0),
        row("points at which the law without return would fail them", -misses(outside, *_slack(*bounds)).sum(), -1.0),
        row("drawn trial against returning noise", misses(returning[:, 9:10], *one), 0.0),
    ]


def p5(config: Config) -> tuple[dict, list[dict]]:
    """Surprise against the number of patterns predicted."""
    k, n = np.array(paper.P5_K), np.array(paper.P5_N)[:, None]
    law = np.array(capacity.union_surprise(n, paper.P5_A, k).value)
    found = np.array([_surprises(config, size) for size in paper.P5_N])  # (n, memories, k)
    mean = found.mean(axis=1)
    tail = (1 - config.confidence) / 2
    error = t.isf(tail, config.unions - 1) * found.std(axis=1, ddof=1) / np.sqrt(config.unions)
    published = np.array([[paper.P5_FOUND[size].get(i, np.nan) for i in paper.P5_K] for size in paper.P5_N])
    allowed = norm.isf(tail) * np.sqrt(law * (1 - law) / (paper.P5_TRIALS * paper.P5_A))
    made = {"x": k, "label": [f"n = {size:,}" for size in paper.P5_N], "law": law, "dots": mean, "low": mean - error,
            "high": mean + error, "published": published}  # fmt: skip
    return made, [
        row("memory against the law", misses(law, mean - error, mean + error), 0.0),
        row("stored trials against the law", misses(law, published - allowed, published + allowed), 0.0),
    ]


def patterns(seed: int, name: str, n: int, a: int, count: int, first: int = 0) -> list[np.ndarray]:
    """Random sets of a out of n cells, ascending int32."""
    stream = rng.stream(seed, f"prediction {name} {n}")
    return [np.sort(rng.choice(stream, n, a, first + i)).astype(np.int32) for i in range(count)]


def memory(config: Config, n: int, s: int, theta: int) -> temporal_memory.Params:
    """A memory of order one whose segments have s synapses and keep them."""
    initial, connected, increment = paper.P3_PERMANENCES
    return temporal_memory.params(
        n, 1, theta, theta, initial, connected, s, increment, 0.0, max_segments_per_cell=4000, max_segments=0,
        min_synapses=1, seed=config.seed,
    )  # fmt: skip


def learned(p, state, sequences, passes: int = 1):
    """The state after `passes` passes over each sequence in turn."""
    for sequence in sequences:
        for _ in range(passes):
            state, _ = temporal_memory.run(p, state, sequence)
            state = temporal_memory.reset(p, state)
    return state


def _memory(config: Config, n: int, fixed: bool) -> Found:
    """P3. A threshold of s keeps segments from firing, and so from learning, for any input but their own."""
    length, s, theta = paper.P3_LENGTH, paper.P3_S, paper.P3_THETA
    flat = patterns(config.seed, "P3", n, config.active, config.sequences * length)
    sequences = [flat[i : i + length] for i in range(0, len(flat), length)]
    p = memory(config, n, s, s if fixed else theta)
    state = learned(p, temporal_memory.init(p), sequences, 1 if fixed else paper.P3_PASSES)
    p, state = temporal_memory.with_thresholds(p, state, theta, theta)
    found = []
    for sequence in sequences[:: max(1, config.sequences // config.tested)]:
        state, ran = temporal_memory.run(p, state, sequence, learn=False)
        state = temporal_memory.reset(p, state)
        both, either = ran.n_correct[1:], ran.n_predicted[1:] + config.active - ran.n_correct[1:]
        found.append(float(np.mean(both / either)))
    error = float(np.std(found, ddof=1) / np.sqrt(len(found)))
    return Found(float(np.mean(found)), error, int(ran.n_segments[-1]))


def _recalled(config: Config, theta: int) -> np.ndarray:
    """P4: cells of all trials that were predicted rightly, for each v."""
    n, a, s, transitions = paper.P4
    p, hits = memory(config, n, s, theta), np.zeros(len(paper.P4_V))
    noise = rng.stream(config.seed, f"prediction P4 noise {theta}")
    for trial in range(config.trials):
        sequence = patterns(config.seed, f"P4 {theta}", n, a, transitions + 1, trial * (transitions + 1))
        state = learned(p, temporal_memory.init(p), [sequence], 2)
        for k, v in enumerate(paper.P4_V):
            steps = []  # after each noisy element the clean next one, which tells what was predicted
            for i, pattern in enumerate(sequence[:-1]):
                at = 3 * ((trial * len(paper.P4_V) + k) * transitions + i)
                steps += [swapped(noise, at, pattern, n, v, config.noise == "returning"), sequence[i + 1]]
            state, ran = temporal_memory.run(p, state, steps, learn=False)
            state = temporal_memory.reset(p, state)
            hits[k] += ran.n_correct[1::2].sum()
    return hits


def swapped(stream, step: int, pattern: np.ndarray, n: int, v: int, returning: bool) -> np.ndarray:
    """The pattern with v of its cells swapped for others; those off before, or (returning) off by now."""
    keep = np.delete(pattern, rng.choice(stream, len(pattern), v, step))
    taken = keep if returning else pattern
    free = np.delete(np.arange(n, dtype=np.int32), taken)
    return np.sort(np.concatenate([keep, free[rng.choice(stream, len(free), v, step + 1)]]))


def _returning(v: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recall under noise of which r cells return by chance, and its variance over r."""
    n, a, s, _ = paper.P4
    r = np.arange(v.max() + 1)[:, None, None]
    weight = hypergeom.pmf(r, n - a + v, v, v)
    recall = np.array(capacity.prediction_recall(a, s, np.maximum(v - r, 0), theta).value)
    mean = (weight * recall).sum(axis=0)
    return mean, (weight * (recall - mean) ** 2).sum(axis=0)


def _interval(hits, cells: int, law, shared, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Clopper & Pearson, for fewer cells where those of an input share their noise (variance `shared`)."""
    a, tail = paper.P4[1], (1 - confidence) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        design = 1 + (a - 1) * np.nan_to_num(shared / (law * (1 - law)), posinf=0.0)
    x, m = hits / design, cells / design
    low = np.where(hits > 0, beta.ppf(tail, np.maximum(x, 1e-9), m - x + 1), 0.0)
    high = np.where(hits < cells, beta.ppf(1 - tail, x + 1, np.maximum(m - x, 1e-9)), 1.0)
    return low, high


def _slack(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Jaccard indices lose a few millionths to falsely predicted cells."""
    return low, high + 1e-5


def _surprises(config: Config, n: int) -> np.ndarray:
    """P5: (memories, k) shares of random inputs that were not predicted."""
    a, most = paper.P5_A, len(paper.P5_K)
    p = memory(config, n, paper.P5_S, paper.P5_THETA)
    out = np.empty((config.unions, most))
    for trial in range(config.unions):
        onset = patterns(config.seed, "P5 onset", n, a, paper.P5_ONSET, trial * paper.P5_ONSET)
        branches = patterns(config.seed, "P5 branches", n, a, most, trial * most)
        probes = np.array(patterns(config.seed, "P5 probes", n, a, config.probes, trial * config.probes))
        state = temporal_memory.init(p)
        for k, branch in enumerate(branches):
            state = learned(p, state, [[*onset, branch]], config.passes)
            state, _ = temporal_memory.run(p, state, onset, learn=False)
            predicted = np.zeros(n, bool)
            predicted[temporal_memory.predicted_columns(state)] = True
            state = temporal_memory.reset(p, state)
            out[trial, k] = 1 - predicted[probes].mean()
    return out


def _similarity(n, a, transitions: int) -> np.ndarray:
    return np.asarray(capacity.prediction_similarity(n, a, paper.P3_S, paper.P3_THETA, transitions))


def _placed(found: tuple[int, tuple[float, ...]]) -> np.ndarray:
    """Values for n, n + 100, ... at their places in P3_N; nan elsewhere."""
    out = np.full(len(paper.P3_N), np.nan)
    start = paper.P3_N.index(found[0])
    out[start : start + len(found[1])] = found[1]
    return out


def _published(config: Config, mean: np.ndarray) -> dict:
    """Our memory against both published runs, where they have the n."""
    first, runs = paper.P3_FOUND[config.active]
    at = [(size - first) / 100 for size in config.sizes]
    there = [k for k, i in enumerate(at) if i >= 0 and i == int(i) and i < len(runs[0])]
    theirs = np.array([[run[int(at[k])] for k in there] for run in runs])
    return row("memory against the stored runs", np.abs(mean[there] - theirs.mean(axis=0)), 0.05)
