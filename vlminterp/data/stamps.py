"""Tells whether files have been replaced, without reading them."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path


def stamp(path: Path) -> str:
    """Returns a file's size in bytes and time of last change in ns; "missing" if it is not there.

    A digest of the content would be safer, but data sets hold millions of pictures.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):  # a name too long, a null character in it
        return "missing"
    return f"{found.st_size} {found.st_mtime_ns}"


def digest_of(files: Iterable[tuple[str, str]]) -> str:
    """Returns a digest of files' names and stamps, in the order given."""
    digest = sha256()
    for name, own in files:
        digest.update(f"{name}\0{own}\0".encode(errors="surrogatepass"))
    return digest.hexdigest()
