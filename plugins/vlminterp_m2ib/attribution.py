"""M2IB as an attribution method in Captum's sense."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from captum.attr import Attribution
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, State, Tokens, Tower
from vlminterp.attribution.explanation import Explanation, Side, require_pairs
from vlminterp.attribution.gradients import derivable, taking_gradients
from vlminterp.attribution.noise import PairNoise, pair_seeds
from vlminterp.attribution.targets import Similarity, Target
from vlminterp_m2ib.bottleneck import Bottleneck, Prior, fit_bottleneck
from vlminterp_m2ib.others import OtherPictures
from vlminterp_m2ib.prior import gates_of, prior_of
from vlminterp_m2ib.settings import DEFAULTS, Gating, Settings


class M2IB(Attribution):  # type: ignore[misc]  # captum is untyped
    """Multi-modal information bottleneck attribution.

    A bottleneck of noise after one block of one tower is fitted to each pair by itself: it keeps
    what makes the pair similar, with the least information. That information is the map.

    Wang, Rudner and Wilson, "Visual Explanations of Image-Text Representations via Multi-Modal
    Information Bottleneck Attribution", NeurIPS 2023.

    Args:
        encoder: The VLM.
        side: The input to explain.
        settings: Settings of the bottleneck; by default those that were chosen for this side on
            the planted world.
        seed: Seed of the noise.
        target: The question; by default the pair's similarity.
        others: Other pictures, for the image side: closed gates let through patches of one of
            them, at the same place, in place of noise. None for noise.

    Raises:
        ConfigError: The tower has no such layer.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        side: Side | str = Side.image,
        settings: Settings | None = None,
        seed: int = 0,
        target: Target | None = None,
        others: Pixels | None = None,
    ) -> None:
        self.target = target or Similarity()
        self.encoder = encoder
        self.side = Side(side)
        self.settings = replace(settings or DEFAULTS[self.side.value])
        self.seed = seed
        tower: Tower[Any] = encoder.vision if self.side is Side.image else encoder.text
        tower.resolve_layer(self.settings.layer)
        self._others = (
            None
            if others is None or self.side is Side.text
            else OtherPictures(encoder.vision, self.settings.layer, others)
        )
        super().__init__(tower.suffix)

    def attribute(self, pixels: Pixels, tokens: Tokens) -> Explanation:
        """Explains each pair of a batch.

        Args:
            pixels: B images.
            tokens: Their B captions.

        Returns:
            Scores in nats, per token. A pair's depend neither on its batch nor on its place in it.

        Raises:
            InputError: There is not one caption for each image, one is empty, or the other pictures
            have another grid of patches or are all the picture itself.
            ModelError: The model was made under `torch.inference_mode`.
        """
        require_pairs(pixels, tokens)
        with taking_gradients():
            return self._attribute(derivable(pixels), derivable(tokens))

    def _attribute(self, pixels: Pixels, tokens: Tokens) -> Explanation:
        with torch.no_grad():
            tower, inputs = self._tower(pixels, tokens)
            state = tower.prefix(inputs, self.settings.layer)
            embedding = self.forward_func(state)
            own = Similarity().score(self.encoder, self.side, pixels, tokens)
            similarity = own(embedding)
            # The bottleneck is at least float32, whatever the tower is.
            hidden = state.hidden.to(embedding.dtype)
        plain = isinstance(self.target, Similarity)
        asked = own if plain else self.target.score(self.encoder, self.side, pixels, tokens)
        settings = self.settings
        prior = prior_of(hidden, state, settings.scale, settings.variance)
        seeds = pair_seeds(pixels, tokens, self.seed)

        def score(mixed: Tensor) -> Tensor:
            return asked(self.forward_func(state.with_hidden(mixed.to(state.hidden.dtype))))

        fitted = fit_bottleneck(
            score,
            hidden,
            prior,
            gates_of(state, settings.pooled_token, hidden.dtype),
            self._draws(pixels, seeds, state, hidden, prior),
            per_token=settings.gates is Gating.token,
            beta=settings.beta,
            learning_rate=settings.learning_rate,
            steps=settings.steps,
        )
        return self._explanation(state, fitted, similarity, pixels, tokens)

    def _draws(
        self, pixels: Pixels, seeds: Sequence[int], state: State, hidden: Tensor, prior: Prior
    ) -> Callable[[], Tensor]:
        """Returns what draws the deviates that closed gates let through."""
        settings = self.settings
        if self._others is not None:
            return self._others.draws(pixels, state, seeds, settings.copies, prior)
        lengths = state.mask.sum(1).tolist()
        return PairNoise(seeds, lengths, settings.copies, hidden, antithetic=settings.antithetic)

    def _tower(self, pixels: Pixels, tokens: Tokens) -> tuple[Tower[Any], Pixels | Tokens]:
        """Returns the explained tower and its inputs."""
        if self.side is Side.image:
            return self.encoder.vision, pixels
        return self.encoder.text, tokens

    def _explanation(
        self, state: State, fitted: Bottleneck, similarity: Tensor, pixels: Pixels, tokens: Tokens
    ) -> Explanation:
        image = self.side is Side.image
        return Explanation(
            side=self.side,
            scores=fitted.information.sum(2).float().cpu(),
            unit="nats",
            layer=state.block,
            similarity=similarity.float().cpu(),
            prefix_tokens=state.prefix_tokens,
            grids=state.grids,
            coverage=state.coverage,
            geometry=pixels.geometry if image else (),
            words=() if image else tokens.words,
            curves={"fit": fitted.fit.float().cpu(), "information": fitted.capacity.float().cpu()},
        )
