"""Takes a picture of a page, or of one part of it, with headless Chromium."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageChops

CHROMIUM = os.environ.get("CHROMIUM", "chromium")
TALLEST = 4000
"""Height of the window in pixels, more than any part has."""
MARGIN = 16


def photograph(page: Path, part: str = "", width: int = 1085) -> Image.Image:
    """Returns a picture of a page without scroll bars, and without the empty room around it.

    Args:
        page: The page, an HTML file.
        part: A CSS selector; what neither is in it nor holds it is hidden. All if empty.
        width: Width of the window in pixels.
    """
    # In `:is` a selector is asked of the whole page, in `:has` alone only of what lies within.
    hidden = f"body *:not(:has(:is({part})), :is({part}), :is({part}) *)" if part else "script"
    style = f"<style>{hidden} {{display: none !important}}</style></head>"
    with TemporaryDirectory() as folder:
        copy, shot = Path(folder) / "page.html", Path(folder) / "page.png"
        copy.write_text(page.read_text("utf-8").replace("</head>", style, 1), "utf-8")
        subprocess.run(_line(copy, shot, width), check=True, capture_output=True, timeout=120)
        with Image.open(shot) as picture:
            return trimmed(picture.convert("RGB"))


def _line(page: Path, shot: Path, width: int) -> list[str]:
    """Returns the command line that writes a page's picture."""
    return [
        *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *("--disable-background-networking", "--force-color-profile=srgb"),
        *(f"--window-size={width},{TALLEST}", f"--screenshot={shot}", page.as_uri()),
    ]


def trimmed(picture: Image.Image) -> Image.Image:
    """Returns an RGB picture without the ground around what it shows, but for a margin."""
    ground = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    left, upper, right, lower = ImageChops.difference(picture, ground).getbbox() or (0, 0, 1, 1)
    return picture.crop(
        (
            max(left - MARGIN, 0),
            max(upper - MARGIN, 0),
            min(right + MARGIN, picture.width),
            min(lower + MARGIN, picture.height),
        )
    )
