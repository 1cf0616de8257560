"""One run, from its resolved configuration to its report."""

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from vlminterp.adapters.registry import load_encoder, model_files, resolve_device
from vlminterp.cli.console import say
from vlminterp.cli.reporter import RunReporter
from vlminterp.cli.workers import require_shared, workers
from vlminterp.config.messages import CHOOSE, not_chosen, one_line
from vlminterp.config.named_model import path_component
from vlminterp.config.run import NOT_IDENTITY, Console, Engine, RunConfig
from vlminterp.data.pairs import Source
from vlminterp.data.registry import source_class, source_names
from vlminterp.errors import ConfigError, UserError
from vlminterp.plugin import Context, Helpers, Plugin, load_plugin
from vlminterp.report.page import write_report
from vlminterp.results.identity import run_identity
from vlminterp.results.lock import holder
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.shard import Shard
from vlminterp.results.stages import Stages
from vlminterp.secrets import leaves, refuse_secrets
from vlminterp.tracking.run import check_login, mirror


def chosen_names(choices: Mapping[str, str | None]) -> dict[str, str]:
    """Returns the names of the plugin, model and data that a command line has chosen.

    Args:
        choices: Hydra's choices by group.

    Raises:
        ConfigError: One of the three has not been chosen.
    """
    names = {}
    for group in CHOOSE:
        name = choices.get(group)
        if name is None:
            raise ConfigError(not_chosen(group))
        names[group] = name
    return names


class Job:
    """One run; the same configuration is the same run, wherever and whenever it is computed.

    Args:
        config: The configuration that Hydra composed.
        names: The names of the plugin, the model and the data.
        watch: The reporter that is told how the run goes.
    """

    def __init__(self, config: DictConfig, names: Mapping[str, str], watch: RunReporter) -> None:
        self._names = dict(names)
        self._watch = watch
        self._config = config
        resolved: dict[str, Any] = OmegaConf.to_container(config, resolve=True, enum_to_str=True)  # type: ignore[assignment]
        refuse_secrets(leaves(resolved))
        self._resolved = {**resolved, "names": self._names}
        self._output = Path(resolved["output"]).expanduser()

    def run(self) -> None:
        """Computes what is missing, writes the report, and mirrors the run to W&B.

        Where another process works on the same run, this one helps; whoever is left finishes it.

        Raises:
            UserError: Something can't be used; what was computed before is kept.
        """
        work = self._work()
        if work.shard is not None:
            self._compute_shard(work)
            return
        with work.open(join=True) as results:
            if not results.joined:
                self._finish(work, results)
                return
            say(f"helping process {holder(results.path)}, which works in {results.path}")
            self._compute(work, results)
        with work.open(wait=True) as results:
            self._finish(work, results)

    def help(self) -> None:
        """Computes parts of a run that another process finishes.

        Raises:
            UserError: Something can't be used.
        """
        work = self._work()
        with work.open(join=True) as results:
            if results.joined:
                self._compute(work, results)

    def _compute_shard(self, work: "_Work") -> None:
        """Computes a share of the parts, and leaves the run unfinished."""
        with work.open(join=True) as results:
            results.partial = True
            self._watch.begun(results.path)
            self._compute(work, results)
            say(
                f"shard={work.typed.shard}: {len(results.parts)} parts are in {results.path}; "
                "`vlminterp merge` puts shards together"
            )

    def _work(self) -> "_Work":
        typed: RunConfig = OmegaConf.to_object(self._config)  # type: ignore[assignment]
        source = _source(typed.data, self._names["data"])
        plugin = load_plugin(self._names["plugin"])
        require_shared(self._names["plugin"], shares=plugin.shares, count=typed.workers)
        if typed.shard is not None and not plugin.sharded:
            raise ConfigError(
                f"shard={typed.shard}: a run of {self._names['plugin']} needs all of its data in "
                "each part; use workers= and a common folder"
            )
        inputs = self._inputs(source, model_files(typed.model))
        path = self._path(inputs, plugin, plugin.files(typed.plugin))
        stages = Stages(path.parents[1] / "stages", inputs, typed.overwrite)
        return _Work(typed, plugin, source, path, stages, self._resolved)

    def _finish(self, work: "_Work", results: RunFolder) -> None:
        """Computes what is missing, and shows the run."""
        self._watch.begun(results.path)
        if results.finished:
            say("done before; overwrite=true computes it again")
            if not results.reported:  # killed before its page was written, or damaged since
                write_report(results)
        else:
            for note in work.source.notes():
                say(f"data={self._names['data']}: {note}")
            self._compute(work, results, partial(_helpers, work.typed, self._config, self._names))
            write_report(results)
        self._watch.done(results)
        mirror(results, work.typed.tracking, group=work.typed.sweep)

    def _inputs(self, source: Source, model: Iterable[Path]) -> str:
        """Returns the identity of all that results depend on, except the plugin and its options."""
        left_out = (*NOT_IDENTITY, "plugin", "names")
        config = {key: value for key, value in self._resolved.items() if key not in left_out}
        config["listing"] = source.listing()
        if resolve_device(self._config.device).type != "cpu":
            config["noise"] = "counted"  # see `PairNoise`: a device that draws its own
        return run_identity(config, [*source.files(), *model])

    def _path(self, inputs: str, plugin: Plugin, files: Iterable[Path]) -> Path:
        options = self._resolved["plugin"].items()
        config = {
            "inputs": inputs,
            "names": self._names,
            "plugin": {k: v for k, v in options if k not in plugin.not_identity},
        }
        identity = run_identity(config, files)
        model = path_component(self._names["model"])
        return self._output / self._names["plugin"] / model / identity

    def _compute(self, work: "_Work", results: RunFolder, helpers: Helpers = nullcontext) -> None:
        typed = work.typed
        check_login(typed.tracking)
        device = resolve_device(typed.device)
        with self._watch.progress() as progress:
            with progress.track(f"loading {self._names['model']}", None):
                encoder = load_encoder(typed.model, self._names["model"], str(device))
            for note in encoder.notes():
                say(f"model={self._names['model']}: {note}")
            work.plugin.run(
                Context(
                    typed.plugin,
                    encoder,
                    work.source,
                    results,
                    progress,
                    typed.seed,
                    device,
                    work.stages,
                    work.shard,
                    helpers,
                )
            )


