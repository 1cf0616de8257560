"""Measures whether descriptions are neutral, fluent, true and diverse."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from experiments.recipes.planted.describer_data import CLAUSES, Example, make_batch
from vlminterp.metrics.intervals import SHARE, mean_interval
from vlminterp.planted.descriptions import PlantedDescription, openings
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES, clauses
from vlminterp.planted.reading import OPENING, Sentence, read

EVEN = 1 / len(FAMILIES)


@dataclass(frozen=True)
class Sample:
    """A description written for a prompt.

    Attributes:
        concept: Name of the concept.
        template: Number of the prompt's template.
        text: The description.
        ended: Whether its end token came in time.
    """

    concept: str
    template: int
    text: str
    ended: bool = True


def in_grammar(sentences: Sequence[Sentence]) -> bool:
    """Tells whether a training description of the concept can have exactly these sentences."""
    if not sentences or sentences[0].says != OPENING:
        return False
    said = [part.says for part in sentences[1:]]
    return (
        all(part.true and not part.held_out for part in sentences)
        and set(said) <= set(FAMILIES)
        and len(set(said)) == len(said) < len(CLAUSES)
    )


def measure(samples: Sequence[Sample]) -> dict[str, Any]:
    """Measures samples against the grammar.

    Returns:
        `families`: each family's share of the clauses, with its 95 % interval clustered by concept;
        `largest_deviation` of these from 1/6; `dispersion_…`: see `dispersion`; `clause_counts`:
        shares of samples with no, one, two clauses; shares of samples that are `named` (the
        concept's name occurs), `in_grammar`, `unknown` (a sentence isn't in the grammar),
        `held_out` (a wording is held out), `ended`, `distinct`; share of clauses that are `true`;
        `distinct_2`: see `distinct_n`.
    """
    parts = [read(one.text, one.concept) for one in samples]
    said = [(part, one) for one, row in zip(samples, parts, strict=True) for part in row]
    said = [(part, one) for part, one in said if part.says in FAMILIES]
    table = np.zeros((len(said), len(FAMILIES)), dtype=bool)
    for row, (part, _) in enumerate(said):
        table[row] = [part.says == family for family in FAMILIES]
    concepts = [one.concept for _, one in said]
    means = [mean_interval(column, concepts, SHARE) for column in table.T]
    counts = [sum(part.says in FAMILIES for part in row) for row in parts]
    return {
        "samples": len(samples),
        "clauses": len(said),
        "families": {
            family: [mean.mean, mean.low, mean.high]
            for family, mean in zip(FAMILIES, means, strict=True)
        },
        "largest_deviation": max(abs(mean.mean - EVEN) for mean in means),
        "dispersion_of_concepts": dispersion(table, concepts),
        "dispersion_of_templates": dispersion(table, [one.template for _, one in said]),
        "clause_counts": [_share(n == count for count in counts) for n in range(len(CLAUSES))],
        "named": _share(_names(one) for one in samples),
        "in_grammar": _share(map(in_grammar, parts)),
        "true": _share(part.true for part, _ in said),
        "unknown": _share(any(part.says is None for part in row) for row in parts),
        "held_out": _share(any(part.held_out for part in row) for row in parts),
        "ended": _share(one.ended for one in samples),
        "distinct": len({one.text for one in samples}) / len(samples),
        "distinct_2": distinct_n([one.text for one in samples], 2),
    }


def dispersion(table: NDArray[np.bool_], groups: Sequence[object]) -> float:
    """Returns Pearson's χ² of each group's family counts against equal ones, over its mean.

    Args:
        table: Membership of clauses in families, bool `[clauses, families]`.
        groups: One label per clause.

    Returns:
        About 1 if the groups differ by chance alone; more if some prefer some families. NaN
        without clauses.
    """
    if len(table) == 0:
        return math.nan
    labels = np.unique(np.asarray(groups), return_inverse=True)[1]
    counts = np.zeros((labels.max() + 1, table.shape[1]))
    np.add.at(counts, labels, table)
    expected = counts.sum(axis=1, keepdims=True) / table.shape[1]
    freedom = len(counts) * (table.shape[1] - 1)
    return float(((counts - expected) ** 2 / expected).sum() / freedom)


def distinct_n(texts: Sequence[str], n: int) -> float:
    """Returns the share of distinct n-grams of words (Li et al., 2016), in [0, 1].

    Example:
        >>> distinct_n(["a b a b", "a b"], 2)
        0.5
    """
    words = [text.split() for text in texts]
    grams = [tuple(row[i : i + n]) for row in words for i in range(len(row) - n + 1)]
    return len(set(grams)) / max(len(grams), 1)


def log_probability(description: PlantedDescription) -> float:
    """Returns the log-probability that the grammar writes a description of its concept, in nats."""
    concept = load_facts().concepts[description.concept]
    orders = math.perm(len(FAMILIES), len(description.families))
    wordings = [len(clauses(concept, family)) for family in description.families]
    share = CLAUSES[len(description.families)] / orders
    return math.log(share / len(openings(concept.name)) / math.prod(wordings))


@torch.no_grad()
def divergence(model: Any, tokenizer: Any, examples: Sequence[Example]) -> float:
    """Estimates KL(grammar ‖ model) in nats per description, from draws of the grammar."""
    batch = make_batch(tokenizer, examples)
    logits = model(input_ids=batch.ids, attention_mask=batch.mask).logits[:, :-1]
    losses = cross_entropy(logits.mT, batch.labels[:, 1:], reduction="none").sum(dim=1)  # [B]
    exact = [log_probability(one.description) for one in examples]
    return float(np.mean(exact)) + losses.double().mean().item()


def _names(one: Sample) -> bool:
    return re.search(rf"\b{re.escape(one.concept)}\b", one.text.lower()) is not None


def _share(flags: Iterable[bool]) -> float:
    counted = list(flags)
    return sum(counted) / len(counted) if counted else math.nan
