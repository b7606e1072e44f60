"""Discovery: what is a project, what is in it, and which file breaks the contract."""

import sys

import pytest

from neurosparse import discover
from neurosparse.io import mistakes
from tests.toy_project import TOY, toy_project, write  # noqa: F401


def test_project_from_the_current_folder_or_above(project, monkeypatch):
    monkeypatch.delenv("NEUROSPARSE_PROJECT")
    monkeypatch.chdir(project / "figures")
    assert discover.project() == project
    assert discover.names("simulations") == ["other", "toy"]


def test_no_project(monkeypatch, tmp_path):
    monkeypatch.setenv("NEUROSPARSE_PROJECT", str(tmp_path / "nowhere"))
    with pytest.raises(discover.DiscoverError, match=r"^NEUROSPARSE_PROJECT: the folder must hold simulations/ or"):
        discover.project()
    monkeypatch.delenv("NEUROSPARSE_PROJECT")
    monkeypatch.setattr(discover, "__file__", str(tmp_path / "site" / "neurosparse" / "discover.py"))
    with pytest.raises(discover.DiscoverError, match=r"must hold simulations/ and figures/, .*set NEUROSPARSE_PROJECT"):
        discover.project()
    assert mistakes.for_people(ValueError("not ours: at all")) is None


def test_a_new_project_replaces_the_rooms_of_the_old_one(tmp_path, monkeypatch):
    assert discover.describe("simulations", "toy").startswith("A toy")
    again = discover.load("simulations", "toy")
    assert discover.load("simulations", "toy") is again
    second = tmp_path / "second"
    write(second, **{"simulations/__init__.py": "", "simulations/toy.py": TOY.replace("A toy", "Second")})
    monkeypatch.setenv("NEUROSPARSE_PROJECT", str(second))
    assert str(discover.load("simulations", "toy").__doc__).startswith("Second")
    assert discover.names("figures") == []


def test_files_that_break_the_contract(project):
    write(
        project,
        **{
            "simulations/half.py": '"""Half."""\nConfig = tiny = None',
            "simulations/torchy.py": '"""Needs an extra."""\nimport norse.nothing',
            "simulations/lost.py": "import no_such_module_at_all",
            "figures/broken.py": "def (",
        },
    )
    with pytest.raises(discover.DiscoverError, match=r"simulations\.half: the file must define Config, tiny, run, got"):
        discover.load("simulations", "half")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        discover.load("simulations", "lost")
    with pytest.raises(discover.DiscoverError, match="kind must be one of simulations, figures, got 'models'"):
        discover.names("models")
    assert discover.describe("figures", "broken").startswith("(can not be read: line 1: ")
    assert discover.describe("simulations", "lost") == ""
    assert discover.figures_of("toy") == ["odd", "toy"]


def test_a_missing_extra_is_named(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "norse", None)
    write(project, **{"simulations/extra.py": "import norse"})
    with pytest.raises(discover.DiscoverError, match=r"simulations\.extra: needs norse: .*'neurosparse\[oracles\]'"):
        discover.load("simulations", "extra")
