"""Spoken words by name: `load_speech("fsdd") -> Speech`, every recording with its word and its speaker.

A set is one tar archive of wav files, read where it lies (`loader.folder`) and never unpacked to disk: its list
SHA256SUMS is checked against the registry, its files against the list. A file's name says what it holds,
digit_speaker_number.wav; samples are 16-bit numbers q of one channel, and the wave is q / 32768. Nothing is
downloaded: no mirror serves this archive.

Source: Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas, A. Thite, Free Spoken Digit Dataset, 2018,
doi:10.5281/zenodo.1342401.
"""

import hashlib
import io
import re
import tarfile
import wave
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.data import loader
from neurosparse.data.idx import DataError

OWNER = "data.load_speech"
LIST = "SHA256SUMS"
NAME = re.compile(r"recordings/([0-9])_([A-Za-z]+)_([0-9]{1,6})\.wav")


class Spoken(NamedTuple):
    """One archive of spoken digits."""

    archive: str
    sha256: str  # of its list SHA256SUMS, which names all its files
    rate: int  # samples a second, Hz
    licence: str
    citation: str


SPOKEN: dict[str, Spoken] = {
    "fsdd": Spoken(
        archive="fsdd.tar.xz",
        sha256="3c878ee1f8e89d78fb499d864df02991f800ddb34a450abff17c2ae209def4dc",
        rate=8000,
        licence="CC BY-SA 4.0",
        citation="Z. Jackson, C. Souza, J. Flaks, Y. Pan, H. Nicolas, A. Thite, Free Spoken Digit Dataset, "
        "2018, doi:10.5281/zenodo.1342401",
    ),
}


class Speech(NamedTuple):
    """Recordings in the order of speaker, digit, number; the arrays are read-only."""

    waves: tuple[np.ndarray, ...]  # n of them, each (n_samples,) float32 in [-1, 1), of lengths of their own
    labels: np.ndarray  # (n,) uint8, the digit
    speakers: np.ndarray  # (n,) str
    numbers: np.ndarray  # (n,) int64, of the recording among those of its speaker and digit
    rate: int  # Hz
    name: str


def load_speech(name: str = "fsdd", registry: Mapping[str, Spoken] = SPOKEN) -> Speech:
    """All recordings of a data set of spoken digits.

    "fsdd", the Free Spoken Digit Dataset: 3,000 recordings at 8 kHz, 0.14 to 2.3 s long, ten digits by six speakers,
    50 times each; numbers 0 to 4 are its published test part. Leave one speaker out with `speakers != "theo"`. Raises
    ValueError for an unknown name, and DataError (a ValueError) that names file and remedy where the archive is
    missing, damaged or not the known one.
    """
    source = registry[check.one_of(OWNER, "name", name, registry)]
    path = loader.folder() / source.archive
    remedy = f"put {source.archive} into {path.parent}, or set NEUROSPARSE_DATA to the folder that has it"
    if not path.exists():
        check.fail(OWNER, f"{path} must exist", "no such file", remedy, DataError)
    stamp = path.stat()
    return _decoded(name, source, path, (stamp.st_mtime_ns, stamp.st_size), remedy)


@lru_cache(maxsize=1)
def _decoded(name: str, source: Spoken, path: Path, stamp: tuple, remedy: str) -> Speech:
    """All the archive holds; `stamp` tells whether it is still the same archive."""
    files = _checked(path, source.sha256, remedy)
    found = sorted((match[2], int(match[1]), int(match[3]), file) for file in files if (match := NAME.fullmatch(file)))
    if not found:
        need = f"{path} must hold files recordings/digit_speaker_number.wav"
        check.fail(OWNER, need, sorted(files)[:3], remedy, DataError)
    waves = tuple(_wave(files[file], f"{file} in {path}", source.rate, remedy) for *_, file in found)
    speakers, labels, numbers, _ = zip(*found, strict=True)
    columns = np.array(labels, np.uint8), np.array(speakers), np.array(numbers, np.int64)
    for array in (*waves, *columns):
        array.flags.writeable = False
    return Speech(waves, *columns, source.rate, name)


def _checked(path: Path, sha256: str, remedy: str) -> dict[str, bytes]:
    """The files of the archive by their names in its folder, all that the list names and no other."""
    files = _unpacked(path, remedy)
    listed = files.get(LIST, b"")
    found = hashlib.sha256(listed).hexdigest()
    if found != sha256:
        check.fail(OWNER, f"{LIST} in {path} must have the SHA-256 {sha256}", found, remedy, DataError)
    out = {}
    for line in listed.decode().splitlines():
        digest, name = line.split(None, 1)
        name = name.removeprefix("./")
        found = hashlib.sha256(files[name]).hexdigest() if name in files else "no such file"
        if found != digest:
            check.fail(OWNER, f"{name} in {path} must have the SHA-256 {digest}", found, remedy, DataError)
        out[name] = files[name]
    return out


def _unpacked(path: Path, remedy: str) -> dict[str, bytes]:
    from lzma import LZMAError

    try:
        with tarfile.open(path, "r:*") as archive:
            return {m.name.partition("/")[2]: file.read() for m in archive if (file := archive.extractfile(m))}
    except (tarfile.TarError, LZMAError, EOFError, zlib.error) as error:
        check.fail(OWNER, f"{path} must be a whole tar archive", str(error), remedy, DataError)
    except OSError as error:
        check.fail(OWNER, f"{path} must be a readable file", error.strerror or str(error), remedy, DataError)


def _wave(content: bytes, what: str, rate: int, remedy: str) -> np.ndarray:
    """(n_samples,) float32 of a wav file's bytes."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            form = (file.getnchannels(), 8 * file.getsampwidth(), file.getframerate())
            raw, n = file.readframes(file.getnframes()), file.getnframes()
    except (wave.Error, EOFError) as error:
        check.fail(OWNER, f"{what} must be a whole wav file", str(error) or "its end comes too soon", remedy, DataError)
    if form != (1, 16, rate):
        need = f"{what} must have 1 channel of 16 bits at {rate} Hz"
        check.fail(OWNER, need, f"{form[0]} of {form[1]} bits at {form[2]} Hz", remedy, DataError)
    if len(raw) != 2 * n or not n:
        check.fail(OWNER, f"{what} must hold its {n} samples, one or more", f"{len(raw) // 2}", remedy, DataError)
    return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)
