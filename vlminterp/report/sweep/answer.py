"""The first lines of a sweep's page: which VLM relies on what, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from vlminterp.report.numbers import decimals
from vlminterp.report.sweep.groups import Group

LOOKS = {
    "image.pointing_game": (
        "Where they look",
        "share of pictures where the hottest spot lies on what the caption names",
    ),
    "text.word_pointing": (
        "Which words they use",
        "share of captions whose top word names something in the picture",
    ),
}
NOTHING, UNDECIDED = "nothing", "undecided"


def answers(groups: Sequence[Group]) -> list[Markup]:
    """What the sweep has found, a sentence or two for each plugin.

    Args:
        groups: Of the page.
    """
    return [sentence for group in groups for sentence in (*_heard(group), *_looked(group))]


def _heard(group: Group) -> Iterator[Markup]:
    """Which words each VLM likes to hear, VLMs of the same taste together."""
    tastes: dict[str, list[str]] = {}
    for name, run in group.runs.items():
        if "gains" in run.summary:
            tastes.setdefault(taste(run.summary), []).append(name)
    if tastes:
        ordered = sorted(tastes, key=(UNDECIDED, NOTHING).__contains__)
        told = Markup("; ").join(
            Markup("<em>{}</em>: {}").format(taste, _listed(tastes[taste])) for taste in ordered
        )
        yield Markup("<b>What they like to hear</b> ({}): {}.").format(group.title, told)


def taste(summary: Mapping[str, Any]) -> str:
    """The family that a VLM prefers, if it prefers one.

    Args:
        summary: Of a run with gains.
    """
    family = summary.get("preferred")
    if family is not None:
        return str(family)
    return UNDECIDED if summary.get("finding") == UNDECIDED else NOTHING


def _looked(group: Group) -> Iterator[Markup]:
    """How often each VLM looks at what the caption names, the surest first."""
    for metric, (question, meaning) in LOOKS.items():
        means = {
            name: found["mean"]
            for name, run in group.runs.items()
            if (found := (run.summary.get("metrics") or {}).get(metric))
            and found["mean"] is not None
        }
        if means:
            shares = Markup(", ").join(
                Markup("{} <em>{}&nbsp;%</em>").format(name, decimals(100 * means[name], 0))
                for name in sorted(means, key=lambda name: -means[name])
            )
            yield Markup("<b>{}</b> ({}): {}: {}.").format(question, group.title, meaning, shares)


def _listed(names: Sequence[str]) -> str:
    """Names as one writes them.

    Example:
        >>> _listed(["a", "b", "c"])
        'a, b and c'
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
