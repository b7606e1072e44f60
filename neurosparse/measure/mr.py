"""Multistep regression: the branching parameter from activity of which only a small part is observed.

    r_k = slope of the regression of A_{t+k} on A_t,  k = 1 .. k_max
    r_k = b m^k          model "exponential"
    r_k = b m^k + c      model "offset"
    tau = -dt / ln m

m branching parameter, tau autocorrelation time (ms, like dt), b the factor by which subsampling lowers every slope
alike, c what slow drifts add. Observing a part p of the system leaves m and tau as they are, while r_1, the
conventional estimate, falls with b. "trial-separated" takes the means of A_t and A_{t+k} from each trial and averages
the slopes of the trials; "stationary" takes one mean over all trials and steps, and pools them: right only if no trial
drifts, and then better, since it has no bias from the few steps of a trial.

For each m the best b and c are linear least squares (variable projection), so one number is searched, ln m: over a
grid, then by golden section and parabolas. Where b <= 0, or no m inside the grid is best, there is nothing to estimate:
slopes that do not decay from above (a single spike, alternation), that grow (m >= 1), or that are gone at once (m near
0). m, tau and the interval are then NaN, and never an error; b and c are still those of the best fit. The interval is
the bootstrap's percentiles, over trials; of a single recording over moving blocks, whose sums need no seams since a
pair (t, t + k) belongs to the block of t.

Sources: J. Wilting, V. Priesemann, Nat. Commun. 9 (2018) 2325; F. P. Spitzner et al., MR. Estimator, PLoS ONE 16
(2021) e0249447; G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413; H. R. Künsch, Ann. Statist. 17 (1989)
1217 (moving blocks).
"""

from typing import Any, NamedTuple

import numpy as np

from neurosparse import check

OWNER = "measure.mr_estimator"
METHODS = ("stationary", "trial-separated")
MODELS = ("exponential", "offset")
GRID = -np.logspace(np.log10(20.0), -5, 240)  # ln m times k_max: from gone in k_max / 20 steps to 1e5 k_max steps
STEEP = -np.arange(7.0, 0.0, -0.25)  # ln m of processes that are gone in a step or two
ROUNDING = 1e-10  # of a sum of squares: less is no variance
UNSURE = (float("nan"), float("nan"))


class MrEstimate(NamedTuple):
    """What multistep regression tells of a recording; NaN where activity does not vary."""

    m: float  # branching parameter, in (0, 1); like tau and the interval NaN where r_k tells none
    tau: float  # ms, autocorrelation time
    b: float  # amplitude of the fit
    offset: float  # constant of the fit; 0 in model "exponential"
    r: np.ndarray  # (k_max,) slopes at lags of 1 .. k_max steps
    m_conventional: float  # r_1, right only where all is observed
    interval: tuple[float, float]  # of m, from the bootstrap


class _Sums(NamedTuple):
    """Of each unit (trial or block) and lag, over its pairs x = A_t, y = A_{t+k}: (n_units, k_max)."""

    n: np.ndarray
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray


def mr_estimator(
    activity,
    k_max: int,
    method: str = "stationary",
    model: str = "exponential",
    dt: float = 1.0,
    n_boot: int = 100,
    stream=None,
    confidence: float = 0.95,
    block: int | None = None,
) -> MrEstimate:
    """Branching parameter and autocorrelation time by multistep regression.

    activity    (T,) or (n_trials, T) events, spikes or any other activity in each step; bool counts as 0 and 1
    k_max       largest lag, steps, in [2 or, with an offset, 3, T - 2]; one or two tau / dt have the least error
    dt          width of a step, ms
    n_boot      samples of the bootstrap, 0 for none (the interval is then NaN, and also where more of them than 1 -
                confidence have b <= 0)
    stream      of the bootstrap; None for `rng.stream(0, "measure.mr_estimator")`
    block       steps of a moving block for a single recording; None for ten k_max, at most a tenth of the recording

    Raises ValueError for arrays and numbers out of range, and names that there are not.
    """
    check.one_of(OWNER, "method", method, METHODS)
    check.one_of(OWNER, "model", model, MODELS)
    check.positive(OWNER, "dt", check.scalar(OWNER, "dt", dt, "ms"), "ms")
    check.integer(OWNER, "n_boot", n_boot)
    check.between(OWNER, "confidence", check.scalar(OWNER, "confidence", confidence), 0.0, 1.0)
    shown = check.array(OWNER, "activity", activity)
    shown = shown.astype(np.uint8) if shown.dtype.kind == "b" else shown
    a = np.asarray(check.number(OWNER, "activity", shown), dtype=np.float64)
    if a.ndim not in (1, 2) or not a.size:
        check.fail(OWNER, "activity must be an array (T,) or (n_trials, T)", a.shape)
    a = np.atleast_2d(a)
    least = 2 if model == "exponential" else 3
    check.integer(OWNER, "k_max", k_max, least, max(least, a.shape[1] - 2), "record longer, or look less far")
    if a.shape[1] < k_max + 2:
        check.fail(OWNER, f"activity must have {k_max + 2} steps or more", a.shape[1])
    if block is not None:
        check.integer(OWNER, "block", block, 1, a.shape[1] - k_max)
    a = a - a.mean()  # small sums are exact sums
    sums = _sums_of_trials(a, k_max)
    r = _slopes(sums, np.ones((1, len(a))), method)[0]
    m, b, offset = fit(r, model == "offset")
    if not (b > 0 and _inside(m, k_max)):
        m = float("nan")
    interval = UNSURE
    if n_boot > 0 and not np.isnan(m):
        again = _resampled(a, k_max, method, n_boot, stream, block, sums)
        fits = (fit(row, model == "offset") for row in again)
        several = [one[0] for one in fits if one[1] > 0]  # at an edge too: there the interval ends
        if several and len(several) >= confidence * n_boot:
            tail = 50.0 * (1.0 - confidence)
            low, high = np.percentile(several, [tail, 100.0 - tail])
            interval = (float(low), float(high))
    return MrEstimate(m, float(-dt / np.log(m)), b, offset, r, float(r[0]), interval)


