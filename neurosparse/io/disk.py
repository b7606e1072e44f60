"""HDF5 files whose disk errors are Python errors: a full disk is an OSError, and never the end of the process.

    with disk.create(path) as (file, well):
        file["x"] = ...
        well()          # raises what the disk has refused so far

HDF5 2.0 ends the process with a segmentation fault if a file can not be flushed when it is closed. So the library
writes through a Python file here, which keeps the first error, takes all later bytes without storing them, and lets
the error out when the file is closed. A file that failed is of no use: write it under a scratch name.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py


@contextmanager
def create(path: str | Path, **options: Any) -> Iterator[tuple[h5py.File, Callable[[], None]]]:
    """A new HDF5 file at `path`, with `options` of h5py.File, and a function that raises what the disk has refused.

    Raises OSError when the block ends if a byte could not be written, FileExistsError if there is such a file.
    """
    with open(path, "x+b", buffering=0) as raw:
        bytes_of = _Bytes(raw)
        try:
            with h5py.File(bytes_of, "w", **options) as file:  # type: ignore[arg-type]
                yield file, bytes_of.well
        finally:
            error = bytes_of.error
        if error is not None:
            raise error


class _Bytes:
    """The file that HDF5 sees. None of its methods raises: an exception inside HDF5 is what it can not bear."""

    def __init__(self, raw: io.FileIO):
        self.raw = raw
        self.error: BaseException | None = None

    def well(self) -> None:
        if self.error is not None:
            raise self.error

    def seek(self, *where: int) -> int:
        return self.raw.seek(*where)

    def tell(self) -> int:
        return self.raw.tell()

    def read(self, size: int = -1) -> bytes | None:
        return self.raw.read(size)

    def readinto(self, buffer) -> int | None:
        return self.raw.readinto(buffer)

    def write(self, data) -> int:
        try:
            view = memoryview(data)
            left = view if self.error is None else view[:0]
            while len(left):
                left = left[self.raw.write(left) :]
        except BaseException as error:
            self.refused(error)
        return len(data)

    def truncate(self, size: int) -> None:
        try:
            if self.error is None:
                self.raw.truncate(size)
        except BaseException as error:
            self.refused(error)

    def refused(self, error: BaseException) -> None:
        self.error = error
        if isinstance(error, OSError):
            error.filename = self.raw.name

    def flush(self) -> None:
        """Nothing waits in a buffer."""
