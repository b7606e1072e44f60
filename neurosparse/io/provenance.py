"""Where a result comes from: seed, random streams, versions, commit, processor, threads, time, command line.

Nothing here fails and nothing heavy is imported: what can not be found out is None.
"""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from neurosparse import __version__, check

_ALWAYS = ("numpy", "numba", "scipy", "h5py", "scikit-learn")
_IF_LOADED = ("torch",)


def collect(
    seed: int | None = None,
    streams: Iterable[str] = (),
    threads: int = 1,
    seconds: float | None = None,
    started: datetime | None = None,
    folder: str | Path | None = None,
) -> dict:
    """All there is to know about this run, ready for JSON.

    `streams` are the names of random streams in the order of their first use, `seconds` the time of the run,
    `started` its start (default: now), `folder` the checkout whose commit is noted (default: this package's).
    """
    return {
        "seed": seed,
        "streams": list(dict.fromkeys(streams)),
        "threads": threads,
        "seconds": seconds,
        "started": (started or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
        "command": command(),
        "versions": versions(),
        **git(folder or Path(__file__).parents[2]),
        "cpu": cpu(),
        "cores": check.cores(),
        "platform": platform.platform(),
    }


def versions() -> dict[str, str | None]:
    """Versions of Python, of this package and of what it computes with; None for what is not installed."""
    names = [*_ALWAYS, *(name for name in _IF_LOADED if name in sys.modules)]
    own = {"python": platform.python_version(), "neurosparse": __version__}
    return own | {name: _version(name) for name in names}


def git(folder: str | Path) -> dict:
    """Commit of the checkout that holds `folder`, and whether it differs from it; None outside a checkout."""
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    status = _git(folder, "status", "--porcelain")
    return {"commit": commit or None, "dirty": None if status is None else bool(status)}


def cpu() -> str:
    """Name of the processor, as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    mac = _output(["sysctl", "-n", "machdep.cpu.brand_string"]) if sys.platform == "darwin" else None
    return mac or platform.processor() or platform.machine() or "unknown"


def command() -> str:
    """The command line, as one would type it again."""
    program, *rest = sys.argv or [""]
    return shlex.join([Path(program).name or "python", *rest])


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _git(folder: str | Path, *words: str) -> str | None:
    return _output(["git", "-C", str(folder), *words])


def _output(words: list[str]) -> str | None:
    """What the command printed; None if it is missing, fails or takes over five seconds."""
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            words, capture_output=True, timeout=5, env=environment, stdin=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()
