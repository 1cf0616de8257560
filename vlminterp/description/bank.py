"""Banks: descriptions of concepts, sorted into families, each with a neutral one to compare with.

A row's text may hold `{name}`, `{concept}` (the name with its article) and `{Concept}` (the same
with a capital). The same words can then be said of another concept, which tells whether a VLM
cares about their content or only about their presence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.random import Generator

from vlminterp.data.concepts import article
from vlminterp.errors import InputError, nearest

NEUTRAL = ""
"""The family of descriptions that only name their concept."""

PLACEHOLDERS = ("{name}", "{concept}", "{Concept}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class BankRow:
    """One description, as it stands in a bank's file.

    Attributes:
        concept: Id or name of the concept; empty for a text that fits all of them.
        family: Topic of the text: `visual`, `habitat`, …; empty for a neutral one.
        text: The description, with placeholders or without.
        frame: Groups descriptions with the neutral one from which they differ only by the
            family's words; empty compares them with the mean of the concept's neutral ones.
        place: Place in the file that it was read from, for messages.
    """

    concept: str
    family: str
    text: str
    frame: str = ""
    place: str = ""

    def __post_init__(self) -> None:
        unknown = [p for p in _PLACEHOLDER.findall(self.text) if p not in PLACEHOLDERS]
        if unknown:
            raise InputError(f"unknown placeholder {unknown[0]}; known: {', '.join(PLACEHOLDERS)}")


@dataclass(frozen=True)
class Statement:
    """A text about a concept, ready to be scored.

    Attributes:
        about: The concept's number.
        family: Family of the row; empty for a neutral one.
        frame: Frame of the row.
        text: Text of the row, placeholders filled.
    """

    about: int
    family: str
    frame: str
    text: str


@dataclass(frozen=True)
class Swapped:
    """The text of `Statement` number `row` with another concept's words of the same family."""

    row: int
    text: str


