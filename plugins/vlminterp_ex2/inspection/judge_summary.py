"""What a judge found, what it cost, and how well the lexicon agrees with it."""

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
    """Summary of the table `judge`.

    Args:
        rows: Of the table `inspect`: the lexicon's view.
        verdicts: Of the table `judge`.
        costs: Of the table `judge-cost`.
        families: Judges name those that inform; boilerplate is what is left.

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
    """How often each model's descriptions got each answer, where another schema is asked."""
    counts: dict[str, Any] = {}
    for row in rows:
        for name, value in json.loads(row.get("labels") or "{}").items():
            said = counts.setdefault(name, {}).setdefault(json.dumps(value), {})
            said[row["policy"]] = said.get(row["policy"], 0) + 1
    return {"answers": counts} if counts else {}


def _shares(
    rows: Sequence[Row], concepts: Sequence[str], asked: Sequence[str], families: Sequence[str]
) -> dict[str, Any]:
    """Shares of each model, and what alignment has changed, of what the judge is asked."""
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
    """Returns which of a judge's meanings a share is of."""
    return {"uninformative": "informative", "non_visual": "visual"}.get(share, "families")


def agreement(
    lexicon: Sequence[Row], judge: Sequence[Row], asked: Sequence[str], families: Sequence[str]
) -> dict[str, Any]:
    """κ of lexicon and judge, with intervals over concepts.

    Args:
        lexicon: Rows with `concept`, `informative`, `visual`, `families`.
        judge: The judge's rows on the same descriptions.
        asked: Which of `MEANINGS` the judge was asked for.
        families: Names of those that inform.

    Returns:
        By name, as far as it was asked: `informative`, `visual` (seen, not seen, nothing said) and
        each family.
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
