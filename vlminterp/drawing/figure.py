"""A single picture that shows one result, for a README, a paper or W&B."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from vlminterp.drawing.overlay import colour_bar, overlay, ticks
from vlminterp.drawing.signed import signed_bar, signed_overlay

SIDE = 420
GAP = 24
BAR_HEIGHT = 18
TEXT, SMALL = 22, 16
GROUND, INK, QUIET, ORANGE = (255, 255, 255), (34, 33, 31), (107, 104, 98), (243, 154, 43)
BLUE = (91, 155, 213)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def figure(
    image: Image.Image,
    heat: NDArray[np.float32] | None,
    words: Sequence[tuple[str, float]],
    unit: str,
    caption: str = "",
    *,
    signed: bool = False,
) -> Image.Image:
    """Draws a picture, its heatmap with the scale, and the caption's words shaded by score.

    Args:
        image: The picture, of any mode.
        heat: Scores, shaped `[height, width]` like the picture, NaN where the model did not look;
            None to show the picture alone.
        words: The words of the caption with their scores; may be empty.
        unit: The unit of all scores.
        caption: Text to write below if `words` is empty, e.g. because only the image was explained.
        signed: Whether scores of the heatmap below 0 have a colour of their own, blue; else they
            are drawn as 0. Words below 0 are always blue.

    Returns:
        An RGB image on white. The heatmap's scale ends at the heatmap's highest score, the words'
        scale at theirs.
    """
    panels = [_fit(image.convert("RGB"))]
    top = 0.0
    if heat is not None:
        seen = heat[np.isfinite(heat)]
        top = float((np.abs(seen) if signed else seen).max()) if seen.size else 0.0
        panels.append(_fit((signed_overlay if signed else overlay)(image, heat, top)))
    width = GAP + len(panels) * (SIDE + GAP)
    lines = _lines(words or [(word, 0.0) for word in caption.split()], width - 2 * GAP)
    height = max(panel.height for panel in panels)
    bar_room = BAR_HEIGHT + 2 * GAP if top > 0 else 0
    whole = 2 * GAP + height + bar_room + len(lines) * _line_height(words)
    canvas = Image.new("RGB", (width, whole), GROUND)
    for place, panel in enumerate(panels):
        canvas.paste(panel, (GAP + place * (SIDE + GAP), GAP + (height - panel.height) // 2))
    if top > 0:
        corner = (2 * GAP + SIDE, GAP + height + GAP // 2)
        _draw_scale(canvas, corner, (-top if signed else 0.0, top), unit)
    _draw_words(canvas, lines, GAP + height + bar_room + GAP // 2, scored=bool(words))
    return canvas


def _fit(image: Image.Image) -> Image.Image:
    """Scales a picture so that its longer side fills a panel."""
    factor = SIDE / max(image.size)
    size = (max(round(image.width * factor), 1), max(round(image.height * factor), 1))
    return image.resize(size, Image.Resampling.LANCZOS)


def _draw_scale(
    canvas: Image.Image, corner: tuple[int, int], ends: tuple[float, float], unit: str
) -> None:
    draw, (left, upper), (low, top) = ImageDraw.Draw(canvas), corner, ends
    canvas.paste((signed_bar if low < 0 else colour_bar)(SIDE, BAR_HEIGHT), corner)
    marks = [-top, 0.0, top] if low < 0 else ticks(top)
    for mark in marks:
        label = f"{mark:.3g} {unit}" if mark == marks[-1] else f"{mark:.3g}"
        length = draw.textlength(label, _font(SMALL))
        x = left + SIDE * (mark - low) / (top - low) - length / 2
        x = min(max(x, left), left + SIDE - length)
        draw.text((x, upper + BAR_HEIGHT + 4), label, QUIET, _font(SMALL))


def _draw_words(
    canvas: Image.Image, lines: list[list[tuple[str, float]]], y: int, *, scored: bool
) -> None:
    draw = ImageDraw.Draw(canvas)
    top = max((abs(score) for line in lines for _, score in line), default=0.0)
    for line in lines:
        x = float(GAP)
        for word, score in line:
            width, font = _word_width(word, score), _font(TEXT, word)
            if scored:
                share = abs(score) / top if top > 0 else 0.0
                colour = ORANGE if score > 0 else BLUE
                fill = tuple(round(255 + share * (channel - 255)) for channel in colour)
                draw.rounded_rectangle((x, y, x + width, y + TEXT + SMALL + 16), 6, fill)
                draw.text((x + 6, y + TEXT + 10), _label(score), QUIET, _font(SMALL - 2))
            draw.text((x + 6, y + 4), word, INK, font)
            x += width + 4
        y += _line_height(scored)


def _lines(words: Sequence[tuple[str, float]], width: int) -> list[list[tuple[str, float]]]:
    """Breaks the words into lines that fit into `width` pixels."""
    lines: list[list[tuple[str, float]]] = []
    room = 0.0
    for word, score in words:
        needed = _word_width(word, score) + 4
        if needed > room or not lines:
            lines.append([])
            room = float(width)
        lines[-1].append((word, score))
        room -= needed
    return lines


def _word_width(word: str, score: float) -> float:
    below = max(_font(SMALL - 2).getlength(label) for label in ("0.00", _label(score)))
    return max(_font(TEXT, word).getlength(word), below) + 12


def _label(score: float) -> str:
    return f"{score:.2g}"


def _line_height(scored: object) -> int:
    return TEXT + SMALL + 24 if scored else TEXT + 12


def _font(size: int, text: str = "") -> Font:
    """Returns Pillow's own font, or DejaVu, which covers more scripts, for text beyond ASCII."""
    return _load_font(size, wide=not text.isascii())


@cache
def _load_font(size: int, *, wide: bool) -> Font:
    if wide:
        from matplotlib import get_data_path

        return ImageFont.truetype(Path(get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)
    return ImageFont.load_default(size)
