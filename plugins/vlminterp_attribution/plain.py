"""Checks for towers of plain transformer blocks, whose weights methods may read."""

from typing import Any

from vlminterp.adapters.dual_encoder import Tower
from vlminterp.adapters.transformer import TransformerTower
from vlminterp.errors import ModelError
from vlminterp_attribution.method import Needs


def has_plain_blocks(tower: Tower[Any]) -> bool:
    """Tells whether the weights of a tower's blocks alone say what they compute."""
    return (
        isinstance(tower, TransformerTower)
        and tower.is_plain()
        and all(block.is_plain() for block in tower.blocks)
    )


def require_plain(tower: Tower[Any], method: str) -> TransformerTower[Any]:
    """Returns the tower if its blocks are plain.

    Args:
        tower: The explained tower.
        method: The method's name, for the message.

    Raises:
        ModelError: They are not.
    """
    if not (isinstance(tower, TransformerTower) and has_plain_blocks(tower)):
        raise ModelError(f"method {method} needs {Needs.weights.value}")
    return tower
