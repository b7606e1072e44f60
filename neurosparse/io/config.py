"""Configuration of a run: a frozen pydantic model, filled from its defaults, a file, then `--set key=value`.

    class Config(neurosparse.io.config.Config):
        weight_scale: float = Field(0.9, gt=0, description="scale of all weights of the liquid")

    build(Config, Path("my.toml"), ["weight_scale=1.2", "grid.depth=4"], seed=3)

Values after `--set` are TOML; a bare word is text: dataset=mnist, scales=[0.4, 0.9], plastic=true.
Whatever is wrong is one ConfigError that names the key, what it takes and what it got.
"""

import json
import tomllib
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import pydantic
from pydantic.fields import FieldInfo

from neurosparse.check import fail, one_of


class ConfigError(ValueError):
    """A configuration that can not be read or is not valid."""

    user_mistake = True


class Config(pydantic.BaseModel):
    """Base of all configurations: frozen, no unknown keys, checked defaults, finite numbers."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


AnyConfig = TypeVar("AnyConfig", bound=pydantic.BaseModel)


class Key(NamedTuple):
    """One line of the list of keys."""

    key: str  # dotted for nested models
    default: str
    accepts: str  # type and range
    description: str


def build(
    config_class: type[AnyConfig],
    file: str | Path | None = None,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    base: AnyConfig | None = None,
) -> AnyConfig:
    """`base` (else the defaults), then `file`, then `overrides`, then `seed`. Raises ConfigError."""
    values = base.model_dump() if base is not None else {}
    if file is not None:
        _merge(values, read(file))
    for text in overrides:
        _merge(values, parse(text))
    if seed is not None:
        values["seed"] = seed
    try:
        return config_class.model_validate(values)
    except pydantic.ValidationError as error:
        raise ConfigError(explain(config_class, error, values)) from None


def read(file: str | Path) -> dict:
    """The values in a TOML file, or JSON if its name ends so. Raises ConfigError with file and line."""
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text, object_pairs_hook=_once) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        fail("config", "the file must be readable", str(path), error.strerror or "", ConfigError)
    except UnicodeDecodeError:
        fail("config", "the file must be UTF-8 text", str(path), error=ConfigError)
    except RecursionError:
        fail("config", "the file must not nest so deep", str(path), error=ConfigError)
    except ConfigError:
        raise
    except ValueError as error:  # TOML and JSON both end with line and column
        raise ConfigError(f"config: {path} can not be read: {error}") from None
    if not isinstance(values, dict):
        fail("config", f"{path} must hold one object of keys and values", values, error=ConfigError)
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict:
    """A JSON object, which by itself takes the last of equal keys without a word."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            fail("config", "a key may be given once", name, error=ConfigError)
    return dict(pairs)


def parse(text: str) -> dict:
    """The nested dict that `key=value` or `outer.inner=value` stands for. Raises ConfigError."""
    key, equals, value = (part.strip() for part in text.partition("="))
    names = key.split(".")
    if not (equals and value and all(names)):
        fail("config", "--set must be key=value", text, "for example --set seed=3", ConfigError)
    result: Any = _value(key, value)
    for name in reversed(names):
        result = {name: result}
    return result


def keys(config_class: type[pydantic.BaseModel], prefix: str = "") -> Iterator[Key]:
    """All keys with default, what they accept and what they mean; keys of nested models are dotted."""
    for name, field in config_class.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, pydantic.BaseModel):
            yield from keys(inner, f"{prefix}{name}.")
        else:
            default = "needed" if field.is_required() else show(field.get_default(call_default_factory=True))
            yield Key(prefix + name, default, accepts(field), field.description or "")