def fit(r: np.ndarray, with_offset: bool) -> tuple[float, float, float]:
    """(m, b, c) of the least squares of r_k = b m^k + c over k = 1 .. len(r), m in the range of the grid.

    NaN for slopes that are not finite.
    """
    from scipy.optimize import minimize_scalar

    if not np.all(np.isfinite(r)):
        return float("nan"), float("nan"), float("nan")
    k = np.arange(1.0, len(r) + 1)
    grid = _grid(len(r))
    losses = _projected(grid, k, r, with_offset)[0]
    best = int(np.argmin(losses))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found: Any = minimize_scalar(
        lambda g: _projected(np.array([g]), k, r, with_offset)[0][0],
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-9 * -low},
    )
    inside = 0 < best < len(grid) - 1
    g = found.x if inside and found.fun <= losses[best] else grid[best]
    _, b, c = _projected(np.array([g]), k, r, with_offset)
    return float(np.exp(g)), float(b[0]), float(c[0])


def _grid(k_max: int) -> np.ndarray:
    """ln m, rising, that are tried for slopes of k_max lags."""
    return np.unique(np.concatenate([GRID / k_max, STEEP]))


def _inside(m: float, k_max: int) -> bool:
    """Whether a fit ended between the edges of its grid."""
    grid = _grid(k_max)
    return bool(np.exp(grid[0]) < m < np.exp(grid[-1]))


def _projected(g: np.ndarray, k: np.ndarray, r: np.ndarray, with_offset: bool):
    """(loss, b, c), each (len(g),): the best b and c, and what they leave, at each g = ln m."""
    v = np.exp(np.outer(g, k))
    # around the mean by expm1: for m near 1 all powers are nearly one, and their differences are what counts
    u = np.expm1(np.outer(g, k)) if with_offset else v
    u = u - u.mean(axis=1, keepdims=True) if with_offset else u
    target = r - r.mean() if with_offset else r
    b = (u @ target) / (u * u).sum(axis=1)
    c = r.mean() - b * v.mean(axis=1) if with_offset else np.zeros(len(g))
    return ((target - b[:, None] * u) ** 2).sum(axis=1), b, c


def _sums_of_trials(a: np.ndarray, k_max: int) -> _Sums:
    rows = [(a[:, :-k], a[:, k:]) for k in range(1, k_max + 1)]
    columns = [(np.full(len(a), x.shape[1]), x.sum(1), y.sum(1), (x * x).sum(1), (x * y).sum(1)) for x, y in rows]
    return _Sums(*(np.stack(part, axis=1).astype(np.float64) for part in zip(*columns)))


def _slopes(sums: _Sums, weight: np.ndarray, method: str) -> np.ndarray:
    """Slopes (n_samples, k_max) of units that count `weight` (n_samples, n_units) times; NaN without variance."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if method == "trial-separated":
            spread = sums.n * sums.xx - sums.x**2
            varied = spread > ROUNDING * sums.n * sums.xx  # a silent trial tells nothing
            slope = np.where(varied, (sums.n * sums.xy - sums.x * sums.y) / spread, 0.0)
            return (weight @ slope) / (weight @ varied)
        n, x, y, xx, xy = (weight @ part for part in sums)
        mean = (x[:, :1] + y[:, :1]) / (2 * n[:, :1])
        spread = xx - 2 * mean * x + n * mean**2
        return np.where(spread > ROUNDING * xx, (xy - mean * (x + y) + n * mean**2) / spread, np.nan)


def _resampled(a, k_max: int, method: str, n_boot: int, stream, block: int | None, sums: _Sums) -> np.ndarray:
    """Slopes (n_boot, k_max) of resampled trials, or of resampled blocks of one recording."""
    from neurosparse import rng  # Numba takes a while to import; rates and plots need none

    stream = rng.stream(0, OWNER) if stream is None else stream
    n_trials, steps = a.shape
    if n_trials > 1:
        units = (rng.uniforms(stream, n_boot * n_trials).reshape(n_boot, -1) * n_trials).astype(np.int64)
        weight = np.stack([np.bincount(row, minlength=n_trials) for row in units]).astype(np.float64)
        return _slopes(sums, weight, method)
    starts = steps - k_max  # t of all pairs whose other end is recorded at every lag
    block = max(1, min(10 * k_max, starts // 10)) if block is None else block
    n_blocks = -(-starts // block)
    u = rng.uniforms(stream, n_boot * n_blocks).reshape(n_boot, n_blocks)
    first = (u * (starts - block + 1)).astype(np.int64)

    def drawn(values: np.ndarray) -> np.ndarray:
        total = np.concatenate(([0.0], np.cumsum(values)))
        return (total[first + block] - total[first]).sum(axis=1)

    x = a[0, :starts]
    sum_x, sum_xx = drawn(x), drawn(x * x)
    pairs = [(drawn(a[0, k : starts + k]), drawn(x * a[0, k : starts + k])) for k in range(1, k_max + 1)]
    y, xy = (np.stack(part, axis=1) for part in zip(*pairs))
    n, each = float(block * n_blocks), np.ones((1, k_max))
    boot = _Sums(n * np.ones((n_boot, k_max)), sum_x[:, None] * each, y, sum_xx[:, None] * each, xy)
    return _slopes(boot, np.eye(n_boot), method)
