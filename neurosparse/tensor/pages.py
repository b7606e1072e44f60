"""Large outputs from memory that was used before: a fresh page costs more than what a compiled loop writes to it.

The system fills each new page with zeros when it is first touched, about a microsecond for 4 KiB on a virtual machine,
and the allocator gives large blocks back as soon as they are free. Here blocks stay until KEEP bytes are held. A block
is free when no tensor holds it any more, which its reference count says: a tensor made of an array holds the array.
"""

import sys
import threading

import numpy as np
import torch

SMALL = 1 << 18  # bytes; the allocator keeps what is smaller
KEEP = 1 << 29  # bytes
ALIGN = 64

_blocks: list[np.ndarray] = []  # the longest free first
_lock = threading.Lock()


def empty_like(like: torch.Tensor) -> torch.Tensor:
    """A contiguous tensor of the shape and type, whatever in it."""
    return empty(like.shape, like.dtype, like.device)


def empty(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device | str = "cpu") -> torch.Tensor:
    """As torch.empty."""
    n = dtype.itemsize * int(np.prod(shape))
    if n < SMALL or torch.device(device).type != "cpu":
        return torch.empty(shape, dtype=dtype, device=device)
    with _lock:
        return torch.from_numpy(_take(n)).view(dtype).view(shape)


def held() -> int:
    """Bytes that are held, in use or free."""
    with _lock:
        return sum(block.nbytes for block in _blocks)


def _take(n: int) -> np.ndarray:
    """A free block of n bytes, the one used last; what is free beyond KEEP is let go."""
    found = next((k for k in reversed(range(len(_blocks))) if _blocks[k].nbytes == n and _free(k)), None)
    block = _new(n) if found is None else _blocks.pop(found)
    _blocks.append(block)
    while sum(b.nbytes for b in _blocks) > KEEP:
        oldest = next((k for k in range(len(_blocks) - 1) if _free(k)), None)
        if oldest is None:
            break
        del _blocks[oldest]
    return block


def _free(k: int) -> bool:
    return sys.getrefcount(_blocks[k]) <= 2  # the list's own reference, and that of the argument


def _new(n: int) -> np.ndarray:
    raw = np.empty(n + ALIGN, np.uint8)
    first = -raw.ctypes.data % ALIGN
    return raw[first : first + n]
