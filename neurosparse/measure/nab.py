"""Scores of anomaly detectors on streams, as the Numenta Anomaly Benchmark gives them: early detections earn most.

    y = -(b - i + 1) / width                record i in the window of records a .. b, width = b - a + 1
    y = (i - b) / (width - 1)               after it, until the next window; infinite before the first
    S(y) = 2 / (1 + exp(5 y)) - 1           0.987 where a window begins, 0 where it ends, -1 from y = 3 on
    reward = A_TP S(y) / S(-1)  in a window,   A_FP S(y)  outside one
    raw score = sum over windows of the reward of the first detection, -A_FN where there is none, + false positives
    score = 100 (raw - null) / (perfect - null)      null: -A_FN for each window; perfect: A_TP for each

A detection is a record whose anomaly score reaches the threshold, one threshold for all series: the one of the highest
raw score, found here by going once through all records from the highest anomaly score down. The first 15 % of a series,
at most 750 records, are for learning and do not count (probation).

Source: Lavin & Ahmad, Evaluating real-time anomaly detection algorithms - the Numenta Anomaly Benchmark, IEEE ICMLA
2015, section II; where that leaves open how positions are counted (the + 1, the - 1, the 1 / S(-1)), the scored files
that come with the benchmark decide: every reward in them is met.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from neurosparse import check

OWNER = "measure.nab"
SHARE, MOST = 0.15, 750  # of a series, records: probation
FAR = 3.0  # widths behind a window from which a false positive costs all of A_FP


class Profile(NamedTuple):
    """What an application loses or wins."""

    tp: float  # A_TP, for each window that is found
    fp: float  # A_FP, for each false detection
    fn: float  # A_FN, for each window that is missed


class Score(NamedTuple):
    """How well a detector did under one profile."""

    score: float  # 0: as no detection at all, 100: perfect; below 0: worse than none
    raw: float
    threshold: float  # +inf: no detection at all
    found: int  # windows
    windows: int
    false_positives: int  # records


PROFILES: Mapping[str, Profile] = {
    "standard": Profile(1.0, 0.11, 1.0),
    "reward_low_FP_rate": Profile(1.0, 0.22, 1.0),
    "reward_low_FN_rate": Profile(1.0, 0.11, 2.0),
}


def probation(n: int) -> int:
    """Records at the beginning of a series of n that do not count."""
    return min(int(SHARE * check.integer(OWNER, "n", n)), MOST)


def positions(n: int, windows) -> tuple[np.ndarray, np.ndarray]:
    """(n,) y of each record, (n,) int64 number of its window, -1 outside.

    `windows` (k, 2): first and last record of each, ascending. Raises ValueError for windows that overlap or leave the
    series.
    """
    windows = _windows(n, windows)
    y, number = np.full(n, np.inf), np.full(n, -1)
    ends = [*windows[1:, 0], n] if len(windows) else []
    for k, ((first, last), end) in enumerate(zip(windows, ends)):
        width = last - first + 1
        y[first : last + 1] = -np.arange(width, 0, -1) / width
        number[first : last + 1] = k
        y[last + 1 : end] = np.arange(1, end - last) / max(width - 1, 1)
    return y, number


def rewards(n: int, windows, profile: Profile) -> np.ndarray:
    """(n,) what a detection at each record earns, probation not regarded; raises as `positions`."""
    y, number = positions(n, windows)
    s = np.where(y < FAR, _sigmoid(np.minimum(y, FAR)), -1.0)
    return np.where(number >= 0, profile.tp * s / _sigmoid(np.float64(-1.0)), profile.fp * s)


def score(
    scores: Sequence, windows: Sequence, profile: Profile | str = "standard", threshold: float | None = None
) -> Score:
    """Score a detector on a corpus: `scores` are (n,) anomaly scores of each series, `windows` (k, 2) of each.

    `threshold` None takes the best one, as the benchmark does for every detector. Windows that end in the probation
    do not count. Raises ValueError for NaN, unequal numbers of series, no window at all, and windows as `positions`.
    """
    profile = PROFILES[check.one_of(OWNER, "profile", profile, PROFILES)] if isinstance(profile, str) else profile
    value, reward, number, count = _records(scores, windows, profile)
    order = np.argsort(-value, kind="stable")
    value, reward, number = value[order], reward[order], number[order]
    gain, found = _gains(reward, number, count, profile)
    raw = np.concatenate([[-profile.fn * count], -profile.fn * count + np.cumsum(gain)])
    stops = np.concatenate([[0], 1 + np.flatnonzero(np.diff(value, append=-np.inf))])  # whole groups of equal scores
    if threshold is None:
        stop = int(stops[np.argmax(raw[stops])])
    else:
        stop = int(np.searchsorted(-value, -check.scalar(OWNER, "threshold", threshold), side="right"))
    reached = float(value[stop - 1]) if stop else np.inf
    null, perfect = -profile.fn * count, profile.tp * count
    return Score(
        score=float(100.0 * (raw[stop] - null) / (perfect - null)), raw=float(raw[stop]),
        threshold=reached if threshold is None else float(threshold), found=int(found[:stop].sum()), windows=count,
        false_positives=int(np.count_nonzero(number[:stop] < 0)),
    )  # fmt: skip


def detections(scores, windows, profile: Profile, threshold: float) -> np.ndarray:
    """(n,) what each detection of one series adds to its raw score: the first in each window, all outside, else 0."""
    value = np.asarray(check.number(OWNER, "scores", scores), np.float64)
    reward, (_, number) = rewards(len(value), windows, profile), positions(len(value), windows)
    hit = value >= threshold
    hit[: probation(len(value))] = False
    inside = np.flatnonzero(hit & (number >= 0))
    late = np.delete(inside, np.unique(number[inside], return_index=True)[1])
    hit[late] = False
    return np.where(hit, reward, 0.0)


def _records(scores: Sequence, windows: Sequence, profile: Profile) -> tuple:
    """Anomaly score, reward and window of all records that count, and the number of windows."""
    if len(scores) != len(windows):
        got = f"{len(scores)} and {len(windows)}"
        check.fail(OWNER, "scores and windows must be of the same number of series", got)
    values, gains, numbers, count = [], [], [], 0
    for one, limits in zip(scores, windows):
        value = np.asarray(check.number(OWNER, "scores", one), np.float64)
        if value.ndim != 1:
            check.fail(OWNER, "scores of a series must have shape (n,)", value.shape)
        skip, (_, number) = probation(len(value)), positions(len(value), limits)
        kept, renumbered = np.unique(number[skip:], return_inverse=True)
        outside = int(len(kept) > 0 and kept[0] < 0)
        numbers.append(np.where(number[skip:] < 0, -1, renumbered - outside + count))
        count += len(kept) - outside
        values.append(value[skip:])
        gains.append(rewards(len(value), limits, profile)[skip:])
    if not count:
        check.fail(OWNER, "there must be a window that does not end in the probation", count)
    return np.concatenate(values), np.concatenate(gains), np.concatenate(numbers), count


def _gains(reward: np.ndarray, number: np.ndarray, count: int, profile: Profile) -> tuple[np.ndarray, np.ndarray]:
    """What each record, in this order, adds to the raw score; and whether it is the first of its window."""
    gain, first = np.where(number < 0, reward, 0.0), np.zeros(len(reward), np.int64)
    inside = np.flatnonzero(number >= 0)
    inside = inside[np.argsort(number[inside], kind="stable")]
    for records in np.split(inside, np.cumsum(np.bincount(number[inside], minlength=count))[:-1]):
        best = np.maximum.accumulate(reward[records])
        gain[records] = np.diff(best, prepend=-profile.fn)
        first[records[0]] = 1
    return gain, first


def _sigmoid(y):
    return 2.0 / (1.0 + np.exp(5.0 * y)) - 1.0


def _windows(n: int, windows) -> np.ndarray:
    windows = np.asarray(check.number(OWNER, "windows", windows)).reshape(-1, 2)
    flat = windows.reshape(-1)
    outside = windows.size and (flat[0] < 0 or flat[-1] >= n or windows.dtype.kind not in "iu")
    if outside or np.any(windows[:, 0] > windows[:, 1]) or np.any(windows[1:, 0] <= windows[:-1, 1]):
        need = f"windows must be pairs of records (first, last) of the {n}, ascending and apart"
        check.fail(OWNER, need, windows.tolist())
    return windows.astype(np.int64)
