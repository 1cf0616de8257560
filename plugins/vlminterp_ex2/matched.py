"""The checkpoint at which a policy had gone a given way from its reference.

Each VLM has its own range of cosines, so that equal β and equal steps lead policies to different
distances; what they have come to say can only be compared at the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vlminterp_ex2.align import Alignment
from vlminterp_ex2.checkpoints import whole_checkpoints
from vlminterp_ex2.settings import EX2Config

Rows = Sequence[Mapping[str, Any]]


def nearest_to(rows: Rows, aligned: Alignment, config: EX2Config) -> Alignment:
    """Returns the training as of the checkpoint whose KL is nearest to `config.target_kl`.

    Args:
        rows: Of the table `align`.
        aligned: How training ended, which is also the answer where no KL is aimed at.
        config: The run's.
    """
    if config.target_kl is None:
        return aligned
    found = {
        step // config.updates: path for step, path in whole_checkpoints(aligned.checkpoint.parent)
    }
    # KL is averaged over as many steps as lie between checkpoints: that of one step is noise
    target, window = config.target_kl, config.save_every
    near = {step: abs(kl_at(rows, step, window) - target) for step in sorted(found)}
    step = min(near, key=lambda step: near[step])
    return replace(aligned, checkpoint=found[step], steps=step)


def kl_at(rows: Rows, step: int, window: int) -> float:
    """Returns the mean KL of the steps around one.

    Args:
        rows: Of the table `align`.
        step: Which.
        window: How many steps count.

    Example:
        >>> kl_at([{"step": 1, "kl": 0.0}, {"step": 2, "kl": 1.0}, {"step": 3, "kl": 5.0}], 2, 3)
        2.0
    """
    return float(np.mean([row["kl"] for row in rows if abs(row["step"] - step) <= window / 2]))
