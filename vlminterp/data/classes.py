"""Classes of pictures as concepts: some pictures make rewards, others only check them."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import ClassVar

from vlminterp.data.concepts import Concept, LoadImage, PictureFacts
from vlminterp.data.copies import EncodedPicture, copied
from vlminterp.data.images import read_image
from vlminterp.data.names import with_type_word
from vlminterp.data.pairs import Source
from vlminterp.data.stamps import digest_of, stamp
from vlminterp.data.truth import LoadMask
from vlminterp.errors import ConfigError, InputError
from vlminterp.paths import printable

_NAMED_IN_NOTES = 5


@dataclass
class ClassConfig:
    """Options that all sources of classes have.

    Attributes:
        path: Path of the data set.
        images: Maximum number of pictures of a class for rewards, and of those held out, ≥ 1; the
            same ones are drawn every time; null takes all.
        type_word: A word appended to every name that does not end in it, where names alone are
            ambiguous: with `dog`, "boxer" becomes "boxer dog"; null appends nothing.
        limit: Maximum number of classes, ≥ 1; null takes all.
    """

    free_text: ClassVar[tuple[str, ...]] = ("path", "type_word")

    path: str
    images: int | None = 256
    type_word: str | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("images", self.images), ("limit", self.limit)):
            if value is not None and value < 1:
                raise ConfigError(f"data.{name}={value} must be at least 1, or null for all")
        if self.type_word is not None and not self.type_word.strip():
            raise ConfigError("data.type_word is empty; give a word, or null for none")


@dataclass(frozen=True)
class ClassPicture:
    """A picture of a class.

    Attributes:
        key: Its name within the data set; the draw depends on it alone.
        load: Reads the picture.
        identity: Identity of the file, equal for two names of one file.
        stamp: A text that changes when the file is replaced; empty where the source notices that
            in another way.
        content: Its encoded bytes, for finding copies; None where they are not available.
        load_mask: Reads the pixels that show the class, bool `[height, width]`; None where nobody
            has marked them.
    """

    key: str
    load: LoadImage
    identity: Hashable
    stamp: str = ""
    content: EncodedPicture | None = None
    load_mask: LoadMask | None = None


@dataclass(frozen=True)
class Listing:
    """A class as a data set lists it.

    Attributes:
        id: Unique within the data set.
        name: Name of the class in texts.
        members: Its pictures, in an order that never changes.
        held_out: Its pictures in a split that is held out; None where some of `members` are to be
            held out.
    """

    id: str
    name: str
    members: Sequence[ClassPicture]
    held_out: Sequence[ClassPicture] | None = None


class ClassSource(Source):
    """Yields classes as concepts. No picture makes one class's reward and checks another's.

    Args:
        config: The source's options.
        listings: The classes, those without pictures included.
        held_out: Pictures of a class to hold out where no split is held out: a share below 1, or a
            whole number.
    """

    def __init__(self, config: ClassConfig, listings: Iterable[Listing], held_out: float) -> None:
        """Draws the pictures.

        Raises:
            InputError: No class has a picture.
        """
        found = list(islice(listings, config.limit))
        filled = [listing for listing in found if listing.members]
        if not filled:
            raise InputError(f"{config.path}: none of its {len(found)} classes has a picture")
        parted = [_part(listing, held_out) for listing in filled]
        rewarding = {member.identity for one in parted for member in one.members}
        self._listed = found
        self._classes = []
        self._shared = 0
        for one in parted:
            checking = [m for m in one.held_out or () if m.identity not in rewarding]
            self._shared += len(one.held_out or ()) - len(checking)
            self._classes.append(
                replace(
                    one,
                    name=with_type_word(one.name, config.type_word),
                    members=_drawn(one.members, config.images),
                    held_out=_drawn(checking, config.images),
                )
            )
        self._wanted = held_out > 0 or any(one.held_out is not None for one in found)

    def concepts(self) -> Iterator[Concept]:
        """Yields the classes that have pictures."""
        for one in self._without_copies[0]:
            members, held_out = one.members, one.held_out or ()
            yield Concept(
                one.id,
                one.name,
                tuple(member.load for member in members),
                tuple(member.load for member in held_out),
                {m.load: PictureFacts(m.key, m.load_mask) for m in (*members, *held_out)},
            )

    def notes(self) -> Sequence[str]:
        """Returns notes on classes that were left out, and on those with nothing held out."""
        classes, copies = self._without_copies
        shared = self._shared + copies
        return list(_notes(self._listed, classes, shared, wanted=self._wanted))

    def listing(self) -> str:
        """Returns a digest of the classes, and of their pictures' names, sizes and times."""
        digest = sha256()
        for one in self._classes:
            digest.update(f"{one.id}\0".encode())
            for members in (one.members, one.held_out or ()):
                files = digest_of((member.key, member.stamp) for member in members)
                digest.update(f"{len(members)}\0{files}\0".encode())
        return digest.hexdigest()

    @cached_property
    def _without_copies(self) -> tuple[list[Listing], int]:
        """The classes without held-out copies of rewarded pictures, and how many copies there were.

        The search reads files, and so waits until a run computes.
        """
        rewarding = [m.content for one in self._classes for m in one.members if m.content]
        checking = [m for one in self._classes for m in one.held_out or ()]
        copies = copied(((m.key, m.content) for m in checking if m.content), rewarding)
        classes = [
            replace(one, held_out=[m for m in one.held_out or () if m.key not in copies])
            for one in self._classes
        ]
        return classes, len(copies)


