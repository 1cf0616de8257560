"""Members of tar files of samples, by their places: no picture is read before it is used."""

import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import fsspec  # type: ignore[import-untyped,unused-ignore]  # has no types

from vlminterp.errors import InputError

BROKEN = (tarfile.TarError, EOFError, OSError, ValueError)
"""Errors of a tar file that is truncated, damaged, or no tar file."""

LARGEST = 2**28
"""Maximum number of bytes of a member that is read, since all of them are in memory at once."""
LARGEST_WANTED = 2**22
"""The same for one read in passing; a sparse one may say that it is larger than the tar file."""


@dataclass(frozen=True)
class Member:
    """A file in a tar file.

    Attributes:
        shard: The tar file's path or address.
        start: Its first byte there.
        size: Number of its bytes.
    """

    shard: str
    start: int
    size: int

    def read(self) -> bytes:
        """Returns its bytes.

        Raises:
            InputError: It is too large, or the tar file can't be read, or ends before.
        """
        if self.size > LARGEST:
            raise InputError(f"{self.shard}: holds {self.size} bytes for it; limit: {LARGEST}")
        try:
            with fsspec.open(self.shard, "rb") as file:
                file.seek(self.start)
                found: bytes = file.read(self.size)
        except OSError as error:
            raise InputError(f"{self.shard}: can't be read ({error.strerror or error})") from error
        if len(found) < self.size:
            raise InputError(f"{self.shard}: ends within a file; the tar file is truncated")
        return found


@dataclass(frozen=True)
class Sample:
    """The members that share a name up to its first dot, as webdataset has them.

    Attributes:
        key: That name.
        members: The members by the rest of their names, in lower case: `jpg`, `txt`.
        contents: The bytes of the one that was asked for, unless it is too large.
    """

    key: str
    members: Mapping[str, Member]
    contents: Mapping[str, bytes]


def samples(shard: str, wanted: str) -> Iterator[Sample]:
    """Yields the samples of a tar file, in order; reads headers and one small member of each.

    Args:
        shard: Its path, or an address that fsspec knows, such as `s3://bucket/00000.tar`.
        wanted: The member that is read in passing, such as `txt`: read by its place later, each
            would be a request of its own to a store on the web.

    Raises:
        InputError: The tar file is damaged from here on; what came before has been yielded.
    """
    key, members, contents = "", dict[str, Member](), dict[str, bytes]()
    try:
        with fsspec.open(shard, "rb") as file, _opened(file) as tar:
            for entry in tar:
                if not entry.isfile():
                    continue
                name, _, suffix = PurePosixPath(entry.name).name.partition(".")
                own, suffix = str(PurePosixPath(entry.name).parent / name), suffix.lower()
                if own != key and members:
                    yield Sample(key, members, contents)
                    members, contents = {}, {}
                key = own
                members[suffix] = Member(shard, entry.offset_data, entry.size)
                if suffix == wanted and entry.size <= LARGEST_WANTED:
                    contents[suffix] = _content(tar, entry)
                # The headers of a corpus would fill the memory: tarfile keeps all that it has read.
                tar.members = []  # type: ignore[attr-defined]
    except BROKEN as error:
        if members:
            yield Sample(key, members, contents)
        raise InputError(f"{shard}: the tar file is damaged ({error})") from error
    if members:
        yield Sample(key, members, contents)


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(entry)
    return b"" if content is None else content.read()


def _opened(file: Any) -> tarfile.TarFile:
    # Without compression, since members are found again by their places. A truncated file raises.
    return tarfile.open(fileobj=file, mode="r:", errorlevel=2)
