"""Configurations: defaults, files, overrides, and one message for each mistake."""

from typing import Annotated, Literal

import pydantic
import pytest
from pydantic import Field
from pydantic_core import PydanticCustomError

from neurosparse.io import config
from neurosparse.io.config import ConfigError, build


class Grid(config.Config):
    width: int = Field(default=3, ge=1, description="neurons along x")
    depth: int = 2


class Config(config.Config):
    dataset: Literal["digits", "mnist"] = Field(default="digits", description="images to read")
    n_train: int = Field(default=100, ge=1, le=60_000, description="images to learn from")
    weight_scale: float = Field(default=0.9, gt=0, description="scale of all weights")
    scales: list[Annotated[float, Field(ge=0)]] = Field(default=[0.4, 0.9], min_length=1)
    shape: tuple[int, int] = (15, 15)
    limit: float | None = None
    plastic: bool = False
    params: dict[str, float] = {"tau_mem": 20.0}  # noqa: RUF012
    grid: Grid = Grid()
    seed: int = Field(default=0, ge=0)

    @pydantic.model_validator(mode="after")
    def _fits(self):
        if self.n_train == 13:
            raise ValueError("n_train must not be 13")
        if self.n_train == 14:
            raise PydanticCustomError("unlucky", "fourteen is as bad")
        return self


class Needy(config.Config):
    path: str
    when: int = 1


def test_defaults_then_file_then_overrides_then_seed(tmp_path):
    file = tmp_path / "my.toml"
    file.write_text("n_train = 5\nweight_scale = 1.5\nseed = 1\n[grid]\nwidth = 9\n", encoding="utf-8")
    built = build(Config, file, ["weight_scale=2", "seed=2", "grid.depth=7"], seed=3)
    assert (built.n_train, built.weight_scale, built.seed, built.dataset) == (5, 2.0, 3, "digits")
    assert built.grid == Grid(width=9, depth=7)


def test_base_is_where_overrides_start():
    base = Config(n_train=2, grid=Grid(width=8))
    built = build(Config, overrides=["grid.depth=4"], base=base)
    assert (built.n_train, built.grid.width, built.grid.depth) == (2, 8, 4)
    assert base.grid.depth == 2


def test_json_file(tmp_path):
    file = tmp_path / "my.json"
    file.write_text('{"dataset": "mnist", "limit": null, "grid": {"width": 4}}', encoding="utf-8")
    assert build(Config, file) == Config(dataset="mnist", grid=Grid(width=4))


