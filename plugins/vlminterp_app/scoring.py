"""Scores typed captions against a picture, or against the pictures of a concept."""

from collections.abc import Sequence

import pandas as pd
import torch
from PIL import Image

from vlminterp.adapters.dual_encoder import DualEncoder
from vlminterp.adapters.inputs import require_readable
from vlminterp.data.concepts import Concept
from vlminterp.data.images import read_image
from vlminterp.description.embed import encode_images, encode_texts
from vlminterp.description.scores import own_scores
from vlminterp.errors import InputError
from vlminterp_app.asking import readable

MOST_CAPTIONS, MOST_PICTURES = 50, 16
COLUMNS = ("caption", "mean cosine")


def scored(encoder: DualEncoder, text: str, pictures: Sequence[Image.Image]) -> pd.DataFrame:
    """Scores captions of a user.

    Args:
        encoder: The VLM.
        text: Captions, one a line.
        pictures: The pictures, one or more.

    Returns:
        The captions, each with its mean cosine to the pictures in -1 … 1, the highest first.

    Raises:
        InputError: There is no caption, there are too many, or one can't be read.
    """
    captions = list(dict.fromkeys(line.strip() for line in (text or "").splitlines()))
    captions = [caption for caption in captions if caption]
    if not captions:
        raise InputError("there is no caption: type one a line")
    if len(captions) > MOST_CAPTIONS:
        raise InputError(f"{len(captions)} captions are too many: at most {MOST_CAPTIONS}")
    for caption in captions:
        require_readable(caption)
    means = encode_images(encoder, pictures).mean(0, keepdim=True)
    about = torch.zeros(len(captions), dtype=torch.int64, device=means.device)
    found: list[float] = own_scores(encode_texts(encoder, captions), about, means).tolist()
    table = pd.DataFrame({COLUMNS[0]: captions, COLUMNS[1]: found})
    return table.sort_values(COLUMNS[1], ascending=False, kind="stable", ignore_index=True)


def pictures_of(concept: Concept | None, picture: str | None) -> list[Image.Image]:
    """Returns the pictures to score against: the dropped one, else the concept's first ones.

    Raises:
        InputError: There is neither, or none can be read.
    """
    if picture:
        return [read_image(readable(picture))]
    if concept is None:
        raise InputError("there is nothing to score against: choose a concept, or drop a picture")
    return [load() for load in concept.images[:MOST_PICTURES]]
