"""Lists the options of a dataclass, with their descriptions from its docstring."""

import dataclasses
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from enum import Enum
from typing import Any, get_args, get_type_hints

from omegaconf import MISSING

ENTRY = re.compile(r"^    (\w+): (.*(?:\n {8,}.*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Option:
    """One option as users write it.

    Attributes:
        name: Its dotted name, e.g. `plugin.image.beta`.
        default: Its default as it is written on a command line; "???" if a value must be given.
        sentence: Its description, with unit and range.
        choices: Names to choose from; empty for an option that takes other values.
    """

    name: str
    default: str
    sentence: str
    choices: tuple[str, ...] = ()


def options_in(config: type[Any], prefix: str, values: Any = None) -> Iterator[Option]:
    """Yields the options of a dataclass and of the dataclasses in it.

    Args:
        config: The dataclass; its docstring, or its base's, has a section `Attributes`.
        prefix: Text before each name, e.g. "plugin.".
        values: An instance whose values are the defaults; None for the class's own.
    """
    hints, sentences = get_type_hints(config), _sentences(config)
    for field in dataclasses.fields(config):
        kinds = [hints[field.name], *get_args(hints[field.name])]
        inner = next((kind for kind in kinds if is_dataclass(kind)), None)
        name = f"{prefix}{field.name}"
        value = _default(field) if values is None else getattr(values, field.name)
        if isinstance(inner, type):
            yield from options_in(inner, f"{name}.", value)
            continue
        choices = next((kind for kind in kinds if _is_enum(kind)), ())
        yield Option(
            name,
            _written(value),
            sentences.get(field.name, ""),
            tuple(str(choice.value) for choice in choices),
        )


def _sentences(config: type[Any]) -> dict[str, str]:
    """Reads each attribute's description from the docstrings of a class and of its bases."""
    found: dict[str, str] = {}
    for base in reversed(config.__mro__):
        _, _, attributes = inspect.cleandoc(base.__doc__ or "").partition("Attributes:\n")
        for name, text in ENTRY.findall(attributes):
            found[name] = " ".join(text.split())
    return found


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def _written(value: Any) -> str:
    """Writes a value as Hydra reads it."""
    if isinstance(value, Enum):
        return str(value.value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, dict):
        inner = ",".join(f"{key}: {_written(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    return str(value) if value != MISSING else MISSING
