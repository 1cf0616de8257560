"""The questions that attribution methods answer: scores to which an input contributes."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens
from vlminterp.attribution.explanation import Side
from vlminterp.errors import ConfigError, InputError


class Score:
    """A differentiable score of embeddings, one question per pair.

    Args:
        function: Maps embeddings `[R, D]` and the pair that each belongs to, int64 `[R]`, to
            scores `[R]`.
        pairs: Number of pairs, B.
    """

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], pairs: int) -> None:
        self._function = function
        self._pairs = pairs

    def __call__(self, embeddings: Tensor, rows: Tensor | None = None) -> Tensor:
        """Returns a score for each embedding, `[R]`.

        Args:
            embeddings: Embeddings of the explained side, of unit length, `[R, D]`.
            rows: The pair that each belongs to, int64 `[R]`; by default copy j of pair b is row
                b·n + j.
        """
        if rows is None:
            pairs = torch.arange(self._pairs, device=embeddings.device)
            rows = pairs.repeat_interleave(len(embeddings) // self._pairs)
        return self._function(embeddings, rows.to(embeddings.device))


class Target(ABC):
    """A question about image-text pairs.

    Attributes:
        unit: The unit of its scores.
        signed: Whether parts that lower the score are as informative as those that raise it.
    """

    unit: ClassVar[str] = "cosine"
    signed: ClassVar[bool] = False

    @abstractmethod
    def score(self, encoder: DualEncoder, side: Side, pixels: Pixels, tokens: Tokens) -> Score:
        """Returns the score of one side's embeddings while the other side stays as it is.

        Args:
            encoder: The VLM.
            side: The side that is explained.
            pixels: B images.
            tokens: Their B captions.
        """


class Similarity(Target):
    """Asks why an image and its caption match: their cosine."""

    def score(self, encoder: DualEncoder, side: Side, pixels: Pixels, tokens: Tokens) -> Score:
        """Returns the cosine with the other side's embedding."""
        return cosine(_other(encoder, side, pixels, tokens))


class Contrast(Target):
    """Asks why this caption rather than others: its cosine less the mean of the others'.

    A pair's own caption does not count among the others. On the text side the others only subtract
    a constant, so the map is that of `Similarity`.

    Args:
        against: The other captions.

    Raises:
        ConfigError: There are none, or they are one string.
    """

    signed: ClassVar[bool] = True

    def __init__(self, against: Sequence[str]) -> None:
        self.against = _some(
            against, "target=contrast needs captions to compare with; set against=['…', '…']"
        )

    def score(self, encoder: DualEncoder, side: Side, pixels: Pixels, tokens: Tokens) -> Score:
        """Returns the cosine with the other side, less the others' mean."""
        given = encoder.tokenize(self.against)
        others = _encoded(encoder, given)
        counted = ~_same(tokens, given).to(others.device)
        counted |= ~counted.any(1, keepdim=True)  # alone against itself: 0 everywhere
        weights = counted.to(others) / counted.sum(1, keepdim=True).to(others)
        mean = weights @ others
        own = _other(encoder, side, pixels, tokens)
        if side is Side.image:
            return cosine(own - mean)
        offset = (own * mean).sum(-1)

        def difference(embeddings: Tensor, rows: Tensor) -> Tensor:
            return (embeddings * own[rows]).sum(-1) - offset[rows]

        return Score(difference, len(pixels))


