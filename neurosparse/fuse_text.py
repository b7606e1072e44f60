"""Small pieces of the loop's text: how it names the parameters and the State of one neuron."""

import ast
import builtins
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from neurosparse import narrow
from neurosparse.plan import Dynamics


def free_names(body: str, known: Mapping[str, Any]) -> list[str]:
    """Names that the lines read and do not set, in order; those of `known` and of Python apart."""
    names = [node for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)} | set(known) | set(dir(builtins))
    return list(dict.fromkeys(node.id for node in names if node.id not in own))


def constants(tag: str, params: Mapping[str, Any], precision: str) -> str:
    """Parameters that are the same for all; switches, 0 or 1, are written out, so that the compiler drops a branch."""
    return ", ".join(
        narrow.number(value, precision) if value in (0.0, 1.0) else f"{tag}_{name}" for name, value in params.items()
    )


def varies(dynamics: Dynamics) -> bool:
    """Whether a parameter has a value for each neuron."""
    return any(np.ndim(value) > 0 for value in dynamics.params.values())


def value(tag: str, dynamics: Dynamics, i: str = "i") -> str:
    """The parameters of neuron i."""
    if not varies(dynamics):
        return f"p{tag}"
    each = [f"p{tag}_{name}" + (f"[{i}]" if np.ndim(value) else "") for name, value in dynamics.params.items()]
    return f"P{tag}({', '.join(each)})"


def state(tag: str, dynamics: Dynamics, i: str = "i", added: Mapping[str, str] = MappingProxyType({})) -> str:
    """The State of neuron i, with what is added to its fields before the step."""
    each = [f"s{tag}_{name}[{i}]" + (f" + {added[name]}" if name in added else "") for name in dynamics.state]
    return f"S{tag}({', '.join(each)})"
