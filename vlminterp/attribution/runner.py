"""Explains every pair of a source, writing rows as they are computed."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import torch
from numpy.typing import NDArray
from PIL import Image

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.attribution.batch_scores import BatchScores
from vlminterp.attribution.explanation import Attributor, Explanation, Side
from vlminterp.attribution.illustrating import Drawing, save_pictures
from vlminterp.attribution.kept import keep_telling
from vlminterp.attribution.loaded import Loaded, LoadedBatch, loaded_ahead, readers
from vlminterp.attribution.lots import lot
from vlminterp.attribution.options import ExplainingConfig
from vlminterp.attribution.passport.attributor import PassportOffice
from vlminterp.attribution.result_rows import explanation_arrays, explanation_row
from vlminterp.attribution.summary import summarise
from vlminterp.attribution.verdict import verdict
from vlminterp.data.pairs import Pair
from vlminterp.errors import ResultsError
from vlminterp.plugin import Context
from vlminterp.results.timings import Stopwatch, note_time, shares

NO_TOKENS = "this model's tokenizer leaves nothing of the caption"

Row = dict[str, Any]
Arrays = dict[str, NDArray[Any]]


def explain_pairs(
    context: Context[Any],
    attributors: Sequence[Attributor],
    options: ExplainingConfig,
    draw: Drawing,
) -> None:
    """Runs attribution methods over a source, and finishes the run.

    Args:
        context: The run's context.
        attributors: One attributor for each explained side and method.
        options: Options of explaining pairs, whatever the method.
        draw: Draws a method's result, e.g. `vlminterp.drawing.figure.figure`.
    """
    watch, size = Stopwatch(), options.batch_size
    explainer = _Explainer(context, attributors, options, draw, watch)
    total, done = context.source.count(), context.finished_pairs(size)
    with readers() as threads, context.progress.track("explaining", total, done) as stage:
        for number, batches in context.parts(size):
            before = {**watch.seconds}
            rows: list[Row] = []
            arrays: Arrays = {}
            for batch in watch.each("reading", loaded_ahead(batches, threads)):
                for row, own in explainer.explained(batch):
                    rows.append(row)
                    arrays |= own
                stage.reach(batch.stop)
            rows.sort(key=lambda row: row["pair"])
            with watch.time("writing"):
                context.results.parts.write(number, rows, arrays)
            note_time(context.results.work("explaining"), part=number, **watch.since(before))
        stage.remark = shares(watch.seconds)
    if not context.results.ends:
        return
    keep_telling(context, options.keep, draw)
    notes = [*context.source.notes(), *context.encoder.notes()]
    found = summarise(context.results)
    said = {"verdict": verdict(found), "notes": notes}
    context.results.finish({**found, **{key: value for key, value in said.items() if value}})


class _Explainer:
    """Explains batches, and scores what was found."""

    def __init__(
        self,
        context: Context[Any],
        attributors: Sequence[Attributor],
        options: ExplainingConfig,
        draw: Drawing,
        watch: Stopwatch,
    ) -> None:
        self._watch = watch
        self._context, self._encoder, self._options = context, context.encoder, options
        self._draw, self._attributors = draw, attributors
        self._fitting = {True: options.batch_size, False: options.batch_size}
        self._office = PassportOffice(context.encoder, context.seed) if options.passport else None

    def explained(self, batch: LoadedBatch) -> Iterator[tuple[Row, Arrays]]:
        """Yields a row and its arrays per attributor and pair, or one row for a skipped pair."""
        for place, pair, reason in batch.unread:
            yield _skipped(place, pair, reason), {}
        texts = [item.pair.text for item in batch.loaded]
        empty = self._encoder.tokenize(texts).empty() if texts else []
        groups: dict[bool, list[Loaded]] = {True: [], False: []}
        for item, nothing in zip(batch.loaded, empty, strict=True):
            if nothing:
                yield _skipped(item.place, item.pair, NO_TOKENS), {}
            else:
                groups[self._is_scored(item.pair)].append(item)
        for scored, items in groups.items():
            if items:
                yield from self._results(items, scored=scored)

    def _is_scored(self, pair: Pair) -> bool:
        return lot(self._context.seed, f"scored {pair.id}") < self._options.scored

    def _results(self, pairs: Sequence[Loaded], *, scored: bool) -> Iterator[tuple[Row, Arrays]]:
        """Yields the results of pairs that can be explained.

        A batch that does not fit into memory is halved, and later ones of its kind are no larger; a
        pair's result does not depend on its batch.
        """
        size = self._fitting[scored]
        while pairs:
            batch = pairs[:size]
            pixels, tokens = _inputs(self._encoder, batch)
            explained = self._attributed(pixels, tokens, scored=scored)
            if explained:
                pairs = pairs[len(batch) :]
                yield from self._finite(batch, pixels, tokens, explained, scored=scored)
            else:
                whole = len(batch) == self._fitting[scored]  # and not the rest of a batch
                size = _half(len(batch), self._context.device)
                if whole:
                    self._fitting[scored] = size

    def _finite(
        self,
        batch: Sequence[Loaded],
        pixels: Pixels,
        tokens: Tokens,
        explained: Sequence[Explanation],
        *,
        scored: bool,
    ) -> Iterator[tuple[Row, Arrays]]:
        """Yields the results of pairs whose scores are finite, and a row for each of the others."""
        lost = {i: why for one in explained for i, why in one.not_finite().items()}
        for index, reason in lost.items():
            yield _skipped(batch[index].place, batch[index].pair, reason), {}
        kept = [index for index in range(len(batch)) if index not in lost]
        if lost and kept:
            batch = [batch[index] for index in kept]
            pixels, tokens = _inputs(self._encoder, batch)
            explained = [explanation.rows(kept) for explanation in explained]
        if kept:
            scores = self._scores(batch, pixels, tokens) if scored else None
            yield from self._rows(batch, tokens, explained, scores)

    def _attributed(self, pixels: Pixels, tokens: Tokens, *, scored: bool) -> list[Explanation]:
        """Returns what each attributor tells of a batch; nothing if it does not fit into memory."""
        with suppress(torch.OutOfMemoryError):
            with self._watch.time("explaining"):
                found = [one.attribute(pixels, tokens) for one in self._attributors]
            if not (scored and self._office):
                return found
            with self._watch.time("passports"):
                return [self._office.write(one, pixels, tokens) for one in found]
        return []

    def _scores(self, batch: Sequence[Loaded], pixels: Pixels, tokens: Tokens) -> BatchScores:
        seed = self._context.seed
        return BatchScores(
            self._encoder,
            pixels,
            tokens,
            [item.mask for item in batch],
            [item.pair.named_words for item in batch],
            # Seeded by id, not by place, so that a pair's baselines are the same in every shard.
            [zlib.crc32(f"{seed} {item.pair.id}".encode()) for item in batch],
            thorough=self._options.thorough,
        )

    def _rows(
        self,
        batch: Sequence[Loaded],
        tokens: Tokens,
        explained: Sequence[Explanation],
        scores: BatchScores | None,
    ) -> Iterator[tuple[Row, Arrays]]:
        """Yields a row and its arrays for each explanation and pair."""
        blur = self._options.blur
        shown = [explanation.blurred(blur) for explanation in explained]
        with self._watch.time("drawing"):
            pictures = [self._save_pictures(item, shown, i) for i, item in enumerate(batch)]
        for explanation, drawn in zip(explained, shown, strict=True):
            with self._watch.time("scoring"):
                metrics = scores(drawn) if scores else [{}] * len(batch)
            softened = {"blur": blur} if blur and explanation.side is Side.image else {}
            for index, item in enumerate(batch):
                row = {
                    "pair": item.place,
                    "id": item.pair.id,
                    "text": item.pair.text,
                    "truncated": tokens.truncated[index],
                    **({} if item.mask is None else {"has_mask": True}),
                    **pictures[index].get(explanation.method, {}),
                    **explanation_row(explanation, index, item.size),
                    **softened,
                    **metrics[index],
                }
                yield row, explanation_arrays(explanation, index, item.place)

    def _save_pictures(
        self, item: Loaded, explained: Sequence[Explanation], index: int
    ) -> dict[str, dict[str, str]]:
        """Saves a pair's pictures if they are kept, and a figure of both sides for each method."""
        if item.place >= self._options.keep:
            return {}
        methods = dict.fromkeys(explanation.method for explanation in explained)
        figures = {
            method: self._figure(item, [one for one in explained if one.method == method], index)
            for method in methods
        }
        return save_pictures(self._context.results, item, figures)

    def _figure(self, item: Loaded, explained: Sequence[Explanation], index: int) -> Image.Image:
        """Draws one method's figure of both sides."""
        heat, words = None, []
        for explanation in explained:
            if explanation.side is Side.image:
                heat = explanation.on_image(index, (item.shown.height, item.shown.width))
            else:
                words = [(word.text, score) for word, score in explanation.word_scores(index)]
        unit, signed = explained[0].unit, explained[0].signed
        return self._draw(item.shown, heat, words, unit, item.pair.text, signed=signed)


def _skipped(place: int, pair: Pair, reason: str) -> Row:
    return {"pair": place, "id": pair.id, "text": pair.text, "skipped": reason}


def _half(size: int, device: torch.device) -> int:
    """Returns half the size of a batch that does not fit into memory.

    Raises:
        ResultsError: It is a single pair.
    """
    if size == 1:
        raise ResultsError(
            f"one pair alone is too much for the memory of {device}; lower the method's own "
            "copies or steps, what was computed is kept"
        )
    return size // 2


def _inputs(encoder: DualEncoder, batch: Sequence[Loaded]) -> tuple[Pixels, Tokens]:
    pixels = encoder.preprocess([item.image for item in batch])
    return pixels, encoder.tokenize([item.pair.text for item in batch])
