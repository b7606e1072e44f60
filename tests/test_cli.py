"""The command line, driven on a small project of its own: screens, files, messages and exit codes."""

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurosparse import cli, discover, jit
from neurosparse.io import launch, results
from tests.toy_project import TOY, toy_project, write  # noqa: F401


def call(*words, code=0):
    outcome = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert outcome.exit_code == code, outcome.output
    return outcome


def refused(*words):
    """The message of a command that ends with 2 and prints nothing else."""
    outcome = call(*words, code=2)
    assert "Traceback" not in outcome.output
    return outcome.stderr.strip()


def stored(folder="results"):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file()) if Path(folder).exists() else []


def test_run_prints_numbers_and_stores_them():
    lines = call("run", "toy", "--set", "n=7", "--seed", 5, "--threads", 1).stdout.splitlines()
    (path,) = stored()
    assert lines[1:4] == ["accuracy   0.5", "lost       nan", ""]
    assert lines[4:8] == [
        "scale  rate_hz (Hz)",
        "-----  ------------",
        "  0.4          3.25",
        "  1.2         10.50",
    ]
    assert lines[9] == f"result   {path}"
    assert lines[10].endswith("s on 1 thread")
    assert lines[11:] == ["draw     neurosparse figure odd", "draw     neurosparse figure toy"]
    record = results.load(path)
    assert record.config == {"n": 7, "mode": "fine", "seed": 5}
    assert record.provenance["streams"] == ["wiring"]
    assert (record.provenance["seed"], record.provenance["threads"]) == (5, 1)
    assert record.arrays["x"].tolist() == list(range(7))


def test_json_is_the_only_thing_on_standard_output():
    outcome = call("run", "toy", "--json", "--out", "elsewhere")
    told = json.loads(outcome.stdout, parse_constant=pytest.fail)
    (path,) = stored("elsewhere")
    assert told["name"] == "toy"
    assert Path(told["result"]) == path.absolute()
    assert told["metrics"] == {"accuracy": 0.5, "lost": None}
    assert told["rows"][1] == {"scale": 1.2, "rate_hz": 10.5}
    assert outcome.stdout.count("\n") == 1
    assert outcome.stderr == "chatter\n"


def test_tiny_then_file_then_set(tmp_path):
    (tmp_path / "my.toml").write_text('mode = "calm"\nseed = 3')
    call("run", "toy", "--tiny", "--config", "my.toml", "--set", "seed=4")
    assert results.load(stored()[0]).config == {"n": 2, "mode": "calm", "seed": 4}


def test_each_configuration_has_its_own_result():
    call("run", "toy")
    call("run", "toy", "--tiny")
    call("run", "toy")
    assert len(stored()) == 2


def test_keys_lists_the_configuration():
    lines = call("run", "toy", "--keys").stdout.splitlines()
    assert lines[0].split() == ["key", "default", "accepts", "meaning"]
    assert lines[1].split(maxsplit=2) == ["n", "4", "int in [1, 100]   how many numbers"]
    outcome = call("run", "toy", "--keys", "--json")
    told = json.loads(outcome.stdout)
    assert outcome.stdout.count("\n") == 1
    assert (told.keys(), told["name"]) == ({"name", "keys"}, "toy")
    n = {"key": "n", "default": "4", "accepts": "int in [1, 100]", "description": "how many numbers"}
    assert told["keys"][0] == n
    assert [item["key"] for item in told["keys"]] == ["n", "mode", "seed"]
    assert stored() == []


@pytest.mark.parametrize(
    "words, message",
    [
        (
            ["run", "toi"],
            "Error: project/simulations: simulation must be one of other, toy, got 'toi'; did you mean",
        ),
        (
            ["run", "toy", "--set", "nn=3"],
            "Error: toy.Config: a key must be one of n, mode, seed, got 'nn'; did you",
        ),
        (["run", "toy", "--set", "n=0"], "Error: toy.Config: n must be int in [1, 100], got 0"),
        (["run", "toy", "--set", "n"], "Error: config: --set must be key=value, got 'n'"),
        (["run", "toy", "--config", "no.toml"], "Error: config: the file must be readable, got 'no.toml'"),
        (["run", "toy", "--threads", "0"], "Invalid value for '--threads'"),
        (["run", "toy", "--sed", "0"], "--seed"),
        (["run", "toy", "--set", "mode=refuse"], "Error: toy.run: mode must be kind, got 'refuse'"),
        (["run", "toy", "--set", "mode=missing"], "Error: no-such-file.idx: No such file or directory"),
        (
            ["run", "toy", "--set", "mode=odd"],
            "Error: toy.run: it must return results.Result(arrays, metrics",
        ),
        (["runn", "toy"], "Did you mean 'run'"),
        (
            ["figure", "tpy"],
            "Error: project/figures: figure must be one of odd, toy, got 'tpy'; did you mean 'toy'?",
        ),
        (["figure", "toy"], "toy in results; first `neurosparse run toy`, or `neurosparse figure toy --run`"),
        (
            ["figure", "toy", "--format", "pdf,gif"],
            "Error: figure: --format must be one of png, pdf, svg, got 'gif'",
        ),
        (
            ["figure", "toy", "--run", "--result", "x.h5"],
            "Error: figure: --run makes a new result and --result reads",
        ),
        (
            ["figure", "toy", "--result", "x.h5"],
            "Error: results.load: path must be a stored result, got 'x.h5'",
        ),
        (["figure", "odd", "--run"], "Error: odd.draw: it must return a matplotlib Figure, got None"),
        (
            ["warmup", "ty"],
            "Error: warmup: simulation must be one of other, toy, got 'ty'; did you mean 'toy'?",
        ),
    ],
)
def test_mistakes_are_one_message(words, message):
    assert message in refused(*words)


