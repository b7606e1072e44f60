"""One loader: a name and a part give images and labels, from the user's folder, the cache, or a mirror.

* `NEUROSPARSE_DATA` is set: files are read from there, nothing is ever downloaded;
* it is not: files are read from the user's cache and downloaded into it where they are missing.

A download is read and checked under a temporary name and then renamed, so the cache never holds half a file.
"digits" needs no file: it ships with scikit-learn.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.data import idx
from neurosparse.data.idx import DataError
from neurosparse.data.registry import REGISTRY, File, Source

OWNER = "data.load"
TIMEOUT = 30.0  # s without an answer from a mirror


class Images(NamedTuple):
    """Grey images and their classes, in the order of the files; the arrays are read-only."""

    images: np.ndarray  # (n, h, w) uint8
    labels: np.ndarray  # (n,) uint8
    name: str


def load(name: str, part: str = "test", registry: Mapping[str, Source] = REGISTRY) -> Images:
    """The images and labels of one part of a data set.

    "digits" has the part "test" alone: 1,797 images of 8 x 8, values 0..16, the test part of the UCI set
    that scikit-learn carries (E. Alpaydin, C. Kaynak, 1998). "mnist" and "fashion-mnist" have "train"
    (60,000) and "test" (10,000), 28 x 28, values 0..255. Raises ValueError for an unknown name or part, and
    DataError (a ValueError) that names file and remedy where a file is missing, damaged or not the
    published one.
    """
    check.one_of(OWNER, "name", name, ["digits", *registry])
    parts = ["test"] if name == "digits" else list(registry[name].parts)
    check.one_of(OWNER, f"part of {name}", part, parts)
    if name == "digits":
        return _digits()
    source = registry[name]
    images_file, labels_file = source.parts[part]
    images = _array(name, source, images_file, rank=3)
    labels = _array(name, source, labels_file, rank=1)
    if len(images) != len(labels):
        got = f"{len(images)} images and {len(labels)} labels"
        need = f"{images_file.name} and {labels_file.name} of {name} must have one length"
        check.fail(OWNER, need, got, _remedy(name, source, images_file, labels_file), DataError)
    return Images(images, labels, name)


def folder() -> Path:
    """Where data files are read: `NEUROSPARSE_DATA` if set, else `data` in the user's cache."""
    chosen = os.environ.get("NEUROSPARSE_DATA")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("neurosparse", appauthor=False)) / "data"


def _digits() -> Images:
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    images.flags.writeable = labels.flags.writeable = False
    return Images(images, labels, "digits")


def _array(name: str, source: Source, file: File, rank: int) -> np.ndarray:
    path, remedy = folder() / name / file.name, _remedy(name, source, file)
    if path.exists():
        array = idx.read(path, file.md5, remedy)
    elif os.environ.get("NEUROSPARSE_DATA"):
        check.fail(OWNER, f"{path} must exist", "no such file", remedy, DataError)
    else:
        array = _download(path, source, file, remedy)
    if array.ndim != rank or array.dtype != np.uint8:
        need = f"{path} must hold uint8 values of {rank} dimensions"
        check.fail(OWNER, need, f"{array.dtype} {array.shape}", remedy, DataError)
    return array


def _download(path: Path, source: Source, file: File, remedy: str) -> np.ndarray:
    """Fetch a file from the first mirror that has the right bytes, and keep it under `path`."""
    import pooch

    bar = sys.stderr.isatty()
    fetch = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT)
    scratch = path.with_name(f"{file.name}.{os.getpid()}.part")
    failures, reasons = [], []
    for mirror in source.mirrors:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch(mirror + file.name, str(scratch), None)
            array = idx.read(scratch, file.md5)
            os.replace(scratch, path)
            return array
        except (OSError, DataError) as error:  # requests' errors are OSErrors
            failures.append(f"{mirror + file.name}: {type(error).__name__}: {str(error)[:200]}")
            reasons.append(f"{type(error).__name__}: {' '.join(str(error).split())[:100]}")
        finally:
            scratch.unlink(missing_ok=True)
    problem = DataError("; ".join(failures))
    need = f"{file.name} is not in {path.parent} and could not be downloaded"
    raise DataError(f"{OWNER}: {need} ({'; '.join(dict.fromkeys(reasons))}); {remedy}") from problem


def _remedy(name: str, source: Source, *files: File) -> str:
    names = " and ".join(file.name for file in files)
    where = " or ".join(source.mirrors)
    variable = "" if os.environ.get("NEUROSPARSE_DATA") else " (or set NEUROSPARSE_DATA to the folder that has them)"
    return f"put {names} from {where} into {folder() / name}{variable}; a damaged file must be removed first"
