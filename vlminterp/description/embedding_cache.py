"""Image embeddings on disk, found again by what they were made of."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vlminterp.results.sealed import read_sealed, write_sealed


@dataclass(frozen=True)
class EmbeddingCache:
    """Keeps the embeddings of batches of images.

    A batch is known by its pixels, so that a picture which changes under its old name is seen as
    a new one. Reading pictures is a small part of embedding them.

    Attributes:
        folder: Made when first written to; may be shared by all encoders.
        encoder: What the embeddings depend on besides the pixels: checkpoint (its fingerprint, not
            its path), revision, dtype.
    """

    folder: Path
    encoder: str

    def read(self, images: Sequence[Image.Image]) -> NDArray[np.float32] | None:
        """Embeddings `[B, D]` of a batch, or None if they aren't there or are damaged."""
        content = read_sealed(self._file(images))
        if content is None:
            return None
        embeddings: NDArray[np.float32] = np.load(io.BytesIO(content), allow_pickle=False)
        return embeddings

    def write(self, images: Sequence[Image.Image], embeddings: NDArray[np.float32]) -> None:
        """Keeps the embeddings `[B, D]` of a batch."""
        content = io.BytesIO()
        np.save(content, embeddings, allow_pickle=False)
        write_sealed(self._file(images), content.getvalue())

    def _file(self, images: Sequence[Image.Image]) -> Path:
        digest = hashlib.sha256(f"{self.encoder}\0".encode())
        for image in images:
            digest.update(f"{image.mode} {image.size}\0".encode())
            digest.update(image.tobytes())
        return self.folder / f"{digest.hexdigest()[:32]}.embeddings"
