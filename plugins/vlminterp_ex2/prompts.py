"""Prompts to the language model: templates filled with concepts, in an order set by a seed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from vlminterp.data.concepts import article
from vlminterp.errors import InputError

TEMPLATES = Path(__file__).with_name("templates.txt")
PLACE, BARE = "{concept}", "{}"
"""Places for a concept: its name with an article, or its name alone."""


@dataclass(frozen=True)
class Prompt:
    """One question about one concept.

    Attributes:
        concept: The concept's place in its source.
        template: The template's place in its file.
        text: The question.
    """

    concept: int
    template: int
    text: str


def load_templates(path: Path = TEMPLATES) -> list[str]:
    """Reads prompt templates: one a line, or a JSON list of strings, the form of EX2's authors.

    Args:
        path: UTF-8 file; each template holds `{concept}`, for a name and its article, or `{}`, for
            the name alone. Blank lines do not count. It is JSON if its name ends in `.json`.

    Raises:
        InputError: It can't be read, is empty, or a template has no place, or two, for the name.
    """
    try:
        text = path.read_text("utf-8")
        lines = json.loads(text) if path.suffix == ".json" else text.splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: prompt templates can't be read ({error})") from error
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise InputError(f"{path}: templates in JSON must be a list of strings")
    templates = [line.strip() for line in lines if line.strip()]
    if not templates:
        raise InputError(f"{path} holds no prompt templates; write one a line, with {PLACE}")
    for number, line in enumerate(lines, 1):
        if line.strip() and line.count(PLACE) + line.count(BARE) != 1:
            raise InputError(f"{path}, line {number}: a template must hold {PLACE} or {BARE} once")
    return templates


def fill(template: str, name: str) -> str:
    """Puts a concept into a template.

    Example:
        >>> fill("Describe {concept}.", "owl"), fill("Describe one {}.", "owl")
        ('Describe an owl.', 'Describe one owl.')
    """
    if BARE in template:
        return template.replace(BARE, name)
    return template.replace(PLACE, f"{article(name)} {name}")


def all_prompts(names: Sequence[str], templates: Sequence[str]) -> list[Prompt]:
    """Returns every template filled with every concept, concept by concept."""
    return [
        Prompt(concept, template, fill(text, name))
        for concept, name in enumerate(names)
        for template, text in enumerate(templates)
    ]


def schedule(prompts: Sequence[Prompt], count: int, seed: int) -> list[Prompt]:
    """Returns the prompts of a training: all of them, shuffled, then all again in another order.

    Args:
        prompts: The prompts to draw from, at least one.
        count: Length of the schedule; a shorter one is the beginning of a longer one.
        seed: Seed of the orders.
    """
    return list(islice(_rounds(prompts, seed), count))


def _rounds(prompts: Sequence[Prompt], seed: int) -> Iterator[Prompt]:
    rng = np.random.default_rng(seed)
    while True:
        for place in rng.permutation(len(prompts)).tolist():
            yield prompts[place]
