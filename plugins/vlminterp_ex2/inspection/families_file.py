"""Reads files of families: shipped ones by name, others by path; checks their content."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from vlminterp.errors import ConfigError, InputError, nearest

OURS = Path(__file__).with_name("seeds.yaml")
"""The file that is used if a run names none."""
SHIPPED = Path(__file__).parents[1] / "families"
"""The folder of the files that go by a name."""

NAME = re.compile(r"[a-z][a-z0-9_]*")
TAKEN = ("neutral", "other", "informative", "uninformative", "non_visual")
"""Names that rows and summaries use for something else."""
SHAPES = ("has", "looks", "is", "does", "with")
FAMILY = {
    "question": str,
    "says": str,
    "visual": bool,
    "informative": bool,
    "shapes": list,
    "words": (list, dict),
    "frames": list,
}
"""The keys of a family and their types."""
FURTHER = {
    "macros": dict,
    "pointing": list,
    "vague": list,
    "leads": list,
    "empty_verbs": list,
    "grammar": dict,
}
"""Keys that belong to no family; a file's own values are added to ours."""
TYPES = {list: "a list", dict: "a mapping", str: "text", bool: "true or false"}
OURS_TOO = "default"
"""The value that takes over our family of the same name unchanged."""

Data = dict[str, Any]


def families_file(given: str | None) -> Path:
    """Returns the file that `plugin.families` means: ours, a shipped one, or the user's.

    Args:
        given: A name, a path, or None.

    Raises:
        ConfigError: There is no such name and no such file.
    """
    if given is None:
        return OURS
    shipped = {path.stem: path for path in SHIPPED.glob("*.yaml")}
    path = Path(given).expanduser()
    if given not in shipped and not path.is_file():
        raise ConfigError(
            f"plugin.families={given} is no file, and no name of shipped families; "
            f"{nearest(given, shipped)}"
        )
    return shipped.get(given, path)


def read_families(path: Path) -> Data:
    """Reads a file of families, and adds what it takes over from ours.

    Args:
        path: A file in the format of `OURS`.

    Returns:
        Its whole content, checked, with the types of `FAMILY` and `FURTHER`.

    Raises:
        InputError: It can't be read, or something in it is wrong; the message says where.
    """
    own = _loaded(path)
    if path == OURS:
        return own
    _check_keys(own, {"families": dict, "shots": list, **FURTHER}, str(path))
    if not own.get("families"):
        raise InputError(f"{path} names no families; see {OURS}")
    ours = _loaded(OURS)
    families = {
        name: _family(path, name, told, ours["families"]) for name, told in own["families"].items()
    }
    if not any(told.get("informative", True) for told in families.values()):
        raise InputError(f"{path}: no family is informative; one at least must be")
    further = {part: _added(ours[part], own.get(part), f"{path}: {part}") for part in FURTHER}
    return {**further, "families": families, "shots": own.get("shots") or []}


def _loaded(path: Path) -> Data:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path} can't be read: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise InputError(f"{path} is no file of families; see {OURS}")
    return data


def _family(path: Path, name: Any, told: Any, ours: Mapping[str, Data]) -> Data:
    """Returns the checked content of one family in a file."""
    where = f"{path}: families.{name}"
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in TAKEN:
        raise InputError(
            f"{where} is no name for a family: lower-case letters, digits and _, "
            f"not {', '.join(TAKEN)}"
        )
    if told == OURS_TOO:
        if name not in ours:
            raise InputError(f"{where}: there is no such family of ours; {nearest(name, ours)}")
        return ours[name]
    if not isinstance(told, dict):
        raise InputError(f"{where} must be a mapping, or '{OURS_TOO}' for ours of that name")
    _check_keys(told, FAMILY, where)
    _check_family(name, told, where)
    for word in words_in(told):
        _check_word(word, where)
    return dict(told)


def _check_family(name: str, told: Data, where: str) -> None:
    if name == "visual" and not told.get("visual"):
        raise InputError(f"{where} must have visual: true, or another name")
    if told.get("informative", True) and not told.get("question"):
        raise InputError(f"{where} has no question, by which a judge knows what it is about")
    if not any(told.get(part) for part in ("words", "frames", "shapes")):
        raise InputError(f"{where} has no words, frames or shapes, by which it could be found")
    for shape in told.get("shapes", ()):
        if shape not in SHAPES:
            raise InputError(f"{where}.shapes has '{shape}'; {nearest(str(shape), SHAPES)}")


def words_in(told: Mapping[str, Any]) -> Iterator[Any]:
    """Yields the seed words of one family, from all of its lists."""
    words = told.get("words", [])
    for group in words.values() if isinstance(words, dict) else [words]:
        yield from group if isinstance(group, list) else [group]


def _check_word(word: Any, where: str) -> None:
    if not isinstance(word, str | int) or isinstance(word, bool):
        raise InputError(f"{where}.words has {word!r}, which is no word; put it in quotes")
    if len(str(word).split()) != 1:
        raise InputError(f"{where}.words has '{word}', which is not one word; make it a frame")


def _check_keys(told: Mapping[Any, Any], known: Mapping[str, Any], where: str) -> None:
    for key, value in told.items():
        if key not in known:
            raise InputError(f"{where} has '{key}'; {nearest(str(key), known)}")
        types = known[key] if isinstance(known[key], tuple) else (known[key],)
        if not isinstance(value, types):
            wanted = " or ".join(TYPES[kind] for kind in types)
            raise InputError(f"{where}: {key} must be {wanted}")


def _added(ours: Any, own: Any, where: str) -> Any:
    """Returns our value with what a file adds to it, also within mappings."""
    if own is None or ours is None:
        return ours if own is None else own
    if not isinstance(own, type(ours)):
        raise InputError(f"{where} must be {TYPES[type(ours)]}")
    if isinstance(ours, dict):
        added = {key: _added(ours.get(key), told, f"{where}.{key}") for key, told in own.items()}
        return {**ours, **added}
    return [*ours, *own] if isinstance(ours, list) else own
