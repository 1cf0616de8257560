"""How similar runs are, each with each."""

import math

import pandas as pd
from markupsafe import Markup

from vlminterp.drawing.numbers import NOTHING, decimals
from vlminterp.report.tables import Cell, table


def similarity_table(correlations: pd.DataFrame, caption: str, axis: str) -> Markup:
    """A square table of correlations.

    Args:
        correlations: Each run (row) with each (column), -1…1; NaN where there is none.
        caption: What is correlated.
        axis: What is side by side, e.g. "VLM".

    Returns:
        Nothing for a single run. The more alike, the stronger the colour.
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
