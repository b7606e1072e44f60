"""Any stack of layers as a JSON file: what NIR can not express goes here, UltraLIF and UltraDLIF among it.

    layers_json.save(layers.describe(stack), "net.json")
    stack = layers.build(layers_json.load("net.json"))         # the same numbers, bit for bit

    {"format": "neurosparse-layers", "version": 1, "layers": [{"layer": "linear", "weight": ..., "bias": ...}, ...]}

The records are those of `neurosparse.tensor.layers`. An array is {"dtype", "shape", "values"}, the values in row order,
as decimals that give the same bits. Nothing in a file is code; a model of one's own is imported by its name, and only
where `build` is told to. Files of a later version are refused.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurosparse import check
from neurosparse.io import strict_json
from neurosparse.io.results import atomic

FORMAT, VERSION = "neurosparse-layers", 1
TYPES = ("float32", "float64", "int32", "int64")
ARRAY = {"dtype", "shape", "values"}


def save(layers: Sequence[Mapping[str, Any]], path: str | Path) -> Path:
    """Store records; returns the path. A file of that name is replaced once the new one is whole.

    Raises TypeError for values that are no numbers, text or arrays, OSError if the file can not be written.
    """
    if not isinstance(layers, Sequence) or not all(isinstance(record, Mapping) for record in layers):
        check.fail("layers_json.save", "layers must be records", layers, "take layers.describe(stack)", TypeError)
    text = strict_json.dumps({"format": FORMAT, "version": VERSION, "layers": [_packed(record) for record in layers]})
    with atomic(path) as scratch:
        scratch.write_text(text, encoding="ascii")
    return Path(path)


def load(path: str | Path) -> list[dict[str, Any]]:
    """The records of a file. Raises FileNotFoundError, or ValueError for a file that is none."""
    owner, path = "layers_json.load", Path(path)
    if not path.is_file():
        check.fail(owner, "path must be a file of layers", str(path), "there is no such file", FileNotFoundError)
    try:
        found = strict_json.loads(path.read_bytes())
    except (ValueError, TypeError) as error:
        check.fail(owner, f"path must be a JSON file ({error})", str(path))
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("layers"), list):
        check.fail(owner, f"the file must have the format {FORMAT!r}", str(path), "layers_json.save writes it")
    version = found.get("version")
    if not isinstance(version, int) or version > VERSION:
        check.fail(owner, f"version of {path} must be <= {VERSION}", version, "a newer neurosparse wrote it: update")
    return [_unpacked(owner, record) for record in found["layers"]]


def _packed(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        kind = check.one_of("layers_json.save", "dtype", value.dtype.name, TYPES, TypeError)
        return {"dtype": kind, "shape": list(value.shape), "values": value.ravel().tolist()}
    if isinstance(value, Mapping):
        return {key: _packed(item) for key, item in value.items()}
    return [_packed(item) for item in value] if isinstance(value, list | tuple) else value


def _unpacked(owner: str, value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == ARRAY:
        check.one_of(owner, "dtype", value["dtype"], TYPES)
        numbers = check.array(owner, "values", value["values"])
        if numbers.ndim != 1 or numbers.dtype.kind not in "iuf" or numbers.size != math.prod(value["shape"]):
            check.fail(owner, f"values must be {value['shape']} numbers", numbers.shape, "the file is damaged")
        return numbers.astype(value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        return {key: _unpacked(owner, item) for key, item in value.items()}
    return [_unpacked(owner, item) for item in value] if isinstance(value, list) else value
