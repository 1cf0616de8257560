"""Embedding many texts: each different one once, in batches of like length."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder


@torch.no_grad()
def encode_texts(
    encoder: DualEncoder,
    texts: Sequence[str],
    batch_size: int = 128,
    on_advance: Callable[[int], None] | None = None,
) -> Tensor:
    """Embeds texts.

    Args:
        encoder: The VLM.
        texts: In any order, repeated or not; what exceeds the model's context is cut off.
        batch_size: Texts at once, ≥ 1.
        on_advance: Told after each batch how many of `texts` it was.

    Returns:
        Unit embeddings in the order of `texts`, float32 `[T, D]`, on the encoder's device.

    Raises:
        ValueError: There are no texts.
    """
    if not texts:
        raise ValueError("there are no texts to embed")
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        places.setdefault(text, []).append(place)
    # Those of like length share a batch, so that little of it is padding.
    unique = sorted(places, key=len)
    rows = torch.empty(len(texts), dtype=torch.int64)
    embedded = []
    for start in range(0, len(unique), batch_size):
        batch = unique[start : start + batch_size]
        embedded.append(encoder.encode_text(encoder.tokenize(batch)).float())
        for row, text in enumerate(batch, start):
            rows[places[text]] = row
        if on_advance:
            on_advance(sum(len(places[text]) for text in batch))
    return torch.cat(embedded)[rows.to(embedded[0].device)]
