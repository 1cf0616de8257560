"""The card that the page shows for each pair."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from PIL import Image

from vlminterp.attribution.placed import placed_map
from vlminterp.attribution.rows import PairResult, SideResult
from vlminterp.data.images import read_image
from vlminterp.drawing.charts.curves import Curve, curve
from vlminterp.drawing.overlay import overlay, shared_top
from vlminterp.errors import InputError
from vlminterp.metrics.facts import POINTING
from vlminterp.report.finder import Findable
from vlminterp.report.passport import Stamp, stamp
from vlminterp.report.words import coloured_words

LONGEST_SIDE = 320
SMALL = 160


@dataclass(frozen=True)
class ColourScale:
    """The tops of the page's two shared scales, per patch and per word, and their unit."""

    patch: float
    word: float
    unit: str


@dataclass(frozen=True)
class SideView:
    """The numbers of one side of a pair.

    Attributes:
        name: "image" or "text".
        total: The sum of the scores of all tokens.
        prefix: The part of `total` from CLS and other tokens that are neither patch nor word.
        layer: The layer at which the scores were read; "embeddings" for -1.
        fit: The last mean cosine of the fit.
        highest: The highest score of a patch; None without a map.
        curves: Charts of the side's curves, by name.
        unit: The unit of the scores.
        metrics: This pair's scores by name, baselines included.
    """

    name: str
    total: float | None
    prefix: float | None
    layer: str
    fit: float | None
    highest: float | None
    curves: dict[str, Curve]
    metrics: dict[str, float]
    unit: str


@dataclass(frozen=True)
class Card:
    """One pair on the page; its pictures are data URIs, None where there is none.

    `passport` says how far the map can be trusted; None where no passport was written.
    """

    id: str
    text: str
    similarity: float | None
    truncated: bool
    picture: str | None
    heat: str | None
    own_scale: str | None
    words: Markup
    passport: Stamp | None
    sides: list[SideView]

    @property
    def findable(self) -> Findable:
        """The words and scores that readers find the card by; baselines are left out."""
        scores = {} if self.similarity is None else {"similarity": self.similarity}
        if self.passport:
            scores["passport"] = self.passport.probability
        for side in self.sides:
            own = {name: value for name, value in side.metrics.items() if "." not in name}
            scores |= {f"{side.name} {name}": value for name, value in own.items()}
        missed = scores.get(f"image {POINTING}") == 0
        return Findable(f"{self.id} {self.text}", scores, missed)


def common_scale(pairs: Sequence[PairResult]) -> ColourScale:
    """Returns the shared colour scales for these pairs."""
    maps = [pair.image.map for pair in pairs if pair.image and pair.image.map is not None]
    words = [pair.caption.words for pair in pairs if pair.caption]
    return ColourScale(
        patch=shared_top([float(np.max(scores)) for scores in maps if scores.size]),
        word=shared_top([max(score for _, score in line) for line in words if line]),
        unit=next((side.unit for pair in pairs for side in pair.sides.values()), ""),
    )


def make_card(folder: Path, pair: PairResult, scale: ColourScale) -> Card:
    """Prepares one pair for the page.

    Args:
        folder: The run folder, which pictures' paths are relative to.
        pair: The pair.
        scale: The page's colour scale.

    Returns:
        Everything that the template shows.
    """
    first = next(iter(pair.sides.values()))
    picture = small_picture(folder, pair)
    heat = own = None
    placed = None
    if picture is not None and pair.image is not None:
        placed = placed_map(pair.image, (picture.height, picture.width))
    if picture is not None and placed is not None:
        heat = data_uri(overlay(picture, placed, scale.patch))
        own = data_uri(overlay(picture, placed, float(np.nanmax(placed))))
    words = pair.caption.words if pair.caption else []
    return Card(
        id=pair.id,
        text=pair.text,
        similarity=first.row.get("similarity"),
        truncated=any(side.row.get("truncated") for side in pair.sides.values()),
        picture=None if picture is None else data_uri(picture),
        heat=heat,
        own_scale=own,
        words=coloured_words(words, scale.word, scale.unit),
        passport=stamp(pair.image.row) if pair.image else None,
        sides=[_side_view(name, side) for name, side in pair.sides.items()],
    )


def data_uri(image: Image.Image) -> str:
    """Returns a picture as a data URI: PNG up to `SMALL` pixels a side, else JPEG."""
    buffer = io.BytesIO()
    kind = "png" if max(image.size) <= SMALL else "jpeg"
    image.save(buffer, kind, **({} if kind == "png" else {"quality": 85}))
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def small_picture(
    folder: Path, pair: PairResult, longest: int = LONGEST_SIDE
) -> Image.Image | None:
    """Reads the pair's picture and shrinks it.

    Args:
        folder: The run folder, which pictures' paths are relative to.
        pair: The pair.
        longest: Greatest width and height, in pixels.

    Returns:
        The picture in RGB; None if there is none or it can't be read.
    """
    for side in pair.sides.values():
        if "picture" in side.row:
            try:
                small = read_image(folder / side.row["picture"])
            except InputError:
                continue
            small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
            return small
    return None


def _side_view(name: str, side: SideResult) -> SideView:
    layer = side.row.get("layer")
    charts = {
        title: chart
        for title, values in side.curves.items()
        if (chart := curve(title, values, "cosine" if title == "fit" else side.unit))
    }
    return SideView(
        name=name,
        total=side.row.get("total"),
        prefix=side.row.get("prefix"),
        layer="embeddings" if layer == -1 else str(layer),
        fit=side.row.get("fit"),
        highest=None if side.map is None else float(np.max(side.map)),
        curves=charts,
        metrics=side.metrics,
        unit=side.unit,
    )
