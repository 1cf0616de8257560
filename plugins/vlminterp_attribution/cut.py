"""A tower cut after a block: its score as a function of the hidden state, for Captum."""

import torch
from torch import Tensor
from torch.nn import functional

from vlminterp.adapters.dual_encoder import EMBEDDINGS, Layer, State
from vlminterp.attribution.explanation import Side
from vlminterp_attribution.batch import PairBatch


class Cut:
    """The score of a batch as a function of the hidden state after one block.

    Args:
        batch: The pairs.
        layer: The block; None for the output of block 0 on the image side and its input on the
            text side, where after one block the pooled token has already read the whole caption.
    """

    def __init__(self, batch: PairBatch, layer: Layer | None) -> None:
        if layer is None:
            layer = 0 if batch.side is Side.image else EMBEDDINGS
        with torch.no_grad():
            self.state = batch.tower.prefix(batch.inputs, layer)
        self.batch = batch

    @property
    def hidden(self) -> Tensor:
        """The hidden state, `[B, N, C]`."""
        return self.state.hidden

    def __call__(self, hidden: Tensor) -> Tensor:
        """Returns scores, `[n·B]`.

        Args:
            hidden: Hidden states, `[n·B, N, C]`; copy j of pair b is row j·B + b, as Captum has it.
        """
        batch = len(self.batch)
        order = torch.arange(len(hidden), device=hidden.device).view(-1, batch).T.flatten()
        embeddings = self.batch.tower.suffix(self.state.with_hidden(hidden[order]))
        if hidden.shape == self.hidden.shape and torch.equal(hidden, self.hidden):
            self.batch.embedding = embeddings.detach()  # of the untouched pairs: not computed again
        scores = self.batch.score(embeddings)
        return scores.view(batch, -1).T.flatten()

    def advance(self, layer: Layer) -> None:
        """Moves the cut to a later block."""
        with torch.no_grad():
            self.state = self.batch.tower.advance(self.state, layer)

    def gradient(self) -> Tensor:
        """Returns the gradient of each pair's score in its hidden state, `[B, N, C]`."""
        hidden = self.hidden.detach().requires_grad_()
        with torch.enable_grad():
            scores = self(hidden)
        (gradient,) = torch.autograd.grad(scores.sum(), [hidden])
        return gradient

    def parts(self) -> Tensor:
        """Tells which tokens are patches or belong to words, bool `[B, N, 1]`."""
        if self.batch.side is Side.image:
            return patches_of(self.state)
        special = self.batch.tokens.special
        behind = self.hidden.shape[1] - special.shape[1]
        beside = functional.pad(special, (0, behind), value=True)
        return ~beside.to(self.hidden.device)[:, :, None]

    def without_parts(self) -> Tensor:
        """Returns the hidden state with each part replaced by the mean part, `[B, N, C]`.

        Other tokens (CLS, begin and end of a caption) stay as they are.
        """
        parts = self.parts()
        total = torch.where(parts, self.hidden, torch.zeros_like(self.hidden)).sum(1, keepdim=True)
        mean = total / parts.sum(1, keepdim=True).clamp_min(1)
        return torch.where(parts, mean, self.hidden)


def patches_of(state: State) -> Tensor:
    """Tells which tokens are patches, bool `[B, N, 1]`."""
    places = torch.arange(state.hidden.shape[1], device=state.hidden.device)
    counts = torch.tensor([rows * columns for rows, columns in state.grids], device=places.device)
    first = state.prefix_tokens
    inside = (places[None] >= first) & (places[None] < first + counts[:, None])
    return inside[:, :, None]
