"""Pictures of the telling pairs of a long run, made again at its end from rows and maps."""

from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

from vlminterp.attribution.illustrating import Drawing, save_pictures
from vlminterp.attribution.loaded import Loaded, load_pair
from vlminterp.attribution.placed import placed_map
from vlminterp.attribution.rows import KEPT, PairResult, explained_pairs, methods_of
from vlminterp.attribution.telling import RANKED, REASONS, telling_pairs
from vlminterp.errors import InputError
from vlminterp.plugin import Context

KEEP = 500
"""Number of the first pairs whose pictures are kept."""
SHARE = 5
"""Pairs kept from the start for each one that is kept for what it tells."""
BATCH = 16

Row = dict[str, Any]


def keep_telling(context: Context[Any], keep: int, draw: Drawing) -> None:
    """Keeps pictures of pairs after the first `keep`: best, worst, doubtful and random ones.

    Which pairs these are is known only when all are explained, so their pictures are drawn now,
    and named in a table of their own, `KEPT`: one row for each pair and method. They are a fifth as
    many as the first, a quarter of them for each reason; a source that no longer has a pair's
    picture loses it here too.

    Args:
        context: The run's context; all parts of its main table are written.
        keep: Number of the first pairs, whose pictures are kept already.
        draw: Draws a method's result.
    """
    chosen = _chosen(context, keep)
    table, places = context.results.table(KEPT), list(chosen)
    batches = [places[start : start + BATCH] for start in range(0, len(places), BATCH)]
    missing = {number for number in range(len(batches)) if number not in table}
    wanted = {place for number in missing for place in batches[number]}
    loaded = {item.place: item for item in _load(context, wanted)}
    for number in sorted(missing):
        own = [loaded[place] for place in batches[number] if place in loaded]
        table.write(number, list(_rows(context, own, chosen, draw)), {})


def _chosen(context: Context[Any], keep: int) -> dict[int, str]:
    """Returns the reason for each pair that is kept for what it tells, by its place."""
    rows = context.results.parts.rows(only=RANKED.__contains__)
    each = -(-keep // (SHARE * len(REASONS)))
    if "side" not in rows:
        return {}
    later = rows[(rows["pair"] >= keep) & rows["side"].notna()]
    return telling_pairs(later, each, context.seed)


def _load(context: Context[Any], places: set[int]) -> Iterator[Loaded]:
    """Reads pairs again; one that can no longer be read is left out."""
    last = max(places, default=-1)
    for place, pair in enumerate(context.source.pairs()):
        if place > last:
            return
        if place in places:
            try:
                yield load_pair(place, pair)
            except InputError:
                continue


def _rows(
    context: Context[Any], items: list[Loaded], chosen: Mapping[int, str], draw: Drawing
) -> Iterator[Row]:
    """Yields a row for each pair and method, and saves the pictures that it names."""
    places = [item.place for item in items]
    methods = methods_of(context.results) or [""]
    found = {
        method: {one.pair: one for one in explained_pairs(context.results, method or None, places)}
        for method in methods
    }
    for item in items:
        results = {method: own[item.place] for method, own in found.items() if item.place in own}
        figures = {method: _figure(item, result, draw) for method, result in results.items()}
        for method, paths in save_pictures(context.results, item, figures).items():
            named = {"method": method} if method else {}
            yield {
                "pair": item.place,
                "id": item.pair.id,
                "kept_as": chosen[item.place],
                **named,
                **paths,
            }


def _figure(item: Loaded, result: PairResult, draw: Drawing) -> Image.Image:
    """Draws both sides as the run stored them."""
    first = next(iter(result.sides.values()))
    size = (item.shown.height, item.shown.width)
    return draw(
        item.shown,
        None if result.image is None else placed_map(result.image, size),
        [] if result.caption is None else result.caption.words,
        first.unit,
        item.pair.text,
        signed=bool(first.row.get("signed")),
    )
