"""Keeps training to the run's device, however many others there are."""

import sys
from typing import Any

import torch


def on_one_device(arguments: Any, device: torch.device) -> None:
    """Keeps a trainer to one device, and says so where other GPUs are visible.

    Left alone, transformers would spread the model over all GPUs (`nn.DataParallel`), which TRL
    refuses, and would use the first GPU whichever was asked for.

    Args:
        arguments: TRL's training arguments, changed in place.
        device: The run's device.
    """
    others = arguments.n_gpu - 1
    arguments._n_gpu = min(arguments.n_gpu, 1)
    if device.type != "cuda":
        return
    index = device.index or 0
    chosen = torch.device("cuda", index)
    arguments.__dict__["_setup_devices"] = chosen  # a cached property, cuda:0 by default
    torch.cuda.set_device(chosen)
    if others > 0:
        sys.stderr.write(
            f"vlminterp: {others + 1} GPUs are visible, training uses {chosen}; "
            f"device=cuda:N chooses another\n"
        )
