"""Options of the mirror in Weights & Biases."""

from dataclasses import dataclass, field
from enum import Enum


class Mode(Enum):
    """The ways in which runs are mirrored to W&B, or not."""

    offline = "offline"
    online = "online"
    disabled = "disabled"


@dataclass
class TrackingConfig:
    """Options of the Weights & Biases mirror.

    Attributes:
        mode: `offline` writes files that `wandb sync` sends later; `online` needs a login;
            `disabled` does nothing.
        project: W&B project.
        entity: W&B user or team; your default one if None.
        group: Runs that belong together; a sweep sets its own.
        tags: Labels of the run.
    """

    mode: Mode = Mode.offline
    project: str = "vlminterp"
    entity: str | None = None
    group: str | None = None
    tags: list[str] = field(default_factory=list)