@dataclass(frozen=True)
class _Work:
    """The things that a run is made of.

    Attributes:
        typed: Its options.
        plugin: Its plugin.
        source: Its data.
        path: Its folder.
        stages: Folders that it shares with other runs.
        resolved: Its configuration, to be kept in the folder.
    """

    typed: RunConfig
    plugin: Plugin
    source: Source
    path: Path
    stages: Stages
    resolved: Mapping[str, Any]

    @property
    def shard(self) -> Shard | None:
        """The share of the parts that is computed here; None for all."""
        return None if self.typed.shard is None else Shard.parse(self.typed.shard)

    def open(self, *, wait: bool = False, join: bool = False) -> AbstractContextManager[RunFolder]:
        """Opens the folder; `join` only where several processes may work on the run."""
        overwrite = self.typed.overwrite and not wait
        joins = join and self.plugin.shares
        return RunFolder.open(self.path, self.resolved, overwrite=overwrite, wait=wait, join=joins)


def help_with(config: DictConfig, names: Mapping[str, str]) -> None:
    """Helps with a run that another process finishes; an error ends this process alone.

    Args:
        config: The run's configuration.
        names: The names of its plugin, model and data.
    """
    try:
        Job(config, names, RunReporter(Console.quiet)).help()
    except KeyboardInterrupt:
        return
    except UserError as error:
        say(f"worker {os.getpid()}: {one_line(error)}")


def _helpers(
    typed: RunConfig, config: DictConfig, names: Mapping[str, str]
) -> AbstractContextManager[None]:
    """Returns the processes that help with a run for the length of a block, if it asks for any."""
    if typed.workers == 1:
        return nullcontext()
    if typed.engine is Engine.processes:
        return workers(config, names, typed.workers, help_with)
    from vlminterp.cli.on_ray import ray_workers

    return ray_workers(config, names, typed.workers, help_with)


def _source(config: Any, name: str) -> Source:
    """Creates the source that takes these options: that name's, or the one its YAML builds on."""
    for candidate in sorted(source_names(), key=lambda other: other != name):
        with suppress(ConfigError):
            source: Any = source_class(candidate)
            if type(config) is source.Config:
                break
    else:
        raise ConfigError(f"data={name}: no source takes options of type {type(config).__name__}")
    made: Source = source(config)
    return made
