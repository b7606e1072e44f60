"""Errors of neurons with hundreds of segments: figures P1 and P2 of the poster, ours beside the archived ones.

    P1   a neuron errs on patterns whose cells fire together; each trial has clusters of its own, a correlation and a
         share of errors; means are taken in the archived bins
    P2   two neurons compete for patterns: whose sum over segments of sigma(overlap) is larger, sigma(x) = 1 / (1 +
         exp(slope (centre - x))); each has a segment on every pattern of its own class

P2's law, which was not given: overlaps of a random pattern with the other segments are independent draws of the overlap
law, so the difference of both sums is a convolution, taken here on a grid by Fourier transforms.
"""

import numpy as np
from pydantic import Field
from scipy.stats import beta, t

from models import sdr_poster as paper
from neurosparse import rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import capacity
from neurosparse.sdr.capacity import correlated
from simulations._poster import outside, row


class Config(config.Config):
    """Fewer trials than published: thousands for each line of P1, 1,000 and more for each point of P2."""

    trials: int = Field(default=24, ge=1, le=100_000, description="P1: clusterings for each of the three settings")
    patterns: int = Field(default=20_000, ge=100, le=1_000_000, description="P1: for a correlation; 20,000: published")
    neurons: int = Field(default=6, ge=1, le=1000, description="P1: of a trial, 500 patterns each; 40: published")
    pairs: int = Field(default=6, ge=2, le=100_000, description="P2: pairs of neurons for each point; 1,000: published")
    grid: int = Field(default=2**21, ge=2**10, le=2**24, description="P2: points that the law is worked out on")
    least: float = Field(default=1e-5, ge=1e-9, le=0.5, description="P2: law above which pairs are tested")
    confidence: float = Field(default=0.999, gt=0.5, lt=1, description="of the intervals")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of clusters, patterns and synapses")


def tiny() -> Config:
    """A few small trials."""
    return Config(trials=2, patterns=200, neurons=1, pairs=2, grid=2**16, least=0.3)


def run(config: Config, threads: int = 1) -> Result:
    """Arrays <panel>_x, _label, _dots, _low, _high, _published and a few more; one row for each check."""
    arrays: dict[str, np.ndarray] = {}
    rows: list[dict] = []
    for panel in (p1, p2):
        made, checks = panel(config)
        arrays |= {f"{panel.__name__}_{key}": np.asarray(value) for key, value in made.items()}
        rows += [{"figure": panel.__name__.upper()} | check for check in checks]
    passed = sum(check["passed"] for check in rows)
    return Result(arrays, {"checks": float(len(rows)), "passed": float(passed)}, rows, {})


def p1(config: Config) -> tuple[dict, list[dict]]:
    """Errors over correlation: each trial, and means by bins."""
    places = [(k, i) for k in range(len(paper.P1_SETTINGS)) for i in range(config.trials)]
    found = np.full((len(paper.P1_SETTINGS), config.trials, 2), np.nan)
    for k, i in track(places, "clusterings"):
        found[k, i] = _clustered(config, *paper.P1_SETTINGS[k], seed=config.seed + 1000 * k + i)
    bins = np.arange(max(map(len, paper.P1_MEANS)))
    made = [_binned(config, one, bins) for one in found]
    mean, low, high = (np.array([one[j] for one in made]) for j in range(3))
    published = np.array([[*one, *[np.nan] * (len(bins) - len(one))] for one in paper.P1_MEANS])
    a, n, s, theta = np.array(paper.P1_SETTINGS).T
    independent = capacity.population_false_positive(n, a, s, theta, paper.P1_SEGMENTS).value
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(np.log10(mean / published))
    off[~(mean > 0) | ~np.isfinite(high)] = np.nan
    labels = ["a = {}, n = {}, s = {}, theta = {}".format(*one) for one in paper.P1_SETTINGS]
    arrays = {"x": (bins + 0.5) * paper.P1_BIN, "label": labels, "correlation": found[:, :, 0],
              "errors": found[:, :, 1], "dots": mean, "low": low, "high": high, "published": published,
              "independent": independent}  # fmt: skip
    return arrays, [row("bins of five trials or more within a factor of 4 of the archived means", off, np.log10(4)),
                    row("stated theta = 10 of (64, 4000, 40): 1,000 times more", -_stated(config), -3.0)]  # fmt: skip


def p2(config: Config) -> tuple[dict, list[dict]]:
    """Errors over n: law, pairs of neurons, archived counts."""
    n = np.array(paper.P2_N)
    law = np.array([[competition(size, a, config.grid) for size in paper.P2_N] for a in paper.P2_ACTIVE])
    points = [(i, k) for i, k in np.ndindex(law.shape) if law[i, k] > config.least]
    found = np.full((3, *law.shape), np.nan)
    for i, k in track(points, "pairs of neurons"):
        found[:, i, k] = _competed(config, paper.P2_N[k], paper.P2_ACTIVE[i])
    counts = np.full((2, *law.shape), np.nan)
    for i, a in enumerate(paper.P2_ACTIVE):
        counts[:, i, : len(paper.P2_COUNTS[a])] = np.array(paper.P2_COUNTS[a], float).T
    errors, tested = counts
    low, high = _counted(errors, tested, config.confidence)
    made = {"x": n, "label": [f"a = {a}" for a in paper.P2_ACTIVE], "law": law, "dots": found[0], "low": found[1],
            "high": found[2], "published": errors / tested, "published_low": low, "published_high": high}  # fmt: skip
    return made, [row("pairs of neurons against the law", outside(law, *found[1:]), 0.0),
                  row("archived counts against the law", outside(law, low, high), 0.0)]  # fmt: skip


