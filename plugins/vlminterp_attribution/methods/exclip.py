"""exCLIP: second-order attributions by the integrated Jacobians of both towers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import EMBEDDINGS, State
from vlminterp_attribution.batch import PairBatch
from vlminterp_attribution.cut import Cut
from vlminterp_attribution.method import Needs
from vlminterp_attribution.options import require_positive
from vlminterp_attribution.second_order import SecondOrder

TOGETHER = 32
"""Number of points on all paths that run at once; at least one for each pair."""


@dataclass
class ExCLIPOptions:
    """Options of exCLIP.

    Attributes:
        layer: The cut of the image tower; by default the output of block 0.
        steps: Number of points on each path, ≥ 1.
    """

    layer: int | float | str | None = None
    steps: int = 20

    def __post_init__(self) -> None:
        require_positive(steps=self.steps)


class ExCLIP(SecondOrder):
    """Multiplies the integrated Jacobians of both towers, for each word with each patch.

    Between a pair and a baseline of each side, contributions add up to s(image, text) -
    s(image, base) - s(base, text) + s(base, base), but for the error of a finite number of steps.
    The baselines are the mean patch in each patch's place, and the mean special token (begin, end)
    in place of words.
    """

    paper = "Möller et al., Explaining Caption-Image Interactions in CLIP Models, TMLR 2025"
    cost = "20 forward of both towers, 20 backward for each word"
    needs = Needs.gradients
    Options = ExCLIPOptions

    def interactions(self, image: PairBatch, text: PairBatch) -> tuple[Sequence[Tensor], State]:
        """Integrates the text tower's Jacobian in each word's direction, and takes it to patches.

        The paper computes both Jacobians whole, with a backward pass for each dimension of the
        embedding. Their product needs them in the directions of words alone.
        """
        steps = self.options.steps
        vectors = _word_vectors(Cut(text, EMBEDDINGS), steps)
        cut = Cut(image, self.options.layer)
        found, first = _on_tokens(cut, vectors, steps), cut.state.prefix_tokens
        return [
            row[: len(words), first : first + rows * columns]
            for row, words, (rows, columns) in zip(
                found, text.tokens.words, cut.state.grids, strict=True
            )
        ], cut.state


def _word_vectors(cut: Cut, steps: int) -> Tensor:
    """Returns the change of the caption's embedding that is due to each word, `[B, words, D]`."""
    own = _tokens_of_words(cut)
    path = Path(cut, _without_words(cut, own.any(1)), steps)
    changes = [part[:, :, None] * path.change for part in own.unbind(1)]
    vectors: list[Tensor] = []
    with cut.batch.tower.recording():  # torch's own attention can't be derived twice
        for point, embeddings, weights in path.points():
            # J times a change is the derivative of Jᵀ·probe, which is linear in the probe
            probe = torch.zeros_like(embeddings, requires_grad=True)
            (product,) = torch.autograd.grad(embeddings, [point], probe, create_graph=True)
            found = [
                torch.autograd.grad(product, [probe], copied, retain_graph=True)[0]
                for copied in (change.repeat_interleave(len(weights), 0) for change in changes)
            ]
            vectors.append(_weighted(torch.stack(found, 1), weights))
    return torch.stack(vectors).sum(0)


def _without_words(cut: Cut, own: Tensor) -> Tensor:
    """Returns the hidden state with the mean special token in place of words, `[B, N, C]`.

    Zeros would need many more steps: the first norm makes any small token as long as the others.

    Args:
        cut: The captions' cut.
        own: True at tokens of words, bool `[B, N]`.
    """
    special = (cut.state.mask & ~own)[:, :, None].to(cut.hidden)
    mean = (cut.hidden * special).sum(1, keepdim=True) / special.sum(1, keepdim=True).clamp_min(1)
    return torch.where(own[:, :, None], mean, cut.hidden)


def _on_tokens(cut: Cut, vectors: Tensor, steps: int) -> Tensor:
    """Returns each image token's share in the product with each word's vector, `[B, words, N]`.

    Args:
        cut: The image's cut.
        vectors: The words' vectors, `[B, words, D]`.
        steps: Number of points on the path.
    """
    path, shares = Path(cut, cut.without_parts(), steps), []
    for point, embeddings, weights in path.points():
        change = path.change.repeat_interleave(len(weights), 0)
        found = [
            torch.autograd.grad(embeddings, [point], copied, retain_graph=True)[0]
            for copied in vectors.repeat_interleave(len(weights), 0).unbind(1)
        ]
        products = torch.stack([(gradient * change).sum(2) for gradient in found], 1)
        shares.append(_weighted(products, weights))
    return torch.stack(shares).sum(0)


def _weighted(values: Tensor, weights: Tensor) -> Tensor:
    """Returns each pair's weighted sum over points, `[B, …]` from `[B·n, …]`."""
    each = values.view(-1, len(weights), *values.shape[1:])
    total: Tensor = torch.tensordot(each, weights.to(values), ([1], [0]))
    return total


def _tokens_of_words(cut: Cut) -> Tensor:
    """Tells which tokens are a word's, bool `[B, words, N]`; captions with fewer words have none.

    There is room for one word at least.
    """
    words = cut.batch.tokens.words
    pairs, tokens, _ = cut.hidden.shape
    own = torch.zeros(pairs, max(1, *map(len, words)), tokens, dtype=torch.bool)
    for row, caption in zip(own, words, strict=True):
        for line, word in zip(row, caption, strict=False):
            line[word.start : word.stop] = True
    return own.to(cut.hidden.device)


class Path:
    """The straight line from a baseline to the hidden state of each pair.

    Attributes:
        change: The hidden state less the baseline, `[B, N, C]`.

    Args:
        cut: The cut.
        start: The baseline, `[B, N, C]`.
        steps: Number of points, with the places and weights of Gauss and Legendre.
    """

    def __init__(self, cut: Cut, start: Tensor, steps: int) -> None:
        self.change = cut.hidden - start
        self._cut, self._start = cut, start
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        self._places = torch.from_numpy((nodes + 1) / 2).to(start)
        self._weights = torch.from_numpy(weights / 2).to(start.device)

    def points(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yields points as hidden states `[B·n, N, C]`, embeddings `[B·n, D]` and weights `[n]`.

        Point j of pair b is row b·n + j. There are at most `TOGETHER` rows if there are no more
        pairs.
        """
        count = max(1, TOGETHER // len(self._start))
        parts = zip(
            torch.split(self._places, count), torch.split(self._weights, count), strict=True
        )
        for places, weights in parts:
            moved = places[None, :, None, None] * self.change[:, None]
            point = (self._start[:, None] + moved).flatten(0, 1).detach().requires_grad_()
            yield point, self._cut.batch.tower.suffix(self._cut.state.with_hidden(point)), weights
