"""One process at a time: a folder is held by an open file that the system itself locks, and so outlives no process.

    with locks.hold("stream.run", folder):

The lock is one of the system (flock, on Windows a locked byte), so nothing is left held after kill -9. The file is
removed by its holder, so whoever gets the lock looks whether the name still means the file that it locked.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from neurosparse import check

NAME = "lock"


@contextmanager
def hold(owner: str, folder: Path) -> Iterator[None]:
    """Make `folder` if it is not there and hold it; at the end remove it if nothing else is in it.

    Raises BlockingIOError if somebody else holds it, OSError if it can not be made.
    """
    handle = _acquire(owner, folder)
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / NAME).unlink()
        os.close(handle)
        with suppress(OSError):
            folder.rmdir()


def _acquire(owner: str, folder: Path) -> int:
    while True:
        _make(folder)
        try:
            handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # its last holder has just removed the folder
            continue
        try:
            _lock(handle)
            if os.path.samestat(os.fstat(handle), os.stat(folder / NAME)):
                os.ftruncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                return handle
        except BlockingIOError:
            holder = os.read(handle, 32).decode("ascii", "replace") or "unknown"
            os.close(handle)
            need, remedy = "no other process may write there", f"wait for process {holder} or end it"
            check.fail(owner, need, str(folder), remedy, BlockingIOError)
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _make(folder: Path) -> None:
    """A folder that a crash of the machine does not take away again."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing if os.name == "posix" else ():
        handle = os.open(made.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _lock(handle: int) -> None:
    """Raises BlockingIOError if another open file holds the lock."""
    try:
        import fcntl
    except ImportError:  # Windows: the byte is far behind the text, which others must be able to read
        import msvcrt

        os.lseek(handle, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as error:
            raise BlockingIOError from error
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
