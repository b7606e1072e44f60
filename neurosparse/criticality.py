"""How near to criticality the spikes of one run are: what can be told of it, and why the rest can not.

    A_t   spikes of the population in bin t;  r_k, m, tau    multistep regression of A_t           measure/mr.py
    F     = Var(A_t) / mean(A_t), bins of 5 ms               Fano factor of the population
    sigma                                                    branching factor, given the wiring    measure/branching.py
    S, D  sizes and durations of avalanches                  exponents alpha, beta                 measure/avalanches.py
    gamma = (beta - 1) / (alpha - 1)                         beside that of mean size by duration

The regression looks one autocorrelation time far, found by a first fit: farther, its interval gets too narrow. A law is
preferred to the power law where Vuong's test says so with p < 0.1; the power law itself, where it beats the
exponential law so and the lognormal law, of which it is a limit, does not beat it; else the data leave it undecided.

Sources: those of the measures; W. L. Shew, D. Plenz, Neuroscientist 19 (2013) 88 (what is measured of criticality).
"""

from math import ceil, isfinite, log
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, csr, measure
from neurosparse.measure.spikes import pairs_ms

OWNER = "criticality.report"
LEAST_SPIKES = 100  # fewer tell nothing of correlations
LEAST_BINS = 100
LEAST_AVALANCHES = 50  # in the tail that a law is fitted to, as in measure.power_law
FIRST_LAG, LAST_LAG = 100, 1000  # bins
COMMON_MS = 5.0  # bins of synchrony and Fano factor
SURE = 0.1
POOR = 0.9  # of the variance of r_k that an exponential should explain
MOST_STEPS = 2**31 - 1


class Row(NamedTuple):
    """One quantity. A value of None could not be told: the note says why."""

    quantity: str
    value: float | int | str | None
    low: float | None = None  # 95 % interval
    high: float | None = None
    unit: str = ""
    note: str = ""


class Fit(NamedTuple):
    """Avalanches and the laws of their sizes and durations; None where there is none."""

    avalanches: measure.Avalanches
    bin_ms: float
    shortest: bool  # a bin is one step, since the mean interval between spikes is shorter
    size: measure.PowerLaw | None
    duration: measure.PowerLaw | None
    crackling: measure.Crackling | None
    why: str  # there is no law


class Report(NamedTuple):
    """The rows, and what their figure needs."""

    rows: tuple[Row, ...]
    bin_ms: float
    mr: measure.MrEstimate | None
    fit: Fit
    edges: np.ndarray  # (n_bins + 1,) ms
    rate: np.ndarray  # (n_bins,) Hz, of each neuron

    def row(self, quantity: str) -> Row:
        """The row of this name."""
        return next(row for row in self.rows if row.quantity == quantity)


def report(
    i,
    t_ms,
    n: int,
    duration_ms: float,
    dt: float = 1.0,
    bin_ms: float | None = None,
    wiring: tuple | None = None,
    part: str = "",
) -> Report:
    """All that spikes tell of criticality.

    i, t_ms       (n_spikes,) neuron ids in [0, n) and times in [0, duration_ms], ms, in any order
    dt            grid of the times, ms: avalanches are cut in bins of whole steps
    bin_ms        width of a bin of the regression, ms, rounded to whole steps; None for 1 ms, or dt if that is longer
    wiring        (indptr (n + 1,), indices (nnz,)), row i the neurons that i projects to; None where it is not known
    part          what is left out, in words ("only 50 of 1,000 neurons are seen"), for the rows that it spoils

    Raises ValueError for spikes out of range, numbers that are not positive and runs of more than 2**31 - 1 steps.
    """
    i, t_ms = pairs_ms(OWNER, i, t_ms, n, duration_ms)
    check.positive(OWNER, "dt", check.scalar(OWNER, "dt", dt, "ms"), "ms")
    low = f"duration_ms / dt must be in [1, {MOST_STEPS}]"
    n_steps = ceil(min(duration_ms / dt - 1e-6, 1e18))
    if not 1 <= n_steps <= MOST_STEPS:
        check.fail(OWNER, low, duration_ms / dt, "take a shorter window")
    check.fits(OWNER, "so many steps", 16.0 * n_steps, "take a shorter window")
    width = check.positive(OWNER, "bin_ms", max(1.0, dt) if bin_ms is None else bin_ms, "ms")
    bin_steps = max(1, round(width / dt))
    check.integer(OWNER, "bin_ms / dt", bin_steps, 1, n_steps, "a bin can not be longer than the window")
    step = np.clip(np.ceil(t_ms / dt - 1e-6).astype(np.int64) - 1, 0, n_steps - 1)
    rows = _counts(i, n, duration_ms, part)
    mr, found = _regression(i, step, n, n_steps, dt, bin_steps, part)
    rows += found
    rows.append(_branching(i, t_ms, n, duration_ms, wiring, part))
    fit = _fit(i, step, n, n_steps, dt)
    rows += _avalanches(fit, part)
    rows += _irregularity(i, t_ms, step, n, n_steps, duration_ms, dt)
    edges, rate = measure.population_rate(t_ms, n, duration_ms, bin_steps * dt)
    return Report(tuple(rows), bin_steps * dt, mr, fit, edges, rate)


