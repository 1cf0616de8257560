"""The page of `vlminterp look`: the map first, large."""

from collections.abc import Sequence

from markupsafe import Markup
from PIL import Image

from vlminterp.drawing.overlay import STOPS
from vlminterp.drawing.signed import AGAINST, FOR
from vlminterp.report.cards import data_uri
from vlminterp.report.templating import environment
from vlminterp.report.words import coloured_words
from vlminterp_attribution.look.answer import PictureAnswer, odds, percent
from vlminterp_attribution.pair_explanation import PairExplanation

LONGEST_SIDE = 900
"""Longest side of a map on the page, in pixels."""


def render(answers: Sequence[PictureAnswer], picture: str) -> str:
    """Renders the page as HTML that loads nothing over the network.

    Args:
        answers: Every VLM's answer.
        picture: The picture's name.
    """
    views = [view for one in answers for view in one.views]
    highest = max((abs(score) for view in views for _, score in view.words), default=0.0) or 1.0
    return (
        environment("vlminterp_attribution")
        .get_template("look.html.j2")
        .render(
            picture=picture,
            captions=[view.text for view in answers[0].views],
            original=shown(answers[0].views[0].image),
            answers=[(one, _maps(one, highest)) for one in answers],
            method=views[0].method,
            percent=percent,
        )
    )


def _maps(answer: PictureAnswer, highest: float) -> list[dict[str, object]]:
    """Returns what the template shows of each map, the difference first."""
    top = max(view.top for view in answer.views)
    maps = [drawn(view, top, highest) for view in answer.views]
    if answer.difference is not None:
        own = max((abs(score) for _, score in answer.difference.words), default=0.0) or 1.0
        maps.insert(0, drawn(answer.difference, answer.difference.top, own, of_two=True))
    return maps


def drawn(
    view: PairExplanation, top: float, highest: float, *, of_two: bool = False
) -> dict[str, object]:
    """Returns what templates show of a map.

    Args:
        view: The map.
        top: The score of a patch that has the last colour.
        highest: The score of a word that has the strongest colour, above 0.
        of_two: Whether the map is of the difference of two captions.
    """
    return {
        "view": view,
        "of_two": of_two,
        "top": top,
        "image": shown(view.overlay(top or 1.0)),
        "scale": _scale(signed=view.signed),
        "words": coloured_words(view.words, highest, view.unit) if view.words else view.text,
        "odds": None if view.passport is None else odds(view.passport),
    }


def _scale(*, signed: bool) -> Markup:
    """Returns the colours of a map, from its lowest score to its highest, as a CSS gradient."""
    if not signed:
        return Markup("linear-gradient(to right, transparent, " + ", ".join(_hex(STOPS)) + ")")
    ends = [Markup("rgb({}, {}, {})").format(*map(int, end)) for end in (AGAINST, FOR)]
    return Markup("linear-gradient(to right, {}, transparent, {})").format(*ends)


def _hex(stops: Sequence[str]) -> list[str]:
    return [f"#{stop}" for stop in stops]


def shown(image: Image.Image) -> str:
    """Returns a picture at the size at which pages show it, as a data URI."""
    small = image.copy()
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if max(small.size) < LONGEST_SIDE // 2:  # a small picture is shown large, pixel by pixel
        factor = LONGEST_SIDE // 2 // max(small.size) + 1
        small = small.resize(
            (small.width * factor, small.height * factor), Image.Resampling.BICUBIC
        )
    return data_uri(small)
