"""Writes `table.md`: the audits' verdicts against the truth, and against one map alone.

python -m experiments.studies.audit.table
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from vlminterp_audit.verdict import Driver, driver

from experiments.studies.audit.measure import OUTPUT, REGIONS
from experiments.studies.audit.truth import BOTH, CONTEXT, OBJECT, VLMS
from vlminterp.metrics.intervals import Interval
from vlminterp.results.run_folder import RunFolder

HERE = Path(__file__).parent
DRIVERS = tuple(one.value for one in Driver)
MAPS = (
    "No shortcut is flagged from such regions. *One map* is no judge here: the regions are its own."
)
ON_OBJECT = 0.5
"""Share of the heat on the object from which one map alone says: driven by the object."""


def judged(row: Mapping[Any, Any], config: Mapping[str, Any]) -> str:
    """Returns the driver by the product's present rule, from the intervals in a run's row."""
    total, *shares = (
        Interval(row[name], row[f"{name}_low"], row[f"{name}_high"], row["pictures"])
        for name in ("total", "object", "context")
    )
    return driver(total, (shares[0], shares[1]), config["margin"], config["least"]).value


def audited(condition: str) -> pd.DataFrame:
    """Reads one row per VLM, seed and concept, with the truth and with what one map says."""
    found = []
    for path in sorted((OUTPUT / condition).glob("*/*/audit/*/*")):
        run = RunFolder.read(path)
        if not run.finished:
            continue
        name, seed = path.parts[-5], int(path.parts[-4])
        rows = run.parts.rows()
        truth, config = VLMS[name].drivers(), run.config["plugin"]
        found.append(
            rows.assign(
                vlm=name,
                seed=seed,
                driver=[judged(row, config) for row in rows.to_dict("records")],
                truth=rows["name"].map(truth),
                one_map=rows["heat_on_object"].map(lambda x: OBJECT if x >= ON_OBJECT else CONTEXT),
                likes_most=(run.summary or {}).get("likes"),
            )
        )
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def confusion(rows: pd.DataFrame) -> Iterator[str]:
    """Yields lines of the table of verdicts by VLM."""
    yield "| VLM | seeds | goes by | " + " | ".join(DRIVERS) + " | right | one map right | likes |"
    yield "|-" * (6 + len(DRIVERS)) + "|"
    for name in VLMS:
        own = rows[rows["vlm"] == name]
        if own.empty:
            continue
        counts = Counter(own["driver"])
        told = " | ".join(str(counts[one]) for one in DRIVERS)
        truth = " and ".join(sorted(set(own["truth"])))
        likes = ", ".join(sorted({str(one or "none") for one in own["likes_most"]}))
        right, one_map = ((own[c] == own["truth"]).mean() for c in ("driver", "one_map"))
        seeds = own["seed"].nunique()
        yield f"| {name} | {seeds} | {truth} | {told} | {right:.1%} | {one_map:.1%} | {likes} |"


def shortcuts(rows: pd.DataFrame, column: str) -> dict[str, Any]:
    """Returns how well shortcuts are found: those of which the object is no cause at all."""
    rows = rows[rows["truth"] != BOTH]
    said, true = rows[column].isin([CONTEXT, BOTH]), rows["truth"] == CONTEXT
    hits = int((said & true).sum())
    return {
        "said": int(said.sum()),
        "true": int(true.sum()),
        "precision": hits / max(int(said.sum()), 1),
        "recall": hits / max(int(true.sum()), 1),
    }


def finding(rows: pd.DataFrame) -> Iterator[str]:
    """Yields lines of the table of shortcuts found, by VLM and for all of them."""
    yield "| VLM | judged by | flagged | true | precision | recall |"
    yield "|-|-|-|-|-|-|"
    groups = {name: rows[rows["vlm"] == name] for name in ("planted-shortcut", "planted-partly")}
    for name, own in {**groups, "all": rows}.items():
        for said, column in (("audit", "driver"), ("one map", "one_map")):
            if len(own):
                found = shortcuts(own, column)
                yield (
                    f"| {name} | {said} | {found['said']} | {found['true']} | "
                    f"{found['precision']:.2f} | {found['recall']:.2f} |"
                )


def main() -> None:
    """Writes the table."""
    lines = ["# Audits of planted VLMs", ""]
    for condition in REGIONS:
        rows = audited(condition)
        if len(rows):
            lines += [f"## Regions from {condition}", "", *confusion(rows), ""]
            # From maps none is flagged, and one map would be judged by itself.
            lines += ["Shortcuts:", "", *finding(rows), ""] if condition == "masks" else [MAPS, ""]
    (HERE / "table.md").write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main()
