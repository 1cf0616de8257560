"""Explains every pair of a source, writing rows as they are computed."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.attribution.batch_scores import BatchScores
from vlminterp.attribution.explanation import Attributor, Explanation, Side
from vlminterp.attribution.illustrating import Drawing, save_pictures
from vlminterp.attribution.kept import KEEP, keep_telling
from vlminterp.attribution.loaded import Loaded, load_pair
from vlminterp.attribution.summary import summarise
from vlminterp.attribution.verdict import verdict
from vlminterp.data.pairs import Pair
from vlminterp.errors import InputError, ResultsError
from vlminterp.plugin import Context

NO_TOKENS = "this model's tokenizer leaves nothing of the caption"

Row = dict[str, Any]


def explain_pairs(
    context: Context[Any],
    attributors: Sequence[Attributor],
    batch_size: int,
    draw: Drawing,
    blur: float = 0.0,
    *,
    thorough: bool = False,
    keep: int = KEEP,
) -> None:
    """Runs attribution methods over a source, and finishes the run.

    Args:
        context: The run's context.
        attributors: One attributor for each explained side and method.
        batch_size: Pairs explained at a time, which share a part.
        draw: Draws a method's result, e.g. `vlminterp.drawing.figure.figure`.
        blur: Standard deviation, in patches, of a blur of the maps that are drawn and scored; those
            that are stored are not blurred.
        thorough: Whether explanations are also tried out part by part; see `BatchScores`.
        keep: Number of the first pairs whose pictures are kept, ≥ 0; see `keep_telling` for others.
    """
    total = context.source.count()
    with context.progress.track("explaining", total, context.finished_pairs(batch_size)) as stage:
        for number, pairs in context.batches(batch_size):
            loaded, rows = _load(number * batch_size, pairs)
            arrays: dict[str, NDArray[Any]] = {}
            if loaded:
                for row, own in _explain(
                    context, attributors, loaded, draw, blur, keep, thorough=thorough
                ):
                    rows.append(row)
                    arrays |= own
            rows.sort(key=lambda row: row["pair"])
            context.results.parts.write(number, rows, arrays)
            stage.reach(number * batch_size + len(pairs))
    if context.results.joined:
        return
    keep_telling(context, keep, draw)
    notes = [*context.source.notes(), *context.encoder.notes()]
    found = summarise(context.results)
    said = {"verdict": verdict(found), "notes": notes}
    context.results.finish({**found, **{key: value for key, value in said.items() if value}})


def _load(first: int, pairs: Sequence[Pair]) -> tuple[list[Loaded], list[Row]]:
    """Reads a batch's images; a pair that can't be read becomes a row that says why."""
    loaded, skipped = [], []
    for place, pair in enumerate(pairs, first):
        try:
            loaded.append(load_pair(place, pair))
        except InputError as error:
            skipped.append(_skipped(place, pair, str(error)))
    return loaded, skipped


def _skipped(place: int, pair: Pair, reason: str) -> Row:
    return {"pair": place, "id": pair.id, "text": pair.text, "skipped": reason}


def _explain(
    context: Context[Any],
    attributors: Sequence[Attributor],
    batch: Sequence[Loaded],
    draw: Drawing,
    blur: float,
    keep: int,
    *,
    thorough: bool,
) -> Iterator[tuple[Row, dict[str, NDArray[Any]]]]:
    """Yields a row and its arrays per attributor and pair, or one row for a skipped pair.

    A batch that does not fit into memory is halved; a pair's result does not depend on its batch.
    """
    empty = context.encoder.tokenize([item.pair.text for item in batch]).empty()
    for item, unread in zip(batch, empty, strict=True):
        if unread:
            yield _skipped(item.place, item.pair, NO_TOKENS), {}
    batch = [item for item, unread in zip(batch, empty, strict=True) if not unread]
    if not batch:
        return
    pixels, tokens = _inputs(context.encoder, batch)
    explained = _attributed(attributors, pixels, tokens)
    if not explained:
        for half in _halves(batch, context.device):
            yield from _explain(context, attributors, half, draw, blur, keep, thorough=thorough)
        return
    lost = {i: why for one in explained for i, why in one.not_finite().items()}
    for index, reason in lost.items():
        yield _skipped(batch[index].place, batch[index].pair, reason), {}
    kept = [index for index in range(len(batch)) if index not in lost]
    if lost and kept:
        batch = [batch[index] for index in kept]
        pixels, tokens = _inputs(context.encoder, batch)
        explained = [explanation.rows(kept) for explanation in explained]
    if kept:
        score = _scores(context, batch, pixels, tokens, thorough=thorough)
        yield from _results(context, batch, score, explained, draw, blur, keep)


def _attributed(
    attributors: Sequence[Attributor], pixels: Pixels, tokens: Tokens
) -> list[Explanation]:
    """Returns what each attributor tells of a batch; nothing if it does not fit into memory."""
    with suppress(torch.OutOfMemoryError):
        return [attributor.attribute(pixels, tokens) for attributor in attributors]
    return []


def _halves(batch: Sequence[Loaded], device: torch.device) -> tuple[Sequence[Loaded], ...]:
    """Cuts a batch that does not fit into memory in two.

    Raises:
        ResultsError: It is a single pair.
    """
    if len(batch) == 1:
        raise ResultsError(
            f"one pair alone is too much for the memory of {device}; lower the method's own "
            "copies or steps, what was computed is kept"
        )
    return batch[: len(batch) // 2], batch[len(batch) // 2 :]


def _inputs(encoder: DualEncoder, batch: Sequence[Loaded]) -> tuple[Pixels, Tokens]:
    pixels = encoder.preprocess([item.image for item in batch])
    return pixels, encoder.tokenize([item.pair.text for item in batch])


def _scores(
    context: Context[Any],
    batch: Sequence[Loaded],
    pixels: Pixels,
    tokens: Tokens,
    *,
    thorough: bool,
) -> BatchScores:
    return BatchScores(
        context.encoder,
        pixels,
        tokens,
        [item.mask for item in batch],
        [item.pair.named_words for item in batch],
        # Seeded by id, not by place, so that a pair's baselines are the same in every shard.
        [zlib.crc32(f"{context.seed} {item.pair.id}".encode()) for item in batch],
        thorough=thorough,
    )


def _results(
    context: Context[Any],
    batch: Sequence[Loaded],
    score: BatchScores,
    explained: Sequence[Explanation],
    draw: Drawing,
    blur: float,
    keep: int,
) -> Iterator[tuple[Row, dict[str, NDArray[Any]]]]:
    """Yields a row and its arrays for each explanation and pair."""
    shown = [explanation.blurred(blur) for explanation in explained]
    pictures = [
        _save_pictures(context, item, shown, i, draw) if item.place < keep else {}
        for i, item in enumerate(batch)
    ]
    for explanation, drawn in zip(explained, shown, strict=True):
        scores = score(drawn)
        softened = {"blur": blur} if blur and explanation.side is Side.image else {}
        for index, item in enumerate(batch):
            yield (
                {
                    "pair": item.place,
                    "id": item.pair.id,
                    "text": item.pair.text,
                    "truncated": score.tokens.truncated[index],
                    **({} if item.mask is None else {"has_mask": True}),
                    **pictures[index].get(explanation.method, {}),
                    **_row(explanation, index, item.size),
                    **softened,
                    **scores[index],
                },
                _arrays(explanation, index, array_prefix(item.place, explanation)),
            )


def array_prefix(place: int, explanation: Explanation) -> str:
    """Returns the prefix of the names of an explanation's arrays."""
    side, method = explanation.side.value, explanation.method
    return f"{place}.{side}.{method}" if method else f"{place}.{side}"


