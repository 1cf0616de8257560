"""Reads an attribution run pair by pair, as the report and W&B show it.

The runner writes one row per pair and side; both sides of a pair are in the same part.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vlminterp.attribution.blur import blurred
from vlminterp.metrics.facts import METRICS
from vlminterp.results.run_folder import RunFolder

DESCRIPTIVE = frozenset(
    (
        *(
            "pair",
            "id",
            "text",
            "side",
            "skipped",
            "truncated",
            "has_mask",
            "similarity",
            "total",
            "prefix",
        ),
        *(
            "method",
            "unit",
            "layer",
            "blur",
            "signed",
            "fit",
            "words",
            "word_scores",
            "picture",
            "overlay",
            "kept_as",
            "width",
            "height",
            "box",
        ),
    )
)
"""Columns of a row that are not metrics."""

PASSPORT = ("passport", "trust", "nothing")
"""The word on a map's passport, and its two probabilities."""

COUNTED = ("pair", "side", "method", "skipped", "truncated", "has_mask")
"""Columns that say which rows count, and as what."""

KEPT = "kept"
"""The table of the pairs whose pictures were made at the end of a run, since they tell most."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class SideResult:
    """The results of one side of a pair.

    Attributes:
        row: The row's columns that are not null.
        map: Score of each patch as it is shown, float32 `[rows, columns]`: blurred where the run
            asks for that, unlike the stored one; None for text, or where it is missing.
        curves: The optimisation's trajectories by name, float32 `[steps]` each.
        interactions: Contribution of each of `row["words"]` together with each patch, float32
            `[words, rows, columns]`; None where the method does not tell it.
    """

    row: dict[str, Any]
    map: NDArray[np.float32] | None = None
    curves: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    interactions: NDArray[np.float32] | None = None

    @property
    def unit(self) -> str:
        """The unit of the scores; rows of earlier versions were all in nats."""
        return str(self.row.get("unit", "nats"))

    @property
    def words(self) -> list[tuple[str, float]]:
        """Each word of the caption and its score; empty for an image."""
        return list(zip(self.row.get("words", ()), self.row.get("word_scores", ()), strict=False))

    @property
    def box(self) -> Box | None:
        """Left, top, right, bottom of what the model saw, in pixels of the original picture."""
        box = self.row.get("box")
        return None if box is None else (box[0], box[1], box[2], box[3])

    @property
    def passport(self) -> dict[str, Any]:
        """The columns `PASSPORT`; empty without one."""
        return {name: self.row[name] for name in PASSPORT if name in self.row}

    @property
    def metrics(self) -> dict[str, float]:
        """The metric columns, baselines included, e.g. `pointing` and `pointing.random`."""
        return {
            name: float(value)
            for name, value in self.row.items()
            if name not in DESCRIPTIVE and isinstance(value, (bool, int, float))
        }


@dataclass(frozen=True)
class PairResult:
    """The results of one image-text pair.

    Attributes:
        pair: The pair's place in the source.
        id: The pair's name in the source.
        text: The caption.
        sides: Results by side, "image" or "text"; at least one.
    """

    pair: int
    id: str
    text: str
    sides: dict[str, SideResult]

    @property
    def image(self) -> SideResult | None:
        """The image side; None if it was not explained."""
        return self.sides.get("image")

    @property
    def caption(self) -> SideResult | None:
        """The text side; None if it was not explained."""
        return self.sides.get("text")


def is_measured(name: str) -> bool:
    """Tells whether a column is a metric, a baseline's included, or says which rows count."""
    return name in COUNTED or name.partition(".")[0] in METRICS


def methods_of(folder: RunFolder) -> list[str]:
    """Returns the methods that a run compares, in its order; empty where rows name none."""
    for number in folder.parts:
        named = [row.get("method") for row in folder.parts.table(number).to_pylist()]
        if any(named):
            return list(dict.fromkeys(name for name in named if name))
    return []


def compared_methods(folder: RunFolder) -> list[str | None]:
    """Returns the methods whose results have to be told apart; None alone if there is only one."""
    methods = methods_of(folder)
    return [*methods] if len(methods) > 1 else [None]


def explained_pairs(
    folder: RunFolder, method: str | None = None, places: Collection[int] | None = None
) -> Iterator[PairResult]:
    """Yields the pairs that were not skipped, in order, with one part in memory at a time.

    Rows name pictures if the run has kept them; see `vlminterp.attribution.kept`.

    Args:
        folder: The run folder.
        method: The method to read, where a run compares several; the first by default.
        places: Places in the source of the pairs to read; all by default.
    """
    method = method or next(iter(methods_of(folder)), None)
    kept = _kept(folder, method)
    numbers = iter(folder.parts) if places is None else folder.parts.holding("pair", places)
    for number in numbers:
        yield from _explained(folder, number, method, kept, places)


def explained_part(folder: RunFolder, number: int, method: str | None) -> Iterator[PairResult]:
    """Yields the pairs of one part that were not skipped, in order.

    Args:
        folder: The run folder.
        number: The part's number.
        method: The method to read; None where rows name none.

    Raises:
        KeyError: There is no such part, or it is damaged.
    """
    yield from _explained(folder, number, method, _kept(folder, method), None)


def _explained(
    folder: RunFolder,
    number: int,
    method: str | None,
    kept: Mapping[int, Mapping[str, Any]],
    places: Collection[int] | None,
) -> Iterator[PairResult]:
    """Yields the pairs of one part, with what `kept` says of them."""
    pairs: dict[int, dict[str, dict[str, Any]]] = {}
    for row in _some(folder.parts.table(number), places).to_pylist():
        own = row.get("method") == method
        if own and row.get("skipped") is None and row.get("side") in ("image", "text"):
            present = {name: value for name, value in row.items() if value is not None}
            own_kept = kept.get(row["pair"], {})
            pairs.setdefault(row["pair"], {})[row["side"]] = {**present, **own_kept}
    arrays = folder.parts.arrays(number) if pairs else {}
    for pair, rows in pairs.items():
        sides = {side: _side(pair, side, row, arrays) for side, row in rows.items()}
        first = next(iter(rows.values()))
        yield PairResult(
            pair=pair,
            id=str(first.get("id", pair)),
            text=str(first.get("text", "")),
            sides=sides,
        )


def _kept(folder: RunFolder, method: str | None) -> dict[int, dict[str, Any]]:
    """Returns what the table `KEPT` says of each pair, by its place."""
    rows = [row for part in folder.table(KEPT).tables() for row in part.to_pylist()]
    names = ("kept_as", "picture", "mask", "overlay")
    return {
        row["pair"]: {name: row[name] for name in names if row.get(name) is not None}
        for row in rows
        if row.get("method") in (None, method)
    }


def _some(table: pa.Table, places: Collection[int] | None) -> pa.Table:
    """Returns the rows of the pairs at these places; all rows for None."""
    if places is None or "pair" not in table.column_names:
        return table
    return table.filter(pc.is_in(table["pair"], value_set=pa.array(places, pa.int64())))


def _side(pair: int, side: str, row: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> SideResult:
    method = row.get("method")
    prefix = f"{pair}.{side}.{method}." if method else f"{pair}.{side}."
    curves = {
        name.removeprefix(f"{prefix}curve."): values
        for name, values in sorted(arrays.items())
        if name.startswith(f"{prefix}curve.")
    }
    heat = arrays.get(f"{prefix}map")
    if heat is not None and "blur" in row:
        heat = blurred(heat, row["blur"])
    return SideResult(
        row=row, map=heat, curves=curves, interactions=arrays.get(f"{prefix}interactions")
    )
