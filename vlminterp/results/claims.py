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
from typing import TypeVar

from vlminterp.results.lock import SHARED

POLL = 0.2
"""Seconds between two looks at parts that others work on."""

Content = TypeVar("Content")
Made = Callable[[int], bool]
"""Tells whether a part is there."""


class Claim(Enum):
    """The outcome of an attempt to claim a part."""

    ours = "ours"
    others = "others"
    made = "made"


class Claims:
    """The claims of this process on the parts of a run's tables.

    Args:
        folder: Folder of a file for each table, whose bytes stand for parts; it is made if need be,
            and the files stay empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptors: dict[str, int] = {}

    def take(self, table: str, number: int) -> bool:
        """Claims a part; returns False if another process has it.

        Raises:
            OSError: The file can't be made, or its file system has no locks.
        """
        if not SHARED:
            return True
        import fcntl

        if table not in self._descriptors:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._folder / table
            self._descriptors[table] = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.lockf(self._descriptors[table], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def release(self, table: str, number: int) -> None:
        """Gives a claimed part free."""
        if table in self._descriptors:
            import fcntl

            fcntl.lockf(self._descriptors[table], fcntl.LOCK_UN, 1, number)

    def close(self) -> None:
        """Gives all claims of this process free."""
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])

    @contextmanager
    def claimed(self, table: str, number: int, made: Made) -> Iterator[Claim]:
        """Claims a part for the length of a block, unless it is made or another process has it.

        Args:
            table: Name of the table.
            number: The part.
            made: Asked again after claiming, since another process may have made it in between.
        """
        if made(number):
            yield Claim.made
        elif not self.take(table, number):
            yield Claim.others
        else:
            try:
                yield Claim.made if made(number) else Claim.ours
            finally:
                self.release(table, number)

    def shared_out(
        self, table: str, parts: Callable[[], Iterable[tuple[int, Content]]], made: Made
    ) -> Iterator[tuple[int, Content]]:
        """Yields the parts that this process is to make; ends when all are made, by whomever.

        Args:
            table: Name of the table.
            parts: Lists all parts by number, with what they are made of; asked again if one of
                them is left by a process that has died.
            made: Asked of each part.
        """
        while True:
            waiting = []
            for number, content in parts():
                with self.claimed(table, number, made) as claim:
                    if claim is Claim.ours:
                        yield number, content
                if claim is Claim.others:
                    waiting.append(number)
            if not self._is_any_left(table, waiting, made):
                return

    def _is_any_left(self, table: str, waiting: list[int], made: Made) -> bool:
        """Waits for parts of others; returns whether one is free, since its process has died.

        Only then are the parts listed again: a stream would be read from its beginning.
        """
        while waiting := [number for number in waiting if not made(number)]:
            for number in waiting:
                with self.claimed(table, number, made) as claim:
                    if claim is Claim.ours:
                        return True
            time.sleep(POLL)
        return False
