"""One run's folder: the truth from which the report and W&B are made."""

import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple, Self

import yaml
from filelock import FileLock, Timeout
from PIL import Image

from vlminterp.errors import ResultsError
from vlminterp.paths import RUN_FOLDER_FILES, is_run_folder
from vlminterp.results.atomic import TEMPORARY, remove_leftovers, write_whole
from vlminterp.results.identity import package_version
from vlminterp.results.parts import Parts
from vlminterp.results.pictures import file_name, to_png
from vlminterp.results.plain import plain, to_json

CONFIG, VERSIONS = RUN_FOLDER_FILES
SUMMARY, REPORT = "summary.json", "report.html"
LOCK, PID = ".lock", ".pid"
# in the order in which they are removed: a half-cleared folder is unfinished, and still ours
OWN = (SUMMARY, REPORT, "rows", "arrays", "pictures", "wandb", CONFIG, VERSIONS)
LIBRARIES = ("torch", "transformers", "open_clip_torch", "captum", "numpy", "pillow")


class Skip(NamedTuple):
    """A pair that could not be explained, and the one line that says why."""

    id: str
    reason: str


class RunFolder:
    """A run's config, versions, parts (rows and arrays), pictures and summary.

    `RunFolder.read(path)` looks at any run, also one in progress; `RunFolder.open(path, …)` writes,
    and lets no second process write.

    Attributes:
        path: The folder.
        parts: The rows and arrays.
    """

    def __init__(self, path: Path) -> None:
        """Use `open` or `read`."""
        self.path = path
        self.parts = Parts(path)

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, config: Mapping[str, Any], *, overwrite: bool = False
    ) -> Iterator[Self]:
        """Makes a run folder, or takes up what an earlier process wrote into it.

        Args:
            path: `outputs/PLUGIN/MODEL/HASH`.
            config: The resolved config, which is kept beside the results.
            overwrite: Forget what is there and begin anew.

        Yields:
            The folder, locked until the end of the block.

        Raises:
            ResultsError: It can't be written, holds something else, or another process is at it.
        """
        folder = cls(Path(path))
        with folder._writing(folder.path):
            folder.path.mkdir(parents=True, exist_ok=True)
        folder._refuse_foreign()
        with folder._locked():
            with folder._writing(folder.path):
                folder._prepare(config, overwrite=overwrite)
            yield folder

    @classmethod
    def read(cls, path: Path) -> Self:
        """Looks at a run without touching it.

        Raises:
            ResultsError: There is no run folder.
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
        """The resolved config of the run."""
        config: dict[str, Any] = yaml.safe_load((self.path / CONFIG).read_text("utf-8"))
        return config

    @property
    def names(self) -> dict[str, str]:
        """What the run's plugin, model and data are called, under these three keys."""
        names = self.config.get("names", {})
        return {part: str(names.get(part, "unnamed")) for part in ("plugin", "model", "data")}

    @property
    def versions(self) -> dict[str, str]:
        """Versions of all that the numbers may depend on."""
        return _read_json(self.path / VERSIONS)

    @property
    def summary(self) -> dict[str, Any] | None:
        """What `finish` was given; None while the run is unfinished."""
        return _read_json(self.path / SUMMARY) or None

    @property
    def finished(self) -> bool:
        """Whether the run has ended, and nothing of it has been lost or damaged since."""
        summary = self.summary
        return summary is not None and summary.get("parts") == len(self.parts)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Marks the run as finished.

        Args:
            summary: The run's outcome; see the module of the plugin's runner. The number of
                `parts` is added.

        Raises:
            ResultsError: It can't be written.
        """
        path = self.path / SUMMARY
        with self._writing(path):
            write_whole(path, to_json({**summary, "parts": len(self.parts)}))

    def save_picture(self, name: str, image: Image.Image) -> str:
        """Writes a PNG.

        Args:
            name: Any string; the file's name is made from it and is the same every time.
            image: Of any mode.

        Returns:
            The picture's path relative to the run folder, with forward slashes.

        Raises:
            ResultsError: It can't be written.
        """
        relative = f"pictures/{file_name(name)}.png"
        with self._writing(self.path / relative):
            write_whole(self.path / relative, to_png(image))
        return relative

    def skips(self) -> list[Skip]:
        """The pairs that were skipped, each once, in order."""
        found: dict[tuple[Any, str], Skip] = {}
        for table in self.parts.tables():
            if "skipped" in table.column_names:
                for row in table.to_pylist():
                    if row["skipped"] is not None:
                        skip = Skip(str(row.get("id")), row["skipped"])
                        found.setdefault((row.get("pair"), skip.id), skip)
        return list(found.values())

    def _refuse_foreign(self) -> None:
        """A folder with anything in it but our versions file is not ours to write into."""
        ours = (self.path / VERSIONS).is_file()
        others = {
            entry.name
            for entry in self.path.iterdir()
            if entry.name not in (LOCK, PID) and not entry.name.endswith(TEMPORARY)
        }
        if others and not ours:
            raise ResultsError(
                f"{self.path} holds other files ({min(others)} …) and is no run folder; "
                "choose another output folder"
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # the pid has a file of its own: some versions of filelock empty the one that they lock
        lock, pid = FileLock(self.path / LOCK, timeout=0), self.path / PID
        try:
            with self._writing(self.path / LOCK):
                lock.acquire()
        except Timeout:
            holder = pid.read_text().strip() if pid.is_file() else "unknown"
            raise ResultsError(
                f"this run is in progress in another process (pid {holder}): {self.path}; "
                "wait for it, or stop it and run the same line again: it continues there"
            ) from None
        try:
            with self._writing(pid):
                pid.write_text(f"{os.getpid()}\n")
            yield
        finally:
            pid.unlink(missing_ok=True)
            lock.release()

    def _prepare(self, config: Mapping[str, Any], *, overwrite: bool) -> None:
        remove_leftovers(self.path)
        if overwrite:
            self._clear()
        if not (self.path / SUMMARY).exists():
            write_whole(self.path / VERSIONS, to_json(_versions()))
            text = yaml.safe_dump(plain(config), sort_keys=False, allow_unicode=True)
            write_whole(self.path / CONFIG, text.encode())
        self.parts.prepare()
        (self.path / "pictures").mkdir(exist_ok=True)
        remove_leftovers(self.path / "pictures")

    def _clear(self) -> None:
        """Removes what a run folder holds, and nothing that someone has put beside it."""
        for name in OWN:
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self.parts = Parts(self.path)

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except Timeout:
            raise
        except OSError as error:
            raise ResultsError(
                f"{path} can't be written: {error.strerror}; free or mend it, or choose another "
                "output folder; what is already written is safe"
            ) from error


def _versions() -> dict[str, str]:
    found = {"vlminterp": package_version(), "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return {**found, "platform": platform.platform()}


def _read_json(path: Path) -> dict[str, Any]:
    """The object in a file; empty where the file is missing or damaged."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
