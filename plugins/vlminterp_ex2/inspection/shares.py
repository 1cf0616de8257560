"""How many of a concept's descriptions say something of a family, and how many inform at all."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Shares = dict[str, NDArray[np.float64]]
CHANGE = (-1.0, 1.0)
"""The bounds of a share's change."""


def shares(table: pd.DataFrame, concepts: Sequence[str], families: Sequence[str]) -> Shares:
    """Shares among each concept's descriptions; an empty text is no description.

    Args:
        table: Rows with `concept`, `text`, `families`, `informative`, `visual`.
        concepts: Ids, in order.
        families: Names of those that have a share.

    Returns:
        By name, `[C]`: `says_FAMILY`, `uninformative`, and `non_visual` (of those that inform);
        NaN where there is nothing to have a share of.
    """
    table = table[table["text"] != ""]
    found = {
        f"says_{family}": table["families"].map(lambda has, f=family: f in has)
        for family in families
    }
    found["uninformative"] = ~table["informative"].astype(bool)
    found["non_visual"] = table["visual"].map({True: 0.0, False: 1.0})
    return {name: _by_concept(values, table, concepts) for name, values in found.items()}


def empty_share(table: pd.DataFrame, concepts: Sequence[str]) -> NDArray[np.float64]:
    """Returns the share of each concept's responses of which no text is left, `[C]`.

    Args:
        table: Rows with `concept` and `text`.
        concepts: Ids, in order.
    """
    return _by_concept(table["text"] == "", table, concepts)


def _by_concept(
    values: "pd.Series[Any]", table: pd.DataFrame, concepts: Sequence[str]
) -> NDArray[np.float64]:
    means = values.astype(float).groupby(table["concept"]).mean()
    return np.asarray(means.reindex(list(concepts)), np.float64)
