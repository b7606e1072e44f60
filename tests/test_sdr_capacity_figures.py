"""The theory lines of the figures of 1601.00720, beside values made with whole numbers or 60 digits."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from neurosparse.sdr import capacity

FIGURES = json.loads((Path(__file__).parent / "sdr_refs.json").read_text(encoding="utf-8"))["figures"]
EVERY = 9 if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0" else 1  # points of a curve, without compilation


@pytest.mark.parametrize("a", [64, 128, 256, "a quarter", "a half"])
def test_figure_4a_and_5a(a):
    """Published as a = n / 2, the dashed line is a = n / 4."""
    stored = FIGURES["fig4A_5A"]
    n = np.array(stored["n"])
    names = {
        "a quarter": ("log10_a_quarter_n(published dashed)", n // 4),
        "a half": ("log10_a_half_n(true 50%)", n // 2),
    }
    key, active = names.get(a, (f"log10_a{a}", np.full_like(n, a) if isinstance(a, int) else n))
    found = capacity.false_positive(n[::EVERY], active[::EVERY], stored["s"], stored["theta"])
    np.testing.assert_allclose(found.log10, stored[key][::EVERY], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("theta", [8, 12, 16])
def test_figure_4b(theta):
    stored = FIGURES["fig4B"]
    found = capacity.false_negative(stored["a"], stored["s"], stored["v"], theta)
    np.testing.assert_allclose(found.value, stored[f"P_theta{theta}"], rtol=1e-12)


@pytest.mark.parametrize(("a", "n"), [(32, 2000), (32, 4000), (256, 16000), (512, 16000), (4000, 16000)])
def test_figure_5b(a, n):
    stored = FIGURES["fig5B"]
    s = np.array(stored["s"])
    found = capacity.false_positive(n, a, s, s // 2)
    np.testing.assert_allclose(found.log10, stored[f"log10_a{a}_n{n}"], rtol=1e-12)


def test_figure_6_is_that_of_the_archived_grid():
    """Medians over n, share and s; a segment of s synapses never reaches theta > s, which counts as 0."""
    n = np.array([1000, 5000, 9000, 13000, 17000])[:, None, None]
    a = np.rint(n * np.array([0.005, 0.01, 0.015, 0.02, 0.025, 0.03])[:, None]).astype(int)
    s = np.arange(20, 51, 5)
    for theta, wanted in list(FIGURES["fig6_archived_grid"].items())[::EVERY]:
        theta = int(theta)
        reached = capacity.false_positive(n, a, np.maximum(s, theta), theta)
        values = np.where(s >= theta, np.nan_to_num(reached.value), 0.0)
        assert np.median(values) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("s", [20, 25, 30])
def test_figure_7a(s):
    found = capacity.union_size_mean(1000, s, np.arange(1, 20))
    np.testing.assert_allclose(found, FIGURES["fig7A"][f"s{s}"], rtol=1e-12)


@pytest.mark.parametrize("n", [1000, 10000, 20000])
def test_figure_7b(n):
    found = capacity.union_false_positive(n, 200, 25, np.arange(1, 20), 15, method="plugin")
    np.testing.assert_allclose(found.value, FIGURES["fig7B_plugin"][str(n)], rtol=1e-12)
