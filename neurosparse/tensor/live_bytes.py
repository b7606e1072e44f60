"""Bytes of tensors that are alive at once: memory counted, not measured, so that it is the same on every run.

    with live_bytes() as count:
        net(x).sum().backward()
    count.peak      # most bytes of storages, made inside the block, that were alive at one time

Storages are counted once, however many tensors look into them, from the operation that makes them until nothing holds
them; blocks of `pages` while a tensor holds them. What was there before, what NumPy holds and an operation's
own scratch memory are not seen. It takes some microseconds an operation.
"""

import weakref
from contextlib import suppress
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from neurosparse.tensor import pages


class live_bytes(TorchDispatchMode):
    """See above; `now` and `peak` in bytes, of all threads that run inside the block's own."""

    def __init__(self):
        super().__init__()
        self.peak = 0
        self._held: dict[int, Any] = {}
        self._made, self._before = 0, _in_pages()

    @property
    def now(self) -> int:
        """Bytes that are alive."""
        return self._made + _in_pages() - self._before

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        for tensor in tree_leaves((args, kwargs)):
            self._see(tensor, new=False)
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            self._see(tensor, new=True)
        self.peak = max(self.peak, self.now)
        return out

    def _see(self, tensor: Any, new: bool) -> None:
        """Count a storage that an operation made; what arrives without having been made here was there before."""
        if not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided:
            return
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._held:
            return
        size = storage.nbytes() if new else 0
        self._held[key] = weakref.ref(storage, lambda _, key=key, size=size: self._gone(key, size))
        self._made += size

    def _gone(self, key: int, size: int) -> None:
        """May be called at any time, so it takes no lock."""
        self._held.pop(key, None)
        self._made -= size


def _in_pages() -> int:
    """Bytes of `pages` that tensors hold. It takes no lock: `pages` makes its tensors while it holds it."""
    total = 0
    with suppress(IndexError):  # another thread took one away
        for k in range(len(pages._blocks)):
            total += 0 if pages._free(k) else pages._blocks[k].nbytes
    return total
