"""The outcome of an attribution run, in one sentence."""

from collections.abc import Iterator, Mapping
from typing import Any

from vlminterp.attribution.metric_names import metric_parts
from vlminterp.metrics.facts import POINTING

POINTS = {"image": POINTING, "text": "word_pointing"}
"""The metric that answers whether maps point at what is named, by side."""
ASKED = {
    "image": ("looks at what the text names", "pictures"),
    "text": ("listens to a word that names something in the picture", "captions"),
}
RANDOM = "random"
"""The baseline of maps that know nothing."""


def verdict(summary: Mapping[str, Any]) -> str:
    """Says how often maps point at what is named; where no truth is known, what passports say.

    Args:
        summary: A summary as `summarise` makes it.

    Returns:
        A sentence or two; empty where there is neither truth nor a passport.

    Example:
        >>> found = {"mean": 0.83, "n": 60, "baselines": {"random": {"mean": 0.09}}}
        >>> verdict({"model": "planted-base", "metrics": {"image.pointing_game": found}})
        'planted-base looks at what the text names in 83 % of 60 pictures (random maps: 9 %).'
    """
    said = [_of_side(summary, side) for side in POINTS]
    return " ".join(one for one in said if one) or _of_passports(summary)


def _of_side(summary: Mapping[str, Any], side: str) -> str:
    found = dict(_by_method(summary.get("metrics") or {}, side))
    if not found:
        return ""
    best = max(found, key=lambda method: float(found[method]["mean"]))
    what, units = ASKED[side]
    metric = found[best]
    share = f"in {_percent(metric['mean'])} of {metric['n']} {units}"
    others = [
        f"{method} {_percent(one['mean'])}" for method, one in found.items() if method != best
    ]
    if random := (metric.get("baselines") or {}).get(RANDOM):
        others.append(f"random maps: {_percent(random['mean'])}")
    beside = f" ({', '.join(others)})" if others else ""
    by = f"By {best}, " if len(found) > 1 else ""
    return f"{by}{summary['model']} {what} {share}{beside}."


def _by_method(
    metrics: Mapping[str, Mapping[str, Any]], side: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the metric of each method; of a run with one method, under an empty name."""
    for name, metric in metrics.items():
        of, method, own = metric_parts(name)
        if of == side and own == POINTS[side] and metric.get("mean") is not None:
            yield method, metric


def _of_passports(summary: Mapping[str, Any]) -> str:
    words = summary.get("passports") or {}
    counts = [one for one in words.values() if isinstance(one, int)]
    if not counts or not sum(counts):
        return ""
    told = ", ".join(f"{count} {word}" for word, count in words.items() if count)
    return f"Of {sum(counts)} maps of {summary['model']}, by their passports: {told}."


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
