"""Tiny pictures, each of its own colour, so that what a concept shows tells which file it is."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from PIL import Image

from vlminterp.data.concepts import Concept, LoadImage


def colour(path: Path) -> tuple[int, int, int]:
    return tuple(sha256(str(path).encode()).digest()[:3])


def put(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2), colour(path)).save(path, "PNG")  # whatever it is called


def shown(loads: Iterable[LoadImage]) -> list[tuple[int, int, int]]:
    return [load().getpixel((0, 0)) for load in loads]


def colours(paths: Iterable[Path]) -> list[tuple[int, int, int]]:
    return [colour(path) for path in paths]


def names(concepts: Iterable[Concept]) -> dict[str, str]:
    return {concept.id: concept.name for concept in concepts}
