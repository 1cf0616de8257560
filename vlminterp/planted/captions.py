"""Writes captions of the planted world, and knows what they claim and which words name what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TypeVar

from numpy.random import Generator

from vlminterp.data.concepts import article
from vlminterp.planted.facts import ConceptFacts, Habitat, load_facts
from vlminterp.planted.scenes import Scene
from vlminterp.planted.wordings import COLOUR, PLACE, THINGS, THINGS_IN_PLACE, Wordings

Span = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True)
class Phrase:
    """A piece of a caption, with what its words name.

    Attributes:
        text: The words.
        names: `object`, `background`, or empty if they name nothing.
    """

    text: str
    names: str = ""


@dataclass(frozen=True)
class Caption:
    """A caption and the truth about its words.

    Attributes:
        text: The caption.
        claims: The concepts, colours and habitats that it says are in the scene.
        object_spans: Character spans of the words that name an object, colours included.
        background_spans: Character spans of the words that name the habitat.
    """

    text: str
    claims: frozenset[str]
    object_spans: tuple[Span, ...] = ()
    background_spans: tuple[Span, ...] = ()

    def true_of(self, scene: Scene) -> bool:
        """Tells whether everything that it claims is in the scene."""
        return self.claims <= truths(scene.concepts, scene.habitat)


@dataclass(frozen=True)
class Thing:
    """A concept as a caption names it, with its colour or without."""

    concept: ConceptFacts
    coloured: bool = False

    @property
    def claims(self) -> frozenset[str]:
        """The concept, and the colour if it is named."""
        return frozenset({self.concept.name} | ({self.concept.colour} if self.coloured else set()))


def truths(objects: Sequence[ConceptFacts], background: str) -> frozenset[str]:
    """Returns everything that a caption may truly claim of a scene.

    Args:
        objects: The scene's concepts; they and their colours can be claimed.
        background: The scene's habitat.
    """
    return frozenset({background} | {c.name for c in objects} | {c.colour for c in objects})


def describe(
    rng: Generator,
    things: Sequence[Thing],
    habitat: Habitat | None = None,
    *,
    held_out: bool = False,
) -> Caption:
    """Writes a caption.

    Args:
        rng: Random generator that chooses the wording.
        things: The things it names; may be empty if there is a habitat.
        habitat: The background that it names, or None.
        held_out: Whether to use the wordings that no model is trained on.
    """
    wordings = THINGS_IN_PLACE if things and habitat else THINGS if things else PLACE
    slots: dict[str, list[Phrase]] = (
        {"things": _things(rng, things, held_out=held_out)} if things else {}
    )
    claims = frozenset[str]().union(*(thing.claims for thing in things))
    if habitat:
        where, noun = _pick(rng, habitat.places)
        slots["place"] = [Phrase(where), Phrase(noun, "background")]
        slots["noun"] = [Phrase(noun, "background")]
        claims |= {habitat.name}
    return _write(_wording(rng, wordings, held_out=held_out), slots, claims)


def describe_colour(
    rng: Generator,
    colour: str,
    *,
    held_out: bool = False,
) -> Caption:
    """Writes a caption that tells a colour and nothing else."""
    slots = {"colour": [Phrase(colour, "object")]}
    return _write(_wording(rng, COLOUR, held_out=held_out), slots, frozenset({colour}))


def sample(rng: Generator, objects: Sequence[ConceptFacts], background: str) -> Caption:
    """Writes a training caption, true of a scene, that tells a random part of its content.

    Args:
        rng: Random generator that chooses what is said, and how.
        objects: The scene's concepts.
        background: The scene's habitat.
    """
    chance = rng.random()
    habitat = load_facts().habitats[background]
    concepts = [objects[i] for i in rng.permutation(len(objects))]
    if chance < 0.06:
        return describe(rng, [], habitat)
    if chance < 0.12:
        return describe_colour(rng, concepts[0].colour)
    if chance < 0.18:
        word = _pick(rng, (concepts[0].name, concepts[0].colour, habitat.name))
        names = "background" if word == habitat.name else "object"
        return _write("{word}", {"word": [Phrase(word, names)]}, frozenset({word}))
    named = concepts[: int(rng.integers(1, len(concepts) + 1))]
    things = [Thing(concept, bool(rng.integers(2))) for concept in named]
    return describe(rng, things, habitat if rng.random() < 0.4 else None)


def _things(rng: Generator, things: Sequence[Thing], *, held_out: bool) -> list[Phrase]:
    phrases: list[Phrase] = []
    for thing in things:
        if phrases:
            phrases.append(Phrase(_pick(rng, ("and", "with", "together with"))))
        phrases += _thing(rng, thing, plain=held_out)
    return phrases


def _thing(rng: Generator, thing: Thing, *, plain: bool) -> list[Phrase]:
    name, colour = thing.concept.name, thing.concept.colour
    chance = 0.0 if plain else rng.random()
    if thing.coloured and chance > 0.8:
        words = [Phrase(f"{article(name)}"), Phrase(name, "object"), Phrase("that is")]
        return [*words, Phrase(colour, "object")]
    words = [Phrase(colour, "object")] if thing.coloured else []
    words.append(Phrase(name, "object"))
    return [Phrase(article(words[0].text) if chance < 0.6 else "the"), *words]


def _pick(rng: Generator, items: Sequence[T]) -> T:
    return items[int(rng.integers(len(items)))]


def _wording(rng: Generator, wordings: Wordings, *, held_out: bool) -> str:
    return _pick(rng, wordings.held_out if held_out else wordings.training)


def _write(wording: str, slots: dict[str, list[Phrase]], claims: frozenset[str]) -> Caption:
    """Fills a wording's slots and records the spans of the words that name something."""
    text = ""
    spans: dict[str, list[Span]] = {"object": [], "background": []}
    for literal, slot, *_ in Formatter().parse(wording):
        for phrase in [Phrase(literal.strip()), *slots.get(slot or "", [])]:
            if not phrase.text:
                continue
            text += (" " if text else "") + phrase.text
            start = len(text) - len(phrase.text)
            if phrase.names:
                words = re.finditer(r"\S+", phrase.text)
                spans[phrase.names] += [(start + w.start(), start + w.end()) for w in words]
    return Caption(text, claims, tuple(spans["object"]), tuple(spans["background"]))
