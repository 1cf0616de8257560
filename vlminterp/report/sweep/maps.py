"""Maps of the same pictures from several runs, side by side."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from vlminterp.attribution.placed import placed_map
from vlminterp.attribution.rows import PairResult, SideResult, explained_pairs
from vlminterp.drawing.numbers import decimals, number
from vlminterp.drawing.overlay import overlay, shared_top, ticks
from vlminterp.report.cards import small_picture
from vlminterp.report.content import Section
from vlminterp.report.sweep.groups import Group
from vlminterp.report.sweep.similarity import similarity_table
from vlminterp.report.sweep.thumbnails import Thumbnails
from vlminterp.report.templating import environment
from vlminterp.results.sweep import Run

MOST_PAIRS, MOST_INLINE = 1000, 500
SIDE, GRID = 160, (24, 24)
"""Longest side of a thumbnail in pixels; rows and columns of the grid to compare maps on."""


@dataclass(frozen=True)
class View:
    """One run's map of a picture; `text` is its caption where captions differ between runs."""

    source: str
    link: str
    alt: str
    note: str
    text: str = ""


@dataclass(frozen=True)
class PairAcrossModels:
    """A picture and each run's view of it; `views` has None where a run has no map of it."""

    id: str
    text: str
    picture: str
    link: str
    size: tuple[int, int]
    views: Sequence[View | None]
    similarity: float


class Maps:
    """The maps of a group's runs, by VLM and picture.

    Args:
        group: A group of runs; those without maps are left out.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        found = {name: _pairs(run) for name, run in group.runs.items()}
        self._found = {name: pairs for name, pairs in found.items() if pairs}
        every = dict.fromkeys(key for pairs in self._found.values() for key in pairs)
        self._ids = list(every)[:MOST_PAIRS]
        count = len(self._found)
        each = [_correlations(self._found, key) for key in self._ids]
        self._correlations = np.stack(each) if each else np.zeros((0, count, count))

    def answers(self) -> Iterator[Markup]:
        """Yields a sentence on which VLMs' maps agree; nothing if no two can be compared."""
        means = _means(self._correlations)
        names, pairs = list(self._found), np.triu_indices(len(means), 1)
        values = means[pairs]
        if not np.isfinite(values).any():
            return
        told = []
        for what, place in (("most", np.nanargmax(values)), ("least", np.nanargmin(values))):
            one, other = (names[side[place]] for side in pairs)
            told.append(f"{what} alike are {one} and {other} ({decimals(values[place], 2)})")
        shown = told if len(values) > 1 else [told[0].removeprefix("most ")]
        yield Markup("<b>Whose maps agree</b> ({}): by mean correlation, {}.").format(
            self._group.title, ", ".join(shown)
        )

    def sections(self) -> Iterator[Section]:
        """Yields a section of all maps on one scale, pictures on which runs differ most first."""
        page = self._group.page
        if not self._ids:
            return
        beside = len(self._ids) * (len(self._found) + 1) > MOST_INLINE
        thumbnails = Thumbnails(page, beside=beside)
        maps = (p.image.map for own in self._found.values() for p in own.values() if p.image)
        top = shared_top([float(one.max()) for one in maps if one is not None])
        draw = _Drawing(self._found, self._group.runs, top, thumbnails, page)
        similarity = [_mean(one) for one in self._correlations]
        order = np.argsort(similarity, kind="stable")  # NaN goes last
        drawn = (draw.line(self._ids[place], similarity[place]) for place in order)
        body = (
            environment()
            .get_template("maps.html.j2")
            .render(
                names=list(self._found),
                lines=[line for line in drawn if line is not None],
                top=top,
                ticks=ticks(top),
                unit=self._unit(),
            )
        )
        thumbnails.forget_others()
        table = self._agreement()
        yield Section(
            f"Where each {self._group.axis} looks ({self._group.title})", table + Markup(body)
        )

    def _unit(self) -> str:
        """Returns the maps' unit, or all units where they differ."""
        units = (p.image.unit for own in self._found.values() for p in own.values() if p.image)
        return " or ".join(dict.fromkeys(units))

    def _agreement(self) -> Markup:
        names = list(self._found)
        frame = pd.DataFrame(_means(self._correlations), index=names, columns=names)
        caption = f"How alike their maps are: mean correlation over {len(self._ids)} pictures"
        return similarity_table(frame, caption, self._group.axis)


