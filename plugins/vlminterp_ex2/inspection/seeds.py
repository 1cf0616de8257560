"""The seed lists and turns of phrase of a file of families, compiled."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from vlminterp.errors import InputError, nearest
from vlminterp_ex2.inspection.families import Families, Family
from vlminterp_ex2.inspection.families_file import OURS, SHAPES, read_families, words_in


@dataclass(frozen=True)
class Grammar:
    """Small words that tell the shape of a clause, as base forms.

    Attributes:
        articles: Words that, like possessives, begin a noun phrase.
        adverbs: Words that, like auxiliaries, may stand between subject and verb.
        owning: Verbs (and "with") before what something has.
        copulas: Verbs before what something is like, or is.
        prepositions: Words that end what follows a copula.
        pronouns: Subjects that stand for the concept.
        nouns: Nouns that do so where "the" or "this" points at it: "the bird".
        relatives: Subjects that may stand for anything.
        determiners: Words that begin a noun phrase, as written.
        conjunctions: Words that join a clause to the one before.
        subordinators: Words that begin a clause that depends on another.
        finite: Verbs that make a sentence, as written.
        plural: Those of `finite` with a plural subject.
        modals: Those of `finite` that go with any subject.
        people: Subjects other than the concept.
        small: Words that are neither visible things nor verbs.
    """

    articles: frozenset[str]
    adverbs: frozenset[str]
    owning: frozenset[str]
    copulas: frozenset[str]
    prepositions: frozenset[str]
    pronouns: frozenset[str]
    nouns: frozenset[str]
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
class Shot:
    """A description with the verdict it should get, shown to a judge as an example.

    Attributes:
        concept: Name with its article.
        text: The description.
        families: Families in it; none if it is uninformative.
        explanation: The verdict's reason, one short sentence.
    """

    concept: str
    text: str
    families: tuple[str, ...] = ()
    explanation: str = ""


@dataclass(frozen=True)
class Seeds:
    """Knowledge about words, from before any description is read.

    Attributes:
        families: Families that words can speak for.
        frames: Turns of phrase in base forms, by family.
        words: Families that a word speaks for, by its base form.
        shapes: Families that a clause's shape ("has", "does", …) can speak for, by shape.
        pointing: Words that only point at the picture.
        vague: Words that only praise or fill.
        leads: Introductory turns of phrase, which add nothing to their statement.
        empty_verbs: Verbs that say nothing about how something behaves.
        grammar: Small words.
        shots: Example descriptions with the verdicts that a judge should give; None for the
            prompt's own.
    """

    families: Families
    frames: Mapping[str, tuple[re.Pattern[str], ...]]
    words: Mapping[str, tuple[str, ...]]
    shapes: Mapping[str, tuple[str, ...]]
    pointing: frozenset[str]
    vague: frozenset[str]
    leads: tuple[re.Pattern[str], ...]
    empty_verbs: frozenset[str]
    grammar: Grammar
    shots: tuple[Shot, ...] | None = None

    @property
    def silent(self) -> frozenset[str]:
        """Words that say nothing by themselves."""
        return self.pointing | self.vague


def load_seeds(path: Path = OURS) -> Seeds:
    """Reads a file of families, again only if it has changed.

    Args:
        path: A file in the format of `seeds.yaml`.

    Raises:
        InputError: It can't be read, or something in it is wrong; the message says where.
    """
    try:
        changed = path.stat()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from error
    return _compiled(path, changed.st_mtime_ns, changed.st_size)


def our_families() -> Families:
    """Returns the families that are used if a run names no file."""
    return load_seeds().families


@cache
def _compiled(path: Path, changed: int, size: int) -> Seeds:
    data = read_families(path)
    macros, families = data["macros"], data["families"]
    words: dict[str, list[str]] = {}
    for family, told in families.items():
        for word in dict.fromkeys(map(str, words_in(told))):
            words.setdefault(word, []).append(family)
    frames = {
        family: tuple(
            _pattern(str(frame), macros, f"{path}: families.{family}")
            for frame in told.get("frames", ())
        )
        for family, told in families.items()
    }
    try:
        grammar = Grammar(**{kind: frozenset(small) for kind, small in data["grammar"].items()})
    except TypeError as error:
        raise InputError(f"{path}: grammar: {error}") from error
    known = Families(tuple(_family(name, told) for name, told in families.items()))
    return Seeds(
        families=known,
        frames=frames,
        words={word: tuple(own) for word, own in words.items()},
        shapes={
            shape: tuple(name for name, told in families.items() if shape in told.get("shapes", ()))
            for shape in SHAPES
        },
        pointing=frozenset(map(str, data["pointing"])),
        vague=frozenset(map(str, data["vague"])),
        leads=tuple(_pattern(str(lead), macros, f"{path}: leads") for lead in data["leads"]),
        empty_verbs=frozenset(map(str, data["empty_verbs"])),
        grammar=grammar,
        shots=None
        if path == OURS
        else tuple(_shot(shot, known, f"{path}: shots") for shot in data["shots"]),
    )


def _family(name: str, told: Mapping[str, Any]) -> Family:
    question = str(told.get("question", ""))
    return Family(
        name=name,
        says=str(told.get("says") or question.partition(":")[0] or f"{name} words"),
        question=question,
        visual=told.get("visual", False),
        informative=told.get("informative", True),
    )


def _shot(told: Any, families: Families, where: str) -> Shot:
    if not isinstance(told, dict) or not {"concept", "text", "families"} <= told.keys():
        raise InputError(f"{where}: each needs concept, text, families and, at best, explanation")
    named = told["families"] or []
    if not isinstance(named, list):
        raise InputError(f"{where}: families must be a list")
    for name in named:
        if name not in families.informative:
            raise InputError(f"{where} has family '{name}'; {nearest(name, families.informative)}")
    explanation = str(told.get("explanation", ""))
    return Shot(str(told["concept"]), str(told["text"]), tuple(named), explanation)


def _pattern(frame: str, macros: Mapping[str, str], where: str) -> re.Pattern[str]:
    written = frame
    for name, expansion in macros.items():
        # not as a replacement string, in which backslashes would have a meaning
        frame = str(expansion).join(re.split(rf"\b{name}\b", frame))
    try:
        pattern = re.compile(frame)
    except re.error as error:
        raise InputError(f"{where}: '{written}' is no regular expression: {error}") from error
    if pattern.search(""):
        raise InputError(f"{where}: '{written}' is found in every text")
    return pattern
