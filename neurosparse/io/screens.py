"""What the commands print: for people as aligned text, for machines as one JSON object."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from neurosparse import check, discover
from neurosparse.io import config, progress, provenance, strict_json, table
from neurosparse.io.results import Record


def record(stored: Record) -> str:
    """Metrics, rows, then where the result is, how long it took and how to draw it."""
    metrics = [(name, f"{table.number(value)} {stored.units.get(name, '')}") for name, value in stored.metrics.items()]
    seconds, threads = stored.provenance["seconds"], stored.provenance["threads"]
    footer = [
        ("result", str(stored.path)),
        ("time", f"{progress.clock(seconds)} on {threads} thread{'s' if threads > 1 else ''}"),
        *(("draw", f"neurosparse figure {figure}") for figure in discover.figures_of(stored.name)),
    ]
    parts = [table.pairs(metrics), table.rows(stored.rows, stored.units), table.pairs(footer, width=1000)]
    return "\n\n".join(part for part in parts if part)


def record_json(stored: Record) -> str:
    """One object: name, result (its path), metrics, rows. Numbers that are not finite are null."""
    place = str(stored.path.absolute())
    parts = {"name": stored.name, "result": place, "metrics": stored.metrics, "rows": stored.rows}
    return strict_json.dumps(parts, tagged=False)


def keys(lines: Iterable[config.Key]) -> str:
    """The configuration keys: name, default, type and range, meaning."""
    cells = [("key", "default", "accepts", "meaning"), *lines]
    widths = [max(len(line[part]) for line in cells) for part in range(3)]
    pairs = [("  ".join(text.ljust(width) for text, width in zip(line, widths)), line[3]) for line in cells]
    return table.pairs(pairs)


def keys_json(name: str, lines: Iterable[config.Key]) -> str:
    """One object: name, keys (a list of key, default, accepts, description, all of them text)."""
    return strict_json.dumps({"name": name, "keys": [line._asdict() for line in lines]})


def found() -> dict[str, list[dict]]:
    """Simulations and figures of this project with their one-line descriptions."""
    return {
        kind: [{"name": name, "description": discover.describe(kind, name)} for name in discover.names(kind)]
        for kind in discover.NEEDS
    }


def listing(items: dict[str, list[dict]]) -> str:
    """`found` as text."""
    width = max((len(item["name"]) for group in items.values() for item in group), default=0)
    parts = []
    for kind, group in items.items():
        pairs = [(f"  {item['name'].ljust(width)}", item["description"]) for item in group]
        parts.append(f"{kind}\n{table.pairs(pairs) or '  none'}")
    return "\n\n".join([*parts, f"project  {discover.project()}"])


def facts() -> dict[str, Any]:
    """Versions, processor and folders, and how full the kernel cache is."""
    from neurosparse import jit
    from neurosparse.data.loader import folder

    try:
        project = str(discover.project())
    except discover.DiscoverError:
        project = None
    cache = jit.cache_folder()
    return {
        "versions": provenance.versions(),
        "cpu": provenance.cpu(),
        "cores": check.cores(),
        "project": project,
        "data": str(folder()),
        "kernel_cache": str(cache) if cache else None,
        **_fullness(cache),
    }


def about(items: dict[str, Any]) -> str:
    """`facts` as text."""
    lines = {**items["versions"], **{key: items[key] for key in ("cpu", "cores", "project", "data")}}
    lines["kernel cache"] = items["kernel_cache"] or "off (NEUROSPARSE_CACHE=0)"
    if items["kernel_cache"]:
        lines["kernels"] = f"{items['kernels']}, {items['kernel_bytes'] / 1e6:.1f} MB"
    return table.pairs([(key, str(value or "none")) for key, value in lines.items()], width=1000)


def _fullness(cache: Path | None) -> dict[str, int]:
    """Numba stores one .nbc file for each kernel and signature."""
    files = [file for file in cache.rglob("*") if file.is_file()] if cache else []
    kernels = sum(file.suffix == ".nbc" for file in files)
    return {"kernels": kernels, "kernel_bytes": sum(file.stat().st_size for file in files)}
