"""Zero-shot accuracy with the descriptions, beside texts that need no policy.

Letters in shapes: B pictures, K concepts, D embedding size.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.data.concepts import Concept
from vlminterp.description.embed import encode_images, encode_texts
from vlminterp.description.embedding_cache import EmbeddingCache
from vlminterp.errors import InputError
from vlminterp.metrics.intervals import SHARE, mean_interval, paired_difference
from vlminterp.results.summary import metric, plain_interval
from vlminterp_ex2.describe import ALIGNED, BASE
from vlminterp_ex2.inspection.seeds import load_seeds

TABLE = "zero-shot"
NAME, TEMPLATES, FEW, WORDS = "name_only", "templates_80", "templates", "random_words"
LABELS = {
    ALIGNED: "aligned LLM",
    BASE: "base LLM",
    NAME: "the name alone",
    TEMPLATES: "80 templates",
    FEW: "as many templates",
    WORDS: "random words",
}
"""The arms, and their names for readers."""
WORDS_A_TEXT = 2
BATCH = 64

Row = Mapping[str, Any]
Texts = Mapping[str, Sequence[Sequence[str]]]
"""By arm, the texts of each concept."""


def texts_of(rows: Sequence[Row], names: Sequence[str], ids: Sequence[str], seed: int) -> Texts:
    """Returns the texts that each arm classifies by.

    Args:
        rows: Rows of the table `describe`.
        names: Names of the K concepts.
        ids: Ids of the K concepts.
        seed: Seed of the random words, and of the choice among the templates.

    Returns:
        The aligned model's texts about a concept, each once; at most as many of the base model's;
        the name alone; OpenAI's 80 ImageNet templates; as many of them as the aligned model has
        texts; and as many names with random words (WaffleCLIP, Roth et al., 2023). The name stands
        in for the texts of a model that has written none.
    """
    found: dict[str, list[list[str]]] = {arm: [] for arm in LABELS}
    for place, (concept, name) in enumerate(zip(ids, names, strict=True)):
        rng = np.random.default_rng((seed, place))
        said = {policy: _said(rows, concept, policy) for policy in (ALIGNED, BASE)}
        many = max(1, len(said[ALIGNED]))
        templates = [template(name) for template in _openai_templates()]
        chosen = sorted(rng.permutation(len(templates))[:many].tolist())
        found[ALIGNED].append(said[ALIGNED] or [name])
        found[BASE].append(said[BASE][:many] or [name])
        found[NAME].append([name])
        found[TEMPLATES].append(templates)
        found[FEW].append([templates[number] for number in chosen])
        found[WORDS].append([_waffle(name, rng) for _ in range(many)])
    return found


def hits(
    encoder: DualEncoder,
    concepts: Sequence[Concept],
    texts: Texts,
    store: EmbeddingCache | None = None,
) -> list[dict[str, Any]]:
    """Classifies each concept's held-out pictures by each arm's texts.

    Args:
        encoder: The VLM.
        concepts: The K concepts, in the order of `texts`.
        texts: Texts of each arm.
        store: Cache of the pictures' embeddings, if there is one.

    Returns:
        A row for each concept that has held-out pictures: `concept`, `name`, `images`, the number
        of the aligned model's `texts`, and for each arm the share of pictures it classifies right.
    """
    weights = {arm: _classifier(encoder, each) for arm, each in texts.items()}
    rows = []
    for place, concept in enumerate(concepts):
        pictures = _embedded(encoder, concept, store)
        if pictures is None:
            continue
        rows.append(
            {
                "concept": concept.id,
                "name": concept.name,
                "images": len(pictures),
                "texts": len(texts[ALIGNED][place]),
                **{
                    arm: float(((pictures @ own.T).argmax(1) == place).float().mean())
                    for arm, own in weights.items()
                },
            }
        )
    return rows


def accuracy(rows: Sequence[Row]) -> dict[str, Any]:
    """Returns the accuracy of the aligned model's texts, and its difference to each other arm's.

    Args:
        rows: Rows of the table `zero-shot`, at least one.

    Returns:
        `metric`, mean accuracy over concepts with its baselines; `minus`, by arm, aligned minus
        that arm over the same concepts; `images`, the number classified.
    """
    values = {arm: [row[arm] for row in rows] for arm in LABELS}
    others = [arm for arm in LABELS if arm != ALIGNED]
    return {
        "metric": metric(
            mean_interval(values[ALIGNED], bounds=SHARE),
            higher_is_better=True,
            description="share of held-out pictures that the descriptions classify rightly",
            baselines={LABELS[arm]: mean_interval(values[arm], bounds=SHARE) for arm in others},
        ),
        "minus": {
            LABELS[arm]: plain_interval(paired_difference(values[ALIGNED], values[arm]))
            for arm in others
        },
        "images": sum(row["images"] for row in rows),
    }


def _classifier(encoder: DualEncoder, texts: Sequence[Sequence[str]]) -> Tensor:
    """Returns a unit vector for each concept, the mean of its texts' unit embeddings: `[K, D]`."""
    flat = [text for own in texts for text in own]
    embedded = torch.split(encode_texts(encoder, flat), [len(own) for own in texts])
    return torch.stack([normalize(own.mean(0), dim=-1) for own in embedded])


def _embedded(
    encoder: DualEncoder, concept: Concept, store: EmbeddingCache | None
) -> Tensor | None:
    """Returns the concept's held-out pictures that can be read, `[B, D]`; None without any."""
    found = []
    # batched as when the held-out means were made, so that the cache knows them
    for start in range(0, len(concept.held_out), BATCH):
        images = []
        for load in concept.held_out[start : start + BATCH]:
            try:
                images.append(load())
            except InputError:
                continue  # counted when the means were made
        if images:
            found.append(encode_images(encoder, images, BATCH, store))
    return torch.cat(found) if found else None


def _said(rows: Sequence[Row], concept: str, policy: str) -> list[str]:
    """Returns a model's different texts about a concept, in their order."""
    own = [row["text"] for row in rows if row["concept"] == concept and row["policy"] == policy]
    return list(dict.fromkeys(text for text in own if text))


def _openai_templates() -> Sequence[Any]:
    from open_clip import OPENAI_IMAGENET_TEMPLATES

    templates: Sequence[Any] = OPENAI_IMAGENET_TEMPLATES
    return templates


def _waffle(name: str, rng: np.random.Generator) -> str:
    words = rng.choice(_vocabulary(), WORDS_A_TEXT, replace=False).tolist()
    return f"a photo of a {name}, which has {' '.join(words)}."


@cache
def _vocabulary() -> list[str]:
    """Returns the words that random ones are drawn from, which are those of the lexicon."""
    return sorted(load_seeds().words)
