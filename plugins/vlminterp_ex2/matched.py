"""The checkpoint at which a policy was at a given distance from its reference.

Each VLM has its own range of cosines, so equal β and equal steps lead policies to different
distances; what they have come to say can only be compared at the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vlminterp_ex2.align import Alignment
from vlminterp_ex2.checkpoints import whole_checkpoints
from vlminterp_ex2.settings import EX2Config

Rows = Sequence[Mapping[str, Any]]


def nearest_to(rows: Rows, aligned: Alignment, config: EX2Config) -> Alignment:
    """Returns the training as of the checkpoint whose KL is nearest to `config.target_kl`.

    Args:
        rows: Rows of the table `align`.
        aligned: The finished training, which is also the answer where no KL is aimed at.
        config: The run's configuration.
    """
    if config.target_kl is None:
        return aligned
    target, kls = config.target_kl, _reached(rows, aligned, config)
    step = min(kls, key=lambda step: (abs(kls[step] - target), step))
    path = dict(_checkpoints(aligned, config))[step]
    return replace(aligned, checkpoint=path, steps=step)


def missed(rows: Rows, aligned: Alignment, config: EX2Config) -> str | None:
    """Says why no checkpoint is near the KL aimed at; None if some lie on both sides of it.

    Args:
        rows: Rows of the table `align`.
        aligned: The finished training.
        config: The run's configuration.
    """
    if config.target_kl is None:
        return None
    kls = _reached(rows, aligned, config)
    nearest, farthest = min(kls.values()), max(kls.values())
    if farthest < config.target_kl:
        return f"training came to {farthest:.2g} nats per response; raise plugin.steps"
    if nearest > config.target_kl:
        return (
            f"the nearest checkpoint is at {nearest:.2g} nats per response; lower plugin.save_every"
        )
    return None


def _reached(rows: Rows, aligned: Alignment, config: EX2Config) -> dict[int, float]:
    """Returns the KL at each checkpoint, by step, in nats per response."""
    # averaged over about as many steps as lie between checkpoints: one step's KL is noise
    return {step: kl_at(rows, step, config.save_every) for step, _ in _checkpoints(aligned, config)}


def _checkpoints(aligned: Alignment, config: EX2Config) -> list[tuple[int, Path]]:
    found = whole_checkpoints(aligned.checkpoint.parent)
    return sorted((step // config.updates, path) for step, path in found)


def kl_at(rows: Rows, step: int, window: int) -> float:
    """Returns the mean KL of the steps around one.

    Args:
        rows: Rows of the table `align`.
        step: The step in the middle.
        window: Width in steps: those at most half of it away count.

    Example:
        >>> kl_at([{"step": 1, "kl": 0.0}, {"step": 2, "kl": 1.0}, {"step": 3, "kl": 5.0}], 2, 3)
        2.0
    """
    return float(np.mean([row["kl"] for row in rows if abs(row["step"] - step) <= window / 2]))
