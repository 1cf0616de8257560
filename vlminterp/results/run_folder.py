"""One run's folder, from which the report is made and W&B is filled."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import yaml
from PIL import Image

from vlminterp.errors import ResultsError
from vlminterp.paths import RUN_FOLDER_FILES, is_run_folder
from vlminterp.results.atomic import TEMPORARY, remove_leftovers, write_whole, writing
from vlminterp.results.guarded import DIGESTS, GuardedFiles
from vlminterp.results.lock import LOCK, MEMBERS, PID, SHARED, BusyError, exclusive, membership
from vlminterp.results.pictures import encoded, file_name
from vlminterp.results.plain import plain, to_json
from vlminterp.results.summary import with_current_names
from vlminterp.results.tables import Tables, checked
from vlminterp.results.versions import require_same, versions
from vlminterp.secrets import redacted, without_secrets

CONFIG, VERSIONS = RUN_FOLDER_FILES
SUMMARY, REPORT, SEARCH = "summary.json", "report.html", "search"
# in the order in which they are removed: a half-cleared folder is unfinished, and still ours
RESULTS = (SUMMARY, REPORT, SEARCH, "rows", "arrays", "pictures", "work", "wandb")
OWN = (*RESULTS, CONFIG, DIGESTS, VERSIONS)
OURS = (VERSIONS, DIGESTS, CONFIG)
"""Files that mark a run folder: it has at least one of them."""


class RunFolder(Tables):
    """A run's config, versions, tables (rows and arrays, in parts), pictures and summary.

    `RunFolder.read(path)` looks at any run, also one in progress; `RunFolder.open(path, …)` writes,
    and lets no second process write.

    Attributes:
        path: The folder.
        partial: Whether this process computes a shard, so that the run has no end here.
    """

    def __init__(self, path: Path) -> None:
        """Notes the path only; use `open` or `read` instead."""
        super().__init__(path)
        self._guarded = GuardedFiles(path)
        self.partial = False

    @classmethod
    @contextmanager
    def open(
        cls,
        path: Path,
        config: Mapping[str, Any],
        *,
        overwrite: bool = False,
        wait: bool = False,
        join: bool = False,
    ) -> Iterator[Self]:
        """Makes a run folder, or continues the one that an earlier process has begun.

        Args:
            path: The folder, `outputs/PLUGIN/MODEL/HASH`.
            config: The resolved config, which is kept beside the results.
            overwrite: Whether to remove what is there and begin anew.
            wait: Whether to wait for another process that works there, instead of refusing.
            join: Whether to work beside another process, instead of refusing: parts are shared out
                by claims, and that process finishes the run.

        Yields:
            The folder, locked until the end of the block; with `joined`, if another process has it.

        Raises:
            ResultsError: The folder can't be written, holds something else, or is in use by another
                process.
        """
        folder = cls(Path(path))
        with ExitStack() as stack:
            with writing(folder.path):
                folder.path.mkdir(parents=True, exist_ok=True)
                folder._refuse_foreign()
                try:
                    stack.enter_context(exclusive(folder.path, wait=wait))
                except BusyError:
                    if not (join and SHARED) or overwrite:
                        raise
                    folder.joined = True
                    require_same(folder.path, lambda: folder.versions)
                alone = stack.enter_context(membership(folder.path))
                if not folder.joined:
                    folder._prepare(config, overwrite=overwrite, alone=alone)
            stack.callback(folder._claims.close)
            yield folder

    @classmethod
    def read(cls, path: Path) -> Self:
        """Returns a run's folder for reading; nothing in it is changed.

        Raises:
            ResultsError: The folder is not a run's.
        """
        folder = cls(Path(path))
        if not is_run_folder(folder.path):
            raise ResultsError(
                f"{path} is no run folder (it lacks {CONFIG} or {VERSIONS}); "
                "give the folder that a run has printed: outputs/PLUGIN/MODEL/HASH"
            )
        return folder

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config of the run.

        Raises:
            ResultsError: Its file is missing or damaged.
        """
        try:
            config = yaml.safe_load((self.path / CONFIG).read_text("utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            config = None
        if not isinstance(config, dict) or not self._guarded.believed(CONFIG):
            raise ResultsError(
                f"{self.path / CONFIG} is damaged; run the line that made this run once more, "
                "which mends it"
            )
        return config

    @property
    def names(self) -> dict[str, str]:
        """Names of the run's plugin, model and data under these three keys, or "unnamed"."""
        names = self.config.get("names", {})
        return {part: str(names.get(part, "unnamed")) for part in ("plugin", "model", "data")}

    @property
    def versions(self) -> dict[str, str]:
        """Versions of all that the numbers may depend on; empty if their file is damaged."""
        return _read_json(self.path / VERSIONS)

    @property
    def summary(self) -> dict[str, Any] | None:
        """Summary that `finish` wrote; None if the run is unfinished or the file is damaged."""
        if not self._guarded.believed(SUMMARY):
            return None
        return with_current_names(_read_json(self.path / SUMMARY)) or None

    def work(self, name: str) -> Path:
        """Returns a folder, made if need be, for what a stage continues from, e.g. checkpoints.

        The folder is kept, but holds no results: no report shows it, and the run has no digests of
        its files. A killed process may leave half a file there, unless `write_whole` wrote it.

        Args:
            name: Name of the same form as a table's, see `table`.

        Raises:
            ResultsError: The folder can't be made.
            ValueError: The name has another form.
        """
        path = self.path / "work" / checked(name)
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def ends(self) -> bool:
        """True if this process ends the run: it has not joined another, and computes no shard."""
        return not (self.joined or self.partial)

    @property
    def finished(self) -> bool:
        """True if the run has ended, left nothing undone, and lost no part since."""
        summary = self.summary if self._guarded.intact(SUMMARY) else None
        if summary is None or summary.get("unfinished"):
            return False
        return self._counts() == {
            "parts": summary.get("parts"),
            "tables": summary.get("tables", {}),
        }

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Writes the summary, which ends the run.

        Reports, trackers and the console know these keys: `kind`; `plugin`, `model` and `data` by
        name; `verdict`, the outcome in one sentence; `pairs`, `skipped`, `truncated` and
        `with_truth`, counts; `notes`, lines on what the source has left out; `passports`, maps by
        the word on their passport; `metrics`, see `vlminterp.results.summary`; `unit`, what a
        metric's `n` counts ("pairs" if it is not there); and `unfinished`, stages that could not be
        done, such as asking a server: running the same line again retries them.

        Nothing is written by a process that does not end its run; see `ends`.

        Args:
            summary: The run's outcome; the number of the main table's `parts` is added to it, and
                that of each of the other `tables` that have any.

        Raises:
            ResultsError: The file can't be written.
        """
        if not self.ends:
            return
        path = self.path / SUMMARY
        with writing(path):
            counts = {name: count for name, count in self._counts().items() if count != {}}
            self._guarded.write(SUMMARY, to_json({**summary, **counts}))

    def write_report(self, page: bytes) -> Path:
        """Writes the run's page.

        Args:
            page: HTML, in UTF-8.

        Returns:
            The page's path.

        Raises:
            ResultsError: The file can't be written.
        """
        with writing(self.path / REPORT):
            self._guarded.write(REPORT, page)
        return self.path / REPORT

    def write_beside(self, name: str, content: bytes) -> None:
        """Writes a file that the run's page reads.

        Args:
            name: Its path in the run folder, below `search/`.
            content: Its bytes.

        Raises:
            ResultsError: The file can't be written.
        """
        with writing(self.path / name):
            (self.path / name).parent.mkdir(exist_ok=True)
            self._guarded.write(name, content)

    @property
    def reported(self) -> bool:
        """True if the run's page and what it reads are there and undamaged."""
        beside = (name for name in self._guarded.damaged() if name.startswith(f"{SEARCH}/"))
        return self._guarded.intact(REPORT) and not any(beside)

    def damaged(self) -> list[Path]:
        """Returns the files that are damaged or missing, relative to the folder.

        Runs of earlier versions have no digests of summary, page and config: these are not checked
        there.
        """
        broken = [Path(name) for name in self._guarded.damaged()]
        for parts in (self.parts, *map(self.table, self._table_names())):
            broken += parts.damaged()
        return broken

    def save_picture(self, name: str, image: Image.Image, *, exact: bool = True) -> str:
        """Writes a picture; a part whose rows name it keeps its digest, and is absent without it.

        Args:
            name: Any string; the file's name is made from it and is the same every time.
            image: Picture to write, of any mode.
            exact: Whether every pixel must be kept, as PNG; else large pictures become JPEGs.

        Returns:
            The picture's path relative to the run folder, with forward slashes.

        Raises:
            ResultsError: The file can't be written.
        """
        content, extension = encoded(image, exact=exact)
        relative = f"pictures/{file_name(redacted(name))}.{extension}"
        with writing(self.path / relative):
            write_whole(self.path / relative, content, sync=False)
        self._pictures[relative] = hashlib.sha256(content).digest()
        return relative

    def _refuse_foreign(self) -> None:
        """Refuses a folder that holds something, but none of the files that mark a run folder."""
        ours = any((self.path / name).is_file() for name in OURS)
        others = {
            entry.name
            for entry in self.path.iterdir()
            if entry.name not in (LOCK, PID, MEMBERS) and not entry.name.endswith(TEMPORARY)
        }
        if others and not ours:
            raise ResultsError(
                f"{self.path} holds other files ({min(others)} …) and is no run folder; "
                "choose another output folder"
            )

    def _prepare(self, config: Mapping[str, Any], *, overwrite: bool, alone: bool) -> None:
        """Makes the folder ready; what others may be writing just now is left alone."""
        if not alone:
            if overwrite:
                raise BusyError(
                    f"other processes still work on {self.path}; wait for them, or stop them, "
                    "before you begin anew with overwrite=true"
                )
            return
        remove_leftovers(self.path)
        if overwrite:
            self._clear()
        text = yaml.safe_dump(without_secrets(plain(config)), sort_keys=False, allow_unicode=True)
        self._guard(VERSIONS, to_json(versions()))
        self._guard(CONFIG, text.encode())
        for parts in (self.parts, *map(self.table, self._table_names())):
            parts.prepare()
        (self.path / "pictures").mkdir(exist_ok=True)
        remove_leftovers(self.path / "pictures")

    def _guard(self, name: str, content: bytes) -> None:
        """Writes a file, unless the run is finished and has it: it keeps what it was made with."""
        if self.summary is not None:
            if self._guarded.intact(name):
                return
            if self._guarded.believed(name) and (self.path / name).is_file():
                content = (self.path / name).read_bytes()  # written before there were digests
        self._guarded.write(name, content)

    def _clear(self) -> None:
        """Removes the run's own files, and nothing that someone else has put beside them."""
        for name in OWN:
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self._forget()


def _read_json(path: Path) -> dict[str, Any]:
    """Returns the JSON object in a file; empty where the file is missing or damaged."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