class ClassProbability(Target):
    """Asks why this class among several: its zero-shot log-probability, at the model's own scale.

    A caption that is the name of a class stands for that class, whose embedding is the mean over
    templates; any other caption is added as one more class. On the text side the caption's own
    embedding is explained, even where it names a class.

    Args:
        classes: Names of the classes.
        templates: Captions with `{}` where the name goes.

    Raises:
        ConfigError: There are no classes or templates, or a template has no `{}`.
    """

    unit: ClassVar[str] = "nats"
    signed: ClassVar[bool] = True

    def __init__(self, classes: Sequence[str], templates: Sequence[str] = ("{}",)) -> None:
        self.classes = _some(
            classes, "target=class needs the names of classes; set against=['…', '…']"
        )
        self.templates = _some(
            templates, "target=class needs templates; set templates=['a photo of {}']"
        )
        for template in self.templates:
            if "{}" not in template:
                raise ConfigError(f"the template '{template}' has no {{}} for the class's name")

    def score(self, encoder: DualEncoder, side: Side, pixels: Pixels, tokens: Tokens) -> Score:
        """Returns the log-probability of the caption, or of the class that it names."""
        classes = self._class_embeddings(encoder)
        same = _same(tokens, encoder.tokenize(self.classes)).to(classes.device)
        with torch.no_grad():
            scale, bias = (value.to(classes) for value in encoder.scale_and_bias)
        own = _encoded(encoder, tokens)
        named = same.any(1)
        if side is Side.image:
            own = torch.where(named[:, None], classes[same.int().argmax(1)], own)

        def log_probability(embeddings: Tensor, rows: Tensor) -> Tensor:
            if side is Side.image:
                asked = (embeddings * own[rows]).sum(-1, keepdim=True)
                others = embeddings @ classes.T
            else:
                asked = (embeddings * images[rows]).sum(-1, keepdim=True)
                others = images[rows] @ classes.T
            others = others.masked_fill(same[rows], -torch.inf)
            logits = torch.cat([asked, others], 1) * scale + bias
            return logits.log_softmax(1)[:, 0]

        images = _other(encoder, Side.text, pixels, tokens) if side is Side.text else own
        return Score(log_probability, len(pixels))

    def _class_embeddings(self, encoder: DualEncoder) -> Tensor:
        """Returns the embedding of each class, of unit length, `[K, D]`."""
        means = [
            _encoded(
                encoder, encoder.tokenize([template.replace("{}", name) for name in self.classes])
            )
            for template in self.templates
        ]
        return functional.normalize(torch.stack(means).mean(0), dim=-1)


class ImageSimilarity(Target):
    """Asks why two images are alike: the cosine of their embeddings.

    Args:
        other: The image that each is compared with: one for all, or one for each.
    """

    def __init__(self, other: Pixels) -> None:
        self.other = other

    def score(self, encoder: DualEncoder, side: Side, pixels: Pixels, tokens: Tokens) -> Score:
        """Returns the cosine with the other image.

        Raises:
            InputError: The side is text, or there is neither one other image nor one for each.
        """
        if side is Side.text:
            raise InputError("the target 'image' compares images; it has no text side")
        if len(self.other) not in (1, len(pixels)):
            raise InputError(
                f"{len(self.other)} other images for {len(pixels)}; give one, or one for each"
            )
        with torch.no_grad():
            other = encoder.encode_image(self.other)
        return cosine(other.expand(len(pixels), -1))


def cosine(anchors: Tensor) -> Score:
    """Returns the score by inner product with one vector per pair.

    Args:
        anchors: One vector per pair, `[B, D]`.
    """
    return Score(lambda embeddings, rows: (embeddings * anchors[rows]).sum(-1), len(anchors))


def _other(encoder: DualEncoder, side: Side, pixels: Pixels, tokens: Tokens) -> Tensor:
    """Returns the embeddings of the side that is not explained, `[B, D]`."""
    with torch.no_grad():
        if side is Side.image:
            return encoder.encode_text(tokens)
        return encoder.encode_image(pixels)


def _encoded(encoder: DualEncoder, tokens: Tokens) -> Tensor:
    """Returns the embeddings of captions, `[K, D]`."""
    with torch.no_grad():
        return encoder.encode_text(tokens)


def _same(tokens: Tokens, others: Tokens) -> Tensor:
    """Tells which captions have the same tokens, bool `[B, K]`."""
    ids = [
        [row[mask].tolist() for row, mask in zip(t.ids, t.mask, strict=True)]
        for t in (tokens, others)
    ]
    same = [[one == other for other in ids[1]] for one in ids[0]]
    return torch.tensor(same)


def _some(texts: Sequence[str], otherwise: str) -> list[str]:
    if isinstance(texts, str) or not texts or not all(text.strip() for text in texts):
        raise ConfigError(otherwise)
    return list(texts)