@pytest.mark.parametrize(
    "text, value",
    [
        ("dataset=mnist", {"dataset": "mnist"}),
        ("dataset=fashion-mnist", {"dataset": "fashion-mnist"}),
        ('dataset="a b"', {"dataset": "a b"}),
        ("weight_scale=0.9", {"weight_scale": 0.9}),
        ("weight_scale = 1e-3", {"weight_scale": 1e-3}),
        ("n_train=1_000", {"n_train": 1000}),
        ("scales=[0.4, 0.9]", {"scales": [0.4, 0.9]}),
        ("plastic=true", {"plastic": True}),
        ("grid.width=3", {"grid": {"width": 3}}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1\nb=2", {"a": "1\nb=2"}),
    ],
)
def test_overrides_are_toml_and_bare_words(text, value):
    assert config.parse(text) == value


@pytest.mark.parametrize("text", ["n_train", "=3", "n_train=", ".a=3", "a..b=3", ""])
def test_overrides_that_are_no_pair(text):
    with pytest.raises(ConfigError, match=r"^config: --set must be key=value, got .*; for example --set seed=3$"):
        config.parse(text)


@pytest.mark.parametrize("value", ["[0.4, 0.9", '"mnist', "{a=1"])
def test_override_with_broken_brackets(value):
    with pytest.raises(ConfigError, match=r"the value of scales must be TOML, got .*; check its brackets and quotes"):
        config.parse(f"scales={value}")


def test_override_with_a_table_that_is_json():
    with pytest.raises(ConfigError, match=r'must be TOML, got .*"fields": 4.0.*quotes, a table is {name = 4.0}$'):
        config.parse('model={"fields": 4.0}')
    assert config.parse("model={fields = 4.0}") == {"model": {"fields": 4.0}}


@pytest.mark.parametrize(
    "override, message",
    [
        (
            "n_trian=3",
            r"Config: a key must be one of dataset, n_train, .*, got 'n_trian'; did you mean 'n_train'\?",
        ),
        ("grid.widht=3", r"a key of grid must be one of width, depth, got 'widht'; did you mean 'width'\?"),
        ("dataset=mnits", r"dataset must be one of digits, mnist, got 'mnits'; did you mean 'mnist'\?"),
        ("n_train=0", r"n_train must be int in \[1, 60000\], got 0$"),
        ("n_train=abc", r"n_train must be int in \[1, 60000\], got 'abc'$"),
        ("n_train=1.5", r"n_train must be int in \[1, 60000\], got 1.5$"),
        ("weight_scale=0", "weight_scale must be float > 0, got 0$"),
        ("weight_scale=nan", "weight_scale must be float > 0, got nan$"),
        ("scales=[1.0, -2.0]", r"scales must be list of float >= 0 of length >= 1, got \[1.0, -2.0\]"),
        ("scales=[]", r"scales must be list of float >= 0 of length >= 1, got \[\]"),
        ("shape=[1]", r"shape must be list \[int, int\], got \[1\]"),
        ("limit=none", "limit must be float or none, got 'none'"),
        ("plastic=maybe", "plastic must be true or false, got 'maybe'"),
        ("grid=3", "grid must be a table of width, depth, got 3"),
        ("grid.width=0", "grid.width must be int >= 1, got 0"),
        ("n_train=13", "^test_config.Config: n_train must not be 13$"),
        ("n_train=14", "^test_config.Config: fourteen is as bad$"),
    ],
)
def test_mistakes_in_values(override, message):
    with pytest.raises(ConfigError, match=message):
        build(Config, overrides=[override])


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ConfigError) as caught:
        build(Config, overrides=["n_train=0", "weight_scale=x"])
    assert len(str(caught.value).splitlines()) == 2


def test_missing_key_and_seed_without_a_seed_key():
    with pytest.raises(ConfigError, match=r"Needy: path must be given \(text\), got 'nothing'; --set path=\.\.\."):
        build(Needy)
    with pytest.raises(ConfigError, match="a key must be one of path, when, got 'seed'"):
        build(Needy, overrides=["path=x"], seed=3)


@pytest.mark.parametrize(
    "name, content, message",
    [
        (
            "bad.toml",
            b"n_train = 3\n= 4",
            r"bad.toml can not be read: Invalid statement \(at line 2, column 1\)",
        ),
        ("bad.json", b'{"n_train": 3,\n oops}', r"bad.json can not be read: .*line 2 column"),
        ("list.json", b"[1]", r"list.json must hold one object of keys and values, got \[1\]"),
        ("latin.toml", b'dataset = "\xe9"', "the file must be UTF-8 text, got .*latin.toml"),
    ],
)
def test_files_that_can_not_be_used(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        build(Config, tmp_path / name)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"the file must be readable, got .*no\.toml.*; No such file"):
        build(Config, tmp_path / "no.toml")
    with pytest.raises(ConfigError, match="the file must be readable, got "):
        build(Config, tmp_path)


def test_a_configuration_is_frozen_and_its_defaults_are_checked():
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        Config().n_train = 3

    class Wrong(config.Config):
        n: int = Field(default=0, ge=1)

    with pytest.raises(pydantic.ValidationError, match="greater than or equal to 1"):
        Wrong()


def test_keys_tell_default_range_and_meaning():
    keys = {key.key: key for key in config.keys(Config)}
    assert list(keys)[-3:] == ["grid.width", "grid.depth", "seed"]
    assert keys["n_train"] == ("n_train", "100", "int in [1, 60000]", "images to learn from")
    assert keys["dataset"][1:3] == ("digits", "one of digits, mnist")
    assert keys["scales"].default == "[0.4, 0.9]"
    assert keys["limit"][1:3] == ("none", "float or none")
    assert keys["plastic"][1:3] == ("false", "true or false")
    assert next(config.keys(Needy))[1:3] == ("needed", "text")


@pytest.mark.parametrize("key", [key for key in config.keys(Config) if key.default != "none"])
def test_what_is_shown_as_default_can_be_typed(key):
    assert build(Config, overrides=[f"{key.key}={key.default}"]) == Config()
