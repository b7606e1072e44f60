"""A checksum in front of an HDF5 file, so that no damaged byte reaches the HDF5 library.

One damaged byte can send that library into an endless loop. The user block (512 B, which HDF5 skips) holds the line
"<kind> sha256 <64 hex digits>", the SHA-256 of all that follows it, then zeros.
"""

import hashlib
from pathlib import Path

BLOCK = 512  # bytes; the smallest user block of HDF5


def write(path: Path, kind: str) -> None:
    """Seal a closed file that was made with userblock_size=BLOCK."""
    block = _block(path, kind)
    with path.open("r+b") as file:
        file.write(block)


def damage(path: Path, kind: str) -> str:
    """What is wrong with a sealed file, in words; "" if it is whole."""
    if not path.is_file():
        return "it is no file"
    with path.open("rb") as file:
        block = file.read(BLOCK)
    if not block.startswith(f"{kind} sha256 ".encode()):
        return "it does not start with a checksum"
    return "" if block == _block(path, kind) else "its checksum is that of other bytes"


def _block(path: Path, kind: str) -> bytes:
    with path.open("rb") as file:
        file.seek(BLOCK)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{kind} sha256 {digest}\n".encode().ljust(BLOCK, b"\0")
