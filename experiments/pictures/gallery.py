"""Draws the same scenes under every method that explains pictures."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from vlminterp_attribution.registry import OWN, load_method

import vlminterp
from vlminterp.attribution.explanation import Side
from vlminterp.data.pairs import Pair
from vlminterp.planted.source import PlantedConfig, PlantedSource

MODEL = "planted-base"
SCENES = 6
TILE, GAP, NAMES, HEAD = 96, 4, 128, 20
"""Sides of a tile, room between tiles, the column of names and the line of captions, in pixels."""
INK = (34, 33, 31)


def gallery() -> Image.Image:
    """Returns a table of maps: scenes by methods, of 256 colours on white."""
    rows = list(_rows())
    size = (NAMES + SCENES * (TILE + GAP), HEAD + len(rows) * (TILE + GAP))
    canvas = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(14)
    for column, pair in enumerate(_pairs()):
        start, stop = (pair.named_words or ((0, None),))[-1]
        draw.text((NAMES + column * (TILE + GAP), 2), pair.text[start:stop], INK, font)
    for number, (name, pictures) in enumerate(rows):
        upper = HEAD + number * (TILE + GAP)
        draw.text((4, upper + TILE // 2 - 8), name, INK, font)
        for column, picture in enumerate(pictures):
            tile = picture.convert("RGB").resize((TILE, TILE), Image.Resampling.LANCZOS)
            canvas.paste(tile, (NAMES + column * (TILE + GAP), upper))
    return canvas.quantize(256, dither=Image.Dither.NONE)


def _pairs() -> list[Pair]:
    return list(PlantedSource(PlantedConfig(pairs=SCENES)).pairs())


def _rows() -> Iterator[tuple[str, list[Image.Image]]]:
    """Yields a name and the pictures beside it: the scenes, the truth, then each method's maps."""
    pairs = _pairs()
    yield "the picture", [pair.load_image() for pair in pairs]
    yield "what is named", [_truth(pair) for pair in pairs]
    encoder = vlminterp.load(MODEL)
    for method in sorted(OWN):
        if Side.image in load_method(method).sides:
            yield (
                method,
                [
                    vlminterp.explain(encoder, pair.load_image(), pair.text, method).overlay()
                    for pair in pairs
                ],
            )


def _truth(pair: Pair) -> Image.Image:
    """Returns a scene in which all but what the caption names is faded."""
    assert pair.load_mask is not None
    pixels = np.asarray(pair.load_image().convert("RGB"))
    named = pair.load_mask()[..., None]
    return Image.fromarray(np.where(named, pixels, 192 + pixels // 4).astype(np.uint8))
