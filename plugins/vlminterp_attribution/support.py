"""Finds out which methods can explain a model's towers."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from PIL import Image

from vlminterp.adapters.dual_encoder import DualEncoder, Pixels, Tokens, Tower
from vlminterp.attribution.explanation import Side
from vlminterp.errors import ConfigError, ModelError
from vlminterp_attribution.method import Method, Needs
from vlminterp_attribution.plain import has_plain_blocks
from vlminterp_attribution.registry import load_method, method_names


def can_record(encoder: DualEncoder, side: Side) -> bool:
    """Tells whether each block of a tower has an attention over all tokens that can be recorded."""
    try:
        with torch.no_grad():
            if side is Side.image:
                blank = Image.new("RGB", (64, 64), "grey")
                _record(encoder.vision, encoder.preprocess([blank] * 2))
            else:
                _record(encoder.text, encoder.tokenize(["a word", "another"]))
    except ModelError:
        return False
    return True


def _record(tower: Tower[Any], inputs: Pixels | Tokens) -> None:
    with tower.recording() as recording:
        tower.encode(inputs)
    recording.blocks(tower.depth, len(inputs))


def provided(encoder: DualEncoder, side: Side) -> set[Needs]:
    """Returns the needs of methods that the tower of one side meets."""
    tower = encoder.vision if side is Side.image else encoder.text
    offers = {Needs.forward, Needs.gradients}
    if can_record(encoder, side):
        offers.add(Needs.attention)
    if has_plain_blocks(tower):
        offers.add(Needs.weights)
    return offers


def able(side: Side, offers: set[Needs]) -> list[str]:
    """Returns the names of the methods that explain one side of a model.

    Args:
        side: The side to explain.
        offers: The needs that its tower meets.
    """
    names = []
    for name in method_names():
        try:
            method = load_method(name)
        except ConfigError:  # a method of another package that can't be imported
            continue
        if side in method.sides and method.needs in offers:
            names.append(name)
    return names


def require_able(encoder: DualEncoder, methods: Sequence[Method]) -> None:
    """Checks that a model's towers meet the needs of methods.

    Raises:
        ModelError: A tower does not; the message names the methods that it can do.
    """
    offers: dict[Side, set[Needs]] = {}
    for method in chain.from_iterable(method.members() or [method] for method in methods):
        side = method.side
        if side not in offers:
            offers[side] = provided(encoder, side)
        if method.needs not in offers[side]:
            raise ModelError(
                f"method {method.name} needs {method.needs.value}, which the {side.value} tower of "
                f"{encoder.name} does not offer; use one of: {', '.join(able(side, offers[side]))}"
            )
