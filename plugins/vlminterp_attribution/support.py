"""Finds out which methods can explain a model's towers."""

from collections.abc import Sequence
from itertools import chain

import torch
from PIL import Image

from vlminterp.adapters.dual_encoder import DualEncoder, Inputs, Tower
from vlminterp.attribution.explanation import Side
from vlminterp.errors import ConfigError, ModelError
from vlminterp_attribution.method import Method, Needs
from vlminterp_attribution.plain import has_plain_blocks
from vlminterp_attribution.registry import load_method, method_names


def can_record(tower: Tower[Inputs], inputs: Inputs) -> bool:
    """Tells whether each block of a tower has an attention over all tokens that can be recorded."""
    try:
        with torch.no_grad(), tower.recording() as recording:
            tower.encode(inputs)
        recording.blocks(tower.depth, len(inputs))
    except ModelError:
        return False
    return True


def offers(tower: Tower[Inputs], inputs: Inputs) -> set[Needs]:
    """Returns the needs of methods that a tower meets.

    Args:
        tower: The tower.
        inputs: Two inputs or more, on which its attention is tried.
    """
    met = {Needs.forward, Needs.gradients}
    if can_record(tower, inputs):
        met.add(Needs.attention)
    if has_plain_blocks(tower):
        met.add(Needs.weights)
    return met


def provided(encoder: DualEncoder, side: Side) -> set[Needs]:
    """Returns the needs of methods that the tower of one side meets."""
    if side is Side.image:
        blank = Image.new("RGB", (64, 64), "grey")
        return offers(encoder.vision, encoder.preprocess([blank] * 2))
    return offers(encoder.text, encoder.tokenize(["a word", "another"]))


def able(side: Side, met: set[Needs]) -> list[str]:
    """Returns the names of the methods that explain one side of a model.

    Args:
        side: The side to explain.
        met: The needs that its tower meets.
    """
    names = []
    for name in method_names():
        try:
            method = load_method(name)
        except ConfigError:  # a method of another package that can't be imported
            continue
        if side in method.sides and method.needs in met:
            names.append(name)
    return names


def require_able(encoder: DualEncoder, methods: Sequence[Method]) -> None:
    """Checks that a model's towers meet the needs of methods.

    Raises:
        ModelError: A tower does not; the message names the methods that it can do.
    """
    met: dict[Side, set[Needs]] = {}
    for method in chain.from_iterable(method.members() or [method] for method in methods):
        side = method.side
        if side not in met:
            met[side] = provided(encoder, side)
        if method.needs not in met[side]:
            raise ModelError(
                f"method {method.name} needs {method.needs.value}, which the {side.value} tower of "
                f"{encoder.name} does not offer; use one of: {', '.join(able(side, met[side]))}"
            )
