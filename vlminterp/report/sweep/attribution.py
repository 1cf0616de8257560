"""The comparison of attribution runs: where each looks, and whose maps agree."""

from collections.abc import Iterator

from markupsafe import Markup

from vlminterp.drawing.numbers import decimals
from vlminterp.report.sweep.comparison import SweepComparison
from vlminterp.report.sweep.groups import Group
from vlminterp.report.sweep.maps import Maps

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


def attribution_comparison(group: Group) -> SweepComparison:
    """Says how often each run looks at what captions name, and shows their maps side by side.

    Args:
        group: Finished runs; those without maps or scores are left out.
    """
    maps = Maps(group)
    return SweepComparison([*_looked(group), *maps.answers()], pictures=list(maps.sections()))


def _looked(group: Group) -> Iterator[Markup]:
    """Yields a sentence for each metric in `LOOKS`: the share of each VLM, the highest first."""
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
