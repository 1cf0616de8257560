"""Descriptions as JSON in the form that DCLIP and CuPL read: lists of texts by class name."""

from pathlib import Path

from vlminterp.errors import InputError
from vlminterp.results.atomic import write_whole
from vlminterp.results.plain import to_json
from vlminterp.results.run_folder import RunFolder
from vlminterp_ex2.describe import ALIGNED, BASE, DESCRIBE
from vlminterp_ex2.journal import rows_of


def descriptors(run: RunFolder, folder: Path, rows: int | None = None) -> list[Path]:
    """Writes `aligned.json` and `base.json`, each `{class name: [text, …]}`.

    Args:
        run: An EX2 run that has described its concepts.
        folder: Existing folder to write to.
        rows: The most texts of each class, those of the highest reward first; None for all.

    Returns:
        The files written.

    Raises:
        InputError: The run has no descriptions.
    """
    said = [row for row in rows_of(run.table(DESCRIBE)) if row["text"]]
    if not said:
        raise InputError(f"{run.path} has no descriptions; run plugin.stage=describe first")
    files = []
    for policy in (ALIGNED, BASE):
        own = sorted((r for r in said if r["policy"] == policy), key=lambda row: -row["reward"])
        found: dict[str, list[str]] = {row["name"]: [] for row in said}
        for row in own:
            if row["text"] not in found[row["name"]]:
                found[row["name"]].append(row["text"])
        path = folder / f"{policy}.json"
        write_whole(path, to_json({name: texts[:rows] for name, texts in found.items()}))
        files.append(path)
    return files
