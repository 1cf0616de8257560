"""Expensive parts of runs, named by what they depend on, so that several runs can share them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vlminterp.results.identity import run_identity
from vlminterp.results.lock import SHARED
from vlminterp.results.run_folder import RunFolder


@dataclass(frozen=True)
class Stages:
    """The folders `outputs/PLUGIN/stages/STAGE/HASH`, which all runs of a plugin share.

    Attributes:
        folder: Folder of all stages, `outputs/PLUGIN/stages`; it need not exist.
        inputs: Identity of all that every stage depends on: model, data, seed.
        overwrite: Whether a stage is begun anew when it is opened.
    """

    folder: Path
    inputs: str
    overwrite: bool = False

    @contextmanager
    def open(
        self,
        stage: str,
        options: Mapping[str, Any],
        files: Iterable[Path] = (),
        names: Mapping[str, str] | None = None,
        *,
        join: bool = False,
    ) -> Iterator[RunFolder]:
        """Opens the folder of one stage; waits while another process writes there, or joins it.

        Args:
            stage: Name of the stage, which can name a folder.
            options: All options that its results depend on.
            files: Local files and folders that these options name; their contents count.
            names: Names of plugin, model and data, for readers of the folder; the stage's identity
                does not depend on them.
            join: Whether to work beside another process: the stage's tables are made of parts that
                `RunFolder.unmade` shares out.

        Yields:
            The folder, with what earlier runs have left there, locked until the end of the block,
            perhaps by another process that it has joined.

        Raises:
            ResultsError: The folder can't be written, or holds something else.
        """
        identity = run_identity({"inputs": self.inputs, "options": options}, files)
        config = {
            "stage": stage,
            "names": dict(names or {}),
            "inputs": self.inputs,
            "options": options,
        }
        path = self.folder / stage / identity
        joins = join and SHARED and not self.overwrite
        with RunFolder.open(
            path, config, overwrite=self.overwrite, wait=not joins, join=joins
        ) as folder:
            yield folder

    def shared(self, name: str) -> Path:
        """Returns the folder of a cache that all stages share; it need not exist.

        Args:
            name: Name of the folder; its files' names must identify all that the files depend on.
        """
        return self.folder / name