def member(path: Path, root: Path) -> ClassPicture:
    """Makes a class's picture from a file; one that is missing fails only when it is read.

    Args:
        path: Path of the file.
        root: The folder that its key starts from.
    """
    return of_file(printable(path.relative_to(root).as_posix()), path, partial(read_image, path))


def of_file(
    key: str, path: Path, load: LoadImage, load_mask: LoadMask | None = None
) -> ClassPicture:
    """Makes a class's picture from a file under any name.

    Args:
        key: Its name within the data set.
        path: Path of the file.
        load: Reads the picture.
        load_mask: Reads the pixels that show the class; None where nobody has marked them.
    """
    try:
        found = path.stat()
    except OSError:
        return ClassPicture(key, load, path, load_mask=load_mask)
    content = EncodedPicture(found.st_size, lambda: path.open("rb"))
    identity = (found.st_dev, found.st_ino)
    return ClassPicture(key, load, identity, stamp(path), content, load_mask)


def check_amount(held_out: float) -> None:
    """Checks how much is to be held out.

    Raises:
        ConfigError: It is neither a share nor a count.
    """
    if not (0 <= held_out <= 0.5 or (held_out >= 1 and held_out == int(held_out))):
        raise ConfigError(
            f"data.held_out={held_out} must be a share from 0 to 0.5, or a number of pictures"
        )


def _part(listing: Listing, held_out: float) -> Listing:
    """Leaves out second names of one file, and holds pictures out where no split is held out."""
    members = _unique(listing.members)
    if listing.held_out is not None:
        return replace(listing, members=members, held_out=_unique(listing.held_out))
    wanted = int(held_out) if held_out >= 1 else max(1, round(held_out * len(members)))
    # Never more than half, or a small class would have too few pictures left for its reward.
    wanted = min(wanted, len(members) // 2) if held_out else 0
    checking = {member.key for member in _drawn(members, wanted)}
    return replace(
        listing,
        members=[member for member in members if member.key not in checking],
        held_out=[member for member in members if member.key in checking],
    )


def _unique(members: Sequence[ClassPicture]) -> list[ClassPicture]:
    first = {member.identity: member for member in reversed(members)}
    return list(first.values())[::-1]


def _drawn(members: Sequence[ClassPicture], count: int | None) -> Sequence[ClassPicture]:
    """Returns the members whose keys hash lowest, so that the files' order is irrelevant."""
    if count is None or count >= len(members):
        return members
    lowest = sorted(members, key=lambda member: sha256(member.key.encode()).digest())[:count]
    chosen = {member.key for member in lowest}
    return [member for member in members if member.key in chosen]


def _notes(
    found: Sequence[Listing], kept: Sequence[Listing], shared: int, *, wanted: bool
) -> Iterator[str]:
    if empty := [listing.id for listing in found if not listing.members]:
        yield f"classes without a picture, left out: {_some(empty)}"
    if wanted and (unchecked := [one.id for one in kept if not one.held_out]):
        yield f"classes without a picture to hold out: {_some(unchecked)}"
    if shared:
        yield f"held-out pictures left out because rewards use them too: {shared}"


def _some(names: Sequence[str]) -> str:
    first = ", ".join(names[:_NAMED_IN_NOTES])
    more = len(names) - _NAMED_IN_NOTES
    return f"{len(names)} ({first} and {more} more)" if more > 0 else f"{len(names)} ({first})"
