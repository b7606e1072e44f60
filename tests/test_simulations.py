"""Every simulation and every figure that there is: the contract, a tiny run, a stored result, a drawing."""

import inspect
import json
import os

import pytest
from typer.testing import CliRunner

from neurosparse import discover
from neurosparse.cli import app
from neurosparse.io import config, launch, results

slow_without_jit = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="takes minutes without compilation"
)
SIMULATIONS, FIGURES = discover.names("simulations"), discover.names("figures")


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """tiny() of every simulation, run once: name -> Record."""
    folder, records = tmp_path_factory.mktemp("results"), {}

    def get(name):
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
