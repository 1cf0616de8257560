"""The page of a run, with a column per method."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from vlminterp.attribution.metric_names import metric_parts
from vlminterp.attribution.passport.split import splits_of
from vlminterp.attribution.placed import placed_map
from vlminterp.attribution.rows import PairResult, explained_pairs, is_measured, methods_of
from vlminterp.attribution.shown import shown_places
from vlminterp.drawing.numbers import number
from vlminterp.drawing.overlay import overlay
from vlminterp.drawing.signed import signed_overlay
from vlminterp.metrics.facts import METRICS, POINTING, SHUFFLED, Metric, how_it_misleads
from vlminterp.report.cards import data_uri, small_picture
from vlminterp.report.content import Content, Section
from vlminterp.report.finder import Findable, finder
from vlminterp.report.passport import OneWord, Stamp, grouped, split_counts, split_table, stamp
from vlminterp.report.search import search_files, search_form
from vlminterp.report.templating import environment
from vlminterp.report.words import coloured_words
from vlminterp.results.run_folder import RunFolder
from vlminterp_attribution import looks
from vlminterp_attribution.comparison import Comparisons, compare

PAIRS_ON_PAGE = 60
LONGEST_SIDE = 224
SIGNED = ("contrast", "class")
PACKAGE = "vlminterp_attribution"


@dataclass(frozen=True)
class MethodView:
    """A method's answer for one pair.

    Attributes:
        method: The method's name.
        picture: The heatmap as a data URI; None where there is none.
        words: The caption, coloured; empty where the text side was not explained.
        note: A line below.
        passport: The word on how far the map can be trusted, with reasons; None without one.
    """

    method: str
    picture: str | None
    words: Markup
    note: str
    passport: Stamp | None


def content(folder: RunFolder) -> Content:
    """Returns a table of methods and metrics, then the pairs with a column per method.

    Args:
        folder: A run of this plugin, finished or not.
    """
    methods, names, splits = methods_of(folder), folder.names, splits_of(folder)
    asked = str(folder.config.get("plugin", {}).get("target", "similarity"))
    templates = environment(PACKAGE)
    metrics = (folder.summary or {}).get("metrics") or {}
    compared = (
        compare(folder.parts.rows(only=is_measured))
        if len(methods) > 1 and metrics
        else Comparisons()
    )
    tables = list(score_tables(metrics, methods, compared))
    sections = []
    places, told = shown_places(folder, PAIRS_ON_PAGE)
    pairs = list(_pairs(folder, methods, places))
    explained = _explained(folder)
    beyond = explained > len(pairs) > 0
    if pairs:
        groups = grouped(
            pairs, lambda pair: [view.passport for view in pair["views"] if view.passport]
        )
        drawn = templates.get_template("columns.html.j2").render(
            groups=groups,
            methods=methods,
            told=told,
            shown=len(pairs),
            explained=explained,
            search=search_form(folder, explained) if beyond else "",
            finder=finder([pair["findable"] for pair in pairs]),
        )
        sections.append(Section("Pairs", split_table(splits) + Markup(drawn)))
    if tables:
        drawn = templates.get_template("methods.html.j2").render(
            tables=tables, tests=compared.tests
        )
        sections.append(Section("Scores", Markup(drawn)))
    lead = Markup(
        "For each picture and caption, this page shows which parts of the picture and which words "
        "{} uses, as each method measures it. Methods have units of their own: each map and each "
        "caption is drawn on its own scale, from 0 to its highest score{}. Where methods disagree, "
        "trust scores more than looks."
    ).format(names["model"], "; blue counts against" if asked in SIGNED else "")
    return Content(
        heading=Markup("What <em>{}</em> looks at").format(names["model"]),
        lead=lead,
        sections=sections,
        counts={"methods": ", ".join(methods), "target": asked, **split_counts(splits)},
        style=STYLE,
        finds=bool(pairs),
        beside=search_files(folder) if beyond else (),
    )


def score_tables(
    metrics: Mapping[str, Mapping[str, Any]],
    methods: Sequence[str],
    compared: Comparisons | None = None,
) -> Iterator[dict[str, Any]]:
    """Yields a table per side: methods and baselines as rows, metrics as columns.

    Args:
        metrics: A summary's metrics, named `SIDE.METHOD.METRIC`, or `SIDE.METRIC` for one method.
        methods: The run's methods.
        compared: The comparisons of methods; without it no method is said to be behind.
    """
    compared = compared or Comparisons()
    for side in ("image", "text"):
        own = [
            (method or methods[0], metric, value)
            for name, value in metrics.items()
            for of, method, metric in [metric_parts(name)]
            if of == side
        ]
        if not own:
            continue
        columns = list(dict.fromkeys(metric for _, metric, _ in own))
        rows: dict[str, dict[str, Mapping[str, Any]]] = {}
        for method, metric, value in own:
            rows.setdefault(method, {})[metric] = value
        facts = {name: METRICS[name] for name in columns}
        misleading = {name: how_it_misleads(f"{side}.{name}") for name in columns}
        yield {
            "side": side,
            "metrics": facts,
            "rows": rows,
            "baselines": _baselines(rows),
            "misleading": {name: how for name, how in misleading.items() if how},
            "best": {n: None if misleading[n] else _best(rows, facts[n]) for n in columns},
            "compared": compared.of(side),
            "beyond": compared.of(side, beyond=True),
        }


def _baselines(
    rows: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Returns the baselines' numbers by name and metric.

    A method's own values at random places are a baseline of that method; all others are the same
    for every method.
    """
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for method, values in rows.items():
        for metric, value in values.items():
            for baseline, numbers in (value.get("baselines") or {}).items():
                own = baseline == SHUFFLED and len(rows) > 1
                name = f"{method}, {SHUFFLED}" if own else baseline
                found.setdefault(name, {}).setdefault(metric, numbers)
    return found


