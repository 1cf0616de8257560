"""Computes shares of a concept's descriptions: those of each family, the uninformative, …."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Shares = dict[str, NDArray[np.float64]]
CHANGE = (-1.0, 1.0)
"""Lowest and highest possible change of a share."""


def shares(table: pd.DataFrame, concepts: Sequence[str], families: Sequence[str]) -> Shares:
    """Returns shares of each concept's descriptions; empty texts don't count.

    Args:
        table: Rows with `concept`, `text`, `families`, `informative`, `visual`.
        concepts: Ids, in order.
        families: Names of the families that get a share.

    Returns:
        Shares `[C]` by name: `says_FAMILY`, `uninformative`, and `non_visual` (of informative
        ones); NaN where there is nothing to count.
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
    """Returns the share of each concept's responses that left an empty text, `[C]`.

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