class _Drawing:
    """Draws the lines of the section.

    Args:
        found: Each VLM's pairs by id.
        runs: The runs by VLM.
        top: The top of the scale that all maps share.
        thumbnails: The page's thumbnails.
        page: The folder that the page is in.
    """

    def __init__(
        self,
        found: Mapping[str, Mapping[str, PairResult]],
        runs: Mapping[str, Run],
        top: float,
        thumbnails: Thumbnails,
        page: Path,
    ) -> None:
        self._found, self._top = found, top
        self._folders = {name: run.folder.path for name, run in runs.items() if run.folder}
        self._thumbnails, self._page = thumbnails, page

    def line(self, key: str, similarity: float) -> PairAcrossModels | None:
        """Draws the line of one picture; None if no run has kept the picture."""
        owners = [name for name, pairs in self._found.items() if key in pairs]
        kept = (
            (owner, small_picture(self._folders[owner], self._found[owner][key], SIDE))
            for owner in owners
        )
        owner, picture = next(((o, p) for o, p in kept if p is not None), (None, None))
        if owner is None or picture is None:
            return None
        pair, pixels = self._found[owner][key], picture.tobytes()
        texts = {pairs[key].text for pairs in self._found.values() if key in pairs}
        return PairAcrossModels(
            id=key,
            text=pair.text if len(texts) == 1 else "",
            picture=self._thumbnails.source(pixels, lambda: picture),
            link=self._link(owner, pair, "picture"),
            size=picture.size,
            views=[
                self._view(name, pairs[key], picture, pixels, own_text=len(texts) > 1)
                if key in pairs
                else None
                for name, pairs in self._found.items()
            ],
            similarity=similarity,
        )

    def _view(
        self, name: str, pair: PairResult, picture: Image.Image, pixels: bytes, *, own_text: bool
    ) -> View:
        side = pair.sides["image"]
        values = b"" if side.map is None else side.map.tobytes()
        return View(
            source=self._thumbnails.source(
                pixels + values + repr((side.box, self._top)).encode(),
                lambda: self._overlay(side, picture),
            ),
            link=self._link(name, pair, "overlay"),
            alt=f"{name}: map of {pair.id}",
            note=_note(pair),
            text=pair.text if own_text else "",
        )

    def _link(self, name: str, pair: PairResult, column: str) -> str:
        """Returns the path from the page to the file that a column of the pair's row names."""
        file = self._folders[name] / pair.sides["image"].row.get(column, "")
        return os.path.relpath(file, self._page)

    def _overlay(self, side: SideResult, picture: Image.Image) -> Image.Image:
        heat = placed_map(side, (picture.height, picture.width))
        return picture if heat is None else overlay(picture, heat, self._top)


def _note(pair: PairResult) -> str:
    """Writes the note below a map: the pair's similarity and the word with the highest score."""
    cosine = pair.sides["image"].row.get("similarity")
    told = [] if cosine is None else [f"cosine {number(cosine, 2)}"]
    words = pair.caption.words if pair.caption else []
    if words:
        word, score = max(words, key=lambda scored: scored[1])
        told.append(f"“{word}” {number(score, 2)}")
    return " · ".join(told)


def _pairs(run: Run) -> dict[str, PairResult]:
    """Reads the pairs with a map from the first `MOST_PAIRS` of a run, by id."""
    if run.folder is None or run.summary.get("kind") != "attribution":
        return {}
    pairs = islice(explained_pairs(run.folder), MOST_PAIRS)
    return {p.id: p for p in pairs if p.image is not None and p.image.map is not None}


def _correlations(found: Mapping[str, Mapping[str, PairResult]], key: str) -> NDArray[np.float64]:
    """Correlates the VLMs' maps of one picture, `[R, R]`; NaN where a map is missing or flat.

    Grids and crops differ between VLMs, so maps are compared on the part of the picture that all
    of them have seen.
    """
    maps = (
        placed_map(pairs[key].sides["image"], GRID) if key in pairs else None
        for pairs in found.values()
    )
    nothing = np.full(GRID, np.nan)
    values = np.stack([(nothing if one is None else one).ravel() for one in maps])
    present = np.isfinite(values).any(1)
    seen = np.isfinite(values[present]).all(0)
    whole = np.full((len(values), len(values)), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):  # a flat map correlates with nothing
        known = np.corrcoef(values[present][:, seen])
    whole[np.ix_(present, present)] = np.atleast_2d(known)
    return whole


def _mean(correlations: NDArray[np.float64]) -> float:
    """Returns the mean over pairs of different VLMs; NaN if no two can be compared."""
    pairs = correlations[np.triu_indices(len(correlations), 1)]
    return float(np.nanmean(pairs)) if np.isfinite(pairs).any() else float("nan")


def _means(correlations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the means over pictures, `[R, R]`; NaN where no picture has a correlation."""
    with np.errstate(invalid="ignore"):
        means: NDArray[np.float64] = np.nansum(correlations, 0) / np.isfinite(correlations).sum(0)
    return means
