"""The Pareto table of segments: for each s and theta its two errors, and which of them no other beats."""

from neurosparse import check
from neurosparse.io.capacity_answers import Answer, Number
from neurosparse.io.capacity_commands import Command
from neurosparse.io.capacity_ranges import MOST
from neurosparse.sdr.capacity.solve import pareto


def evaluate(command: Command, given: dict[str, list], everything: bool) -> Answer:
    """The front, or all designs with a column `front`. Raises ValueError for ranges but of s, and as pareto."""
    for name in ("n", "a", "v"):
        if len(given[name]) > 1:
            check.fail("pareto", f"--{name} must be one number", given[name], "only --s may be a range")
    rows = sum(max(s, 0) for s in given["s"])
    if rows > MOST:
        check.fail("pareto", f"the sizes must make {MOST} designs or fewer", rows, "give fewer --s")
    found = pareto(given["n"][0], given["a"][0], given["s"], given["v"][0])
    made = []
    for s, theta, *errors, front in zip(
        found.s.tolist(), found.theta.tolist(), *_numbers(found.fp), *_numbers(found.fn), found.front.tolist()
    ):
        if front or everything:
            row = {"s": s, "theta": theta, "false_positive": Number(*errors[:2]), "false_negative": Number(*errors[2:])}
            made.append(row | ({"front": "yes" if front else ""} if everything else {}))
    return Answer(command, {}, tuple(made[0]), made)


def _numbers(errors) -> tuple[list, list]:
    return errors.value.tolist(), errors.log10.tolist()
