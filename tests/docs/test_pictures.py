"""The pictures of README and docs are those that `make pictures` makes."""

import re
from pathlib import Path

from PIL import Image
from vlminterp_attribution.registry import OWN, load_method

from experiments.pictures.__main__ import DOCS, PICTURES
from experiments.pictures.gallery import GAP, HEAD, TILE
from experiments.pictures.photograph import MARGIN, trimmed
from vlminterp.attribution.explanation import Side

README = Path(__file__).parents[2] / "README.md"


def test_each_has_its_maker():
    assert {path.stem for path in DOCS.glob("*.png")} == set(PICTURES)
    assert set(re.findall(r"\(docs/(\w+)\.png\)", README.read_text("utf-8"))) <= set(PICTURES)


def test_the_gallery_shows_every_method():
    methods = [name for name in OWN if Side.image in load_method(name).sides]
    with Image.open(DOCS / "gallery.png") as picture:
        assert picture.height == HEAD + (2 + len(methods)) * (TILE + GAP), "make pictures"
    assert f"under {len(methods)} methods" in (DOCS / "gallery.md").read_text("utf-8")


def test_they_are_light():
    assert {path.name for path in DOCS.glob("*.png") if path.stat().st_size > 700_000} == set()


def test_ground_is_trimmed():
    picture = Image.new("RGB", (200, 100), "white")
    picture.paste("black", (50, 40, 60, 50))
    assert trimmed(picture).size == (10 + 2 * MARGIN, 10 + 2 * MARGIN)
