"""The verdict on a VLM in one sentence."""

from collections.abc import Mapping, Sequence

from vlminterp_audit.regions import Origin
from vlminterp_audit.verdict import Driver, Kind

GOES_BY = {
    Driver.object: "the object itself",
    Driver.context: "what is around the object",
    Driver.both: "both the object and what is around it",
    Driver.neither: "neither the object nor what is around it, as far as can be told",
}


def verdict(
    model: str, drivers: Mapping[str, int], likes: str | None, flags: Mapping[str, int]
) -> str:
    """Says what a VLM goes by, what it likes to hear, and how many flags there are.

    Args:
        model: The VLM's name.
        drivers: Number of concepts by what their names go by.
        likes: The family of words that it prefers; None for none.
        flags: Number of flags by kind.

    Example:
        >>> verdict("clip", {"object-driven": 3, "context-driven": 1}, None, {"shortcut": 1})
        'clip goes by the object itself for 3 of 4 concepts, by what is around the object for 1. \
It likes to hear nothing beside the name. Flags: 1 shortcut.'
    """
    total = sum(drivers.values())
    if not total:
        return f"{model} could not be audited: no concept has pictures that can be taken apart."
    found = sorted(
        (one for one in Driver if drivers.get(one.value)), key=lambda d: -drivers[d.value]
    )
    first, *rest = found
    says = f"{model} goes by {GOES_BY[first]} for {_share(drivers[first.value], total)}"
    says += "".join(f", by {GOES_BY[one]} for {drivers[one.value]}" for one in rest)
    hears = f"{likes} words" if likes else "nothing beside the name"
    return f"{says}. It likes to hear {hears}. {_flags(flags)}"


def _share(count: int, total: int) -> str:
    return f"all {total} concepts" if count == total else f"{count} of {total} concepts"


def _flags(flags: Mapping[str, int]) -> str:
    told = [
        f"{flags[kind.value]} {kind.value}"
        for kind in Kind
        if flags.get(kind.value) and kind is not Kind.name_only
    ]
    return f"Flags: {', '.join(told)}." if told else "No flags."


def warning(regions: Sequence[str]) -> str:
    """Returns a sentence that warns of regions from maps; empty where there are none.

    Args:
        regions: The origins of the regions.
    """
    if Origin.map.value not in regions:
        return ""
    return (
        " Objects were found by maps, which mark only a part of them: don’t rely on what it is said"
        " to go by, and give masks (plugin.regions)."
    )
