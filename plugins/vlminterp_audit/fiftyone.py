"""Exports an audit's pictures to FiftyOne, tagged with the flags of the names they test."""

from collections.abc import Mapping
from pathlib import Path
from shutil import copyfile
from typing import Any

from vlminterp.results.plain import to_json
from vlminterp.results.run_folder import RunFolder
from vlminterp_audit.outcome import audited
from vlminterp_audit.tables import PICTURES

VERSIONS = {
    "saved": "as it is",
    "saved_object": "another object",
    "saved_background": "another background",
}
"""Names of the versions of a picture, by column."""
NUMBERS = ("score", "other_object", "other_background", "object", "context", "on_object")


def write_samples(run: RunFolder, folder: Path, rows: int | None) -> list[Path]:
    """Writes `samples.json` and `metadata.json`, and the saved pictures below `data/`.

    Each version of a picture is a sample of its own; those of one picture share `picture`.

    Args:
        run: The run folder.
        folder: The folder to write to; it exists.
        rows: The most pictures; None for all.

    Returns:
        The file of the samples.
    """
    (folder / "data").mkdir()
    concepts = {row["concept"]: row for row in audited(run).to_dict("records")}
    pictures = run.table(PICTURES).rows()
    shown = pictures[pictures["saved"].notna()] if "saved" in pictures else pictures
    samples = [
        _sample(run, folder, row, concepts[row["concept"]], column)
        for row in shown.head(rows or len(shown)).to_dict("records")
        for column in VERSIONS
    ]
    facts = {"name": f"vlminterp-{run.path.resolve().name}", "media_type": "image"}
    (folder / "metadata.json").write_bytes(to_json({**facts, "info": run.names}))
    file = folder / "samples.json"
    file.write_bytes(to_json({"samples": samples}))
    return [file]


def _sample(
    run: RunFolder,
    folder: Path,
    row: Mapping[Any, Any],
    concept: Mapping[Any, Any],
    column: str,
) -> Mapping[str, Any]:
    """Returns one version of a picture under FiftyOne's names, and copies its file."""
    file = Path("data") / Path(row[column]).name
    copyfile(run.path / row[column], folder / file)
    return {
        "filepath": file.as_posix(),
        "tags": [concept["driver"], *concept["flags"]],
        "ground_truth": {"_cls": "Classification", "label": row["shows"]},
        "tested_for": {"_cls": "Classification", "label": concept["name"]},
        "answer": {"_cls": "Classification", "label": row["answer"]},
        "version": VERSIONS[column],
        "picture": row["picture"],
        **{name: float(row[name]) for name in NUMBERS},
    }
