"""JSON that every parser reads, with nothing lost: NaN and infinities become {"$float": "nan"}.

RFC 8259 has no NaN. Python writes the bare word, which others refuse; so non-finite numbers are tagged or,
for messages to machines (`tagged=False`), become null. NumPy values, tuples and paths become plain values.
"""

import datetime
import json
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np

from neurosparse.check import fail

_TAG = "$float"


def dumps(value: Any, tagged: bool = True, indent: int | None = None, sort_keys: bool = False) -> str:
    """The JSON text of `value`, in ASCII. TypeError for what it can not hold, ValueError for a key $float."""
    return json.dumps(plain(value, tagged), allow_nan=False, indent=indent, sort_keys=sort_keys)


def loads(text: str | bytes) -> Any:
    """The value of a text written by `dumps`; tagged numbers come back as floats."""
    return json.loads(text, object_hook=_untag)


def plain(value: Any, tagged: bool = True) -> Any:
    """`value` made of dict, list, str, int, finite float, bool and None alone."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return _number(value, tagged)
    if isinstance(value, Mapping):
        return {_key(key): plain(item, tagged) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, tagged) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return fail("strict_json", "a stored value must be a number, text, list or dict", value, error=TypeError)


def _number(value: float, tagged: bool) -> Any:
    if math.isfinite(value):
        return value
    return {_TAG: str(value)} if tagged else None


def _key(key: Any) -> str:
    if not isinstance(key, str):
        fail("strict_json", "a key must be text", key, error=TypeError)
    if key == _TAG:
        fail("strict_json", f"a key must not be the reserved {_TAG!r}", key)
    return str(key)


def _untag(item: dict) -> Any:
    return float(item[_TAG]) if item.keys() == {_TAG} else item
