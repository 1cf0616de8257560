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
        size: Size in bytes.
        open: Opens the picture for reading.
    """

    size: int
    open: Callable[[], BufferedReader | BytesIO]

    def tail(self) -> bytes:
        """Reads its last bytes, since the first ones are alike in many pictures."""
        with self.open() as file:
            file.seek(-min(_TAIL, file.seek(0, SEEK_END)), SEEK_END)
            return file.read()

    def digest(self) -> bytes:
        """Returns the SHA-256 of all its bytes."""
        with self.open() as file:
            return file_digest(file, "sha256").digest()


def copied(
    some: Iterable[tuple[Owner, EncodedPicture]], others: Iterable[EncodedPicture]
) -> set[Owner]:
    """Finds pictures that have the bytes of another one.

    Args:
        some: Pictures that may be copies, each with its owner.
        others: Pictures that may have been copied. Only those that look alike are read.

    Returns:
        Owners of those of `some` whose bytes are those of one of `others`; pictures that can't be
        read count as no copies.
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
