"""Keeps image embeddings on disk, found again by pixels and encoder."""

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
    """A folder of embeddings of image batches.

    A batch is identified by its pixels, so a picture that changes under its name counts as new.
    Reading pictures takes little time compared with embedding them.

    Attributes:
        folder: Created on first writing; all encoders may share it.
        encoder: Everything that embeddings depend on besides pixels: checkpoint (its fingerprint,
            not its path), revision, dtype.
    """

    folder: Path
    encoder: str

    def read(self, images: Sequence[Image.Image]) -> NDArray[np.float32] | None:
        """Returns the embeddings `[B, D]` of a batch; None if they are missing or damaged."""
        content = read_sealed(self._file(images))
        if content is None:
            return None
        embeddings: NDArray[np.float32] = np.load(io.BytesIO(content), allow_pickle=False)
        return embeddings

    def write(self, images: Sequence[Image.Image], embeddings: NDArray[np.float32]) -> None:
        """Writes the embeddings `[B, D]` of a batch."""
        content = io.BytesIO()
        np.save(content, embeddings, allow_pickle=False)
        write_sealed(self._file(images), content.getvalue())

    def _file(self, images: Sequence[Image.Image]) -> Path:
        digest = hashlib.sha256(f"{self.encoder}\0".encode())
        for image in images:
            digest.update(f"{image.mode} {image.size}\0".encode())
            digest.update(image.tobytes())
        return self.folder / f"{digest.hexdigest()[:32]}.embeddings"
