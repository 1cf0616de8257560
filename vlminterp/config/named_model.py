"""Models without a YAML: `model=` also takes a hub id, ARCHITECTURE/TAG, or a folder."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Override, Quote, QuotedString
from hydra.errors import HydraException

from vlminterp.adapters.settings import ModelConfig

GROUP = "model"
_LOCAL = ("/", ".", "~")


def is_checkpoint(name: str) -> bool:
    """Tells whether a name says where a model is, rather than which YAML describes it.

    Example:
        >>> [is_checkpoint(name) for name in ("clip-vit-b32", "openai/clip", "hf-hub:a/b", "./a")]
        [False, True, True, True]
    """
    return "/" in name or name.startswith(_LOCAL)


def path_component(name: str) -> str:
    """Returns a model's name as one part of a path, or of an artifact's name.

    Example:
        >>> [path_component(name) for name in ("openai/clip", "hf-hub:org/name", "./my clip/")]
        ['openai--clip', 'org--name', 'my-clip']
    """
    if name.startswith(_LOCAL):
        name = Path(name).expanduser().resolve().name
    name = name.removeprefix("hf-hub:").replace("/", "--")
    return re.sub(r"[^\w.-]+", "-", name)


def store_checkpoints(arguments: Sequence[str]) -> list[str]:
    """Makes the checkpoints of a command line known to Hydra, as choices of the group `model`.

    Nothing is looked up: which library reads a checkpoint is found out when it is loaded.

    Args:
        arguments: The command line.

    Returns:
        The arguments, with checkpoints written as Hydra takes them.
    """
    return [
        _stored(argument) if argument.startswith(f"{GROUP}=") else argument
        for argument in arguments
    ]


def _stored(argument: str) -> str:
    value = argument.partition("=")[2]
    if Path(value).expanduser().is_dir() and is_checkpoint(value):
        names = [value]  # a folder's name may hold commas and the like
    else:
        try:
            names = list(_choices(OverridesParser.create().parse_override(argument)))
        except HydraException:
            return argument  # reported when Hydra reads it
    if not any(map(is_checkpoint, names)):
        return argument
    cleaned = [name.rstrip("/") or "/" for name in names]
    for name in filter(is_checkpoint, cleaned):
        _store(name)
    return f"{GROUP}={','.join(map(_written, cleaned))}"


def _choices(override: Override) -> Iterator[str]:
    """Yields the names that an override chooses or sweeps over."""
    value: Any = override.value()
    for name in value.list if isinstance(value, ChoiceSweep) else [value]:
        if isinstance(name, str | QuotedString):
            yield name if isinstance(name, str) else name.text


def _store(name: str) -> None:
    # Hydra looks up the parts between slashes, and skips empty ones.
    *folders, last = [part for part in f"{GROUP}/{name}".split("/") if part]
    node = ModelConfig(checkpoint=name)
    ConfigStore.instance().store(group="/".join(folders), name=last, node=node, package=GROUP)


def _written(name: str) -> str:
    """Writes a name so that Hydra reads it back unchanged."""
    try:
        read = OverridesParser.create().parse_override(f"{GROUP}={name}")
        if read.value() == name:
            return name
    except HydraException:
        pass
    return QuotedString(text=name, quote=Quote.single).with_quotes()
