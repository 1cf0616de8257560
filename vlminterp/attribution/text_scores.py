"""Metrics of text explanations, beside those of random and of shuffled scores."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Tokens
from vlminterp.attribution.explanation import Explanation
from vlminterp.metrics.baselines import shuffled
from vlminterp.metrics.deletion import above_median, keep_words
from vlminterp.metrics.facts import SHUFFLED, of_baseline
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
    """Scores each caption's word scores, and the same scores at random words.

    Args:
        encoder: The VLM.
        tokens: B captions.
        image: Embeddings of their images, `[B, D]`.
        explanation: Scores of the tokens.
        truths: Spans of each caption that name something in the image; None where unknown.
        seeds: Seed of each pair's random places.

    Returns:
        Metrics of each pair; those of the shuffled scores are named `METRIC.shuffled`.
    """
    own = [[score for _, score in explanation.word_scores(i)] for i in range(len(explanation))]
    moved = [
        shuffled(np.array(scores, np.float32), seed).tolist()
        for scores, seed in zip(own, seeds, strict=True)
    ]
    rows = _scored(encoder, tokens, image, explanation, truths, own)
    matched = _scored(encoder, tokens, image, explanation, truths, moved)
    return [row | of_baseline(other, SHUFFLED) for row, other in zip(rows, matched, strict=True)]


def text_baselines(
    encoder: DualEncoder,
    tokens: Tokens,
    image: Tensor,
    explanation: Explanation,
    truths: Sequence[Spans | None],
    seeds: Sequence[int],
) -> list[dict[str, float]]:
    """Scores random word scores, as `text_scores` does; they are the same for all explanations.

    Args:
        encoder: The VLM.
        tokens: B captions.
        image: Embeddings of their images, `[B, D]`.
        explanation: Any explanation of these captions.
        truths: The spans that `text_scores` takes.
        seeds: Seed of each pair's random scores.

    Returns:
        Metrics of each pair, named `METRIC.random`.
    """
    random = [
        np.random.default_rng(seed).random(len(words)).tolist()
        for seed, words in zip(seeds, tokens.words, strict=True)
    ]
    scored = _scored(encoder, tokens, image, explanation, truths, random)
    return [of_baseline(row, "random") for row in scored]


def _scored(
    encoder: DualEncoder,
    tokens: Tokens,
    image: Tensor,
    explanation: Explanation,
    truths: Sequence[Spans | None],
    scored: Sequence[list[float]],
) -> list[dict[str, float]]:
    kept = [above_median(scores) for scores in scored]
    with torch.no_grad():
        embedding = encoder.encode_text(keep_words(tokens, kept))
    part = (embedding * image).sum(-1).float().cpu()
    drop = confidence_drop(explanation.similarity, part)
    increase = confidence_increase(explanation.similarity, part)
    rows = []
    for index, (scores, spans) in enumerate(zip(scored, truths, strict=True)):
        row = {"confidence_drop": float(drop[index]), "confidence_increase": float(increase[index])}
        if spans is not None and scores:
            truth = named(tokens.words[index], spans)
            row["word_pointing"] = word_pointing(scores, truth)
            row["word_average_precision"] = word_average_precision(scores, truth)
        rows.append(row)
    return rows
