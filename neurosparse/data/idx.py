"""The IDX format of the MNIST family: one array of any rank in one file, plain or gzipped.

Bytes 0 and 1 are zero, byte 2 codes the type, byte 3 the rank d; then d sizes as big-endian uint32, then
the values, last axis fastest. A gzip header holds a time and a name, so the MD5 is that of the decompressed
bytes.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database, section "File formats".
"""

import gzip
import hashlib
import zlib
from pathlib import Path

import numpy as np

from neurosparse import check

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
OWNER = "data.idx"


class DataError(ValueError):
    """A data file is missing, damaged, or not the published one; the message names file and remedy."""

    user_mistake = True


def read(path, md5: str | None = None, remedy: str = "fetch the file again") -> np.ndarray:
    """The array in the file `path`, read-only, in native byte order.

    `md5` is the hexadecimal MD5 of the decompressed file, None to leave it unchecked. Raises DataError for
    a file that is missing, cut short, too long, of another format, or of another MD5.
    """
    path = Path(path)
    data = decompressed(path, remedy)
    array = parse(data, path, remedy)
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if md5 is not None and found != md5:
        check.fail(OWNER, f"{path} must have the decompressed MD5 {md5}", found, remedy, DataError)
    return array


def decompressed(path: Path, remedy: str) -> bytes:
    """The bytes of a file; gzip is known by its first two bytes, not by the file's name."""
    data = b""
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        check.fail(OWNER, f"{path} must be a whole gzip file", str(error), remedy, DataError)
    except OSError as error:
        check.fail(OWNER, f"{path} must be a readable file", error.strerror, remedy, DataError)
    return data


def parse(data: bytes, path: Path, remedy: str) -> np.ndarray:
    """The array that the decompressed bytes of an IDX file describe; `path` is for the messages."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in TYPES or data[3] == 0:
        check.fail(
            OWNER,
            f"{path} must start with an IDX magic number (0, 0, type, rank)",
            data[:4],
            remedy,
            DataError,
        )
    dtype, start = np.dtype(TYPES[data[2]]), 4 + 4 * data[3]
    if len(data) < start:
        check.fail(OWNER, f"{path} must hold {start} bytes of header", f"{len(data)} bytes", remedy, DataError)
    shape = tuple(map(int, np.frombuffer(data[4:start], ">u4")))
    need = start + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if len(data) != need:
        need_text = f"{path} must hold {need} bytes for its shape {shape}"
        check.fail(OWNER, need_text, f"{len(data)} bytes", remedy, DataError)
    values = np.frombuffer(data, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)