def _best(rows: Mapping[str, Mapping[str, Mapping[str, Any]]], facts: Metric) -> str | None:
    """Returns the method with the best mean.

    None where neither direction is better, or fewer than two methods have a mean.
    """
    means = {
        method: values[facts.name]["mean"]
        for method, values in rows.items()
        if values.get(facts.name, {}).get("mean") is not None
    }
    if facts.higher_is_better is None or len(means) < 2:
        return None
    return (max if facts.higher_is_better else min)(means, key=lambda method: float(means[method]))


def _explained(folder: RunFolder) -> int:
    """Returns the number of pairs that a finished run has explained; 0 for an unfinished one."""
    summary = folder.summary or {}
    return int(summary.get("pairs", 0)) - int(summary.get("skipped", 0))


def _pairs(
    folder: RunFolder, methods: Sequence[str], places: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """Yields the template's variables for each pair at these places."""
    found = [explained_pairs(folder, method, places) for method in methods]
    for results in zip(*found, strict=False):
        yield _pair(folder, dict(zip(methods, results, strict=True)))


def pair_columns(folder: RunFolder, results: Mapping[str, PairResult]) -> Markup:
    """Writes one pair as the page shows it, with a column per method; its CSS is `STYLE`.

    Args:
        folder: The run's folder.
        results: The pair's results by method, one or more.
    """
    groups = [OneWord("", [_pair(folder, results)])]
    template = environment(PACKAGE).get_template("columns.html.j2")
    return Markup(
        template.render(
            groups=groups,
            methods=list(results),
            finder="",
            search="",
            told="",
            shown=1,
            explained=1,
        )
    )


def _pair(folder: RunFolder, results: Mapping[str, PairResult]) -> dict[str, Any]:
    """Returns the template's variables for one pair."""
    first = next(iter(results.values()))
    picture = small_picture(folder.path, first, LONGEST_SIDE)
    return {
        "id": first.id,
        "text": first.text,
        "similarity": next(iter(first.sides.values())).row.get("similarity"),
        "picture": None if picture is None else data_uri(picture),
        "findable": _findable(list(results), list(results.values())),
        "aspect": None if picture is None else picture.width / picture.height,
        "looks": [
            maps for method, result in results.items() if (maps := looks.looks_of(method, result))
        ],
        "views": [_view(method, result, picture) for method, result in results.items()],
    }


def _findable(methods: Sequence[str], results: Sequence[PairResult]) -> Findable:
    """Returns what readers find a pair by; it is a miss where any method's map misses."""
    scores = {"similarity": float(next(iter(results[0].sides.values())).row.get("similarity", 0))}
    for method, result in zip(methods, results, strict=True):
        if result.image is not None:
            own = result.image.metrics
            passport = {"passport": own["trust"]} if "trust" in own else {}
            for name, value in (passport | {n: own[n] for n in METRICS if n in own}).items():
                scores[f"{method} {name}"] = value
    missed = any(value == 0 for name, value in scores.items() if name.endswith(POINTING))
    return Findable(f"{results[0].id} {results[0].text}", scores, missed)


def _view(method: str, result: PairResult, picture: Any) -> MethodView:
    drawn, notes = None, []
    if picture is not None and result.image is not None:
        signed = bool(result.image.row.get("signed"))
        heat = placed_map(result.image, (picture.height, picture.width))
        if heat is None:
            notes.append("no pixel of the picture as shown is in what the model saw")
        else:
            size = np.abs(heat) if signed else heat
            top = float(np.nanmax(size))
            drawn = data_uri((signed_overlay if signed else overlay)(picture, heat, top))
            notes.append(f"up to {number(top, 2)} {result.image.row.get('unit', '')}")
    words = Markup()
    if result.caption and result.caption.words:
        top = max(abs(score) for _, score in result.caption.words)
        unit = str(result.caption.row.get("unit", ""))
        words = coloured_words(result.caption.words, top or 1.0, unit)
    notes += [
        f"members agree on the {name} to {side.row['agreement']:.2f}"
        for name, side in result.sides.items()
        if "agreement" in side.row
    ]
    passport = None if result.image is None else stamp(result.image.row)
    return MethodView(method, drawn, words, " · ".join(notes), passport)


STYLE = (
    """
.methods td.best { font-weight: 700; }
.methods abbr { cursor: help; text-decoration: none; color: var(--warning); }
.methods :is(th, td) { overflow-wrap: normal; }
.methods tbody tr th { white-space: nowrap; padding: .3rem 1.2rem .3rem 0; }
.methods tbody + tbody { border-top: 1px solid var(--line); }
.columns .caption { margin-inline: 0; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.4rem; }
.columns .line { display: grid; grid-template-columns: repeat(var(--columns), minmax(8rem, 14rem));
  gap: .6rem; align-items: start; overflow-x: auto; }
.columns img { display: block; width: 100%; height: auto; border-radius: 3px; }
.columns figure { margin: 0; }
.columns .passport { display: block; }
.columns figcaption { font-size: .8rem; color: var(--quiet); overflow-wrap: anywhere; }
"""
    + looks.STYLE
)
