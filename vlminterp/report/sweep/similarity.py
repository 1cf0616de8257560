"""A table of how similar runs are to each other."""

import math

import pandas as pd
from markupsafe import Markup

from vlminterp.drawing.numbers import NOTHING, decimals
from vlminterp.report.tables import Cell, table


def similarity_table(correlations: pd.DataFrame, caption: str, axis: str) -> Markup:
    """Writes a square table of correlations, coloured more strongly where runs are more alike.

    Args:
        correlations: Each run (row) with each (column), -1…1; NaN where there is none.
        caption: A caption that says what is correlated.
        axis: The heading of the runs' column, e.g. "VLM".

    Returns:
        The table; empty markup below two runs.
    """
    if len(correlations) < 2:
        return Markup("")
    names = [str(name) for name in correlations.columns]
    rows = [
        [
            name,
            *(
                _cell(float(value), itself=name == other)
                for other, value in zip(names, values, strict=True)
            ),
        ]
        for name, values in zip(names, correlations.to_numpy(), strict=True)
    ]
    return table((axis, *names), rows, caption, sortable=True)


def _cell(value: float, *, itself: bool) -> Cell:
    if itself or math.isnan(value):
        return Cell(None, NOTHING)
    return Cell(value, decimals(value, 2), strength=max(value, 0.0))
