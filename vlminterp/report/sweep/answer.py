"""The first lines of a sweep's page: which VLM relies on what, in words."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from vlminterp.drawing.numbers import decimals
from vlminterp.report.sweep.groups import Group
from vlminterp.report.sweep.preferences import tastes

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


def answers(groups: Sequence[Group]) -> list[Markup]:
    """What the sweep has found, a sentence or two for each plugin.

    Args:
        groups: Of the page.
    """
    return [sentence for group in groups for sentence in (*_heard(group), *_looked(group))]


def _heard(group: Group) -> Iterator[Markup]:
    """Which words each VLM likes to hear, VLMs of the same taste together."""
    runs = {name: run for name, run in group.runs.items() if "gains" in run.summary}
    found: dict[str, list[str]] = {}
    for name, taste in tastes(runs).items():
        found.setdefault(taste, []).append(name)
    if found:
        families = {run.summary.get("preferred") for run in runs.values()}
        ordered = sorted(found, key=lambda taste: taste not in families)
        told = Markup("; ").join(
            Markup("<em>{}</em>: {}").format(taste, _listed(found[taste])) for taste in ordered
        )
        yield Markup("<b>What they like to hear</b> ({}): {}.").format(group.title, told)


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
