"""Pictures that are copies of others, byte for byte, under whatever name."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import file_digest
from io import SEEK_END, BufferedReader, BytesIO
from typing import TypeVar

_TAIL = 4096

Owner = TypeVar("Owner", bound=Hashable)


@dataclass(frozen=True)
class EncodedPicture:
    """An encoded picture.

    Attributes:
        size: In bytes.
        open: Opens it for reading.
    """

    size: int
    open: Callable[[], BufferedReader | BytesIO]

    def tail(self) -> bytes:
        """Its last bytes; headers are alike."""
        with self.open() as file:
            file.seek(-min(_TAIL, file.seek(0, SEEK_END)), SEEK_END)
            return file.read()

    def digest(self) -> bytes:
        """Of all its bytes."""
        with self.open() as file:
            return file_digest(file, "sha256").digest()


def copied(
    some: Iterable[tuple[Owner, EncodedPicture]], others: Iterable[EncodedPicture]
) -> set[Owner]:
    """Finds what has the bytes of something else.

    Args:
        some: What to look for copies in, with what to call it.
        others: What may have been copied. It is read only where it looks alike.

    Returns:
        Those of `some` whose bytes are those of one of `others`; what can't be read is none.
    """
    left: Sequence[tuple[Owner, EncodedPicture]] = list(some)
    for told in (lambda content: content.size, EncodedPicture.tail, EncodedPicture.digest):
        own = [(told_by, one) for one in left if (told_by := _told(told, one[1])) is not None]
        theirs = [(told_by, one) for one in others if (told_by := _told(told, one)) is not None]
        shared = {told_by for told_by, _ in own} & {told_by for told_by, _ in theirs}
        left = [one for told_by, one in own if told_by in shared]
        others = [one for told_by, one in theirs if told_by in shared]
    return {owner for owner, _ in left}


def _told(by: Callable[[EncodedPicture], Hashable], content: EncodedPicture) -> Hashable:
    with suppress(OSError):
        return by(content)
    return None
