"""Exports an audit's flags, and its section of a model card."""

import json
from pathlib import Path

from vlminterp.results.run_folder import RunFolder
from vlminterp_audit.markdown import model_card
from vlminterp_audit.page import concept_reports
from vlminterp_audit.tables import FLAGS

COLUMNS = ("concept", "flag", "sure", "bad", "weight", "phrase", "says")
"""Columns of flags, written even if there is none."""


def write_flags(run: RunFolder, folder: Path, rows: int | None) -> list[Path]:
    """Writes `flags.csv`, `flags.json` and, of a finished run, `model_card.md`.

    Args:
        run: The run folder.
        folder: The folder to write to; it exists.
        rows: The most flags, the surest and worst first; None for all.

    Returns:
        The files.
    """
    flags = run.table(FLAGS).rows()
    if len(flags):
        flags = flags.sort_values("weight", ascending=False, kind="stable").head(rows or len(flags))
    else:
        flags = flags.reindex(columns=COLUMNS)
    table, listed = folder / "flags.csv", folder / "flags.json"
    flags.to_csv(table, index=False)
    content = json.loads(flags.to_json(orient="records"))
    listed.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if not run.summary:
        return [table, listed]
    card = folder / "model_card.md"
    card.write_text(model_card(run, concept_reports(run)), "utf-8")
    return [table, listed, card]