def competition(n: int, a: int, points: int = 2**21) -> float:
    """P(a pattern is given to the wrong one of two neurons), the law of P2."""
    s, segments, centre, slope = paper.P2
    b = np.arange(s + 1)
    sigma = 1 / (1 + np.exp(slope * (centre - b)))
    p = np.asarray(capacity.overlap_pmf(n, a, s, b).value)
    spread = np.sqrt(2 * segments * (p @ sigma**2 - (p @ sigma) ** 2))
    step = (24 * spread + 48) / points  # beyond 12 standard deviations, and 24 segments of rare ones, is nothing
    at = sigma / step  # a value between two points of the grid is shared out, so that means stay
    low, share = np.floor(at).astype(int), at % 1
    pmf = np.bincount(low, p * (1 - share), points) + np.bincount(low + 1, p * share, points)
    one = np.fft.rfft(pmf)
    both = (one.real**2 + one.imag**2) ** (segments - 1)  # of 499 other segments on either side
    difference = np.fft.irfft(both * one, points)  # theirs less ours, but for the pattern's own
    gap = np.fft.fftfreq(points, 1 / points) * step - sigma[s]
    wrong = np.clip(0.5 + gap / paper.P2_NOISE, 0, 1)
    return float(max(difference @ wrong, 0.0))


def _clustered(config: Config, a: int, n: int, s: int, theta: int, seed: int) -> tuple[float, float]:
    """(correlation, errors) of a clustering."""
    groups = correlated.sample_clusters(n, seed)
    active = correlated.correlated_patterns(groups, a, config.patterns, seed)
    errors = correlated.correlated_false_positive(groups, a, s, theta, paper.P1_SEGMENTS, config.neurons, seed)
    return correlated.pattern_correlation(active, n), errors.hits / errors.trials


def _stated(config: Config) -> float:
    """log10 of how much more (64, 4000, 40) errs at the stated theta, for independent inputs."""
    a, n, s, theta = paper.P1_SETTINGS[2]
    p = capacity.population_false_positive(n, a, s, [paper.P1_STATED_THETA, theta], paper.P1_SEGMENTS)
    return float(np.diff(p.log10)[0] * -1)


def _binned(config: Config, found: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, ...]:
    """(mean, low, high) of the errors of trials by bins; bounds are nan for fewer than five trials."""
    out = np.full((3, len(bins)), np.nan)
    which = np.floor(found[:, 0] / paper.P1_BIN)
    for k in bins:
        errors = found[which == k, 1]
        if len(errors):
            out[0, k] = errors.mean()
        if len(errors) >= 5:
            width = t.isf((1 - config.confidence) / 2, len(errors) - 1) * errors.std(ddof=1) / np.sqrt(len(errors))
            out[1:, k] = max(out[0, k] - width, 0.0), out[0, k] + width
    return tuple(out)


def _competed(config: Config, n: int, a: int) -> tuple[float, float, float]:
    """Share of errors of pairs of neurons, with the wider interval of two: of counts, and of means of pairs."""
    shares = np.array([_pair(config.seed, n, a, k) for k in range(config.pairs)])
    width = t.isf((1 - config.confidence) / 2, config.pairs - 1) * shares.std(ddof=1) / np.sqrt(config.pairs)
    tested = 2 * paper.P2[1] * config.pairs
    low, high = _counted(shares.sum() * 2 * paper.P2[1], tested, config.confidence)
    return float(shares.mean()), float(min(shares.mean() - width, low)), float(max(shares.mean() + width, high))


def _counted(errors, tested, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share (Clopper & Pearson)."""
    errors, tail = np.rint(errors), (1 - confidence) / 2
    low = np.where(errors == 0, 0.0, beta.ppf(tail, np.maximum(errors, 1), tested - errors + 1))
    return low, beta.ppf(1 - tail, errors + 1, tested - errors)


def _pair(seed: int, n: int, a: int, pair: int) -> float:
    """Share of errors of two neurons on all patterns of both."""
    s, segments, centre, slope = paper.P2
    stream, grown = rng.stream(seed, f"competition {n} {a}"), rng.stream(seed, f"competition synapses {n} {a}")
    steps = range(2 * segments * pair, 2 * segments * (pair + 1))
    cells = np.array([rng.choice(stream, n, a, step) for step in steps])
    synapses = np.array([rng.choice(grown, a, s, step) for step in steps])
    patterns, dendrites = np.zeros((2 * segments, n), np.float32), np.zeros((2 * segments, n), np.float32)
    rows = np.arange(2 * segments)[:, None]
    patterns[rows, cells] = 1
    dendrites[rows, np.take_along_axis(cells, synapses, axis=1)] = 1
    sigma = 1 / (1 + np.exp(slope * (centre - np.arange(s + 1))))
    sums = sigma[(patterns @ dendrites.T).astype(np.intp)]
    gap = sums[:, :segments].sum(axis=1) - sums[:, segments:].sum(axis=1)  # first neuron less second
    gap[segments:] *= -1
    noise = rng.uniforms(rng.stream(seed, f"competition ties {n} {a}"), 2 * segments, pair) - 0.5
    return float(np.mean(gap + paper.P2_NOISE * noise < 0))