def preferred(law: measure.PowerLaw) -> tuple[str, str]:
    """(law, how the others did): "power law", "lognormal", "exponential" or "undecided"."""
    others = {"lognormal": law.lognormal, "exponential": law.exponential}
    note = "; ".join(f"against {name} R {one.ratio:.3g}, p {one.p:.2g}" for name, one in others.items())
    better = [name for name, one in others.items() if one.ratio < 0 and one.p < SURE]
    if better:
        return min(better, key=lambda name: others[name].ratio), note
    beaten = law.exponential.ratio > 0 and law.exponential.p < SURE
    return ("power law" if beaten else "undecided"), note


def _counts(i: np.ndarray, n: int, duration_ms: float, part: str) -> list[Row]:
    silent = n - len(np.unique(i))
    rate = float(measure.firing_rate(i, n, duration_ms).mean())
    return [
        Row("neurons", n, note=part),
        Row("spikes", len(i), note=f"{silent:,} neurons are silent" if silent else ""),
        Row("mean rate", rate, unit="Hz"),
    ]


def _scarce(n_spikes: int) -> str:
    """Why so few spikes tell nothing; "" where they are enough."""
    if n_spikes == 0:
        return "no neuron fires"
    return f"spikes: {n_spikes}; it takes {LEAST_SPIKES}" if n_spikes < LEAST_SPIKES else ""


def _regression(i, step, n: int, n_steps: int, dt: float, bin_steps: int, part: str):
    """(MrEstimate or None, rows of m_1, m and tau)."""
    names, bin_ms = ("conventional m_1", "branching parameter m", "tau"), bin_steps * dt
    counts, _ = measure.event_counts(i, step, n, n_steps, bin_steps)
    why = _scarce(len(i))
    if not why and len(counts) < LEAST_BINS:
        why = f"bins of {bin_ms:g} ms: {len(counts)}; it takes {LEAST_BINS}"
    mr = None if why else _look(counts, bin_ms)
    if mr is None or not isfinite(mr.m):
        varies = mr is not None and isfinite(mr.m_conventional)
        why = why or ("its regression is no decaying exponential" if varies else "activity does not vary")
        first = Row(names[0], mr.m_conventional if varies and mr else None, note="" if varies else why)
        return None, [first, *(Row(name, None, note=why) for name in names[1:])]
    low, high = mr.interval
    shortest, longest = (-bin_ms / log(m) if 0 < m < 1 else m * 0.0 for m in (low, high))
    longest = longest if longest < n_steps * dt else float("inf")
    notes = [f"bins of {bin_ms:g} ms, lags up to {len(mr.r)}"]
    share = explained(mr)
    if share < POOR:
        notes.append(f"poor fit: r_k is no exponential (R^2 {share:.2f})")
    long = "longer than a tenth of the run: not resolved" if mr.tau > n_steps * dt / 10 else ""
    return mr, [
        Row(
            names[0],
            mr.m_conventional,
            note=f"too low for a part; {part}" if part else "right where all neurons are observed",
        ),
        Row(names[1], mr.m, low, high, note="; ".join(notes)),
        Row(names[2], mr.tau, shortest, longest, "ms", long),
    ]


