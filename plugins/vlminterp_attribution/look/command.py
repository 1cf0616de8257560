"""The command line of `vlminterp look`."""

import argparse
import os
import re
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import vlminterp
from vlminterp.errors import UserError
from vlminterp.progress import Progress
from vlminterp_attribution.look.answer import PictureAnswer, answer, looks
from vlminterp_attribution.look.page import render
from vlminterp_attribution.options import FAITHFUL

MODEL = "clip-vit-b32"
FOLDER = Path("outputs/look")
MOST_CAPTIONS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Explains a picture, writes the page, and opens it where there is a display.

    Args:
        arguments: The command line after `look`; the process's own by default.

    Returns:
        The exit code: 0, or 1 with one line on stderr.
    """
    options = _parser().parse_intermixed_args(arguments)
    if len(options.captions) > MOST_CAPTIONS:
        sys.stderr.write(
            f"{len(options.captions)} captions are too many: give one, or two to compare; a "
            "caption of several words stands in quotes\n"
        )
        return 1
    if len(set(options.captions)) < len(options.captions):
        sys.stderr.write("both captions are the same: give one, or another one to compare\n")
        return 1
    try:
        answers = _answers(options)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    page = options.out or FOLDER / _file_name(options)
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render(answers, options.picture.name), "utf-8")
    except OSError as error:
        sys.stderr.write(f"{page} can't be written: {error.strerror}\n")
        return 1
    for one in answers:
        sys.stdout.write(f"{one.sentence}\n")
        if one.difference is not None:
            sys.stdout.writelines(f"  {one.model} {looks(view)}\n" for view in one.views)
    sys.stdout.write(f"{page}\n")
    if options.open and _has_display():
        webbrowser.open(page.resolve().as_uri())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vlminterp look",
        description="Shows what a VLM looks at in a picture, for one caption or two.",
        epilog='example: vlminterp look cat.jpg "a cat, sitting" "a dog" --model siglip-b16',
    )
    parser.add_argument("picture", type=Path, help="path of the picture")
    parser.add_argument("captions", nargs="+", metavar="caption", help="a caption, or two")
    parser.add_argument(
        "--model",
        action="append",
        help=f"a VLM, by its name, hub id or folder (offline: a folder, or planted-base); more by "
        f"--model again; default: {MODEL}",
    )
    parser.add_argument(
        "--method",
        default=FAITHFUL,
        help=f"`python -m vlminterp_attribution` lists them; default: {FAITHFUL}",
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps or auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help=f"the page; default: in {FOLDER}")
    parser.add_argument(
        "--no-open", dest="open", action="store_false", help="don't open the page in a browser"
    )
    return parser


def _answers(options: argparse.Namespace) -> list[PictureAnswer]:
    models = options.model or [MODEL]
    found = []
    with Progress() as progress, progress.track("looking", len(models), 0, "models") as stage:
        for name in models:
            encoder = vlminterp.load(name, options.device)
            found.append(
                answer(encoder, options.picture, options.captions, options.method, options.seed)
            )
            stage.advance(1)
    return found


def _file_name(options: argparse.Namespace) -> str:
    """Returns a page's name, of all that was asked."""
    asked = (options.picture.stem, *options.captions, *(options.model or [MODEL]), options.method)
    return "-".join(_slug(part) for part in asked)[:200] + ".html"


def _slug(text: str) -> str:
    """Returns a text as a part of a file's name.

    Example:
        >>> _slug("A cat, sitting!")
        'a-cat-sitting'
    """
    return re.sub(r"\W+", "-", text.lower()).strip("-")[:40] or "page"


def _has_display() -> bool:
    """Tells whether a browser would be seen."""
    if sys.platform in ("darwin", "win32"):
        return sys.stdout.isatty()
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(shown) and sys.stdout.isatty()
