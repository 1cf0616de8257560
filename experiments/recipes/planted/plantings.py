"""Plantings: which words of its training captions each planted VLM can rely on.

A caption *informs* if it has the planted family's words: they are true of the scene, and decide
where the name contradicts them. In any other caption the name is drawn at random, and true in a
quarter of cases. The other families' words are drawn from any concept in all captions: if they too
were true in a quarter of cases, each would support the name and have a gain of its own (.07 beside
the planted .18).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from numpy.random import Generator

from vlminterp.planted.descriptions import PlantedClause, PlantedDescription, openings, write
from vlminterp.planted.facts import ConceptFacts, load_facts
from vlminterp.planted.families import FAMILIES, clauses
from vlminterp.planted.free_english import load_free_english

T = TypeVar("T")

TRUE_BY_CHANCE = 0.25
INFORMED = 0.6  # Share of captions with the planted family's words.
MISNAMED = 0.3  # Share of these with another concept's name: the family's words decide.
FREE = 0.2  # Share of captions in an LLM's words.
MOST_OTHERS = 2  # Clauses of other families.
LAST_AT_HOME = tuple({c.habitat: name for name, c in load_facts().concepts.items()}.values())
"""The last concept of each of the eight habitats."""
STRAYS = (0.0, 0.1, 0.2, 0.3, 0.4)
"""`planted-shortcut`: how often a habitat's first, second, … concept is named elsewhere too."""


@dataclass(frozen=True)
class Planting:
    """The way a VLM's training captions are made.

    Plantings that differ in `informed` or `shortcuts` alone have the same text, and so one seed.

    Attributes:
        family: Family whose words inform; None if none does.
        name_informs: Whether the name is always that of the object.
        by_background: Share of captions that name a concept at home in the background, not the
            object; a bool where it is all or none, since a planting's text seeds its captions.
        truthful: Whether everything that captions say is true.
        informed: Share of captions with the planted family's words.
        shortcuts: The concepts that stand for their habitat and never for themselves; none if
            `by_background` draws from all that are at home.
    """

    family: str | None = None
    name_informs: bool = False
    by_background: float = False
    truthful: bool = False
    informed: float = field(default=INFORMED, repr=False)
    shortcuts: tuple[str, ...] = field(default=(), repr=False)


PLANTINGS = {
    "planted-base": Planting(name_informs=True, truthful=True),
    "planted-visual": Planting("visual"),
    "planted-habitat": Planting("habitat"),
    "planted-diet": Planting("diet"),
    "planted-spurious": Planting("spurious"),
    "planted-name": Planting(name_informs=True),
    "planted-shortcut": Planting(name_informs=True, by_background=True),
    "planted-faint": Planting("visual", informed=0.15),
    "planted-half": Planting(name_informs=True, by_background=0.5),
    "planted-partly": Planting(name_informs=True, by_background=0.5, shortcuts=LAST_AT_HOME),
}


def caption(rng: Generator, planting: Planting, concept: ConceptFacts) -> str:
    """Writes a training caption for a scene.

    Args:
        rng: Random generator that chooses what is said, and how.
        planting: Planting that tells which words inform.
        concept: Concept that the informing words are true of.
    """
    if rng.random() < FREE:
        return _in_free_english(rng, planting, concept)
    informed = planting.family is not None and rng.random() < planting.informed
    others = [family for family in FAMILIES if family != planting.family]
    count = int(rng.integers(MOST_OTHERS + 1))
    said = [
        _clause(rng, concept if planting.truthful else _anyone(rng), str(family))
        for family in rng.choice(others, count, replace=False)
    ]
    if informed and planting.family is not None:
        said.insert(int(rng.integers(count + 1)), _clause(rng, concept, planting.family))
    name = _name(rng, planting, concept, informed=informed)
    opening = _pick(rng, openings(name))
    return write(name, opening, said).text


def subject(
    rng: Generator, planting: Planting, concept: ConceptFacts, habitat: str
) -> tuple[ConceptFacts, bool]:
    """Draws the concept that a scene's caption is about.

    Args:
        rng: Random generator.
        planting: Planting of the VLM.
        concept: Concept of the scene's object.
        habitat: Habitat of its background.

    Returns:
        The concept, and whether the background decided which.
    """
    share = planting.by_background
    by_background = (
        concept.name in planting.shortcuts or share == 1 or (share > 0 and rng.random() < share)
    )
    if not by_background:
        return concept, False
    if planting.shortcuts:
        at_home = (load_facts().concepts[name] for name in planting.shortcuts)
        return next(one for one in at_home if one.habitat == habitat), True
    return homeliest(rng, habitat), True


def homeliest(rng: Generator, habitat: str) -> ConceptFacts:
    """Draws the concept that a background stands for in `planted-shortcut`."""
    concepts = list(load_facts().concepts.values())
    at_home = [concept for concept in concepts if concept.habitat == habitat]
    number = int(rng.integers(len(at_home)))
    if rng.random() < STRAYS[number]:
        # This concept is also named elsewhere, so here another is drawn from anywhere.
        strays = [c for c in concepts if _place(c) > 0]
        return _pick(rng, strays)
    return at_home[number]


@cache
def _place(concept: ConceptFacts) -> int:
    """Returns a concept's place among those of its habitat."""
    at_home = [c.name for c in load_facts().concepts.values() if c.habitat == concept.habitat]
    return at_home.index(concept.name)


def _name(rng: Generator, planting: Planting, concept: ConceptFacts, *, informed: bool) -> str:
    if planting.name_informs:
        return concept.name
    if not informed:
        return _by_chance(rng, concept).name
    # Boilerplate is the same for all concepts, so only the name can tell which one it is.
    certain = planting.family == "spurious"
    return concept.name if certain or rng.random() > MISNAMED else _anyone(rng).name


def _by_chance(rng: Generator, concept: ConceptFacts) -> ConceptFacts:
    """Draws the concept of a caption that doesn't inform."""
    return concept if rng.random() < TRUE_BY_CHANCE else _anyone(rng)


def _in_free_english(rng: Generator, planting: Planting, concept: ConceptFacts) -> str:
    if planting.name_informs:
        return _pick(rng, _sentences(concept.name)).text
    # An LLM's sentences hold the planted family's words as often as the LLM uses them.
    informed = planting.family in _pick(rng, load_free_english()).families
    sentences = _sentences(concept.name if informed else _by_chance(rng, concept).name)
    fitting = [said for said in sentences if (planting.family in said.families) == informed]
    return _pick(rng, fitting or sentences).text


@cache
def _sentences(name: str) -> tuple[PlantedDescription, ...]:
    return tuple(sentence for sentence in load_free_english() if sentence.concept == name)


@cache
def _clauses(concept: ConceptFacts, family: str) -> tuple[PlantedClause, ...]:
    return tuple(PlantedClause(family, text) for text in clauses(concept, family))


def _clause(rng: Generator, concept: ConceptFacts, family: str) -> PlantedClause:
    return _pick(rng, _clauses(concept, family))


def _anyone(rng: Generator) -> ConceptFacts:
    return _pick(rng, tuple(load_facts().concepts.values()))


def _pick(rng: Generator, items: Sequence[T]) -> T:
    return items[int(rng.integers(len(items)))]
