"""Tables for W&B whose rows show the pictures that they name, side by side."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import wandb

from vlminterp.results.parts import Parts
from vlminterp.results.run_folder import RunFolder
from vlminterp.tracking.media import picture
from vlminterp.tracking.tables import cell

ROWS = 50
"""Rows of a gallery; the run folder has all."""


def gallery_key(name: str) -> str:
    """Returns the key of the gallery of a table."""
    return f"gallery/{name}"


def gallery(results: RunFolder, parts: Parts) -> wandb.Table | None:
    """Returns the first rows that name pictures, with all pictures in the first columns.

    Args:
        results: The run folder.
        parts: One of its tables.

    Returns:
        The table; None if no row names a picture. A picture that is lost is left empty.
    """
    rows = list(islice(illustrated(parts), ROWS))
    if not rows:
        return None
    names = dict.fromkeys(name for row, _ in rows for name in row)
    pictures = [
        name for name in names if any(_is_saved(row.get(name), saved) for row, saved in rows)
    ]
    others = [name for name in names if name not in pictures]
    table = wandb.Table(columns=[*pictures, *others], allow_mixed_types=True)
    for row, saved in rows:
        shown = [_media(results, row.get(name), saved, name) for name in pictures]
        table.add_data(*shown, *(cell(row.get(name)) for name in others))
    return table


def illustrated(parts: Parts) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Yields the rows that name saved pictures, each with the pictures of its part."""
    for number in parts:
        if saved := parts.pictures(number):
            for row in parts.table(number).to_pylist():
                if any(_is_saved(value, saved) for value in row.values()):
                    yield row, saved


def _media(
    results: RunFolder, path: object, saved: frozenset[str], caption: str
) -> wandb.Image | None:
    shown = picture(results.path / str(path), caption) if _is_saved(path, saved) else None
    return None if shown is None else wandb.Image(str(shown.file), caption=caption)


def _is_saved(value: object, saved: frozenset[str]) -> bool:
    return isinstance(value, str) and value in saved
