"""One line for what torch says, in many, when a file's tensors are not the model's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from vlminterp.errors import ModelError

_LISTED = re.compile(r"(Missing|Unexpected) key\(s\) in state_dict: (.*)")
_SHAPE = re.compile(r"size mismatch for (\S+): .*?(\[.*?\])\).*?(\[.*?\])\)")


@contextmanager
def told_in_one_line(checkpoint: str) -> Iterator[None]:
    """Loads a state dict strictly in the `with` block.

    Args:
        checkpoint: Where the tensors are from, for the message.

    Raises:
        ModelError: Some are missing, unexpected or of another shape.
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


def _reasons(message: str) -> list[str]:
    """What is wrong, with one example of each kind.

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
