"""Draws the backgrounds of the planted world: recognisable, and never twice the same."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from vlminterp.planted.facts import load_facts
from vlminterp.planted.pictures import paste, sprite

HEIGHT = 128
WIDTH = 160  # Wider than a scene, which shows a random part of it.

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Canvas:
    """A background that is being painted.

    Attributes:
        rng: Random generator, its only source of randomness.
        image: RGB image, `WIDTH` × `HEIGHT`.
    """

    rng: Generator
    image: Image.Image

    def gradient(self, top: Colour, bottom: Colour, first: int = 0, last: int = HEIGHT) -> None:
        """Fills rows `first` to `last` with a vertical gradient; both colours vary a little."""
        ends = np.array([top, bottom]) + self.rng.integers(-14, 15, (2, 3))
        share = np.linspace(0, 1, max(last - first, 1))[:, None, None]
        rows = ends[0] * (1 - share) + ends[1] * share
        band = np.repeat(rows, WIDTH, axis=1).clip(0, 255).astype(np.uint8)
        self.image.paste(Image.fromarray(band), (0, first))

    def ridge(self, colour: Colour, height: int, roughness: int, waves: float) -> None:
        """Fills the area below a wavy line around row `height`."""
        columns = np.arange(0, WIDTH + 4, 4)
        phase = self.rng.uniform(0, 2 * np.pi)
        line = height + roughness * np.sin(columns / WIDTH * 2 * np.pi * waves + phase)
        outline = [*zip(columns.tolist(), line.tolist(), strict=True)]
        outline += [(WIDTH + 4, HEIGHT), (0, HEIGHT)]
        self.draw.polygon(outline, fill=colour)

    def scatter(
        self, name: str, count: tuple[int, int], size: tuple[int, int], rows: tuple[int, int]
    ) -> None:
        """Pastes a few copies of a piece of scenery, their feet in the given rows."""
        code = load_facts().scenery[name]
        pixels = np.array(self.image)
        copies = int(self.rng.integers(count[0], count[1] + 1))
        for foot in np.sort(self.rng.integers(rows[0], rows[1] + 1, copies)):
            length = int(self.rng.integers(size[0], size[1] + 1))
            picture = sprite(code, length, mirrored=bool(self.rng.integers(2)))
            left = int(self.rng.integers(-length // 2, WIDTH - length // 2))
            paste(pixels, picture, left, int(foot) - picture.visible.shape[0])
        self.image.paste(Image.fromarray(pixels))

    def strokes(self, colour: Colour, count: int, rows: tuple[int, int], length: int) -> None:
        """Draws short horizontal strokes: ripples, blades, cracks."""
        for _ in range(count):
            x, y = int(self.rng.integers(WIDTH)), int(self.rng.integers(*rows))
            self.draw.line([(x, y), (x + int(self.rng.integers(2, length)), y)], fill=colour)

    def flakes(self, count: int) -> None:
        """Draws falling snow."""
        for x, y in self.rng.integers(0, (WIDTH, HEIGHT), (count, 2)).tolist():
            self.draw.rectangle([x, y, x + 1, y + 1], fill=(255, 255, 255))

    @property
    def draw(self) -> ImageDraw.ImageDraw:
        """A drawing context for the image."""
        return ImageDraw.Draw(self.image)


def _forest(canvas: Canvas) -> None:
    canvas.gradient((92, 132, 92), (50, 92, 54))
    canvas.scatter("pine", (5, 8), (40, 70), (70, 90))
    canvas.ridge((74, 92, 48), 84, 4, 1.5)
    canvas.scatter("oak", (1, 3), (36, 60), (92, 110))
    canvas.scatter("log", (0, 1), (14, 20), (110, 126))
    canvas.scatter("pine", (1, 3), (30, 60), (100, 125))


def _sea(canvas: Canvas) -> None:
    canvas.gradient((92, 190, 222), (18, 70, 132))
    canvas.strokes((170, 220, 238), 40, (0, 90), 16)
    canvas.ridge((188, 176, 128), 118, 4, 2.0)
    canvas.scatter("coral", (2, 4), (16, 30), (118, 128))


def _desert(canvas: Canvas) -> None:
    canvas.gradient((244, 214, 160), (250, 226, 180))
    horizon = int(canvas.rng.integers(40, 60))
    canvas.ridge((226, 180, 104), horizon, 8, 1.2)
    canvas.ridge((214, 162, 86), horizon + 26, 9, 0.9)
    canvas.ridge((202, 148, 74), horizon + 54, 6, 1.4)
    canvas.scatter("palm", (0, 2), (26, 44), (60, 80))
    canvas.scatter("rock", (1, 3), (10, 20), (80, 126))


def _meadow(canvas: Canvas) -> None:
    canvas.gradient((160, 208, 240), (206, 232, 244), 0, 60)
    horizon = int(canvas.rng.integers(34, 54))
    canvas.ridge((150, 202, 90), horizon, 5, 1.1)
    canvas.ridge((124, 186, 70), horizon + 24, 5, 0.8)
    canvas.strokes((86, 150, 50), 90, (horizon + 20, HEIGHT), 5)
    canvas.scatter("daisy", (2, 5), (12, 20), (horizon + 30, 127))
    canvas.scatter("herb", (1, 3), (10, 16), (horizon + 30, 127))


def _sky(canvas: Canvas) -> None:
    canvas.gradient((84, 156, 228), (186, 220, 248))
    canvas.scatter("cloud", (4, 7), (24, 50), (20, 130))


def _city(canvas: Canvas) -> None:
    canvas.gradient((196, 206, 214), (222, 224, 222), 0, 96)
    for name in ("office", "home", "hotel", "office"):
        canvas.scatter(name, (1, 2), (36, 58), (84, 92))
    canvas.gradient((96, 96, 100), (72, 72, 76), 90, HEIGHT)
    start = int(canvas.rng.integers(24))
    for x in range(start - 24, WIDTH, 24):
        canvas.draw.rectangle([x, 108, x + 12, 110], fill=(236, 236, 224))


def _snow(canvas: Canvas) -> None:
    canvas.gradient((176, 196, 216), (214, 224, 236), 0, 70)
    canvas.scatter("mountain", (2, 3), (50, 76), (62, 72))
    canvas.ridge((236, 242, 248), int(canvas.rng.integers(54, 68)), 4, 1.2)
    canvas.ridge((220, 230, 242), int(canvas.rng.integers(84, 100)), 4, 0.8)
    canvas.flakes(60)


def _room(canvas: Canvas) -> None:
    wall = canvas.rng.integers([206, 176, 150], [246, 216, 196])
    canvas.gradient((int(wall[0]), int(wall[1]), int(wall[2])), (214, 188, 168), 0, 88)
    canvas.scatter("window", (1, 2), (36, 48), (50, 66))
    canvas.scatter("frame", (0, 1), (24, 34), (40, 60))
    floor = int(canvas.rng.integers(82, 94))
    canvas.gradient((166, 112, 66), (142, 92, 54), floor, HEIGHT)
    for y in range(floor, HEIGHT, 9):
        canvas.draw.line([(0, y), (WIDTH, y)], fill=(118, 74, 42))
    canvas.draw.line([(0, floor), (WIDTH, floor)], fill=(246, 240, 230), width=3)
    canvas.scatter("plant", (0, 2), (26, 40), (92, 112))


_PAINTERS: dict[str, Callable[[Canvas], None]] = {
    "forest": _forest,
    "sea": _sea,
    "desert": _desert,
    "meadow": _meadow,
    "sky": _sky,
    "city": _city,
    "snow": _snow,
    "room": _room,
}


def draw_habitat(name: str, rng: Generator) -> NDArray[np.uint8]:
    """Draws one background.

    Args:
        name: Name of the habitat.
        rng: Random generator, its only source of randomness.

    Returns:
        The picture, uint8 `[HEIGHT, WIDTH, 3]`.
    """
    canvas = Canvas(rng, Image.new("RGB", (WIDTH, HEIGHT)))
    _PAINTERS[name](canvas)
    return np.array(canvas.image)
