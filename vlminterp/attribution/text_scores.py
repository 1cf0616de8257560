"""Metrics of text explanations, beside those of random scores."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Tokens
from vlminterp.attribution.explanation import Explanation
from vlminterp.metrics.deletion import above_median, keep_words
from vlminterp.metrics.faithfulness import confidence_drop, confidence_increase
from vlminterp.metrics.words import named, word_average_precision, word_pointing

Spans = tuple[tuple[int, int], ...]


def text_scores(
    encoder: DualEncoder,
    tokens: Tokens,
    image: Tensor,
    explanation: Explanation,
    truths: Sequence[Spans | None],
    seeds: Sequence[int],
) -> list[dict[str, float]]:
    """Scores each caption's word scores, and random ones in their place.

    Args:
        encoder: The VLM.
        tokens: B captions.
        image: Embeddings of their images, `[B, D]`.
        explanation: Scores of the tokens.
        truths: Spans of each caption that name something in the image; None where unknown.
        seeds: Seed of each pair's random scores.

    Returns:
        Metrics of each pair; a baseline's are named `METRIC.BASELINE`.
    """
    rows: list[dict[str, float]] = [{} for _ in seeds]
    own = [[score for _, score in explanation.word_scores(i)] for i in range(len(explanation))]
    random = [
        np.random.default_rng(seed).random(len(scores)).tolist()
        for seed, scores in zip(seeds, own, strict=True)
    ]
    for suffix, scored in (("", own), (".random", random)):
        kept = [above_median(scores) for scores in scored]
        with torch.no_grad():
            embedding = encoder.encode_text(keep_words(tokens, kept))
        part = (embedding * image).sum(-1).float().cpu()
        drop = confidence_drop(explanation.similarity, part)
        increase = confidence_increase(explanation.similarity, part)
        for index, row in enumerate(rows):
            row[f"confidence_drop{suffix}"] = float(drop[index])
            row[f"confidence_increase{suffix}"] = float(increase[index])
            spans = truths[index]
            if spans is not None and scored[index]:
                truth = named(tokens.words[index], spans)
                row[f"word_pointing{suffix}"] = word_pointing(scored[index], truth)
                row[f"word_average_precision{suffix}"] = word_average_precision(
                    scored[index], truth
                )
    return rows
