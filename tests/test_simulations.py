"""Every simulation and every figure that there is: the contract, a tiny run, a stored result, a drawing."""

import inspect
import json
import os

import numpy as np
import pytest
from typer.testing import CliRunner

from neurosparse import discover
from neurosparse.cli import app
from neurosparse.io import config, launch, results

PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
slow_without_jit = pytest.mark.skipif(PLAIN, reason="takes minutes without compilation")
LONG = ("nalsm", "bench_nalsm", "astro_ring", "taxi", "nab", "sdr_p")  # such simulations do too
SIMULATIONS, FIGURES = discover.names("simulations"), discover.names("figures")


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """tiny() of every simulation, run once: name -> Record."""
    folder, records = tmp_path_factory.mktemp("results"), {}

    def get(name):
        if PLAIN and name.startswith(LONG):
            pytest.skip("takes minutes without compilation")
        if name not in records:
            module = discover.load("simulations", name)
            records[name] = launch.run(name, module, module.tiny(), threads=2, folder=folder)
        return records[name]

    return get


@pytest.mark.parametrize("name", SIMULATIONS)
def test_simulation(name, stored):
    module = discover.load("simulations", name)
    assert inspect.getdoc(module)
    assert issubclass(module.Config, config.Config)
    assert isinstance(module.tiny(), module.Config)
    assert all(key.description for key in config.keys(module.Config))
    record = stored(name)
    again = results.load(record.path)
    assert again.config == json.loads(results.canonical(module.tiny()))
    assert again.metrics
    assert again.rows
    if "seed" in record.config:
        assert again.provenance["streams"] or name.startswith("bench_")  # rivals run in processes of their own
        assert again.provenance["seed"] == record.config["seed"]


@pytest.mark.parametrize("name", FIGURES)
def test_figure(name, stored, tmp_path):
    module = discover.load("figures", name)
    assert inspect.getdoc(module)
    record = results.load(stored(module.SOURCE).path)
    for path in launch.draw(name, module, record, ("png", "pdf", "svg"), tmp_path):
        assert path.stat().st_size > 5000


def test_every_simulation_has_a_figure():
    assert {discover.load("figures", name).SOURCE for name in FIGURES} == set(SIMULATIONS)


def test_the_main_job_from_the_command_line(tmp_path):
    """What machines read: one JSON object with name, result, metrics and rows, nothing else."""
    out = CliRunner().invoke(app, ["run", "liquid_digits", "--tiny", "--json", "--seed", "3", "--out", str(tmp_path)])
    assert out.exit_code == 0, out.output
    answer = json.loads(out.stdout)
    assert set(answer) == {"name", "result", "metrics", "rows"}
    assert set(answer["metrics"]) >= {"accuracy", "baseline_accuracy"}
    assert results.load(answer["result"]).config["seed"] == 3


def test_a_neuron_by_name_from_the_command_line(tmp_path):
    more = ["--set", "neuron=alif", "--set", "neuron_params={beta=2.0, tau_adapt=50.0}", "--out", str(tmp_path)]
    out = CliRunner().invoke(app, ["run", "liquid_digits", "--tiny", *more])
    assert out.exit_code == 0, out.output
    assert "accuracy" in out.stdout


