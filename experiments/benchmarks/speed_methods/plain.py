"""The obvious implementation of each method: one pair after the other, one input after the other.

Written from the papers on a plain `CLIPModel` of transformers, as a careful user would: the caption
is encoded once, and weights stay trainable, as they are loaded. They are what ours is measured
against; the product doesn't use them.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import CLIPModel

from vlminterp.adapters.dual_encoder import Pixels, Tokens

Maps = list[Tensor]
"""One map for each pair, `[patches]`."""


class Plain:
    """The obvious implementations.

    Args:
        model: A model with eager attention, so that it hands out probabilities.
    """

    def __init__(self, model: CLIPModel) -> None:
        self.model: Any = model
        vision: Any = model.config.vision_config
        self.grid: int = vision.image_size // vision.patch_size

    def each(self, one: Callable[[Tensor, Tensor], Tensor], pixels: Pixels, tokens: Tokens) -> Maps:
        """Explains pair after pair by a function of pixels `[1, 3, H, W]` and an embedding."""
        maps = []
        for values, ids in zip(pixels.values, tokens.ids, strict=True):
            with torch.no_grad():
                text = self.model.get_text_features(input_ids=ids[None]).pooler_output
            maps.append(one(values[None], functional.normalize(text, dim=-1)[0]).detach())
        return maps

    def score(self, values: Tensor, text: Tensor) -> Tensor:
        """Returns the cosine of each picture and the caption, `[B]`."""
        image = self.model.get_image_features(pixel_values=values).pooler_output
        return functional.normalize(image, dim=-1) @ text

    def gae(self, values: Tensor, text: Tensor) -> Tensor:
        """Multiplies attention by its gradient and passes it through all blocks (Chefer's GAE)."""
        found = self._with_attentions(values)
        score = functional.normalize(self.model.visual_projection(found.pooler_output)) @ text
        gradients = torch.autograd.grad(score.sum(), found.attentions)
        relevance = torch.eye(gradients[0].shape[-1])
        for attention, gradient in zip(found.attentions, gradients, strict=True):
            relevance = relevance + (attention * gradient).clamp(min=0).mean(1)[0] @ relevance
        return relevance[0, 1:]

    def legrad(self, values: Tensor, text: Tensor) -> Tensor:
        """Sums gradients in each block's attention, of the score of that block's CLS."""
        found, total = self._with_attentions(values), torch.zeros(self.grid**2)
        for hidden, attention in zip(found.hidden_states[1:], found.attentions, strict=True):
            pooled = self.model.vision_model.post_layernorm(hidden[:, 0])
            score = functional.normalize(self.model.visual_projection(pooled), dim=-1) @ text
            (gradient,) = torch.autograd.grad(score.sum(), [attention], retain_graph=True)
            total = total + gradient[0].clamp(min=0).mean(0).mean(0)[1:]
        return total

    def gradcam(self, values: Tensor, text: Tensor) -> Tensor:
        """Weights channels of the last block's input by their mean gradient."""
        kept: list[Tensor] = []
        handle = self._layers()[-2].register_forward_hook(lambda *given: kept.append(given[2]))
        score = self.score(values, text)
        handle.remove()
        (gradient,) = torch.autograd.grad(score.sum(), kept)
        weights = gradient[0, 1:].mean(0)
        return (kept[0][0, 1:] @ weights).clamp(min=0)

    def ig(self, values: Tensor, text: Tensor, steps: int) -> Tensor:
        """Integrates gradients at block 0's output from its mean patch, step after step."""
        kept: list[Tensor] = []
        handle = self._layers()[0].register_forward_hook(lambda *given: kept.append(given[2]))
        with torch.no_grad():
            self.score(values, text)
        handle.remove()
        hidden = kept[0]
        baseline = hidden.clone()
        baseline[:, 1:] = hidden[:, 1:].mean(1, keepdim=True)
        total = torch.zeros_like(hidden)
        for share in (torch.arange(steps) + 0.5) / steps:
            point = (baseline + share * (hidden - baseline)).requires_grad_()
            handle = self._layers()[0].register_forward_hook(lambda *_, point=point: point)
            score = self.score(values, text)
            handle.remove()
            total += torch.autograd.grad(score.sum(), [point])[0]
        return ((hidden - baseline) * total / steps).sum(-1)[0, 1:]

    @torch.no_grad()
    def rise(self, values: Tensor, text: Tensor, samples: int) -> Tensor:
        """Weights random smooth masks by their scores, one after the other."""
        edge, cells = values.shape[-1], 8
        step = edge // cells
        total = torch.zeros(edge, edge)
        for _ in range(samples):
            coarse = (torch.rand(1, 1, cells, cells) < 0.5).float()
            large = functional.interpolate(coarse, (cells + 1) * step, mode="bilinear")[0, 0]
            top, left = torch.randint(step, (2,)).tolist()
            mask = large[top : top + edge, left : left + edge]
            total += self.score(values * mask, text) * mask
        return functional.adaptive_avg_pool2d(total[None], self.grid).flatten() / samples

    @torch.no_grad()
    def kernelshap(self, values: Tensor, text: Tensor, samples: int) -> Tensor:
        """Regresses scores on coalitions, which are played one after the other."""
        players = self.grid**2
        sizes = torch.arange(1, players)
        chances = (players - 1) / (sizes * (players - sizes))
        drawn = sizes[torch.multinomial(chances, samples, replacement=True)]
        kept = torch.rand(samples, players).argsort(1).argsort(1) < drawn[:, None]
        scores = torch.cat([self.score(values * self._mask(one, values), text) for one in kept])
        design = torch.cat([kept.float(), torch.ones(samples, 1)], dim=1)
        gram = design.T @ design + torch.eye(players + 1)
        fitted: Tensor = torch.linalg.solve(gram, design.T @ scores)
        return fitted[:-1]

    @torch.no_grad()
    def occlusion(self, values: Tensor, text: Tensor) -> Tensor:
        """Hides one window of two by two patches after the other."""
        whole, total = self.score(values, text), torch.zeros(self.grid, self.grid)
        times = torch.zeros_like(total)
        for row in range(self.grid - 1):
            for column in range(self.grid - 1):
                kept = torch.ones(self.grid, self.grid, dtype=torch.bool)
                kept[row : row + 2, column : column + 2] = False
                drop = whole - self.score(values * self._mask(kept.flatten(), values), text)
                total[~kept] += drop
                times[~kept] += 1
        return (total / times).flatten()

    def _mask(self, kept: Tensor, values: Tensor) -> Tensor:
        """Enlarges which patches are kept to pixels, `[H, W]`."""
        small = kept.view(1, 1, self.grid, self.grid).float()
        return functional.interpolate(small, values.shape[-1], mode="nearest")[0, 0]

    def _layers(self) -> Any:
        return self.model.vision_model.encoder.layers

    def _with_attentions(self, values: Tensor) -> Any:
        return self.model.vision_model(
            pixel_values=values, output_attentions=True, output_hidden_states=True
        )
