"""A concept on the page: pictures, heat, exchanges, and the score that moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vlminterp.data.concepts import article
from vlminterp.data.images import read_image
from vlminterp.errors import InputError
from vlminterp.report.cards import data_uri
from vlminterp.results.run_folder import RunFolder

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Version:
    """A picture as it is or after an exchange.

    Attributes:
        title: Its name on the page.
        picture: A data URI; None if the picture is lost.
        score: The name's score, in cosine; None for the heat.
        answer: The zero-shot answer; None where it is not told.
        width: The score as a share of the untouched picture's, 0…1, for a bar.
        wrong: Whether the score tells against the VLM: it hardly moves though the object is gone,
            or falls although only the background is.
    """

    title: str
    picture: str | None
    score: float | None = None
    answer: str | None = None
    width: float = 0.0
    wrong: bool = False


@dataclass(frozen=True)
class Example:
    """One tested picture.

    Attributes:
        taken: A sentence on what the picture shows, and what it is taken for.
        versions: The picture, its heat, and the picture after each exchange.
        look: Where the heat lies, and its passport.
    """

    taken: str
    versions: list[Version]
    look: str


@dataclass(frozen=True)
class ConceptReport:
    """A concept on the page.

    Attributes:
        row: Its row of the main table.
        flags: Its flags, worst first.
        phrases: Its best phrases, best first.
        examples: Its saved pictures.
    """

    row: Row
    flags: Sequence[Row]
    phrases: Sequence[Row]
    examples: list[Example]

    @property
    def weight(self) -> float:
        """The sum that cards are sorted by: the weight of its flags."""
        return float(sum(flag["weight"] for flag in self.flags))


def make_report(
    folder: RunFolder,
    row: Row,
    flags: Sequence[Row],
    phrases: Sequence[Row],
    pictures: Sequence[Row],
) -> ConceptReport:
    """Prepares one concept for the page.

    Args:
        folder: The run folder.
        row: The concept's row of the main table.
        flags: Its flags.
        phrases: Its best phrases.
        pictures: Its tested pictures.
    """
    examples = [_example(folder, row, one) for one in pictures if isinstance(one.get("saved"), str)]
    return ConceptReport(row, flags, phrases, examples)


def _example(folder: RunFolder, row: Row, one: Row) -> Example:
    own = one["score"]

    def version(title: str, column: str, score: float, answers: Sequence[str]) -> Version:
        kept = score / own if own > 0 else 0.0
        wrong = kept > 0.7 if "object" in column else kept < 0.7
        width = min(max(kept, 0.0), 1.0)
        return Version(title, _picture(folder, one[column]), score, _told(answers), width, wrong)

    return Example(
        _taken(row["name"], one["shows"], one["answer"]),
        [
            Version("as it is", _picture(folder, one["saved"]), own, one["answer"], 1.0),
            Version(f"heat of “{row['name']}”", _picture(folder, one["saved_heat"])),
            version(
                "another object", "saved_object", one["other_object"], one["answers_other_object"]
            ),
            version(
                "another background",
                "saved_background",
                one["other_background"],
                one["answers_other_background"],
            ),
        ],
        f"{one['place']} ({one['on_object']:.0%} of the heat on {one['area']:.0%} of the area); "
        f"passport: {one['passport']}",
    )


def _taken(name: str, shows: str, answer: str) -> str:
    own = f"{article(shows).capitalize()} {shows}"
    if answer != name:
        return f"{own}, among the highest scores of “{name}”."
    return f"{own}, taken for {'one' if shows == name else f'{article(name)} {name}'}."


def _told(answers: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(answers))


def _picture(folder: RunFolder, path: str) -> str | None:
    try:
        return data_uri(read_image(folder.path / path))
    except InputError:  # the picture was lost
        return None
