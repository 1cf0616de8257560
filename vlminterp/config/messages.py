"""One-line messages about everything that can be wrong with a command line."""

import re

from hydra.errors import ConfigCompositionException, MissingConfigException, OverrideParseException
from omegaconf import OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)
from yaml import YAMLError

from vlminterp.config.composition import EXPERIMENT, broken, known
from vlminterp.errors import UserError, nearest

CHOOSE = {"plugin": "+plugin=NAME", "model": "model=NAME", "data": "data=NAME"}
"""The groups that a run is made of, and how each is chosen."""


def not_chosen(group: str) -> str:
    """Says that a command line lacks a plugin, a model or data."""
    return f"no {group} is chosen; add {CHOOSE[group]}"


def one_line(error: Exception) -> str:
    """Says what is wrong, where, and what to do.

    Args:
        error: A `UserError`, or an error of Hydra, OmegaConf or YAML while composing.

    Returns:
        The message, one line.
    """
    cause = error.__cause__ or error
    if isinstance(error, YAMLError):
        return " ".join(str(error).split())  # with the file and the line
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MissingConfigException):
        return _unknown_name(error)
    if isinstance(error, OverrideParseException):
        return _unreadable(str(error.override), _first_line(error))
    if isinstance(cause, (ConfigKeyError, ConfigAttributeError)):
        return _unknown_key(cause)
    if isinstance(cause, MissingMandatoryValue):
        return f"{cause.full_key} has no value; give {cause.full_key}=…"
    if isinstance(cause, OmegaConfBaseException) and cause.full_key:
        return f"{cause.full_key}: {_first_line(cause)}"
    if isinstance(error, ConfigCompositionException):
        return _composition(error)
    return _first_line(error)


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def _unreadable(override: str, reason: str) -> str:
    """Says what can't be read, and suggests the quotes that Hydra's grammar asks for."""
    key, _, value = override.partition("=")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    told = "" if reason.startswith(("Lexer", "Error parsing override")) else f" ({reason})"
    return (
        f"can't read '{override}'{told}; a value with commas, brackets or quotes has quotes of its "
        f"own: '{key}=\"{quoted}\"'"
    )


def _unknown_name(error: MissingConfigException) -> str:
    group, _, name = (error.missing_cfg_file or "").rpartition("/")
    if group.partition("/")[0] == EXPERIMENT:
        group, _, name = (error.missing_cfg_file or "").partition("/")
    if f"{group}={name}" in broken:
        return broken[f"{group}={name}"]
    if not group:
        return _first_line(error)
    return f"no {group} '{name}'; {nearest(name, known(group))}"


def _unknown_key(error: OmegaConfBaseException) -> str:
    """Says which key is unknown, and the nearest known ones."""
    parent, _, key = str(error.full_key).rpartition(".")
    node = error.parent_node
    keys = [str(k) for k in node] if node is not None and OmegaConf.is_dict(node) else []
    if not keys and parent in CHOOSE:
        return not_chosen(parent)
    return f"no key '{key}'{f' in {parent}' if parent else ''}; {nearest(key, keys)}"


def _composition(error: ConfigCompositionException) -> str:
    """Returns Hydra's own message about an override, without its advice to append."""
    line = _first_line(error)
    group = re.match(r"Could not (?:override|append) '(\w+)'", line)
    if group and "+" not in line and group[1] == "plugin":
        return "plugin is chosen by +plugin=NAME"
    return line
