"""Base of encoders around a backend's model, which are compared with their backend before use.

A model that we run wrongly gives maps that look like any others. The law can't detect it, since
both of its sides are ours. So the embeddings of one picture and two captions are compared with the
model's own features, and a model that differs is refused.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from vlminterp.adapters.dual_encoder import (
    EMBEDDINGS,
    DualEncoder,
    Inputs,
    Pixels,
    Tokens,
    Tower,
    unit_length,
)
from vlminterp.adapters.strict import require_finite_weights
from vlminterp.errors import ModelError

CAPTIONS = ("a photo of a cat", "two dogs and one very small brown bird on the roof of a house")
"""A short caption and a longer one, beside which it is padded."""
PICTURE = (72, 120)
"""Height and width of the test picture; not square, so that cropping matters."""
CUT = 0.5
"""Relative depth at which towers are cut and resumed."""


class WrappedEncoder(DualEncoder, ABC):
    """An encoder around a model of a backend.

    Attributes:
        model: The backend's model.
    """

    model: Any

    @abstractmethod
    def own_image_features(self, pixels: Pixels) -> Tensor:
        """Returns the backend's own image embeddings, `[B, D]`, of any length."""

    @abstractmethod
    def own_text_features(self, tokens: Tokens) -> Tensor:
        """Returns the backend's own text embeddings, `[B, D]`, of any length."""

    @property
    @abstractmethod
    def vocabulary(self) -> int:
        """Number of tokens that the text tower has embeddings for."""

    def check(self) -> None:
        """Compares embeddings of the cut and resumed model with its backend's own features.

        Raises:
            ModelError: They differ, its weights or features are not finite, or its tokenizer
                writes ids that it has no embeddings for.
        """
        require_finite_weights(self.model, self.name)
        self._require_vocabulary()
        with torch.no_grad():
            pixels = self._try_picture()
            self._compare("image", _resumed(self.vision, pixels), self.own_image_features(pixels))
            padded, alone = self.tokenize(CAPTIONS), self.tokenize(CAPTIONS[:1])
            found = _resumed(self.text, padded)
            self._compare("text", found, self.own_text_features(padded))
            own = self.own_text_features(alone)
            self._compare("text", _resumed(self.text, alone), own)
            self._compare("text", found[:1], own)

    def notes(self) -> Sequence[str]:
        """Returns a note if the image tower's patches leave a remainder of its input."""
        if self._preprocessing is None:
            return ()
        with torch.no_grad():
            pixels = self._try_picture()
            state = self.vision.prefix(pixels, EMBEDDINGS)
        (height, width), (down, across) = pixels.size(0), state.coverage
        if min(down, across) >= 1:
            return ()
        return (
            f"its patches cover {round(down * height)}×{round(across * width)} of the "
            f"{height}×{width} pixels that it takes; what is left over below and at the right has "
            "no score",
        )

    def _try_picture(self) -> Pixels:
        return self.preprocess([_picture(getattr(self._preprocessing, "only", None) or PICTURE)])

    def _compare(self, side: str, found: Tensor, own: Tensor) -> None:
        allowed = torch.finfo(own.dtype).eps ** 0.5
        dtype = str(own.dtype).removeprefix("torch.")
        if not torch.isfinite(own).all():
            raise ModelError(
                f"{self.name}: the {side} embedding is not finite in {dtype}; "
                "use model.dtype=float32"
            )
        difference = float((found - unit_length(own)).norm(dim=-1).max())
        if not difference <= allowed:
            raise ModelError(
                f"{self.name}: its {side} embedding by vlminterp is {difference:.2g} away from "
                f"the model's own ({allowed:.1g} is allowed in {dtype}), so that maps would be "
                "wrong; is a hook, an adapter or a class of your own in it?"
            )

    def _require_vocabulary(self) -> None:
        # Special tokens beyond the embeddings do no harm: no caption writes them.
        known: Any = getattr(self.tokenizer, "tokenizer", self.tokenizer)
        if not hasattr(known, "get_vocab") or len(known) <= self.vocabulary:
            return
        special = set(known.all_special_ids)
        highest = max(id_ for id_ in known.get_vocab().values() if id_ not in special)
        if highest >= self.vocabulary:
            raise ModelError(
                f"{self.name}: the tokenizer writes ids up to {highest}, but the text tower has "
                f"embeddings for {self.vocabulary} tokens; it belongs to another model"
            )


def _resumed(tower: Tower[Inputs], inputs: Inputs) -> Tensor:
    """Returns embeddings by a tower that is cut and resumed."""
    return tower.suffix(tower.prefix(inputs, CUT))


def _picture(size: tuple[int, int]) -> Image.Image:
    """Makes noise on a slope: every pixel differs, and no edge is like another."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    slope = np.stack([rows, columns, rows + columns], axis=2)
    noise = np.random.default_rng(0).integers(0, 64, slope.shape)
    return Image.fromarray((slope + noise).astype(np.uint8))
