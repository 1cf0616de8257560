"""The answers of several VLMs by several methods, side by side on one page."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vlminterp.report.templating import environment
from vlminterp_attribution.look.answer import PictureAnswer, percent
from vlminterp_attribution.look.page import drawn, shown
from vlminterp_attribution.looks import STYLE, Looks, looks_together
from vlminterp_attribution.pair_explanation import PairExplanation


@dataclass(frozen=True)
class Question:
    """The maps that answer one question.

    Attributes:
        title: The question as a heading.
        maps: The maps, as the template takes them.
        looks: The maps of single words, where the method has them, each with its picture.
    """

    title: str
    maps: list[dict[str, object]]
    looks: list[tuple[dict[str, object], Looks]]


def side_by_side(answers: Sequence[PictureAnswer], failures: Sequence[str] = ()) -> str:
    """Renders a page of maps on one scale for each unit; it loads nothing over the network.

    Args:
        answers: The answers of every VLM by every method, about one picture and its captions; one
            or more.
        failures: Lines on the VLMs and methods that have no answer.
    """
    captions = [view.text for view in answers[0].views]
    return (
        environment("vlminterp_attribution")
        .get_template("side_by_side.html.j2")
        .render(
            picture="side by side",
            captions=captions,
            sentences=_sentences(answers),
            failures=failures,
            questions=list(_questions(answers, captions)),
            answers=answers,
            percent=percent,
            style=STYLE,
        )
    )


def _sentences(answers: Sequence[PictureAnswer]) -> list[str]:
    """Returns the answers as sentences, each once; what depends on the method names it."""
    if answers[0].difference is not None:
        return list(dict.fromkeys(answer.sentence for answer in answers))
    if len({answer.method for answer in answers}) == 1:
        return [answer.sentence for answer in answers]
    return [f"By {answer.method}, {answer.sentence}" for answer in answers]


def _questions(answers: Sequence[PictureAnswer], captions: Sequence[str]) -> Iterator[Question]:
    differences = [answer.difference for answer in answers if answer.difference is not None]
    if differences:
        title = f"Why “{captions[0]}” and not “{captions[1]}”"
        yield Question(title, _on_one_scale(differences, differences, of_two=True), [])
    every = [view for answer in answers for view in answer.views]
    for place, caption in enumerate(captions):
        views = [answer.views[place] for answer in answers]
        yield Question(f"“{caption}”", _on_one_scale(views, every), list(_looks(views, place)))


def _on_one_scale(
    views: Iterable[PairExplanation], every: Sequence[PairExplanation], *, of_two: bool = False
) -> list[dict[str, object]]:
    """Draws maps; those of one unit have the scale of the strongest of them."""
    found = []
    for view in views:
        same = [other for other in every if other.unit == view.unit]
        highest = max((abs(score) for one in same for _, score in one.words), default=0.0)
        top = max(one.top for one in same)
        found.append(drawn(view, top, highest or 1.0, of_two=of_two))
    return found


def _looks(
    views: Iterable[PairExplanation], place: int
) -> Iterator[tuple[dict[str, object], Looks]]:
    for number, view in enumerate(views):
        if view.together is not None and view.together.scores.size:
            picture = {
                "id": f"{place}-{number}",
                "picture": shown(view.image),
                "aspect": view.image.width / view.image.height,
            }
            yield (
                picture,
                looks_together(f"{view.method} on {view.model}", view.unit, view.together),
            )
