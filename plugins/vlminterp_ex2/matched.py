"""The checkpoint at which a policy had gone a given way from its reference.

Each VLM has its own range of cosines, so that equal β and equal steps lead policies to different
distances; what they have come to say can only be compared at the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from vlminterp.results.run_folder import RunFolder
from vlminterp_ex2.align import Alignment
from vlminterp_ex2.checkpoints import whole_checkpoints
from vlminterp_ex2.journal import ALIGN, rows_of


def nearest_to(
    results: RunFolder, aligned: Alignment, target: float | None, window: int
) -> Alignment:
    """Returns the training as of the checkpoint whose KL is nearest to a target.

    Args:
        results: The run folder.
        aligned: How training ended.
        target: KL from the reference, in nats per response; None for the last checkpoint.
        window: Steps around a checkpoint over which KL is averaged: that of one step is noise.
    """
    if target is None:
        return aligned
    rows = rows_of(results.table(ALIGN))
    found = dict(whole_checkpoints(results.work(ALIGN)))
    near = {step: abs(kl_at(rows, step, window) - target) for step in sorted(found)}
    step = min(near, key=lambda step: near[step])
    return replace(aligned, checkpoint=found[step], steps=step)


def kl_at(rows: Sequence[Mapping[str, Any]], step: int, window: int) -> float:
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
