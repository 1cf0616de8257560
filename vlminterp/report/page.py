"""The page of one run."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from vlminterp.errors import ResultsError
from vlminterp.report.cards import common_scale, make_card
from vlminterp.report.overlay import MOST_OPAQUE, RISE, STOPS, ticks
from vlminterp.report.scores import score_table
from vlminterp.results.atomic import write_whole
from vlminterp.results.attribution import explained_pairs
from vlminterp.results.run_folder import REPORT, RunFolder

PAIRS_ON_PAGE = 100
SKIPS_ON_PAGE = 50
MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"


def write_report(folder: RunFolder) -> Path:
    """Makes `report.html` from a run folder, finished or not.

    Args:
        folder: The run.

    Returns:
        The page's path.

    Raises:
        ResultsError: The page can't be written.
    """
    page = folder.path / REPORT
    try:
        write_whole(page, render(folder).encode())
    except OSError as error:
        raise ResultsError(f"{page} can't be written: {error.strerror}") from error
    return page


def render(folder: RunFolder) -> str:
    """The page as HTML; it asks no host for anything."""
    summary, names, skips = folder.summary or {}, folder.names, folder.skips()
    pairs = list(islice(explained_pairs(folder), PAIRS_ON_PAGE))
    scale = common_scale(pairs)
    settings = {k: v for k, v in flatten(folder.config) if not k.startswith("names.")}
    template = _environment().get_template("page.html.j2")
    return template.render(
        **names,
        finished=folder.finished,
        truncated=summary.get("truncated", 0),
        explained=summary.get("pairs", len(pairs) + len(skips)) - len(skips),
        metrics=score_table(summary.get("metrics", {}), names["plugin"]),
        settings={k: v for k, v in settings.items() if k.startswith("plugin.")},
        other_settings={k: v for k, v in settings.items() if not k.startswith("plugin.")},
        versions=folder.versions,
        skips=skips,
        skips_on_page=SKIPS_ON_PAGE,
        cards=[make_card(folder.path, pair, scale) for pair in pairs],
        scale=scale,
        patch_ticks=ticks(scale.patch),
        word_ticks=ticks(scale.word),
        gradient=_gradient(),
    )


def flatten(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a nested config by dotted key.

    Example:
        >>> dict(flatten({"plugin": {"beta": 0.1, "sides": ["image"]}}))
        {'plugin.beta': 0.1, 'plugin.sides': ['image']}
    """
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _gradient() -> str:
    """The colour scale as CSS, at the opacity at which it lies over pictures."""
    last = len(STOPS) - 1
    steps = [
        f"#{stop}{round(255 * MOST_OPAQUE * (place / last) ** RISE):02x} {100 * place / last:.1f}%"
        for place, stop in enumerate(STOPS)
    ]
    return f"linear-gradient(90deg, {', '.join(steps)})"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("vlminterp.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["decimals"] = _decimals
    return environment


def _number(value: float | None, digits: int = 3) -> str:
    """A number as people read it: three significant digits, a real minus sign."""
    if value is None or value != value:
        return NOTHING
    return f"{value:.{digits}g}".replace("-", MINUS) if abs(value) < 1e4 else f"{value:,.0f}"


def _decimals(value: float, places: int) -> str:
    return f"{value:.{places}f}".replace("-", MINUS)
