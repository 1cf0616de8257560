"""Text whose words are coloured by their scores."""

from collections.abc import Iterable

from markupsafe import Markup

from vlminterp.drawing.charts.svg import element
from vlminterp.drawing.numbers import number


def coloured_words(
    words: Iterable[tuple[str, float | None]], top: float, unit: str = "", *, digits: int = 2
) -> Markup:
    """Writes words with their scores below them.

    Args:
        words: Each word and its score; None for a word that has none.
        top: The score, above 0, with the strongest colour; scores below 0 have another colour,
            strongest at -`top`.
        unit: The scores' unit, shown when the pointer rests on a word.
        digits: Significant digits of the scores below the words.

    Returns:
        A sequence of `<span>`s that also spell out the scores, for readers who can't see colour.
    """
    return Markup(" ").join(_word(text, score, top, unit, digits) for text, score in words)


def _word(text: str, score: float | None, top: float, unit: str, digits: int) -> Markup:
    if score is None or score != score:
        return element("span", text, class_="word bare")
    strength = round(100 * min(abs(score) / top, 1.0))
    return element(
        "span",
        f"{text} ",
        element("small", number(score, digits)),
        class_="word minus" if score < 0 else "word",
        style=f"--strength: {strength}%",
        title=f"{number(score)} {unit}".strip(),
    )
