"""What a plugin is, what it is given, and how plugins are found."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from vlminterp.errors import ConfigError, nearest

if TYPE_CHECKING:
    import torch

    from vlminterp.adapters.dual_encoder import DualEncoder
    from vlminterp.data.pairs import Pair, Source
    from vlminterp.progress import Progress
    from vlminterp.results.run_folder import RunFolder

ENTRY_POINTS = "vlminterp.plugins"


@dataclass(frozen=True)
class Context:
    """All that a plugin works with.

    Attributes:
        config: The plugin's own `Config`, resolved and checked.
        encoder: The VLM.
        source: The data.
        results: Where rows and pictures go; knows what an earlier, interrupted run has done.
        progress: Shows how far the run is.
        seed: Of everything random.
        device: Where tensors live.
    """

    config: Any
    encoder: "DualEncoder"
    source: "Source"
    results: "RunFolder"
    progress: "Progress"
    seed: int
    device: "torch.device"

    def batches(self, size: int) -> Iterator[tuple[int, list["Pair"]]]:
        """Cuts the source's pairs into numbered batches and leaves out those already written.

        Boundaries depend on a pair's place alone, so that a resumed run has the same batches.

        Args:
            size: Pairs per batch.

        Yields:
            The batch's number and its pairs.
        """
        pairs = self.source.pairs()
        number = 0
        while batch := list(islice(pairs, size)):
            if number not in self.results.parts:
                yield number, batch
            number += 1

    def finished_pairs(self, size: int) -> int:
        """How many pairs an earlier, interrupted run has written, in batches of this size."""
        return size * len(self.results.parts)


class Plugin(Protocol):
    """One way of explaining a VLM; found by its entry point in `vlminterp.plugins`.

    Importing the module must be light: torch and the like are imported inside `run`.

    Attributes:
        Config: A dataclass; its fields are the plugin's options, its defaults their defaults.
    """

    Config: type

    def run(self, context: Context) -> None:
        """Computes, and writes to `context.results`."""


def installed_plugins() -> dict[str, EntryPoint]:
    """Entry points of all installed plugins by name; nothing is imported."""
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def load_plugin(name: str) -> Plugin:
    """Imports one plugin.

    Raises:
        ConfigError: No such plugin is installed, or its import fails.
    """
    points = installed_plugins()
    if name not in points:
        raise ConfigError(f"no plugin '{name}'; {nearest(name, points)}")
    try:
        plugin: Plugin = points[name].load()()
    except ImportError as error:
        raise ConfigError(f"plugin '{name}' can't be imported: {error}") from error
    return plugin
