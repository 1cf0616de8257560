"""Other pictures in the place of noise: what a closed gate lets through is real, but not this."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from vlminterp.adapters.dual_encoder import Pixels, State, Tower
from vlminterp.errors import InputError
from vlminterp.plugin import Context
from vlminterp_m2ib.bottleneck import Prior


class OtherPictures:
    """The hidden states of other pictures at the place of the bottleneck.

    Args:
        tower: The image tower.
        layer: The place.
        pixels: K other pictures, at least one.
    """

    def __init__(self, tower: Tower[Pixels], layer: int | float | str, pixels: Pixels) -> None:
        with torch.no_grad():
            state = tower.prefix(pixels, layer)
        self._pixels, self._hidden, self._grids = pixels, state.hidden, set(state.grids)

    def draws(
        self, pixels: Pixels, state: State, seeds: Sequence[int], copies: int, prior: Prior
    ) -> "PictureDraws":
        """Returns what draws deviates for a batch, never a picture in its own place.

        Args:
            pixels: The batch's pictures.
            state: Their hidden states at the place.
            seeds: One per pair.
            copies: Copies per pair.
            prior: The prior that deviates are measured against.

        Raises:
            InputError: A picture has another grid of patches, or no picture differs from it.
        """
        if len(self._grids | set(state.grids)) > 1:
            raise InputError(
                "other pictures can't take the place of noise here, because this model gives "
                "pictures of different shapes different grids; leave plugin.others out"
            )
        choices = [self._other_than(pixels.of(index)) for index in range(len(pixels))]
        return PictureDraws(self._hidden, choices, seeds, copies, prior)

    def _other_than(self, picture: Tensor) -> Tensor:
        """Returns the places of the pictures that differ from this one."""
        given = self._pixels
        differ = [not torch.equal(given.of(index), picture) for index in range(len(given))]
        if not any(differ):
            raise InputError("no other picture differs from the one that is explained")
        return torch.tensor(differ).nonzero().flatten()


class PictureDraws:
    """Draws whole other pictures for each pair from the pair's own stream.

    Args:
        hidden: Hidden states of K other pictures, `[K, N, C]`.
        choices: The places of the pictures that each pair may draw, at least one.
        seeds: One per pair.
        copies: Copies per pair.
        prior: The prior whose mean and deviation the bottleneck gives back to what is drawn.
    """

    def __init__(
        self,
        hidden: Tensor,
        choices: Sequence[Tensor],
        seeds: Sequence[int],
        copies: int,
        prior: Prior,
    ) -> None:
        self._hidden, self._choices = hidden, choices
        self._prior, self._copies = prior, copies
        # Drawn on the CPU, because devices' generators differ.
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self) -> Tensor:
        """Returns the next deviates, `[B, copies, N, C]`: other pictures, less μ, over σ."""
        chosen = torch.stack(
            [
                own[torch.randint(len(own), (self._copies,), generator=generator)]
                for own, generator in zip(self._choices, self._generators, strict=True)
            ]
        )
        drawn = self._hidden[chosen.to(self._hidden.device)].to(self._prior.mean.dtype)
        return (drawn - self._prior.mean[:, None]) / self._prior.deviation[:, None]


def other_pictures(context: Context[Any], count: int) -> Pixels:
    """Returns the first pictures of a run's data that can be read, each once, preprocessed.

    Args:
        context: The run's context.
        count: The most pictures to take, ≥ 2.

    Raises:
        InputError: Fewer than two can be read.
    """
    found: list[Image.Image] = []
    for pair in context.source.pairs():
        with suppress(InputError):  # The run itself counts the pictures that can't be read.
            picture = pair.load_image()
            if picture not in found:  # a picture has a pair for each of its captions
                found.append(picture)
        if len(found) == count:
            break
    if len(found) < 2:
        raise InputError("plugin.others needs data with at least two different pictures")
    return context.encoder.preprocess(found)
