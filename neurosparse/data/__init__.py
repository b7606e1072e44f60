"""Images with labels, by name: `load("mnist", "test") -> Images`. Only this room knows data sets by name.

A data set is one entry of `registry.REGISTRY` (files, MD5, mirrors, licence, citation); `loader` finds,
downloads and checks, `idx` reads the format. Best file to read first: `registry.py`. Every failure is a
`DataError` that names the file and the remedy.
"""

from neurosparse.data.idx import DataError
from neurosparse.data.loader import Images, folder, load
from neurosparse.data.registry import REGISTRY

__all__ = ["load", "folder", "Images", "DataError", "REGISTRY"]
