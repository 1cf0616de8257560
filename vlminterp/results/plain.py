"""Configuration and results as plain values, which JSON and YAML write the same way every time."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np

from vlminterp.secrets import redacted


def plain(value: Any) -> Any:
    """Reduces a value to dicts, lists, strings, numbers, booleans and None.

    Args:
        value: Value that may hold dataclasses, mappings, enums, paths, sets, sequences, numpy
            scalars and arrays.

    Returns:
        The same in plain types. Enums become their names, as a config writes them.

    Raises:
        TypeError: The value holds something else.

    Example:
        >>> plain({"size": (2, np.float32(0.5)), "where": PurePath("a/b")})
        {'size': [2, 0.5], 'where': 'a/b'}
    """
    match value:
        case Enum():
            return value.name
        case None | bool() | int() | float():
            return value
        case str():
            return _writable(value)
        case np.generic() | np.ndarray():
            return plain(value.tolist())
        case PurePath():
            return _writable(str(value))
        case Mapping():
            return {str(plain(key)): plain(item) for key, item in value.items()}
        case Set():
            return sorted((plain(item) for item in value), key=repr)
        case Sequence():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    raise TypeError(f"{type(value).__name__} can't be written to a run folder: {value!r}")


def to_json(value: Any) -> bytes:
    """Returns readable JSON, keys in the order given: reports list metrics in this order."""
    text = json.dumps(plain(value), indent=2, ensure_ascii=False)
    return (text + "\n").encode()


def _writable(text: str) -> str:
    """Takes out secrets, and escapes what UTF-8 can't write: lone surrogates of odd file names."""
    return redacted(text).encode("utf-8", "backslashreplace").decode()


def flatten(
    nested: Mapping[str, Any], separator: str = ".", prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Yields the leaves of nested mappings, each with its path.

    Example:
        >>> dict(flatten({"plugin": {"beta": 0.1, "sides": ["image"]}}))
        {'plugin.beta': 0.1, 'plugin.sides': ['image']}
    """
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, separator, f"{prefix}{key}{separator}")
        else:
            yield f"{prefix}{key}", value