def _row(explanation: Explanation, index: int, size: tuple[int, int]) -> Row:
    """Returns the row of one pair's explanation; `size` is its original picture's."""
    scores = explanation.scores[index]
    row: Row = {
        "side": explanation.side.value,
        "similarity": float(explanation.similarity[index]),
        "layer": explanation.layer,
        "total": float(scores.sum()),
        "unit": explanation.unit,
    }
    if explanation.side is Side.image:
        geometry = explanation.footprint(index)
        # A huge picture was reduced before the model's own resize.
        down, across = (side / read for side, read in zip(size, geometry.size, strict=True))
        factors = (across, down, across, down)
        row |= {
            "prefix": float(scores[: explanation.prefix_tokens].sum()),
            "height": size[0],
            "width": size[1],
            "box": [float(edge) * by for edge, by in zip(geometry.box, factors, strict=True)],
        }
        if explanation.interactions:
            row["words"] = [word.text for word in explanation.words[index]]
    else:
        words = explanation.word_scores(index)
        row |= {
            "words": [word.text for word, _ in words],
            "word_scores": [score for _, score in words],
            "prefix": row["total"] - sum(score for _, score in words),
        }
    if explanation.signed:
        row["signed"] = True
    if explanation.method:
        row["method"] = explanation.method
    row |= {name: float(values[index]) for name, values in explanation.numbers.items()}
    row |= {name: values[index] for name, values in explanation.labels.items()}
    if "fit" in explanation.curves:
        row["fit"] = float(explanation.curves["fit"][index, -1])
    return row


def _arrays(explanation: Explanation, index: int, name: str) -> dict[str, NDArray[Any]]:
    arrays = {
        f"{name}.curve.{curve}": values[index].numpy()
        for curve, values in explanation.curves.items()
    }
    if explanation.side is Side.image:
        arrays[f"{name}.map"] = np.ascontiguousarray(explanation.map(index).numpy())
    if explanation.interactions:
        arrays[f"{name}.interactions"] = explanation.interactions[index].numpy()
    return arrays


def _save_pictures(
    context: Context[Any],
    item: Loaded,
    explained: Sequence[Explanation],
    index: int,
    draw: Drawing,
) -> dict[str, dict[str, str]]:
    """Saves a pair's pictures, with a figure of both sides for each method."""
    methods = dict.fromkeys(explanation.method for explanation in explained)
    figures = {
        method: _figure(item, [one for one in explained if one.method == method], index, draw)
        for method in methods
    }
    return save_pictures(context.results, item, figures)


def _figure(
    item: Loaded, explained: Sequence[Explanation], index: int, draw: Drawing
) -> Image.Image:
    """Draws one method's figure of both sides."""
    heat, words = None, []
    for explanation in explained:
        if explanation.side is Side.image:
            heat = explanation.on_image(index, (item.shown.height, item.shown.width))
        else:
            words = [(word.text, score) for word, score in explanation.word_scores(index)]
    return draw(
        item.shown, heat, words, explained[0].unit, item.pair.text, signed=explained[0].signed
    )
