"""Sums up a judge's findings, its cost, and the lexicon's agreement with it."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from vlminterp.metrics.intervals import SHARE, mean_interval
from vlminterp.results.summary import plain_interval
from vlminterp_ex2.describe import ALIGNED, BASE, POLICIES
from vlminterp_ex2.inspection.agreement import kappa_interval
from vlminterp_ex2.inspection.families import Families
from vlminterp_ex2.inspection.judge_form import MEANINGS
from vlminterp_ex2.inspection.shares import CHANGE, shares

Row = dict[str, Any]


def summarise_judge(
    rows: Sequence[Row], verdicts: Sequence[Row], costs: Sequence[Row], families: Families
) -> dict[str, Any]:
    """Summarises the table `judge`.

    Args:
        rows: Rows of the table `inspect`, the lexicon's view.
        verdicts: Rows of the table `judge`.
        costs: Rows of the table `judge-cost`.
        families: All families; the judge names only informative ones.

    Returns:
        `judged`, `valid`, the costs' sums and, where there are valid verdicts, `shares` of each
        model, their `change` by alignment, both also as the `lexicon` sees the same descriptions,
        and the `kappa` of informative, visual and each family.
    """
    valid = [row for row in verdicts if row["valid"]]
    found: dict[str, Any] = {"judged": len(verdicts), "valid": len(valid), **_sums(costs)}
    if not valid:
        return found
    same = [rows[row["place"]] for row in valid]
    asked = [name for name in MEANINGS if any(row[name] is not None for row in valid)]
    concepts = list(dict.fromkeys(row["concept"] for row in rows))
    return {
        **found,
        **_shares(valid, concepts, asked, families.informative),
        "lexicon": _shares(same, concepts, asked, families.informative),
        "kappa": agreement(same, valid, asked, families.informative),
        **_answers(valid),
    }


def _answers(rows: Sequence[Row]) -> dict[str, Any]:
    """Counts each answer for each model's descriptions, where a schema other than ours is used."""
    counts: dict[str, Any] = {}
    for row in rows:
        for name, value in json.loads(row.get("labels") or "{}").items():
            said = counts.setdefault(name, {}).setdefault(json.dumps(value), {})
            said[row["policy"]] = said.get(row["policy"], 0) + 1
    return {"answers": counts} if counts else {}


def _shares(
    rows: Sequence[Row], concepts: Sequence[str], asked: Sequence[str], families: Sequence[str]
) -> dict[str, Any]:
    """Returns shares for each model and their change by alignment, for what the judge is asked."""
    table = pd.DataFrame([{**row, "families": row["families"] or []} for row in rows])
    each = {
        policy: shares(table[table["policy"] == policy], concepts, families) for policy in POLICIES
    }
    for found in each.values():
        for name in [name for name in found if _meaning(name) not in asked]:
            del found[name]
    change = {name: values - each[BASE][name] for name, values in each[ALIGNED].items()}
    return {
        "shares": {
            policy: {
                name: plain_interval(mean_interval(values, bounds=SHARE))
                for name, values in own.items()
            }
            for policy, own in each.items()
        },
        "change": {
            name: plain_interval(mean_interval(values, bounds=CHANGE))
            for name, values in change.items()
        },
    }


def _meaning(share: str) -> str:
    """Returns the one of `MEANINGS` that a share is about."""
    return {"uninformative": "informative", "non_visual": "visual"}.get(share, "families")


def agreement(
    lexicon: Sequence[Row], judge: Sequence[Row], asked: Sequence[str], families: Sequence[str]
) -> dict[str, Any]:
    """Returns κ of lexicon and judge, with intervals over concepts.

    Args:
        lexicon: Rows with `concept`, `informative`, `visual`, `families`.
        judge: The judge's rows on the same descriptions.
        asked: Those of `MEANINGS` that the judge was asked for.
        families: Names of informative families.

    Returns:
        κ by label, for each that was asked: `informative`, `visual` (seen, not seen, nothing said)
        and each family.
    """
    concepts = [row["concept"] for row in lexicon]

    def kappa(label: Any) -> dict[str, Any]:
        first, second = ([label(row) for row in rows] for rows in (lexicon, judge))
        return plain_interval(kappa_interval(first, second, concepts))

    found = {name: kappa(lambda row, n=name: row[n]) for name in asked if name != "families"}
    if "families" in asked:
        for family in families:
            found[family] = kappa(lambda row, f=family: f in row["families"])
    return found


def _sums(costs: Sequence[Row]) -> dict[str, int]:
    names = costs[0] if costs else {}
    return {name: sum(row[name] for row in costs) for name in names}
