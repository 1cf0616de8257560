"""One run, from its resolved configuration to its report."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock
from omegaconf import DictConfig, OmegaConf

from vlminterp.adapters.checkpoint import resolve_checkpoint
from vlminterp.adapters.registry import load_encoder, resolve_device
from vlminterp.config import NOT_IDENTITY, Console, RunConfig
from vlminterp.console import show
from vlminterp.data.pairs import Source
from vlminterp.data.registry import source_class, source_names
from vlminterp.errors import ConfigError
from vlminterp.plugin import Context, load_plugin
from vlminterp.progress import Progress
from vlminterp.report.page import write_report
from vlminterp.results.atomic import write_whole
from vlminterp.results.identity import run_identity
from vlminterp.results.run_folder import RunFolder
from vlminterp.tracking.run import check_login, mirror


class Job:
    """A run: the same configuration is the same run, wherever and whenever it is computed.

    Args:
        config: As Hydra composed it.
        plugin: Name of the plugin.
        model: Name of the model's configuration.
        data: Name of the data's configuration.
        line: The overrides that made it; what its sweep lists it by.

    Raises:
        ConfigError: A value is out of range.
    """

    def __init__(
        self, config: DictConfig, *, plugin: str, model: str, data: str, line: str = ""
    ) -> None:
        self.title = f"{plugin} {model} {data}"
        self._names = {"plugin": plugin, "model": model, "data": data}
        self._config = config
        self._line = line
        resolved: dict[str, Any] = OmegaConf.to_container(config, resolve=True, enum_to_str=True)  # type: ignore[assignment]
        self._resolved = {**resolved, "names": self._names}
        self._output = Path(resolved["output"]).expanduser()

    def run(self) -> None:
        """Computes what is missing, writes the report, and says where it is.

        Raises:
            UserError: Something can't be used; what was computed before is kept.
        """
        typed: RunConfig = OmegaConf.to_object(self._config)  # type: ignore[assignment]
        source = _source(typed.data)
        checkpoint = resolve_checkpoint(typed.model.checkpoint)
        path = self._path(source, checkpoint)
        with RunFolder.open(path, self._resolved, overwrite=typed.overwrite) as results:
            if results.finished:
                self._say("done before; overwrite=true computes it again")
            else:
                self._compute(typed, source, results)
            write_report(results)
            mirror(results, typed.tracking, group=typed.sweep)
            show(results, typed.console)
        self.note_in_sweep(None, path)

    def note_in_sweep(self, reason: str | None, path: Path | None = None) -> None:
        """Lists this run in its sweep's `sweep.json`.

        Args:
            reason: Why it failed, one line; None if it did not.
            path: Its folder.
        """
        sweep = self._resolved["sweep"]
        if sweep is None:
            return
        file = self._output / "sweeps" / sweep / "sweep.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(file.with_suffix(".lock")):
            runs = json.loads(file.read_text()) if file.exists() else {}
            entry = {**self._names, "path": str(path) if path else None, "failed": reason}
            runs[self._line] = entry
            write_whole(file, json.dumps(runs, indent=1, sort_keys=True).encode())

    def _path(self, source: Source, checkpoint: str) -> Path:
        config = {key: value for key, value in self._resolved.items() if key not in NOT_IDENTITY}
        config["listing"] = source.listing()
        local = [Path(checkpoint)] if Path(checkpoint).is_dir() else []
        files = [*source.files(), *local]
        identity = run_identity(config, files)
        return self._output / self._names["plugin"] / self._names["model"] / identity

    def _compute(self, typed: RunConfig, source: Source, results: RunFolder) -> None:
        check_login(typed.tracking)
        device = resolve_device(typed.device)
        plugin = load_plugin(self._names["plugin"])
        with Progress(quiet=typed.console is not Console.rich) as progress:
            with progress.track(f"loading {self._names['model']}", None):
                encoder = load_encoder(typed.model, self._names["model"], str(device))
            plugin.run(
                Context(typed.plugin, encoder, source, results, progress, typed.seed, device)
            )

    @staticmethod
    def _say(line: str) -> None:
        sys.stderr.write(f"vlminterp: {line}\n")


def _source(config: Any) -> Source:
    """The source whose options these are; one that can't be imported stops no other."""
    for name in source_names():
        with suppress(ConfigError):
            source: Any = source_class(name)
            if type(config) is source.Config:
                break
    else:
        raise ConfigError(f"data: no source takes options of type {type(config).__name__}")
    made: Source = source(config)
    return made
