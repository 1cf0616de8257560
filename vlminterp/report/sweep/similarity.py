"""How much alike VLMs are, each with each."""

import math

import pandas as pd
from markupsafe import Markup

from vlminterp.drawing.numbers import NOTHING, decimals
from vlminterp.report.tables import Cell, table


def likeness_table(correlations: pd.DataFrame, caption: str) -> Markup:
    """A square table of correlations.

    Args:
        correlations: Of each VLM (row) with each (column), -1…1; NaN where there is none.
        caption: What is correlated.

    Returns:
        Nothing for a single VLM. The more alike, the stronger the colour.
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
    return table(("VLM", *names), rows, caption, sortable=True)


def _cell(value: float, *, itself: bool) -> Cell:
    if itself or math.isnan(value):
        return Cell(None, NOTHING)
    return Cell(value, decimals(value, 2), strength=max(value, 0.0))