def test_a_folder_that_can_not_be_written_is_told_before_the_run(tmp_path):
    (tmp_path / "taken").write_text("")
    outcome = call("run", "toy", "--out", "taken", code=2)
    assert "the folder for results must be a folder" in outcome.stderr
    assert "chatter" not in outcome.output


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write")
def test_a_folder_that_only_looks_writable_is_told_before_the_run():
    outcome = call("run", "toy", "--out", "/proc/x", code=2)
    assert "the folder for results must be writable, got '/proc/x/toy'; choose another with --out" in outcome.stderr
    assert "chatter" not in outcome.output


@pytest.mark.parametrize("mode, message", [("break", "a defect without an owner"), ("deep", "matmul")])
def test_defects_keep_their_traceback(mode, message):
    outcome = call("run", "toy", "--set", f"mode={mode}", code=1)
    assert isinstance(outcome.exception, ValueError)
    assert message in str(outcome.exception)
    assert stored() == []


def test_debug_shows_the_traceback_of_a_mistake():
    assert isinstance(call("run", "toi", "--debug", code=1).exception, discover.DiscoverError)


def test_interrupt_says_so_and_leaves_nothing():
    call("run", "toy")
    before = stored()
    outcome = call("run", "toy", "--set", "mode=interrupt", code=130)
    assert outcome.stderr == "\nneurosparse run: interrupted; results are written whole or not at all\n"
    assert stored() == before


def test_main_ends_with_130_when_interrupted_outside_a_command(monkeypatch, capsys):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "app", interrupted)
    with pytest.raises(SystemExit, match="130"):
        cli.main()
    assert capsys.readouterr().err == "\nneurosparse: interrupted\n"


def test_main_makes_the_current_folder_importable_once_and_last(monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "app", lambda **_: None)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.delitem(sys.modules, "json_of_the_user", raising=False)
    before = list(sys.path)
    cli.main()
    cli.main()
    assert sys.path == [*before, ""]
    write(tmp_path, **{"json_of_the_user.py": "x = 3", "json.py": "raise RuntimeError"})
    importlib.invalidate_caches()
    assert importlib.import_module("json_of_the_user").x == 3
    monkeypatch.delitem(sys.modules, "json_of_the_user")


def test_a_closed_pipe_is_no_mistake(monkeypatch):
    def closed(*_, **__):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(discover, "names", closed)
    with pytest.raises(BrokenPipeError), cli._guard("list", debug=False):
        discover.names("simulations")


def test_figure_reads_the_newest_result_of_its_source():
    call("run", "toy")
    first = stored()[0]
    call("run", "toy", "--seed", 1)
    os.utime(first, ns=(1, 1))
    newest = next(path for path in stored() if path != first)
    lines = call("figure", "toy", "--format", "png, svg,pdf").stdout.splitlines()
    assert lines[0].startswith(f"from    {newest}  (20")
    assert lines[1:] == [f"figure  {Path('results/figures/toy')}.{kind}" for kind in ("png", "svg", "pdf")]
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    assert all(Path(f"results/figures/toy.{kind}").read_bytes().startswith(start) for kind, start in starts.items())
    assert f"from    {first}" in call("figure", "toy", "--result", first).stdout


def test_figure_takes_a_tiny_result_only_where_there_is_no_other(project):
    call("run", "toy", "--tiny")
    (tiny,) = stored()
    assert f"from    {tiny}" in call("figure", "toy", "--out", "results").stdout
    call("run", "toy")
    full = next(path for path in stored() if path not in (tiny, Path("results/figures/toy.png")))
    os.utime(full, ns=(1, 1))
    assert f"from    {full}" in call("figure", "toy").stdout
    write(project, **{"simulations/toy.py": "import no_such_module"})
    del sys.modules["simulations.toy"]
    assert f"from    {tiny}" in call("figure", "toy").stdout


def test_figure_runs_its_source_first():
    assert "results/figures/toy.png" in call("figure", "toy", "--run").stdout.replace("\\", "/")
    assert results.load(results.latest("toy")).config["n"] == 4


def test_figure_refuses_the_result_of_another_simulation():
    call("run", "other")
    assert "figure toy: the result must be of toy, got 'other'" in refused("figure", "toy", "--result", stored()[0])


def test_a_figure_that_fails_leaves_the_old_one(monkeypatch):
    call("figure", "toy", "--run")
    before = Path("results/figures/toy.png").read_bytes()
    from matplotlib.figure import Figure

    def half(self, path, **_):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", half)
    assert "No space left on device" in refused("figure", "toy")
    assert [path.name for path in stored("results/figures")] == ["toy.png"]
    assert Path("results/figures/toy.png").read_bytes() == before