def show(value: Any) -> str:
    """A value as one would type it after `--set key=`; None is `none`."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {show(item)}' for key, item in value.items())}}}"
    return str(value)


def accepts(field: FieldInfo) -> str:
    """Type and range of a field in words: `int in [1, 60000]`, `float > 0`, `one of digits, mnist`."""
    return _type(field.annotation) + _range(field.metadata)


def explain(config_class: type[pydantic.BaseModel], error: pydantic.ValidationError, values: dict) -> str:
    """One line for each mistake: which key, what it takes, what it got, and the nearest valid one."""
    owner = f"{config_class.__module__.rpartition('.')[2]}.{config_class.__name__}"
    lines = []
    for details in error.errors(include_url=False):
        try:
            _complain(owner, config_class, details, values)
        except ConfigError as message:
            lines.append(str(message))
    return "\n".join(dict.fromkeys(lines))


def _complain(owner: str, model: type[pydantic.BaseModel], details: Any, values: Any) -> None:
    """Walk down to the field that is wrong, then raise ConfigError."""
    path, field = "", None
    for part in details["loc"]:
        if part not in model.model_fields:
            break
        field, path = model.model_fields[part], f"{path}.{part}".lstrip(".")
        values = values.get(part) if isinstance(values, dict) else None
        if isinstance(field.annotation, type) and issubclass(field.annotation, pydantic.BaseModel):
            model = field.annotation
            continue
        break
    kind = details["type"]
    if kind == "extra_forbidden":
        one_of(
            owner,
            f"a key of {path}" if path else "a key",
            details["loc"][-1],
            model.model_fields,
            ConfigError,
        )
    if field is None or kind in (
        "value_error",
        "assertion_error",
    ):  # a validator of the model says it in words
        said = details.get("ctx", {}).get("error", details["msg"])
        raise ConfigError(f"{owner}: {path + ': ' if path else ''}{said}")
    if kind == "missing" and len(details["loc"]) == path.count(".") + 1:
        fail(owner, f"{path} must be given ({accepts(field)})", "nothing", f"--set {path}=...", ConfigError)
    if kind == "literal_error" and get_origin(field.annotation) is Literal:
        one_of(owner, path, values, get_args(field.annotation), ConfigError)
    fail(owner, f"{path} must be {accepts(field)}", values, error=ConfigError)


def _value(key: str, text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):  # no TOML, whole numbers of thousands of digits, thousands of brackets
        parsed = {}
    if parsed.keys() == {"value"}:
        return parsed["value"]
    if text[0] in "[{\"'":
        remedy = "check its brackets and quotes" + (", a table is {name = 4.0}" if text[0] == "{" else "")
        fail("config", f"the value of {key} must be TOML", text, remedy, ConfigError)
    return text


def _merge(values: dict, more: dict) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values[key] = value


_WORDS = {int: "int", float: "float", bool: "true or false", str: "text", Path: "path", type(None): "none"}


def _type(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0]) + _range(parts[1:])
    if origin is Literal:
        return "one of " + ", ".join(map(str, parts))
    if origin in (Union, types.UnionType):
        return " or ".join(map(_type, parts))
    if origin is tuple and Ellipsis not in parts:
        return f"list [{', '.join(map(_type, parts))}]"
    if origin in (list, tuple, set, frozenset):
        return f"list of {_type(parts[0])}"
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return f"a table of {', '.join(annotation.model_fields)}"
    return _WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _range(metadata: Sequence[Any]) -> str:
    inner = [part for rule in metadata for part in getattr(rule, "metadata", [rule])]  # Annotated[float, Field(gt=0)]
    found = {name: getattr(rule, name) for rule in inner for name in _RULES if hasattr(rule, name)}
    if found.keys() >= {"ge", "le"}:
        found["in"] = f"[{found.pop('ge')}, {found.pop('le')}]"
    return "".join(f" {_RULES[name]} {value}" for name, value in found.items() if value is not None)


_RULES = {
    "in": "in",
    "ge": ">=",
    "gt": ">",
    "le": "<=",
    "lt": "<",
    "multiple_of": "in multiples of",
    "min_length": "of length >=",
    "max_length": "of length <=",
    "pattern": "like",
}
