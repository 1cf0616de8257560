"""The verdict on a VLM in one sentence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from vlminterp_audit.regions import Origin
from vlminterp_audit.verdict import Driver, Kind

GOES_BY = {
    Driver.object: "by the object itself",
    Driver.context: "by what is around the object",
    Driver.both: "by both the object and what is around it",
    Driver.neither: "by neither the object nor what is around it, as far as can be told",
    Driver.undecided: "too few pictures to tell",
}


class Hears(Enum):
    """Findings on the words that a VLM prefers to hear, as said in sentences."""

    untested = "No words beside names were tested"
    nothing = "It likes to hear nothing beside the name"
    any_picture = "The words that it likes most gain as much with pictures of other things"
    undecided = "Whether it prefers any words beside the name is undecided"


@dataclass(frozen=True)
class Scope:
    """The tests that an audit could make, since not finding is not the same as not looking.

    Attributes:
        phrases: Whether words beside names were tried.
        regions: The origins of regions.
    """

    phrases: bool
    regions: Sequence[str]

    @property
    def everything(self) -> bool:
        """True if every kind of flag could be raised."""
        return self.phrases and Origin.map.value not in self.regions

    def missing(self) -> Iterator[str]:
        """Yields a sentence for each test that was not made, or not for all concepts."""
        if Origin.map.value in self.regions:
            some = "" if len(self.regions) == 1 else "Of some concepts "
            says = (
                f"{some}shortcuts were not looked for: objects were found by maps, which mark only "
                "a part of them; don’t rely on what it is said to go by, and give masks "
                "(plugin.regions)"
            )
            yield says[0].upper() + says[1:]
        if not self.phrases:
            yield "Spurious phrases and text priors were not looked for: no phrases were given"


def verdict(
    model: str,
    drivers: Mapping[str, int],
    likes: str | Hears,
    flags: Mapping[str, int],
    scope: Scope,
) -> str:
    """Says what a VLM goes by, what it likes to hear, and how many flags there are.

    Args:
        model: The VLM's name.
        drivers: Number of concepts by what their names go by.
        likes: The family of words that it prefers, or why there is none.
        flags: Number of flags by kind.
        scope: The tests that were made.

    Example:
        >>> drivers, scope = {"object-driven": 3, "undecided": 1}, Scope(True, ["data"])
        >>> verdict("clip", drivers, Hears.nothing, {"shortcut": 1}, scope)
        'clip goes by the object itself for 3 of 4 concepts; too few pictures to tell for 1. \
It likes to hear nothing beside the name. Flags: 1 shortcut.'
    """
    total = sum(drivers.values())
    if not total:
        return f"{model} could not be audited: no concept has pictures that can be taken apart."
    hears = likes.value if isinstance(likes, Hears) else f"It likes to hear {likes} words"
    said = (goes_by(model, drivers, total), *_knows(flags), hears, _flags(flags, scope))
    return ". ".join((*said, *scope.missing())) + "."


def goes_by(model: str, drivers: Mapping[str, int], total: int) -> str:
    """Says for how many of its names a VLM goes by what; what is undecided comes last."""
    found = [one for one in Driver if drivers.get(one.value)]
    found.sort(key=lambda one: (one is Driver.undecided, -drivers[one.value]))
    first, *rest = found
    begin = f"{model}:" if first is Driver.undecided else f"{model} goes"
    says = f"{begin} {GOES_BY[first]} for {_share(drivers[first.value], total)}"
    for one in rest:
        mark = ";" if one is Driver.undecided else ","
        says += f"{mark} {GOES_BY[one]} for {drivers[one.value]}"
    return says


def _knows(flags: Mapping[str, int]) -> Iterator[str]:
    """Yields a sentence on the names that a VLM does not know, if there are any."""
    if count := flags.get(Kind.unknown.value):
        yield f"It does not know {count} {'name' if count == 1 else 'names'}"


def _share(count: int, total: int) -> str:
    return f"all {total} concepts" if count == total else f"{count} of {total} concepts"


def _flags(flags: Mapping[str, int], scope: Scope) -> str:
    told = [
        f"{flags[kind.value]} {kind.value}"
        for kind in Kind
        if flags.get(kind.value) and kind is not Kind.name_only
    ]
    none = "No flags" if scope.everything else "No flags of those that were looked for"
    return f"Flags: {', '.join(told)}" if told else none
