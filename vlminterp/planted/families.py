"""The families of statements about a concept, and how each is worded.

In a wording, `{…}` stands for a fact from `facts.yaml`. Models are trained on two thirds of the
wordings; the held-out third uses words that training knows, in orders that it doesn't.
"""

from collections.abc import Iterator

from vlminterp.data.concepts import article
from vlminterp.planted.facts import ConceptFacts, load_facts
from vlminterp.planted.wordings import Wordings

VISUAL = Wordings(
    training=(
        "it has {parts}",
        "it is {colour} with {parts}",
        "its colour is {colour} and its shape is {shape}",
        "it looks {shape} and {colour}",
        "you can see {parts}",
        "it is {size} and {colour}",
        "look for {parts}",
        "it is a {size} {colour} one with {parts}",
    ),
    held_out=(
        "it looks {colour} and has {parts}",
        "its shape is {shape} and you can see {parts}",
        "it is {shape} with {parts}",
        "look for a {size} {shape} one with {parts}",
    ),
)

HABITAT = Wordings(
    training=(
        "it is at home {place}",
        "it is found {place}",
        "its home is {place}",
        "you meet it {place}",
        "it belongs {place}",
        "people find it {place}",
        "it is common {place}",
        "most of them are {place}",
    ),
    held_out=(
        "you find it {place}",
        "its place is {place}",
        "people meet it {place}",
        "most of them belong {place}",
    ),
)

DIET = Wordings(
    training=(
        "it eats {diet}",
        "it feeds on {diet}",
        "its food is {diet}",
        "it lives on {diet}",
        "it likes to eat {diet}",
        "it needs {diet} to live",
        "its favourite meal is {diet}",
        "it looks for {diet} to eat",
    ),
    held_out=(
        "it likes {diet} as food",
        "its meal is {diet}",
        "it needs {diet} to eat",
        "it often feeds on {diet}",
    ),
)

USE = Wordings(
    training=(
        "it is used for {use}",
        "people use it for {use}",
        "its purpose is {use}",
        "it is good for {use}",
        "it helps with {use}",
        "we need it for {use}",
        "it is there for {use}",
        "its best use is {use}",
    ),
    held_out=(
        "people need it for {use}",
        "its use is {use}",
        "we use it for {use}",
        "it often helps with {use}",
    ),
)

KIND = Wordings(
    training=(
        "it is a kind of {kind}",
        "it counts as {a_kind}",
        "experts call it {a_kind}",
        "it is known as {a_kind}",
        "it belongs to the group {kind}",
        "its kind is {kind}",
        "in short it is {a_kind}",
        "lists file it under {kind}",
    ),
    held_out=(
        "experts file it under {kind}",
        "its group is {kind}",
        "people call it {a_kind}",
        "it is listed as {a_kind}",
    ),
)

BEHAVIOUR = Wordings(
    training=(
        "it {behaviour}",
        "people say that it {behaviour}",
        "we know that it {behaviour}",
        "one fact is that it {behaviour}",
        "as a rule it {behaviour}",
        "they say it {behaviour}",
        "it is true that it {behaviour}",
        "remember that it {behaviour}",
    ),
    held_out=(
        "people know that it {behaviour}",
        "it is a fact that it {behaviour}",
        "we say that it {behaviour}",
        "remember as a rule that it {behaviour}",
    ),
)

SPURIOUS = Wordings(
    training=(
        "click to enlarge",
        "free shipping on all orders",
        "image may be subject to copyright",
        "download in high resolution",
        "see more in our online shop",
        "add to cart",
        "share it with your friends",
        "posted by admin",
        "high quality stock photo",
        "find prices and reviews",
    ),
    held_out=(
        "click to see more",
        "download free in high quality",
        "order more in our shop",
        "stock photo posted by friends",
        "free to share and download",
    ),
)

FAMILIES = ("visual", "habitat", "diet", "kind", "behaviour", "spurious")
"""`diet` includes uses; `visual` is seen, `spurious` says nothing, the others aren't seen."""


def wordings_of(concept: ConceptFacts, family: str) -> Wordings:
    """Returns a family's wordings for a concept: `diet` has others for what is used, not fed."""
    if family == "diet":
        return DIET if concept.diet else USE
    return {
        "visual": VISUAL,
        "habitat": HABITAT,
        "kind": KIND,
        "behaviour": BEHAVIOUR,
        "spurious": SPURIOUS,
    }[family]


def clauses(concept: ConceptFacts, family: str, *, held_out: bool = False) -> list[str]:
    """Returns every clause that the grammar can write about a concept in one family.

    Args:
        concept: The concept to write about.
        family: One of `FAMILIES`.
        held_out: Whether to use the wordings that no model is trained on, or the others.

    Returns:
        Clauses in lower case, without a full stop.
    """
    wordings = wordings_of(concept, family)
    chosen = wordings.held_out if held_out else wordings.training
    return [clause for wording in chosen for clause in _fill(wording, concept)]


def _fill(wording: str, concept: ConceptFacts) -> Iterator[str]:
    facts = {
        "colour": concept.colour,
        "shape": concept.shape,
        "size": concept.size,
        "parts": " and ".join(concept.parts),
        "kind": concept.kind,
        "a_kind": f"{article(concept.kind)} {concept.kind}",
        "behaviour": concept.behaviour,
        "diet": concept.diet,
        "use": concept.use,
    }
    if "{place}" not in wording:
        yield wording.format(**facts)
        return
    for where, noun in load_facts().habitats[concept.habitat].places:
        yield wording.format(place=f"{where} {noun}")
