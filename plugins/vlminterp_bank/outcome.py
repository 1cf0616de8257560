"""The outcome of a scored bank: every family's gains, and the family that the VLM prefers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vlminterp.description.bank import NEUTRAL, Statement, Swapped
from vlminterp.description.gains import (
    GAINS,
    Gains,
    content_gains,
    gain_rows,
    presence_gains,
)
from vlminterp.description.verdict import preferred
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.summary import metric, plain_interval
from vlminterp_bank.words import sentence

if TYPE_CHECKING:
    import pandas as pd

CONCEPTS = "concepts"
"""The table of concepts: number of pictures, those that could not be read, mean embedding."""

SWAPPED = {"own": "own_swapped", "contrastive": "contrastive_swapped"}
"""Columns: a description's mean score when its words are another concept's."""

MEANS = {
    "presence": "score gained by words of {}, against none",
    "content": "score gained by its own words of {}, against another concept's",
    "shuffled": "score gained by words of {}, against none, under shuffled classes",
}


def summarise(results: RunFolder, score: str, margin: float) -> dict[str, Any]:
    """Returns the summary that a run ends with.

    Args:
        results: A run folder whose parts are all written.
        score: The score that gains are measured in, one of `SCORES`.
        margin: The smallest gain that would matter.
    """
    rows, ids = results.parts.rows(), concept_ids(results)
    gains = family_gains(rows, ids, score)
    verdict = preferred(gains["presence"], gains.get("shuffled"), margin)
    if 0 not in (table := results.table(GAINS)):
        kinds = (gains["presence"], gains["content"], gains.get("shuffled"))
        table.write(0, gain_rows(ids, *kinds), {})
    intervals = {kind: found.intervals() for kind, found in gains.items()}
    return {
        "kind": "bank",
        **results.names,
        "verdict": sentence(results.names["model"], verdict, intervals, margin, score),
        "finding": verdict.finding.value,
        "preferred": verdict.family,
        "ranking": gains["presence"].ranking(),
        "leader": verdict.leader,
        "unsaid": list(verdict.unsaid),
        "p": verdict.p,
        "p_runner_up": verdict.p_runner_up,
        "score": score,
        "margin": margin,
        "unit": "concepts",
        "concepts": len(ids),
        "descriptions": len(rows),
        "skipped": len(results.skips()),
        "truncated": int(rows["truncated"].sum()),
        "gains": {
            kind: {family: plain_interval(found) for family, found in families.items()}
            for kind, families in intervals.items()
        },
        "metrics": {
            f"{family}.{kind}": metric(found, description=MEANS[kind].format(family))
            for kind, families in intervals.items()
            for family, found in families.items()
        },
    }


def concept_ids(results: RunFolder) -> list[str]:
    """Returns the ids of the concepts that have a readable picture, in the data's order."""
    table = results.table(CONCEPTS).rows()
    return [] if table.empty else table["concept"].dropna().tolist()


def family_gains(rows: "pd.DataFrame", ids: Sequence[str], score: str) -> dict[str, Gains]:
    """Returns every family's gains: `presence`, `content`, and `presence` under `shuffled` classes.

    Args:
        rows: All rows of the main table.
        ids: Ids of all concepts, in order.
        score: The column of scores: `own` or `contrastive`.
    """
    about = {concept: place for place, concept in enumerate(ids)}
    columns = (rows["concept"], rows["family"], rows["frame"], rows["text"])
    said = [Statement(about[concept], *rest) for concept, *rest in zip(*columns, strict=True)]
    families = [family for family in rows["family"].unique() if family != NEUTRAL]
    swapped = rows[SWAPPED[score]].to_numpy(np.float64)
    # The mean of a description's counterparts counts as one counterpart.
    known = np.flatnonzero(np.isfinite(swapped))
    means = [Swapped(int(row), "") for row in known]
    scores = rows[score].to_numpy(np.float64)
    found = {
        "presence": presence_gains(said, scores, families, len(ids)),
        "content": content_gains(said, scores, means, swapped[known], families, len(ids)),
    }
    if "contrastive" in rows:
        null = _shuffled(rows, len(ids), score)
        found["shuffled"] = presence_gains(said, null, families, len(ids))
    return found


def _shuffled(rows: "pd.DataFrame", concepts: int, score: str) -> NDArray[np.float64]:
    """Returns the scores under shuffled classes, as `SHUFFLED` gives them, from the columns."""
    own, contrastive = (rows[name].to_numpy(np.float64) for name in ("own", "contrastive"))
    return own - contrastive if score == "own" else -contrastive / (concepts - 1)
