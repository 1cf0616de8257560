"""Quotes captions and paths on the command line, so that Hydra takes them literally.

Hydra has a grammar of its own for values: commas sweep, `(red)` is a call, `1.50` a number, and an
apostrophe opens a string. The values of options that hold free text are quoted before Hydra reads
them. A dataclass of options names these options in `free_text`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Quote, QuotedString
from hydra.errors import HydraException

from vlminterp.cli.arguments import settings
from vlminterp.cli.console import say
from vlminterp.config.run import RunConfig
from vlminterp.data.registry import source_class, source_names
from vlminterp.entry_points import PLUGINS, installed
from vlminterp.errors import ConfigError, InputError
from vlminterp.plugin import load_plugin


def as_written(
    arguments: Sequence[str], options: Mapping[str, bool], *, multirun: bool
) -> list[str]:
    """Quotes free text on a command line, where Hydra would read something else.

    Values that are already quoted by Hydra's rules are kept. A multirun goes over a JSON list of
    texts, `data.text='["a cat", "a dog"]'`, or over the lines of a file,
    `data.text=@captions.txt`.

    Args:
        arguments: The command line.
        options: The options that hold free text, as `free_text_options` finds them.
        multirun: Whether the command line asks for more than one run.

    Raises:
        ConfigError: A list is empty, or given without a multirun.
        InputError: The file can't be read.
    """
    written = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        nullable = options.get(key.lstrip("+"))
        if not equals or nullable is None or (nullable and value == "null"):
            written.append(argument)
        else:
            written.append(f"{key}={_value(key, value, multirun=multirun)}")
    return written


def free_text_options(arguments: Sequence[str]) -> dict[str, bool]:
    """Returns the options that hold free text, and for each whether `null` means no text.

    Args:
        arguments: The command line; an option may be text for one plugin and a list for another.
    """
    found = dict(_declared(RunConfig, ""))
    for name in source_names():
        with suppress(ConfigError):  # reported when it is chosen
            found |= _declared(source_class(name).Config, "data.")
    for name in _plugins_in(arguments):
        with suppress(ConfigError):
            found |= _declared(load_plugin(name).Config, "plugin.")
    return found


def _plugins_in(arguments: Sequence[str]) -> list[str]:
    """Returns the plugins that a command line chooses, by name or by experiment; all if none."""
    chosen = dict(settings(arguments))
    names = chosen.get("plugin", "").split(",")
    names += [name.partition("/")[0] for name in chosen.get("experiment", "").split(",")]
    known = list(installed(PLUGINS))
    return [name for name in names if name in known] or known


def _declared(config: Any, prefix: str) -> Iterator[tuple[str, bool]]:
    """Yields the free-text options of a dataclass and of those in it; whether each is nullable."""
    hints = get_type_hints(config)
    for name in getattr(config, "free_text", ()):
        yield f"{prefix}{name}", type(None) in get_args(hints[name])
    for name, hint in hints.items():
        for option in filter(is_dataclass, (hint, *get_args(hint))):
            yield from _declared(option, f"{prefix}{name}.")


def _value(key: str, value: str, *, multirun: bool) -> str:
    texts = _texts(key, value, multirun=multirun)
    if texts is not None:
        if not multirun:
            raise ConfigError(f"{key}: a list of {len(texts)}; add -m for one run each")
        if not texts:
            raise ConfigError(f"{key}: the list is empty")
        return ",".join(map(_quoted, texts))
    if _is_plain(key, value):
        return value
    if multirun and "," in value:
        say(f'{key}={value} is one value; several are written {key}=\'["…", "…"]\'')
    return _quoted(value)


def _texts(key: str, value: str, *, multirun: bool) -> list[str] | None:
    """Returns the texts of a JSON list or of a file's lines; None if the value itself is a text."""
    if multirun and value.startswith("@"):
        try:
            lines = Path(value[1:]).expanduser().read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{key}={value}: no text file of that name ({error}); "
                f"a text that begins with @ is written {key}='[\"{value}\"]'"
            ) from error
        return [line for line in map(str.strip, lines) if line]
    with suppress(ValueError):
        found = json.loads(value)
        if isinstance(found, list) and all(isinstance(text, str) for text in found):
            return found
    return None


def _is_plain(key: str, value: str) -> bool:
    """Tells whether Hydra reads the value as written, or the user quoted it by Hydra's rules."""
    try:
        override = OverridesParser.create().parse_override(f"{key}={value}")
    except HydraException:
        return False
    read = override.value()
    if isinstance(read, ChoiceSweep):
        return all(isinstance(text, QuotedString) for text in read.list)
    return isinstance(read, str) and (read == value or value[0] == value[-1] in "'\"")


def _quoted(text: str) -> str:
    return QuotedString(text=text, quote=Quote.single).with_quotes()
