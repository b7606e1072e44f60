"""Whether a folder of reference data is what was published: a test against altered numbers would prove nothing."""

import hashlib
from pathlib import Path


def why_not(folder: Path) -> str:
    """What is missing from `folder`, or not as its SHA256SUMS says; "" where all is well."""
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        return f"needs the folder {folder.name} with its SHA256SUMS in the folder named by NEUROSPARSE_DATA"
    for line in sums.read_text().splitlines():
        wanted, name = line.split(maxsplit=1)
        path = folder / name.lstrip("*")
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            return f"{path} is not the file of {folder.name}/SHA256SUMS: restore it"
    return ""
