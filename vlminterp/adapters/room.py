"""Keeps a configuration from asking for more memory than its weights could ever fill."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from vlminterp.adapters.checkpoint import WEIGHTS
from vlminterp.errors import ModelError

NUMBERS_A_BYTE = {".gguf": 16, **dict.fromkeys(WEIGHTS, 4)}
"""Numbers that a model may be made of per byte of its weights, by their suffix.

A byte holds up to two quantised ones, in GGUF up to eight, and tied weights are made twice.
"""
ALWAYS = 2**23
"""Numbers that any model may be made of."""
A_TENSOR = 2**12
"""Numbers that a smaller tensor counts as, since the tensor and its module are objects too."""
_FACTORIES = (torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn)


class RoomFor(TorchFunctionMode):
    """Limits a model built in the `with` block to the size that its files of weights can fill.

    Sizes are checked before memory is taken, layer by layer, so that neither a wide layer nor a
    billion small ones are made.

    Args:
        checkpoint: Where it is, for messages.
        folders: Folders that may hold its weights; where none does, there is no limit.
    """

    def __init__(self, checkpoint: str, folders: Iterable[Path]) -> None:
        super().__init__()
        files = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
        sizes = [
            path.stat().st_size * NUMBERS_A_BYTE[path.suffix]
            for path in files
            if path.suffix in NUMBERS_A_BYTE and path.is_file()
        ]
        self._checkpoint = checkpoint
        self._left = max(sum(sizes), ALWAYS) if sizes else math.inf

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Counts the numbers of every tensor that is made.

        Raises:
            ModelError: They are more than the weights can fill.
        """
        options = dict(kwargs or {})
        if func in _FACTORIES:
            self._left -= max(_numbers(args, options), A_TENSOR)
            if self._left < 0:
                raise ModelError(
                    f"checkpoint '{self._checkpoint}' can't be loaded: by its configuration the "
                    "model is far larger than its weights; mend the sizes in it, or replace the "
                    "weights"
                )
        return func(*args, **options)


def _numbers(args: Sequence[Any], options: Mapping[str, Any]) -> int:
    """Returns how many numbers a tensor of the requested size has."""
    size = args[0] if args else options.get("size", ())
    if isinstance(size, int):
        size = [number for number in args if isinstance(number, int)]
    return math.prod(size)
