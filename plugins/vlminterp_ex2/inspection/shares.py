"""How many of a concept's descriptions say something of a family, and how many inform at all."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vlminterp_ex2.inspection.families import FAMILIES

Shares = dict[str, NDArray[np.float64]]


def shares(table: pd.DataFrame, concepts: Sequence[str]) -> Shares:
    """Shares among each concept's descriptions.

    Args:
        table: Rows with `concept`, `families`, `informative`, `visual`.
        concepts: Ids, in order.

    Returns:
        By name, `[C]`: `says_FAMILY`, `uninformative`, and `non_visual` (of those that inform);
        NaN where there is nothing to have a share of.
    """
    found = {
        f"says_{family}": table["families"].map(lambda has, f=family: f in has)
        for family in FAMILIES
    }
    found["uninformative"] = ~table["informative"].astype(bool)
    found["non_visual"] = table["visual"].map({True: 0.0, False: 1.0})
    means = {
        name: values.astype(float).groupby(table["concept"]).mean()
        for name, values in found.items()
    }
    return {
        name: np.asarray(mean.reindex(list(concepts)), np.float64) for name, mean in means.items()
    }
