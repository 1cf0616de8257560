"""The facts about each concept and habitat of the planted world."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

COLOURS = (
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
    "gray",
    "black",
    "white",
)


@dataclass(frozen=True, kw_only=True)
class ConceptFacts:
    """A concept that captions can name, with its facts.

    Attributes:
        name: English name, lower case, without an article.
        code: The OpenMoji code point of its picture.
        colour: The colour of most of the picture's pixels, one of `COLOURS`.
        shape: Adjective for its outline.
        size: Adjective for its size in the world, not in the picture.
        parts: Two visible parts of it, with their articles.
        habitat: The background where it is at home.
        kind: Noun for its kind: bird, plant, vehicle, …
        behaviour: Verb phrase in the third person: what it does or where it comes from.
        diet: Food that it eats; None for what doesn't eat.
        use: Purpose that people use it for; None for animals.
    """

    name: str
    code: str
    colour: str
    shape: str
    size: str
    parts: tuple[str, str]
    habitat: str
    kind: str
    behaviour: str
    diet: str | None = None
    use: str | None = None

    def __post_init__(self) -> None:
        if (self.diet is None) == (self.use is None):
            raise ValueError(f"facts.yaml: {self.name} needs a diet or a use")


@dataclass(frozen=True)
class Habitat:
    """A background that captions can name.

    Attributes:
        name: Its English name.
        places: Ways to name the place: a preposition with its article, and the noun.
    """

    name: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Facts:
    """The world's data file, `facts.yaml`.

    Attributes:
        concepts: Concepts by name, in the file's order.
        habitats: Habitats by name, in the file's order.
        scenery: OpenMoji code points of the pictures that backgrounds use, by name.
        distractors: OpenMoji code points of the small pictures that nothing names, by name.
    """

    concepts: dict[str, ConceptFacts]
    habitats: dict[str, Habitat]
    scenery: dict[str, str]
    distractors: dict[str, str]


@cache
def load_facts() -> Facts:
    """Reads `facts.yaml` once."""
    text = (Path(__file__).parent / "facts.yaml").read_text(encoding="utf-8")
    data: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return Facts(
        concepts={name: _concept(name, fields) for name, fields in data["concepts"].items()},
        habitats={
            name: Habitat(name, tuple((where, noun) for where, noun in fields["places"]))
            for name, fields in data["habitats"].items()
        },
        scenery=data["scenery"],
        distractors=data["distractors"],
    )


def _concept(name: str, fields: dict[str, Any]) -> ConceptFacts:
    first, second = fields["parts"]
    return ConceptFacts(name=name, **{**fields, "parts": (first, second)})
