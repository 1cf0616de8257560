"""The configuration of a run: every key, its type and its default."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from omegaconf import MISSING

from vlminterp.adapters.settings import ModelConfig
from vlminterp.errors import ConfigError
from vlminterp.results.shard import Shard
from vlminterp.tracking.config import TrackingConfig


class Console(Enum):
    """The forms of a run's output."""

    rich = "rich"
    """Progress, a table of scores, and where everything is."""
    quiet = "quiet"
    """The run folder's path."""
    json = "json"
    """The summary as one JSON object."""


class Engine(Enum):
    """The places where the processes of one run are started."""

    processes = "processes"
    """This machine."""
    ray = "ray"
    """A Ray cluster, or this machine if there is none."""


@dataclass
class RunConfig:
    """The configuration that `python -m vlminterp` takes.

    Attributes:
        model: The VLM; a group, `model=NAME`.
        data: The source of image-text pairs; a group, `data=NAME`.
        plugin: The method; a group, `+plugin=NAME`.
        tracking: Where results are mirrored; a group, `tracking=NAME`.
        device: Device to compute on: "auto", "cpu", "cuda", "cuda:1", "mps".
        seed: Seed of everything random, at least 0.
        output: Folder for the run folders.
        overwrite: Whether to compute existing results again.
        console: Form of the output: progress and a table, a path, or JSON.
        workers: Processes that work on the run, ≥ 1; more than one where the plugin can share its
            work. Other machines that see the folder help by running the same line.
        engine: The place of these processes: this machine, or a Ray cluster.
        shard: The share of the parts that is computed here, as `1/8`; null for all. For machines
            without a common folder: `vlminterp merge` puts theirs together.
        sweep: Identity of the sweep that this run belongs to; a multirun sets it.
    """

    free_text: ClassVar = ("output",)

    model: ModelConfig = field(default_factory=ModelConfig)
    data: Any = MISSING
    plugin: Any = None
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    device: str = "auto"
    seed: int = 0
    output: str = "outputs"
    overwrite: bool = False
    console: Console = Console.rich
    workers: int = 1
    engine: Engine = Engine.processes
    shard: str | None = None
    sweep: str | None = None

    def __post_init__(self) -> None:
        """Checks the options' ranges.

        Raises:
            ConfigError: A value is out of range.
        """
        if self.seed < 0:
            raise ConfigError(f"seed={self.seed} must be at least 0")
        if self.workers < 1:
            raise ConfigError(f"workers={self.workers} must be at least 1")
        if self.shard is not None:
            Shard.parse(self.shard)


NOT_IDENTITY = (
    "output",
    "overwrite",
    "tracking",
    "device",
    "console",
    "workers",
    "engine",
    "shard",
    "sweep",
)
"""Keys that change no result and are therefore not part of a run's identity."""
