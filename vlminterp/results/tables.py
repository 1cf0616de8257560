"""The tables of a run, in parts that several processes share out."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from vlminterp.results.claims import Claims, Content
from vlminterp.results.parts import Parts

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class Skip(NamedTuple):
    """A pair or concept that could not be used, and the one line that says why."""

    id: str
    reason: str


class Tables:
    """The main table of a run and others beside it.

    Attributes:
        path: The run's folder.
        parts: The main table, which has no name.
        joined: Whether another process has the folder and ends the run.
    """

    def __init__(self, path: Path) -> None:
        """Notes the path only."""
        self.path = path
        self.joined = False
        self._pictures: dict[str, bytes] = {}
        self._claims = Claims(path / "work" / "claims")
        self._forget()

    def table(self, name: str) -> Parts:
        """Returns a table beside the main one: each stage of a run may have its own.

        It has parts like the main one's, in `rows/NAME/` and `arrays/NAME/`. A table whose rows
        have a column `step` is a trajectory: trackers draw its numbers over the steps.

        Args:
            name: Name of lower-case letters, digits, "-" and "_", a letter or digit first.

        Raises:
            ValueError: The name has another form.
        """
        return self._tables.setdefault(
            name, Parts(self.path, checked(name), pictures=self._pictures)
        )

    def shared_out(
        self,
        parts: Callable[[], Iterable[tuple[int, Content]]],
        table: str = "",
        beside: Sequence[str] = (),
    ) -> Iterator[tuple[int, Content]]:
        """Yields the parts of a table that this process is to make, one at a time.

        Other processes of the same run make other parts. The iteration ends when all parts are
        there; those of a process that has died are taken over. What earlier processes have made is
        checked last, so that a long run goes on at once; what is damaged is made again.

        Args:
            parts: Lists all parts by number, with what they are made of; asked again if a process
                dies, or if a part is damaged.
            table: The table's name; empty for the main one.
            beside: Names of other tables that are written with each of its parts: one that has
                lost it has it made again.
        """
        own, name = self.table(table) if table else self.parts, table or "rows"
        every = [own, *map(self.table, beside)]
        yield from self._claims.shared_out(
            name, parts, lambda number: all(one.present(number) for one in every)
        )
        read = bool(table) or not self.joined  # the main table is read by the one that finishes
        if read and any(number not in one for number in own.numbers() for one in every):
            yield from self._claims.shared_out(
                name, parts, lambda number: all(number in one for one in every)
            )

    def unmade(
        self, numbers: Sequence[int], table: str = "", beside: Sequence[str] = ()
    ) -> Iterator[int]:
        """Yields the numbers of the parts that this process is to make; see `shared_out`.

        Args:
            numbers: All parts of the table.
            table: The table's name; empty for the main one.
            beside: Names of other tables that are written with each of its parts.
        """
        shared = self.shared_out(lambda: ((number, None) for number in numbers), table, beside)
        return (number for number, _ in shared)

    def tables(self) -> dict[str, Parts]:
        """Returns the tables beside the main one that have undamaged parts, sorted by name."""
        found = {name: self.table(name) for name in self._table_names()}
        return {name: parts for name, parts in found.items() if len(parts)}

    def skips(self) -> list[Skip]:
        """Returns what was skipped, once per pair or concept and reason, in the tables' order."""
        found: dict[tuple[Any, Skip], Skip] = {}
        every = (self.parts, *self.tables().values())
        for table in chain.from_iterable(parts.tables() for parts in every):
            if "skipped" in table.column_names:
                for row in table.filter(table["skipped"].is_valid()).to_pylist():
                    skip = Skip(str(row.get("id")), row["skipped"])
                    found.setdefault((row.get("pair"), skip), skip)
        return list(found.values())

    def _counts(self) -> dict[str, Any]:
        """Returns how many parts the main table has, and how many each of the others, by name."""
        tables = {name: len(parts) for name, parts in self.tables().items()}
        return {"parts": len(self.parts), "tables": tables}

    def _table_names(self) -> list[str]:
        """Returns the names of the tables that a process has begun, sorted."""
        folders = (path for path in self.path.glob("rows/*") if path.is_dir())
        return sorted(path.name for path in folders if NAME.fullmatch(path.name))

    def _forget(self) -> None:
        """Begins anew with tables of which nothing is known."""
        self._pictures.clear()
        self.parts = Parts(self.path, pictures=self._pictures)
        self._tables: dict[str, Parts] = {}


def checked(name: str) -> str:
    """Returns the name of a table or work folder, if it has the form of `NAME`."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a table: lower-case letters, digits, - and _")
    return name
