"""One run trains on one device, however many there are."""

import sys
from typing import Any

import torch


def on_one_device(arguments: Any, device: torch.device) -> None:
    """Keeps a trainer to one device, which is said where others are visible.

    Left alone, transformers would spread the model over all GPUs (`nn.DataParallel`), which TRL
    refuses, and would use the first GPU whichever was asked for.

    Args:
        arguments: TRL's, as made; changed in place.
        device: The run's.
    """
    others = arguments.n_gpu - 1
    arguments._n_gpu = min(arguments.n_gpu, 1)
    if device.type != "cuda":
        return
    index = device.index or 0
    chosen = torch.device("cuda", index)
    arguments.__dict__["_setup_devices"] = chosen  # a cached property, which says cuda:0 otherwise
    torch.cuda.set_device(chosen)
    if others > 0:
        sys.stderr.write(
            f"vlminterp: {others + 1} GPUs are visible, training uses {chosen}; "
            f"device=cuda:N chooses another\n"
        )
