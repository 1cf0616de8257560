"""The captions that a VLM itself would choose for pictures of the planted world."""

from collections.abc import Collection, Sequence

import torch
from PIL import Image
from torch import Tensor

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.data.concepts import article
from vlminterp.planted.facts import load_facts


def answers(encoder: DualEncoder, pictures: Sequence[Image.Image]) -> list[str]:
    """Returns for each picture the most similar of the captions "a photo of a NAME".

    Args:
        encoder: The VLM.
        pictures: Pictures, at most a few hundred.
    """
    captions = [f"a photo of {article(name)} {name}" for name in load_facts().concepts]
    best = _similarities(encoder, pictures, captions).argmax(1)
    return [captions[choice] for choice in best.tolist()]


def knows(
    encoder: DualEncoder, picture: Image.Image, concept: str, present: Collection[str]
) -> bool:
    """Tells whether a concept's name is more similar to a picture than that of any absent one.

    Args:
        encoder: The VLM.
        picture: The picture.
        concept: Name of a concept in it.
        present: Names of all concepts in it.
    """
    names = [concept, *(name for name in load_facts().concepts if name not in present)]
    captions = [f"a photo of {article(name)} {name}" for name in names]
    return int(_similarities(encoder, [picture], captions).argmax()) == 0


def _similarities(
    encoder: DualEncoder, pictures: Sequence[Image.Image], captions: Sequence[str]
) -> Tensor:
    """Returns the cosine of each picture with each caption, `[pictures, captions]`."""
    with torch.no_grad():
        images = encoder.encode_image(encoder.preprocess(pictures))
        texts = encoder.encode_text(encoder.tokenize(captions))
        return encoder.similarity(images, texts)