def test_list():
    text = call("list").stdout
    assert text.splitlines()[:4] == [
        "simulations",
        "  other   Another one.",
        "  toy     A toy: a line of numbers.",
        "",
    ]
    told = json.loads(call("list", "--json").stdout)
    assert told["figures"][1] == {"name": "toy", "description": "The toy, drawn."}
    assert "simulations.toy" not in sys.modules


def test_info(monkeypatch, tmp_path):
    cache = tmp_path / "cache" / "key"
    write(cache, **{"kernel.nbc": "1234", "kernel.nbi": "1"})
    monkeypatch.setattr(jit, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path / "data"))
    told = json.loads(call("info", "--json").stdout)
    assert (told["kernels"], told["kernel_bytes"]) == (1, 5)
    assert Path(told["data"]) == tmp_path / "data"
    assert told["versions"].keys() >= {"python", "neurosparse", "numpy", "numba", "scipy", "h5py"}
    assert "kernels        1, 0.0 MB" in call("info").stdout
    monkeypatch.setattr(jit, "cache_folder", lambda: None)
    assert "kernel cache   off (NEUROSPARSE_CACHE=0)" in call("info").stdout


def test_info_works_without_a_project(monkeypatch, tmp_path):
    monkeypatch.setenv("NEUROSPARSE_PROJECT", str(tmp_path))
    assert json.loads(call("info", "--json").stdout)["project"] is None


def test_warmup_runs_every_tiny_and_keeps_no_result(monkeypatch, tmp_path):
    lines = call("warmup").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["other", "toy"]
    assert all(line.endswith(" s") for line in lines)
    assert stored() == []
    cache = tmp_path / "cache"
    write(cache, **{"key/kernel.nbc": ""})
    monkeypatch.setattr(jit, "cache_folder", lambda: cache)
    lines = call("warmup", "toy", "--clear").stdout.splitlines()
    assert lines[0] == f"removed 1 kernels from {cache}"
    assert len(lines) == 2
    assert not cache.exists()
    monkeypatch.setattr(jit, "cache_folder", lambda: None)
    assert call("warmup", "toy", "--clear").stdout.startswith("the kernel cache is off (NEUROSPARSE_CACHE=0)")


def test_warmup_goes_on_after_a_mistake_and_stops_at_a_defect(project):
    write(project, **{"simulations/other.py": TOY.replace("Config(n=2)", 'Config(mode="refuse")')})
    outcome = call("warmup", code=2)
    assert "other  toy.run: mode must be kind, got 'refuse'" in outcome.stdout
    assert "toy    " in outcome.stdout
    assert "warmup: 1 of 2 did not run: other" in outcome.stderr


def test_help_and_version():
    assert call("--version").stdout.startswith("neurosparse 0.")
    for command in ("run", "figure", "list", "info", "warmup"):
        assert f"neurosparse {command}" in call(command, "--help").stdout.replace("root", "neurosparse")


def test_launch_returns_what_load_reads():
    module = discover.load("simulations", "toy")
    record = launch.run("toy", module, module.tiny())
    again = results.load(record.path)
    assert repr(again._replace(arrays={})) == repr(record._replace(arrays={}, config=again.config))
    assert again.config == record.config


def start(*words):
    """The command as a process; a shell may have told this one to ignore SIGINT."""
    return subprocess.Popen(
        [sys.executable, "-m", "neurosparse.cli", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_on_a_running_process():
    process = start("run", "toy", "--set", "mode=sleep")
    assert process.stdout is not None
    assert [process.stdout.readline(), process.stdout.readline()] == ["chatter\n", "sleeping\n"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out == ""
    assert "interrupted; results are written whole or not at all" in err
    assert "Traceback" not in err
    assert stored() == []


@pytest.mark.slow
def test_a_module_of_the_current_folder_can_be_named(project, tmp_path):
    borrow = TOY.replace('    print("chatter")', "    import importlib; print(importlib.import_module(config.mode).x)")
    write(project, **{"simulations/borrow.py": borrow})
    write(tmp_path, **{"user7.py": 'x = "borrowed"'})
    words = [sys.executable, "-P", "-m", "neurosparse.cli", "run", "borrow", "--set", "mode=user7"]  # as the script
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("borrowed\n")


@pytest.mark.slow
def test_help_loads_nothing_heavy():
    heavy = "{'numpy', 'numba', 'h5py', 'matplotlib', 'torch', 'tqdm', 'sklearn'}"
    code = (
        "import sys\nfrom neurosparse.cli import app\n"
        "try: app(['run', '--help'])\nexcept SystemExit: pass\n"
        f"print(sorted({heavy} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_three_processes_write_the_same_result_at_once():
    processes = [start("run", "toy", "--json") for _ in range(3)]
    told = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert len({item["result"] for item in told}) == 1
    assert len(stored()) == 1
    assert results.load(told[0]["result"]).arrays["x"].tolist() == [0, 1, 2, 3]
