"""Claims on the parts of a run, by which several processes work on it and none does a part twice.

A claim is a lock on one byte of a file. The operating system frees it when its process ends,
however that ends: nobody has to find out whether a worker is dead. Network file systems that know
POSIX locks (NFS 4, Lustre, GPFS) hold claims between machines too.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

from vlminterp.results.lock import SHARED

POLL = 0.2
"""Seconds between two looks at parts that others work on."""


class Claim(Enum):
    """The outcome of an attempt to claim a part."""

    ours = "ours"
    others = "others"
    made = "made"


class Claims:
    """The claims of this process on the parts of one table.

    Args:
        file: The file whose bytes stand for parts; it is made if need be, and stays empty.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    def take(self, number: int) -> bool:
        """Claims a part; returns False if another process has it.

        Raises:
            OSError: The file can't be made, or its file system has no locks.
        """
        if not SHARED:
            return True
        import fcntl

        if self._descriptor is None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def release(self, number: int) -> None:
        """Gives a claimed part free."""
        if self._descriptor is not None:
            import fcntl

            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, number)

    def close(self) -> None:
        """Gives all claims of this process free."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextmanager
    def claimed(self, number: int, made: Callable[[int], bool]) -> Iterator[Claim]:
        """Claims a part for the length of a block, unless it is made or another process has it.

        Args:
            number: The part.
            made: Tells whether a part is there; asked again after claiming, since another process
                may have made it in between.
        """
        if made(number):
            yield Claim.made
        elif not self.take(number):
            yield Claim.others
        else:
            try:
                yield Claim.made if made(number) else Claim.ours
            finally:
                self.release(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def unmade(numbers: Iterable[int], claims: Claims, made: Callable[[int], bool]) -> Iterator[int]:
    """Yields the parts that this process is to make; ends when all are made, by whomever.

    Args:
        numbers: All parts.
        claims: This process's claims.
        made: Tells whether a part is there.
    """
    left = list(numbers)
    while left:
        others = []
        for number in left:
            with claims.claimed(number, made) as claim:
                if claim is Claim.ours:
                    yield number
                elif claim is Claim.others:
                    others.append(number)
        left = others
        if left:
            time.sleep(POLL)
