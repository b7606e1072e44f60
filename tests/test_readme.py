"""The README keeps its word: its Python runs, its commands exist, it stays short."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")


EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
CHECKS = (
    "assert 500 < len(spikes.i) < 20000, len(spikes.i); assert Path('raster.png').stat().st_size > 5000",
    "assert scores.mean() > 0.8, scores",
    "assert round(p.log10, 2) == -2770.29; assert p.fraction() > 0; assert window == (9, 12), window",
)


@pytest.mark.slow
@pytest.mark.parametrize("example, check", list(zip(EXAMPLES, CHECKS, strict=True)), ids=["cuba", "liquid", "sdr"])
def test_the_python_examples_run(example, check, tmp_path):
    text = f"{example}\nfrom pathlib import Path\n{check}\n"
    out = subprocess.run([sys.executable, "-W", "error", "-c", text], cwd=tmp_path, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert len([line for line in example.splitlines() if line.strip()]) <= 16


SDR = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "sdr.md").read_text(encoding="utf-8"), re.DOTALL)
SDR_CHECKS = (
    "assert anomaly[0] == 1 and not anomaly[1:].any(), anomaly; assert (ran.anomaly == anomaly).all()\n"
    "assert expected.n_rows == 50 and set(expected.indices[: expected.indptr[1]]) == set(columns.indices[20:40])",
    "assert out.shape == (32, 256), out.shape; assert layer(torch.rand(3, 784), contexts, torch.tensor([1, 2, 2])).isfinite().all()",
)


@pytest.mark.slow
@pytest.mark.parametrize("example, check", list(zip(SDR, SDR_CHECKS, strict=True)), ids=["columns", "dendrites"])
def test_the_examples_of_sdrs_run(example, check, tmp_path):
    test_the_python_examples_run(example, check, tmp_path)


TRAINING = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "training.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow
def test_the_example_of_training_runs(tmp_path):
    (example,) = TRAINING
    test_the_python_examples_run(example, "assert done.hard_accuracy > 0.8, done", tmp_path)


def test_it_is_short_and_its_links_hold():
    assert len(README.splitlines()) < 120
    assert not re.search(r"@[A-Z]+@|TODO", README)
    for page in PAGES:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_its_commands_exist():
    from neurosparse import discover

    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in re.findall(r"neurosparse run (\w+)", text):
        assert name in discover.names("simulations")
    for name in re.findall(r"neurosparse figure (\w+)", text):
        assert name in discover.names("figures")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"^make (\w+)", README, re.MULTILINE)) <= set(targets)