class Bank:
    """Descriptions, matched to the concepts of a source.

    Args:
        rows: The descriptions.
        ids: Ids of the source's concepts.
        names: Names of the same concepts.

    Attributes:
        said: All descriptions with placeholders filled, in the order of `rows`.
        families: Families in the order in which they first occur, without the neutral one.

    Raises:
        InputError: A row names no concept or an ambiguous one, there are no families, a description
            has no neutral one to compare with, or it names its concept more or less often than the
            neutral one: the name's worth would be taken for the family's.
    """

    def __init__(self, rows: Sequence[BankRow], ids: Sequence[str], names: Sequence[str]) -> None:
        self._names = tuple(names)
        self._templates: list[str] = []
        numbers: dict[str, list[int]] = {}
        said = []
        for row in rows:
            if row.concept not in numbers:
                numbers[row.concept] = _numbers(row, ids, names)
            for about in numbers[row.concept]:
                text = fill(row.text, names[about])
                said.append(Statement(about, row.family, row.frame, text))
                self._templates.append(row.text)
        self.said = tuple(said)
        self.families = tuple(dict.fromkeys(row.family for row in rows if row.family != NEUTRAL))
        if not self.families:
            raise InputError("the bank has no families; fill in the column family")
        _check_neutrals(self.said, ids)
        _check_naming(self.said, ids, names)

    def swapped(self, others: int = 3, seed: int = 0) -> list[Swapped]:
        """Returns texts that say of each concept what the bank says of others.

        Words are swapped within a family and frame, and only where the two texts then differ and
        name the concept equally often: boilerplate, and a habitat that both concepts share, have no
        counterpart. Nor do texts that name their concept without a placeholder, since they would be
        about another concept.

        Args:
            others: Number of other concepts that each description's counterparts come from, ≥ 1.
            seed: Seed of the choice of these concepts.

        Returns:
            The counterparts, at most `others` for each description.
        """
        rng = np.random.default_rng(seed)
        groups: dict[tuple[str, str], dict[int, list[int]]] = {}
        for row, said in enumerate(self.said):
            if said.family != NEUTRAL and not self._is_bound(row):
                group = groups.setdefault((said.family, said.frame), {})
                group.setdefault(said.about, []).append(row)
        return [
            swap
            for group in groups.values()
            for about, own in group.items()
            for swap in self._swap(about, own, group, others, rng)
        ]

    def _swap(
        self, about: int, own: list[int], group: dict[int, list[int]], others: int, rng: Generator
    ) -> Iterator[Swapped]:
        """Yields counterparts of the descriptions `own` of one concept, in one family and frame."""
        name = self._names[about]
        true = {self.said[row].text for row in own}
        foreign = [group[other] for other in group if other != about]
        foreign = [foreign[i] for i in rng.permutation(len(foreign))]
        for place, row in enumerate(own):
            # Where concepts have the same wordings, rows at equal places are worded alike.
            like = (rows[place * len(rows) // len(own)] for rows in foreign)
            texts = (fill(self._templates[other], name) for other in like)
            own_times = times_named(self.said[row].text, name)
            different = (
                text for text in texts if text not in true and times_named(text, name) == own_times
            )
            yield from (Swapped(row, text) for text in islice(different, others))

    def _is_bound(self, row: int) -> bool:
        """Tells whether a text names its concept without a placeholder."""
        name = re.escape(self._names[self.said[row].about])
        return re.search(rf"\b{name}\b", self._templates[row], re.IGNORECASE) is not None


def fill(text: str, name: str) -> str:
    """Fills a row's placeholders.

    Example:
        >>> fill("{Concept}. You see {concept}, the {name}.", "owl")
        'An owl. You see an owl, the owl.'
    """
    named = f"{article(name)} {name}"
    fillings = (name, named, named[0].upper() + named[1:])
    for placeholder, filling in zip(PLACEHOLDERS, fillings, strict=True):
        text = text.replace(placeholder, filling)
    return text


def times_named(text: str, name: str) -> int:
    """Counts how often a text calls a concept by its name, in the singular or plural.

    Example:
        >>> times_named("An owl. Owls hunt, the bowl is empty.", "owl")
        2
    """
    return len(re.findall(rf"(?<!\w){re.escape(name)}(?:e?s)?(?!\w)", text, re.IGNORECASE))


def _numbers(row: BankRow, ids: Sequence[str], names: Sequence[str]) -> list[int]:
    """Returns the numbers of the concepts that a row is about."""
    if not row.concept:
        return list(range(len(ids)))
    if row.concept in ids:
        return [list(ids).index(row.concept)]
    found = [number for number, name in enumerate(names) if name == row.concept]
    prefix = f"{row.place}: " if row.place else ""
    if not found:
        raise InputError(
            f"{prefix}no concept '{row.concept}' in the data; {nearest(row.concept, names)}"
        )
    if len(found) > 1:
        these = ", ".join(ids[number] for number in found)
        raise InputError(f"{prefix}'{row.concept}' names several concepts; use an id: {these}")
    return found


def _check_neutrals(said: Sequence[Statement], ids: Sequence[str]) -> None:
    frames = {(s.about, s.frame) for s in said if s.family == NEUTRAL}
    concepts = {about for about, _ in frames}
    for one in said:
        if one.about not in concepts:
            raise InputError(
                f"concept '{ids[one.about]}' has no neutral description; add a row with an empty "
                "family, for example concept and family empty, text 'a photo of {concept}'"
            )
        if one.frame and (one.about, one.frame) not in frames:
            raise InputError(
                f"concept '{ids[one.about]}' has no neutral description in the frame "
                f"'{one.frame}'; add a row with that frame and an empty family"
            )


def _check_naming(said: Sequence[Statement], ids: Sequence[str], names: Sequence[str]) -> None:
    """Checks that descriptions name the concept as often as the neutral ones they compare with."""
    neutral: dict[tuple[int, str], set[int]] = {}
    for one in said:
        if one.family == NEUTRAL:
            times = times_named(one.text, names[one.about])
            for frame in {one.frame, ""}:
                neutral.setdefault((one.about, frame), set()).add(times)
    for one in said:
        own = times_named(one.text, names[one.about])
        others = neutral[one.about, one.frame]
        if one.family != NEUTRAL and others != {own}:
            told = " and ".join(map(str, sorted(others)))
            raise InputError(
                f"concept '{ids[one.about]}': '{one.text}' names it {own} times, the neutral "
                f"descriptions that it is compared with {told} times; word them so that only the "
                "family's words differ, for example '{Concept}.' and '{Concept}. It eats mice.'"
            )
