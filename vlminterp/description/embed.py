"""Embeds many images or texts in batches."""

from collections.abc import Callable, Sequence

import torch
from PIL import Image
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.description.embedding_cache import EmbeddingCache


@torch.no_grad()
def encode_images(
    encoder: DualEncoder,
    images: Sequence[Image.Image],
    batch_size: int = 64,
    cache: EmbeddingCache | None = None,
    on_advance: Callable[[int], None] | None = None,
) -> Tensor:
    """Returns the embeddings of images, in batches.

    Args:
        encoder: The VLM.
        images: RGB images of any sizes.
        batch_size: Images at once, ≥ 1.
        cache: Cache of embeddings; None computes all.
        on_advance: Called after each batch with its number of images.

    Returns:
        Unit embeddings in the order of `images`, float32 `[B, D]`, on the encoder's device.

    Raises:
        ValueError: There are no images.
    """
    if not images:
        raise ValueError("there are no images to embed")
    embedded = []
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        known = cache.read(batch) if cache else None
        if known is None:
            found = encoder.encode_image(encoder.preprocess(batch)).float()
            if cache:
                cache.write(batch, found.cpu().numpy())
        else:
            found = torch.from_numpy(known).to(encoder.device)
        embedded.append(found)
        if on_advance:
            on_advance(len(batch))
    return torch.cat(embedded)


@torch.no_grad()
def encode_texts(
    encoder: DualEncoder,
    texts: Sequence[str],
    batch_size: int = 128,
    on_advance: Callable[[int], None] | None = None,
) -> Tensor:
    """Embeds each different text once, in batches of similar length.

    Args:
        encoder: The VLM.
        texts: Texts in any order; they may repeat. Text beyond the model's context is cut off.
        batch_size: Texts at once, ≥ 1.
        on_advance: Called after each batch with the number of `texts` that it covers.

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
    # Texts of similar length share a batch, so that little of it is padding.
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
