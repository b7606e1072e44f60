"""A small project of simulations and figures, for the tests of discovery and of the command line."""

import sys

import pytest

from neurosparse import discover

TOY = '''"""A toy: a line of numbers.

More about it.
"""
import time
import numpy as np
from pydantic import Field
from neurosparse import check, rng
from neurosparse.io import config
from neurosparse.io.results import Result


class Config(config.Config):
    n: int = Field(4, ge=1, le=100, description="how many numbers")
    mode: str = Field("fine", description="what to do")
    seed: int = 0


def tiny():
    return Config(n=2)


def run(config, threads=1):
    print("chatter")
    if config.mode == "refuse":
        check.fail("toy.run", "mode must be kind", config.mode)
    if config.mode == "break":
        raise ValueError("a defect without an owner")
    if config.mode == "deep":
        np.zeros((2, 3)) @ np.zeros((2, 3))
    if config.mode == "sleep":
        print("sleeping", flush=True)
        time.sleep(60)
    if config.mode == "interrupt":
        raise KeyboardInterrupt
    if config.mode == "missing":
        open("no-such-file.idx")
    if config.mode == "odd":
        return {"x": 1}
    stream = rng.stream(config.seed, "wiring")
    rows = [{"scale": 0.4, "rate_hz": 3.25}, {"scale": 1.2, "rate_hz": 10.5}]
    return Result({"x": np.arange(config.n)}, {"accuracy": 0.5, "lost": np.nan}, rows, {"rate_hz": "Hz"})
'''
DRAWN = '''"""The toy, drawn."""
from matplotlib import pyplot as plt
SOURCE = "toy"


def draw(record):
    figure, ax = plt.subplots(figsize=(2, 1))
    ax.plot(record.arrays["x"])
    return figure
'''
FILES = {
    "simulations/toy.py": TOY,
    "simulations/other.py": TOY.replace("A toy: a line of numbers.", "Another one."),
    "simulations/_private.py": "",
    "figures/toy.py": DRAWN,
    "figures/odd.py": DRAWN.replace("return figure", "plt.close(figure)"),
}


@pytest.fixture(autouse=True, name="project")
def toy_project(tmp_path, monkeypatch):
    """A project in a folder of its own; sys.path and sys.modules are put back afterwards."""
    home = tmp_path / "project"
    write(home, **FILES)
    monkeypatch.setenv("NEUROSPARSE_PROJECT", str(home))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in discover.ROOMS}
    yield home
    for name in [name for name in sys.modules if name.partition(".")[0] in discover.ROOMS]:
        del sys.modules[name]
    sys.modules.update(before)


def write(home, **files):
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
