"""Triton's scan: against the compiled loops of the CPU in its interpreter, compiled for a GPU, and where it is absent."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from neurosparse.neurons import lif  # noqa: E402
from neurosparse.tensor import fused  # noqa: E402

needs_triton = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")

SAME = """
import sys, torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[1])
from tests import scan_cases
from neurosparse.tensor import scan_triton, surrogate
scan_cases.compare(scan_triton.scan, "cpu", ((3, 2, 3),))
some = (("linear", surrogate.spikes("hard", "atan")), ("tropical", surrogate.spikes("soft")))
scan_cases.compare(scan_triton.scan, "cpu", ((2, 3, 50),), (torch.float64,), some, (True, False))
scan_cases.compare(scan_triton.scan, "cpu", ((1, 1, 1), (0, 2, 3), (2, 0, 3)), cases=some)
print("same")
"""

COMPILED = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from neurosparse.tensor import scan_triton as s, surrogate

def compile(function, type_, **constants):
    kinds = {"steps": "i32", "end": "i64", "cells": "i32", "n": "i32"}
    signature = {name: "constexpr" if name in constants else kinds.get(name, "*" + type_) for name in function.arg_names}
    made = triton.compile(ASTSource(function, signature, constants), target=GPUTarget("cuda", 80, 32))
    assert ".entry" in made.asm["ptx"]

cases = [("linear", "hard", name) for name in surrogate.NAMES]
cases += [("linear", "soft", "sigmoid"), ("tropical", "hard", "atan"), ("tropical", "soft", "sigmoid")]
for type_ in ("fp32", "fp64"):
    for kind, how, name in [*cases, ("leaky", "hard", "atan")]:
        shared = {"kind": kind, "how": how, "alpha": 2.0, "block": s.BLOCK}
        compile(s._forward, type_, **shared)
        compile(s._backward, type_, name=name, attached=True, learned=True, **shared)
print("compiled")
"""


def python(code, **env):
    arguments = [sys.executable, "-c", code, str(Path(__file__).parents[1])]
    return subprocess.run(arguments, env=os.environ | env, capture_output=True, text=True, check=False)


@pytest.mark.slow
@needs_triton
def test_triton_scan_in_its_interpreter_is_that_of_the_cpu():
    done = python(SAME, TRITON_INTERPRET="1")
    assert done.stdout == "same\n", done.stderr


@pytest.mark.slow
@needs_triton
def test_triton_scan_compiles_for_a_gpu(tmp_path):
    done = python(COMPILED, TRITON_CACHE_DIR=str(tmp_path))
    assert done.stdout == "compiled\n", done.stderr


def on_a_gpu() -> Any:
    """What `choose` looks at."""
    return SimpleNamespace(dtype=torch.float32, device=torch.device("cuda"))


@pytest.mark.parametrize("there, auto", [(True, "triton"), (False, "torch")])
def test_auto_on_a_gpu_takes_triton_where_it_is_installed(monkeypatch, there, auto):
    monkeypatch.setattr(fused, "has_triton", lambda: there)
    p = lif.params()
    assert fused.choose("test", "auto", lif, p, "jump", on_a_gpu()) == auto
    if not there:
        with pytest.raises(ValueError, match="backend 'triton' must be able to run this, got 'Triton is not installed"):
            fused.choose("test", "triton", lif, p, "jump", on_a_gpu())
    with pytest.raises(ValueError, match="got 'numba does not run on cuda"):
        fused.choose("test", "numba", lif, p, "jump", on_a_gpu())