def _look(counts: np.ndarray, bin_ms: float) -> measure.MrEstimate:
    """The regression over one autocorrelation time, ten bins at least, at most a quarter of the recording."""
    most = min(LAST_LAG, len(counts) // 4)
    first = measure.mr_estimator(counts, min(FIRST_LAG, most), dt=bin_ms, n_boot=0)
    if not isfinite(first.m):
        return first
    k_max = int(np.clip(np.ceil(first.tau / bin_ms), 10, most))
    return measure.mr_estimator(counts, k_max, dt=bin_ms, n_boot=200)


def explained(mr: measure.MrEstimate) -> float:
    """Share of the variance of r_k that the fit explains."""
    k = np.arange(1, len(mr.r) + 1)
    left = mr.r - mr.b * mr.m**k - mr.offset
    spread = np.sum((mr.r - mr.r.mean()) ** 2)
    return float(1 - np.sum(left**2) / spread) if spread > 0 else 1.0


def _branching(i, t_ms, n: int, duration_ms: float, wiring: tuple | None, part: str) -> Row:
    name, n_steps = "branching factor", ceil(duration_ms - 1e-6)
    why = _scarce(len(i)) or part or ("the wiring is not stored" if wiring is None else "")
    if wiring is not None and len(wiring[0]) != n + 1:
        why = why or f"the wiring is of {len(wiring[0]) - 1:,} neurons, the spikes are of {n:,}"
    if why or wiring is None:
        return Row(name, None, note=why)
    indptr, indices = (np.array(array) for array in wiring)
    back = csr.transpose(csr.make(indptr, indices, np.ones(len(indices), np.float32), n))
    step = np.clip(np.ceil(t_ms - 1e-6).astype(np.int64) - 1, 0, n_steps - 1)
    sigma = measure.branching_factor(i, step, (indptr, indices), (back.indptr, back.indices), n_steps)
    if not isfinite(sigma):
        return Row(name, None, note="no spike is 29 ms or more from both ends")
    return Row(name, sigma, note="windows of 4 ms, along the stored wiring")


def _fit(i, step, n: int, n_steps: int, dt: float) -> Fit:
    counts, bins = measure.event_counts(i, step, n, n_steps)
    shortest = len(step) > 1 and np.ptp(step) < len(step) - 1
    found = measure.find_avalanches(counts)
    size, duration = (_law(x) for x in found)
    crackling, why = None, _scarce(len(i))
    if not why and not np.any(counts == 0):
        why = f"no bin of {bins * dt:g} ms is quiet: activity never pauses"
    elif not why and not len(found.size):
        why = "no activity between two quiet bins"
    elif not why and len(found.size) < LEAST_AVALANCHES:
        why = f"avalanches: {len(found.size)}; it takes {LEAST_AVALANCHES}"
    elif not why:
        why = "all of them are alike"
    if size is not None and duration is not None and isfinite(size.error) and isfinite(duration.error):
        exponents = ((law.alpha, law.error) for law in (size, duration))
        crackling = measure.crackling(found, *exponents, shortest=int(duration.xmin))
    return Fit(found, bins * dt, shortest, size, duration, crackling, why)


def _law(x: np.ndarray) -> measure.PowerLaw | None:
    """The law of these sizes or durations, None for fewer than 50 or all of one value."""
    return measure.power_law(x) if len(x) >= LEAST_AVALANCHES and x.min() < x.max() else None


def _avalanches(fit: Fit, part: str) -> list[Row]:
    number = len(fit.avalanches.size)
    width = "one step: spikes are closer than that" if fit.shortest else "the mean interval between spikes, rounded up"
    note = f"bins of {fit.bin_ms:g} ms, {width}" + (f"; {part}" if part else "")
    rows = [Row("avalanches", number, note=note if number else fit.why)]
    for name, law in (("size", fit.size), ("duration", fit.duration)):
        if law is None:
            rows += [Row(f"{name} {what}", None, note=fit.why) for what in ("exponent", "law")]
            continue
        best, how = preferred(law)
        text = f"from {law.xmin:g} on, {law.n:,} avalanches, KS {law.ks:.2g}"
        rows += [Row(f"{name} exponent", law.alpha, *law.interval, note=text), Row(f"{name} law", best, note=how)]
    return rows + _relation(fit)


def _relation(fit: Fit) -> list[Row]:
    names, found = ("crackling, predicted", "crackling, fitted"), fit.crackling
    if found is None or not isfinite(found.fitted):
        why = "fewer than two durations to fit" if found is not None else fit.why
        return [Row(name, None, note=why) for name in names]
    far: Any = abs(found.predicted - found.fitted) / np.hypot(found.predicted_error, found.fitted_error)
    apart = f"{far:.1f} standard errors from the prediction" if isfinite(far) else "of two durations: no error"
    return [
        Row(names[0], found.predicted, *_around(found.predicted, found.predicted_error), note="from both exponents"),
        Row(names[1], found.fitted, *_around(found.fitted, found.fitted_error), note=apart),
    ]


def _around(value: float, error: float) -> tuple[float | None, float | None]:
    return (value - 1.96 * error, value + 1.96 * error) if isfinite(error) else (None, None)


def _irregularity(i, t_ms, step, n: int, n_steps: int, duration_ms: float, dt: float) -> list[Row]:
    cv = measure.isi_cv(i, t_ms, n)
    known = int(np.isfinite(cv).sum())
    text = f"mean of {known:,} neurons with 3 spikes or more" if known else "no neuron has 3 spikes"
    rows = [Row("ISI CV", measure.mean_over_samples(cv) if known else None, note=text)]
    bins, names = max(1, round(COMMON_MS / dt)), ("Fano factor", "synchrony")
    why = "no neuron fires" if not len(i) else ""
    if duration_ms < 2 * COMMON_MS or n_steps < 2 * bins:
        why = why or f"{duration_ms:g} ms; it takes two bins of {COMMON_MS:g} ms"
    if why:
        return rows + [Row(name, None, note=why) for name in names]
    counts, _ = measure.event_counts(i, step, n, n_steps, bins)
    fano = float(counts.var() / counts.mean()) if counts.any() else None
    chi = measure.population_synchrony(i, t_ms, n, duration_ms, COMMON_MS)
    rows.append(Row(names[0], fano, note=f"of the population, bins of {bins * dt:g} ms; Poisson 1"))
    rows.append(Row(names[1], chi, note=f"chi, bins of {COMMON_MS:g} ms; all alike 1, independent {n**-0.5:.2g}"))
    return rows[:1] + [
        row if _told(row) else Row(row.quantity, None, note="activity does not vary") for row in rows[1:]
    ]


def _told(row: Row) -> bool:
    return row.value is not None and isfinite(float(row.value))
