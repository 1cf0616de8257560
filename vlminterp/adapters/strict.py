"""Checks that a file's tensors are the model's, and finite; errors of torch become one line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from vlminterp.errors import ModelError

_LISTED = re.compile(r"(Missing|Unexpected) key\(s\) in state_dict: (.*)")
_SHAPE = re.compile(r"size mismatch for (\S+): .*?(\[.*?\])\).*?(\[.*?\])\)")


@contextmanager
def told_in_one_line(checkpoint: str) -> Iterator[None]:
    """Turns errors of loading a state dict in the `with` block into one line.

    Args:
        checkpoint: Where the tensors are from, for the message.

    Raises:
        ModelError: Tensors are missing, unexpected or of another shape.
    """
    try:
        yield
    except RuntimeError as error:
        reasons = _reasons(str(error))
        if not reasons:
            raise
        raise ModelError(
            f"the tensors of '{checkpoint}' are not the model's: {'; '.join(reasons)}"
        ) from error


def require_finite_weights(model: nn.Module, name: str) -> None:
    """Checks that a model's weights are finite.

    Args:
        model: The model.
        name: Name in messages.

    Raises:
        ModelError: One is infinite or NaN.
    """
    for key, tensor in model.state_dict().items():
        floating = isinstance(tensor, Tensor) and tensor.is_floating_point()
        if floating and not tensor.is_meta and not _finite(tensor):
            raise ModelError(f"{name}: weights are not finite, e.g. {key}")


def _finite(tensor: Tensor) -> bool:
    """Tells whether all values are finite."""
    total = tensor.sum(dtype=torch.promote_types(tensor.dtype, torch.float32))
    # A sum takes a twentieth of the time, and is finite only if every value is; it may overflow.
    return bool(total.isfinite()) or bool(tensor.isfinite().all())


def _reasons(message: str) -> list[str]:
    """Lists the faults in torch's message, with one example of each kind.

    Example:
        >>> _reasons('Unexpected key(s) in state_dict: "a.weight", "a.bias". ')
        ['2 unexpected: a.weight, …']
    """
    reasons = []
    for kind, listed in _LISTED.findall(message):
        names = re.findall(r'"(.*?)"', listed)
        more = ", …" if len(names) > 1 else ""
        reasons.append(f"{len(names)} {kind.lower()}: {names[0]}{more}")
    shapes = _SHAPE.findall(message)
    reasons += [f"{name} is {found}, not {wanted}" for name, found, wanted in shapes[:1]]
    return reasons