@pytest.mark.parametrize("name, override, message", [
    *((f"bench_{name}", "sizes=[-1]", r"sizes must be list of int .*in \[.* got \[-1\]") for name in ("cuba", "coba", "brunel", "stdp")),
    *((f"bench_{name}", "sizes=[]", "sizes must be list of int .* of length >= 1") for name in ("cuba", "stdp")),
    *((f"bench_{name}", "sizes=[0]", "sizes must be") for name in ("coba", "brunel", "stdp")),
    ("bench_brunel", "sizes=[126]", "sizes must be list of int in multiples of 125"),
    ("bench_cuba", "sizes=[200, 200]", "sizes: entries must differ from one another"),
    ("bench_cuba", 'rivals=["nest", "nest"]', "rivals: entries must differ from one another"),
    *(("bench_cuba", f"duration_ms={bad}", "duration_ms must be float in") for bad in ("-1", "0", "nan", "inf", "10.05")),
    ("bench_cuba", "repeats=0", "repeats must be int in"),
    *((f"bench_{name}", "compare_ms=nan", "compare_ms must be float in") for name in ("coba", "stdp")),
    ("bench_wiring", "in_degree=10001", "in_degree must be at most n, 10000, got 10001"),
    ("bench_wiring", 'rivals=["nest", "nest"]', "rivals: entries must differ"),
    ("bench_scale", "n=-1", "n must be int in"),
    ("bench_scale", "in_degree=0", "in_degree must be int in"),
    ("bench_scale", "duration_ms=nan", "duration_ms must be float in"),
    ("brunel_regimes", "scale=0", "scale must be float in"),
    ("brunel_regimes", "v_reset=-1e9", "v_reset must be float"),
    ("pd14", "scale=nan", "scale must be float"),
    ("pd14", "g=-1e300", "g must be float in"),
    ("short_term", "rates=[]", "rates must be list of float .* of length >= 1"),
    ("short_term", "rates=[nan]", "rates must be list of float"),
    ("short_term", "tau_mem=1e300", "tau_mem must be float in"),
])  # fmt: skip
def test_bad_numbers_are_refused_before_anything_starts(name, override, message):
    with pytest.raises(config.ConfigError, match=rf"^{name}\.Config: .*{message}"):
        config.build(discover.load("simulations", name).Config, overrides=[override])


def test_a_dense_network_is_refused():
    with pytest.raises(config.ConfigError, match="in_degree must be at most n, 100, got 101"):
        config.build(discover.load("simulations", "bench_scale").Config, overrides=["n=100", "in_degree=101"])


@pytest.mark.parametrize("name, more", [
    ("cuba", {"n": 100, "duration_ms": 10.0}), ("coba", {"n": 100, "duration_ms": 10.0, "v_rest": -60.0}),
    ("stdp", {"inputs": 10, "g_max": 1e-9, "seconds": 1, "traced": 1}),
])  # fmt: skip
def test_metrics_of_silence_are_nan(name, more):
    module = discover.load("simulations", name)
    assert np.isnan(module.run(module.Config(**more)).metrics["isi_cv"])


def test_only_near_names_are_suggested():
    out = CliRunner().invoke(app, ["figure", "nothing"])
    assert out.exit_code == 2
    assert "did you mean" not in out.output
    assert "did you mean 'bench_cuba'?" in CliRunner().invoke(app, ["figure", "bench_cubaa"]).output


def test_titles_of_the_regimes_keep_to_their_panels(stored):
    figure = discover.load("figures", "brunel_regimes").draw(stored("brunel_regimes"))
    figure.draw_without_rendering()
    rates = figure.axes[-1].get_tightbbox().x0
    titles = [ax.get_title(loc="left") for ax in figure.axes[:-1]]
    assert [title[:1] for title in titles if title] == list("abcd")
    assert all(ax.get_tightbbox().x1 < rates for ax in figure.axes[:-1])


@slow_without_jit
def test_cuba_rates():
    """Accept 5.2 to 5.9 Hz with Bernoulli wiring, 5.0 to 5.3 Hz with a fixed in-degree (Brian2: 5.53 to 5.62)."""
    cuba = discover.load("simulations", "cuba")
    for wiring, low, high in (("bernoulli", 5.2, 5.9), ("fixed", 5.0, 5.3)):
        rates = [cuba.run(cuba.Config(wiring=wiring, seed=seed)).metrics["rate_hz"] for seed in range(3)]
        assert all(low <= rate <= high for rate in rates), rates


@pytest.mark.slow
def test_a_rival_that_fails_says_so():
    from simulations import rivals

    with (
        pytest.raises(RuntimeError, match=r"rivals: simulations\.rivals\.nobody: ModuleNotFoundError"),
        rivals.start("simulations.rivals.nobody", {}),
    ):
        pass
