"""Describes the attribution methods in a few lines each."""

import argparse
import inspect
import sys

from vlminterp.errors import UserError
from vlminterp_attribution.registry import load_method, method_names


def main() -> int:
    """Prints each method with its sides, needs, cost and paper; with a model, the sides it can do.

    Returns:
        1 if the model can't be loaded, else 0.
    """
    parser = argparse.ArgumentParser(
        prog="python -m vlminterp_attribution", description=main.__doc__
    )
    parser.add_argument("model", nargs="?", help="a model, to see which methods its towers can do")
    model = parser.parse_args().model
    try:
        able = _able(model) if model else None
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    for name in method_names():
        print(_described(name, able))  # noqa: T201 - a command
    return 0


def _able(model: str) -> dict[str, list[str]]:
    """Returns the names of the methods that can explain each side of a model."""
    import vlminterp
    from vlminterp.attribution.explanation import Side
    from vlminterp_attribution.support import able, provided

    encoder = vlminterp.load(model)
    return {side.value: able(side, provided(encoder, side)) for side in Side}


def _described(name: str, able: dict[str, list[str]] | None) -> str:
    try:
        method = load_method(name)
    except UserError as error:
        return f"{name}: {error}"
    sides = [side.value for side in method.sides if able is None or name in able[side.value]]
    first = (inspect.getdoc(method) or "").split("\n", 1)[0]
    lines = [
        f"{name}: {first}",
        f"  sides: {' and '.join(sides) or 'none on this model'}; needs: {method.needs.value}",
        f"  cost a pair: {method.cost}",
        f"  paper: {method.paper}",
    ]
    return "\n".join(lines)
