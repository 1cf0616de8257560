"""Single files that carry their own digest, for caches: a damaged file counts as absent."""

import hashlib
from pathlib import Path

from vlminterp.results.atomic import write_whole, writing

SUFFIXES = (".embeddings", ".answer")
"""Suffixes of these files, by which `check` finds them."""
_LENGTH = hashlib.sha256().digest_size


def write_sealed(path: Path, content: bytes) -> None:
    """Writes a file that begins with the sha256 of the rest.

    Args:
        path: File to write; replaced if it exists. Its folder is made.
        content: Bytes after the digest.

    Raises:
        ResultsError: The file can't be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, hashlib.sha256(content).digest() + content)


def read_sealed(path: Path) -> bytes | None:
    """Returns the content that `write_sealed` wrote, or None if the file is missing or damaged."""
    try:
        sealed = path.read_bytes()
    except OSError:
        return None
    digest, content = sealed[:_LENGTH], sealed[_LENGTH:]
    return content if hashlib.sha256(content).digest() == digest else None
