"""The seed lists and turns of phrase of `seeds.yaml`, compiled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from vlminterp.errors import InputError
from vlminterp_ex2.inspection.families import FAMILIES

DEFAULT = Path(__file__).with_name("seeds.yaml")


@dataclass(frozen=True)
class Grammar:
    """Small words that the shape of a clause is told by, as base forms.

    Attributes:
        articles: They, and possessives, begin a noun phrase.
        adverbs: They, and auxiliaries, may stand between subject and verb.
        owning: Verbs (and "with") before what something has.
        copulas: Verbs before what something is like, or is.
        prepositions: They end the words that follow a copula.
        pronouns: Subjects that stand for the concept.
        relatives: Subjects that may stand for anything.
        determiners: As written, words that begin a noun phrase.
        conjunctions: They join a clause to the one before.
        subordinators: They begin a clause that hangs on another.
        finite: As written, verbs that make a sentence of what they stand in.
        plural: Those of them that have a subject in the plural.
        modals: Those of them that go with any subject.
        people: Subjects other than the concept.
        small: Words that are nothing to be seen and no verb.
    """

    articles: frozenset[str]
    adverbs: frozenset[str]
    owning: frozenset[str]
    copulas: frozenset[str]
    prepositions: frozenset[str]
    pronouns: frozenset[str]
    relatives: frozenset[str]
    determiners: frozenset[str]
    conjunctions: frozenset[str]
    subordinators: frozenset[str]
    finite: frozenset[str]
    plural: frozenset[str]
    modals: frozenset[str]
    people: frozenset[str]
    small: frozenset[str]


@dataclass(frozen=True)
class Seeds:
    """What is known about words before any description is read.

    Attributes:
        frames: By family, turns of phrase in base forms.
        words: By base form, the families that it speaks for.
        groups: By family, its named word lists ("colour", "parts", …).
        pointing: Words that only point at the picture.
        vague: Words that praise or fill.
        leads: Turns of phrase that say nothing of the statement they stand in.
        empty_verbs: Verbs that tell nothing about how something behaves.
        grammar: Small words.
    """

    frames: Mapping[str, tuple[re.Pattern[str], ...]]
    words: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, Mapping[str, tuple[str, ...]]]
    pointing: frozenset[str]
    vague: frozenset[str]
    leads: tuple[re.Pattern[str], ...]
    empty_verbs: frozenset[str]
    grammar: Grammar

    @property
    def silent(self) -> frozenset[str]:
        """Words that say nothing by themselves."""
        return self.pointing | self.vague


@cache
def load_seeds(path: Path = DEFAULT) -> Seeds:
    """Reads a seed file, once.

    Args:
        path: Of the form of `seeds.yaml`.

    Raises:
        InputError: It can't be read, or names a family that there isn't.
    """
    try:
        data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return _compile(data)
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, re.error) as error:
        raise InputError(f"{path} is no seed file ({error!r}); see {DEFAULT}") from error


def _compile(data: Mapping[str, Any]) -> Seeds:
    for part in ("frames", "words"):
        if unknown := set(data[part]) - set(FAMILIES):
            raise InputError(f"seeds: {part} of unknown family {min(unknown)}; one of {FAMILIES}")
    words: dict[str, list[str]] = {}
    for family, groups in data["words"].items():
        for word in {word for group in groups.values() for word in group}:
            words.setdefault(str(word), []).append(family)
    return Seeds(
        frames={
            family: tuple(_pattern(frame, data["macros"]) for frame in frames)
            for family, frames in data["frames"].items()
        },
        words={word: tuple(families) for word, families in words.items()},
        groups={
            family: {name: tuple(map(str, group)) for name, group in groups.items()}
            for family, groups in data["words"].items()
        },
        pointing=frozenset(data["pointing"]),
        vague=frozenset(data["vague"]),
        leads=tuple(_pattern(lead, data["macros"]) for lead in data["leads"]),
        empty_verbs=frozenset(data["empty_verbs"]),
        grammar=Grammar(**{kind: frozenset(words) for kind, words in data["grammar"].items()}),
    )


def _pattern(frame: str, macros: Mapping[str, str]) -> re.Pattern[str]:
    for name, expansion in macros.items():
        # not as a replacement string, in which backslashes would mean something
        frame = expansion.join(re.split(rf"\b{name}\b", frame))
    pattern = re.compile(frame)
    if pattern.search(""):
        raise InputError(f"seeds: the frame '{frame}' is found in every text")
    return pattern
