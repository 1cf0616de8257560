"""The interface of plugins: the base class, its context, and the search for plugins."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, is_dataclass
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from vlminterp.entry_points import PLUGINS, load
from vlminterp.errors import ConfigError
from vlminterp.results.headline import first_metrics
from vlminterp.results.part_sizes import batches_in

if TYPE_CHECKING:
    import torch

    from vlminterp.adapters.dual_encoder import DualEncoder
    from vlminterp.data.pairs import Pair, Source
    from vlminterp.progress import Progress
    from vlminterp.report.content import Content
    from vlminterp.report.sweep.comparison import SweepComparison
    from vlminterp.report.sweep.groups import Group
    from vlminterp.results.run_folder import RunFolder
    from vlminterp.results.shard import Shard
    from vlminterp.results.stages import Stages


ConfigT = TypeVar("ConfigT")
Helpers = Callable[[], AbstractContextManager[None]]
Batches = Iterator[tuple[int, list["Pair"]]]
"""Batches of pairs, each with the place of its first pair in the source."""


@dataclass(frozen=True)
class Context(Generic[ConfigT]):
    """All that a plugin works with.

    Attributes:
        config: The plugin's own `Config`, resolved and checked.
        encoder: The VLM.
        source: The data.
        results: Where rows and pictures go; knows what an earlier, interrupted run has done.
        progress: Shows how far the run is.
        seed: Seed of everything random.
        device: Where tensors live.
        stages: Folders that this plugin's runs share, for what several of them have in common.
        shard: The batches that this process may compute; None for all.
        helpers: Starts the other processes that the run asks for, if any, for the length of a
            block: around everything that is computed in parts, or is the same for all of them.
    """

    config: ConfigT
    encoder: "DualEncoder"
    source: "Source"
    results: "RunFolder"
    progress: "Progress"
    seed: int
    device: "torch.device"
    stages: "Stages"
    shard: "Shard | None" = None
    helpers: Helpers = nullcontext

    def parts(self, size: int) -> Iterator[tuple[int, Batches]]:
        """Cuts the source's pairs into numbered parts, and returns those that nobody else makes.

        Boundaries depend on a pair's place alone, so that a resumed run has the same parts. Those
        that other processes of the same run work on are left to them; the iteration ends when all
        are written, or all of this process's shard.

        Args:
            size: Pairs per batch.

        Returns:
            Each part's number and its batches: the place of the first pair, and the pairs. They are
            read from the source as they are asked for, before the next part.
        """
        return self.results.shared_out(lambda: self._own(size))

    def _own(self, size: int) -> Iterator[tuple[int, Batches]]:
        """Yields the numbered parts of this process's shard, whoever makes them."""
        batches = self._batches(size)
        for number in count():
            first = next(batches, None)
            if first is None:
                return
            part = chain([first], islice(batches, batches_in(number) - 1))
            if self.shard is None or self.shard.has(number):
                yield number, part
            deque(part, maxlen=0)  # the source goes on after what nobody has asked for

    def _batches(self, size: int) -> Batches:
        pairs = self.source.pairs()
        for first in count(step=size):
            if not (batch := list(islice(pairs, size))):
                return
            yield first, batch

    def finished_pairs(self, size: int) -> int:
        """Counts the pairs that an interrupted run has written, in batches of this size."""
        return size * sum(map(batches_in, self.results.parts.numbers()))


Exporter = Callable[["RunFolder", Path, int | None], list[Path]]
"""Writes a run into a folder that exists, perhaps so many of its rows; returns the files."""


class Plugin(ABC):
    """One way of explaining a VLM; found by its entry point in `vlminterp.plugins`.

    Importing the module must be light: torch and the like are imported inside `run`.

    Attributes:
        Config: A dataclass; its fields are the plugin's options, its defaults their defaults.
        groups: Sub-choices `plugin/GROUP=NAME` that the plugin's `conf/plugin/GROUP/` offers, each
            with the name chosen by default, or None.
        shares: Whether several processes may work on one run: what is expensive is in parts that
            `Context.parts` or `RunFolder.unmade` have shared out, within `Context.helpers`.
        sharded: Whether the run is made of `Context.parts` alone, so that machines without a
            common folder may each compute a shard.
        not_identity: Options that change no result, such as which stages are run: no part of a
            run's identity.
    """

    Config: ClassVar[type[Any]]
    groups: ClassVar[Mapping[str, str | None]] = {}
    not_identity: ClassVar[tuple[str, ...]] = ()
    shares: ClassVar[bool] = False
    sharded: ClassVar[bool] = False

    def files(self, config: Any) -> Iterable[Path]:
        """Returns the local files and folders that a config names.

        A run's identity hashes their content.

        Args:
            config: The plugin's own `Config`, resolved and checked.
        """
        return ()

    def exports(self) -> Mapping[str, "Exporter"]:
        """Returns this plugin's further formats for `vlminterp.export RUN --format NAME`."""
        return {}

    @abstractmethod
    def run(self, context: Context[Any]) -> None:
        """Computes, and writes to `context.results`.

        A process may be killed at any time: what is in the tables already is not computed again.
        """

    def report(self, folder: "RunFolder") -> "Content":
        """Returns what the run's page shows between its header and its settings.

        By default pairs with their heatmaps, or the tables as they are if the rows are others. A
        page is made from the folder alone, which may be unfinished or by an earlier version.
        """
        from vlminterp.report.default import default_content

        return default_content(folder)

    def headline(self, summary: Mapping[str, Any]) -> str:
        """Says in a few words what a finished run has found; by default its first metrics.

        Args:
            summary: The summary that the plugin gave to `RunFolder.finish`; never empty.
        """
        return first_metrics(summary)

    def compare(self, group: "Group") -> "SweepComparison":
        """Says what finished runs of this plugin have found side by side, for a sweep's page.

        By default what attribution runs show: where each looks, and their maps. A table of all
        metrics and one of all runs stand on the page anyway.

        Args:
            group: The sweep's finished runs of this plugin on one source.
        """
        from vlminterp.report.sweep.attribution import attribution_comparison

        return attribution_comparison(group)


def headline_of(plugin: str | None, summary: Mapping[str, Any]) -> str:
    """Returns a finished run in a few words, as its plugin says it.

    Args:
        plugin: Its name; one that is not installed is not needed.
        summary: The run's; empty for one that is not finished.
    """
    if not summary:
        return ""
    try:
        return load_plugin(plugin or "").headline(summary)
    except ConfigError:
        return first_metrics(summary)


def load_plugin(name: str) -> Plugin:
    """Imports one plugin.

    Raises:
        ConfigError: No such plugin is installed, or it can't be used.
    """
    found = load(PLUGINS, name)
    if not (isinstance(found, type) and issubclass(found, Plugin)):
        raise ConfigError(f"plugin '{name}': {found!r} is no subclass of Plugin")
    if not is_dataclass(getattr(found, "Config", None)):
        raise ConfigError(f"plugin '{name}': {found.__name__}.Config is no dataclass")
    plugin: Plugin = found()
    return plugin
