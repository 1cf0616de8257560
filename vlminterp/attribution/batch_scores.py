"""Scores of all explanations of one batch of pairs, beside those of baselines."""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.attribution.image_scores import Mask, image_baselines, image_scores
from vlminterp.attribution.text_scores import Spans, text_baselines, text_scores
from vlminterp.attribution.trial_scores import image_trial_scores, image_trials, text_trial_scores
from vlminterp.metrics.trials import Trials


class BatchScores:
    """Scores explanations of the same pairs; what they share is computed once.

    Args:
        encoder: The VLM.
        pixels: B images.
        tokens: Their B captions.
        masks: Mask of what each caption names, bool `[height, width]` of the whole original, at any
            size; None where unknown.
        truths: Spans of each caption that name something in the image; None where unknown.
        seeds: Seed of each pair's baselines.
        thorough: Whether explanations are also tried out part by part.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        pixels: Pixels,
        tokens: Tokens,
        masks: Sequence[Mask | None],
        truths: Sequence[Spans | None],
        seeds: Sequence[int],
        *,
        thorough: bool = False,
    ) -> None:
        self.encoder, self.pixels, self.tokens = encoder, pixels, tokens
        self.masks, self.truths, self.seeds = masks, truths, seeds
        self.thorough = thorough
        self._baselines: dict[object, list[dict[str, float]]] = {}
        self._trials: dict[object, list[Trials]] = {}

    def __call__(self, explanation: Explanation) -> list[dict[str, float]]:
        """Returns the metrics of each pair; a baseline's are named `METRIC.BASELINE`."""
        layout = (explanation.side, explanation.grids, explanation.coverage)
        if layout not in self._baselines:
            self._baselines[layout] = self._scored_baselines(explanation)
        rows = zip(
            self._scored(explanation),
            self._tried(explanation) if self.thorough else [{}] * len(explanation),
            self._baselines[layout],
            strict=True,
        )
        return [own | tried | baselines for own, tried, baselines in rows]

    @cached_property
    def _text(self) -> Tensor:
        with torch.no_grad():
            return self.encoder.encode_text(self.tokens)

    @cached_property
    def _image(self) -> Tensor:
        with torch.no_grad():
            return self.encoder.encode_image(self.pixels)

    def _scored(self, explanation: Explanation) -> list[dict[str, float]]:
        if explanation.side is Side.image:
            return image_scores(
                self.encoder, self.pixels, self._text, explanation, self.masks, self.seeds
            )
        return text_scores(
            self.encoder, self.tokens, self._image, explanation, self.truths, self.seeds
        )

    def _tried(self, explanation: Explanation) -> list[dict[str, float]]:
        if explanation.side is Side.text:
            return text_trial_scores(
                self.encoder, self.tokens, self._image, explanation, self.seeds
            )
        layout = (explanation.grids, explanation.coverage)
        if layout not in self._trials:
            self._trials[layout] = image_trials(
                self.encoder, self.pixels, self._text, explanation, self.seeds
            )
        return image_trial_scores(self._trials[layout], explanation, self.seeds)

    def _scored_baselines(self, explanation: Explanation) -> list[dict[str, float]]:
        if explanation.side is Side.image:
            return image_baselines(
                self.encoder, self.pixels, self._text, explanation, self.masks, self.seeds
            )
        return text_baselines(
            self.encoder, self.tokens, self._image, explanation, self.truths, self.seeds
        )
