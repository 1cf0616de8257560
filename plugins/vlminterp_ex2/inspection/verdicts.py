"""Reads a judge's verdict on one description from what the judge writes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vlminterp_ex2.inspection.families import Families


class InvalidAnswerError(ValueError):
    """An answer that is no valid verdict; the message says what is wrong with it."""


@dataclass(frozen=True)
class JudgeAnswer:
    """A judge's verdict on one description.

    Attributes:
        informative: Whether it adds to what one knows about the concept; None if that isn't asked.
        visual: Whether it tells what is seen; None if it isn't informative, or that isn't asked.
        families: Informative families in it, in their order; empty if it isn't informative, None if
            families aren't asked.
        explanation: The judge's reasons.
        labels: The whole answer except the explanation, as JSON, if a schema other than ours is
            asked for.
    """

    informative: bool | None
    visual: bool | None
    families: tuple[str, ...] | None
    explanation: str = ""
    labels: str = ""


def schema_of(families: Families) -> dict[str, Any]:
    """Returns the JSON Schema of our own answer.

    Args:
        families: All families; the answer may name the informative ones.
    """
    named = {"type": "string", "enum": list(families.informative)}
    return {
        "type": "object",
        # reasons come before the verdict, so that it can follow from them
        "properties": {
            "explanation": {"type": "string"},
            "informative": {"type": "boolean"},
            "visual": {"type": ["boolean", "null"]},
            "families": {"type": "array", "items": named},
        },
        "required": ["explanation", "informative", "visual", "families"],
        "additionalProperties": False,
    }


def read_verdict(answer: str, families: Families) -> JudgeAnswer:
    """Reads the verdict from an answer.

    Args:
        answer: A JSON object, alone or with words or a code fence around it.
        families: All families; the answer may name the informative ones.

    Raises:
        InvalidAnswerError: There is no object, or a field is missing or of the wrong kind.

    Example:
        >>> from vlminterp_ex2.inspection.seeds import our_families
        >>> said = '{"explanation": "", "informative": false, "visual": null, "families": []}'
        >>> read_verdict(f"Sure! {said}", our_families()).informative
        False
    """
    found = first_object(answer)
    informative, visual, named = (found.get(key) for key in ("informative", "visual", "families"))
    if not isinstance(informative, bool):
        raise InvalidAnswerError("'informative' must be true or false")
    if not informative:
        # an uninformative text is of no kind, whatever else the judge has filled in
        return JudgeAnswer(informative=False, visual=None, families=(), explanation=_words(found))
    if not isinstance(visual, bool):
        raise InvalidAnswerError("'visual' must be true or false where 'informative' is true")
    if not isinstance(named, list) or any(not isinstance(one, str) for one in named):
        raise InvalidAnswerError("'families' must be a list of strings")
    said, allowed = {one.lower() for one in named}, families.informative
    if unknown := sorted(said - set(allowed)):
        raise InvalidAnswerError(f"'families' holds '{unknown[0]}'; allowed: {', '.join(allowed)}")
    ordered = tuple(family for family in allowed if family in said)
    return JudgeAnswer(informative, visual, ordered, _words(found))


def first_object(answer: str) -> Mapping[str, Any]:
    """Returns the first JSON object in an answer, whatever surrounds it.

    Raises:
        InvalidAnswerError: The answer holds no JSON object.
    """
    decoder = json.JSONDecoder()
    place = answer.find("{")
    while place >= 0:
        try:
            found, _ = decoder.raw_decode(answer, place)
        except ValueError:
            place = answer.find("{", place + 1)
            continue
        if isinstance(found, dict):
            return found
    raise InvalidAnswerError("there is no JSON object in it")


def _words(found: Mapping[str, Any]) -> str:
    explanation = found.get("explanation")
    return explanation if isinstance(explanation, str) else ""
