"""Writes descriptions for people to label, blinded, and reads their labels."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vlminterp.errors import InputError
from vlminterp.results.atomic import write_whole
from vlminterp.results.run_folder import RunFolder
from vlminterp_ex2.inspection.families import Families
from vlminterp_ex2.inspection.judge_stage import choose
from vlminterp_ex2.inspection.seeds import our_families
from vlminterp_ex2.inspection.stage import INSPECT
from vlminterp_ex2.journal import rows_of

FILE, GUIDE = "labels.csv", "guide.txt"
COLUMNS = ("id", "concept", "text", "informative", "visual", "families")
ROWS = 200
TRUE, FALSE = ("yes", "true", "1"), ("no", "false", "0")
HOW = """Fill in three columns of {file}; leave a row empty if you can't tell.
informative: yes if the text says anything particular of the thing, no if it only names, praises or
  credits it, or comments on a picture.
visual: yes if something is said of how the thing itself looks; empty where informative is no.
families: those that are in it, with spaces between:
{families}
The order is random. What wrote a text is left out, so that you can't favour anyone.
Then run the same command line with plugin.labels=PATH/{file} added.
"""

Row = Mapping[str, Any]


def blinded(run: RunFolder, folder: Path, rows: int | None = None) -> list[Path]:
    """Writes descriptions for people to label, without telling which model wrote them.

    Args:
        run: An EX2 run that has inspected its descriptions.
        folder: The folder to write to; must exist.
        rows: Highest number of different descriptions, spread evenly over models and concepts.

    Returns:
        Paths of the labels file and its guide.

    Raises:
        InputError: The run has no descriptions, or hasn't ended and doesn't tell its families yet.
    """
    said = [row for row in rows_of(run.table(INSPECT)) if row["text"]]
    if not said:
        raise InputError(f"{run.path} has no descriptions to label; let the run end first")
    families = _families_of(run)
    once = list({label_id(row["name"], row["text"]): row for row in said}.values())
    chosen = [once[place] for place in choose(once, ROWS if rows is None else rows)]
    different = {label_id(row["name"], row["text"]): row for row in chosen}
    shuffled = np.random.default_rng(0).permutation(sorted(different))
    path = folder / FILE
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for key in shuffled.tolist():
            writer.writerow([key, different[key]["name"], different[key]["text"], "", "", ""])
    write_whole(folder / GUIDE, _how(families).encode())
    return [path, folder / GUIDE]


def _families_of(run: RunFolder) -> Families:
    """Returns the families of a run from its summary, since its file may have changed."""
    told = Families.read(run.summary or {})
    if told is None and (run.config.get("plugin") or {}).get("families"):
        raise InputError(f"{run.path} has not ended, and only then tells its families")
    return told or our_families()


def _how(families: Families) -> str:
    asked = [f"  {one.name}: {one.question}" for one in families.all if one.informative]
    return HOW.format(file=FILE, families="\n".join(asked))


def label_id(name: str, text: str) -> str:
    """Returns an id for a description, the same for any model and run.

    Args:
        name: The concept's name.
        text: The description.
    """
    return hashlib.sha256(f"{name}\0{text}".encode()).hexdigest()[:12]


def read_labels(path: Path, rows: Sequence[Row], families: Sequence[str]) -> list[dict[str, Any]]:
    """Reads people's labels of a run's descriptions.

    Args:
        path: The filled-in file that `blinded` wrote; extra columns don't matter.
        rows: Rows of the table `inspect`.
        families: Family names that are allowed as labels.

    Returns:
        A row for each description that has a label, with its `place` in `rows`.

    Raises:
        InputError: The file can't be read, a label is invalid, or no row belongs to this run.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"plugin.labels={path} can't be read: {error}") from error
    labels = {}
    for number, line in enumerate(lines, 2):
        label = _label(line, f"plugin.labels={path}, line {number}", families)
        if label is not None:
            labels[line["id"]] = label
    found = []
    for place, row in enumerate(rows):
        label = labels.get(label_id(row["name"], row["text"]))
        if label is not None:
            found.append({"place": place, "concept": row["concept"], "valid": True, **label})
    if not found:
        raise InputError(f"plugin.labels={path} has no label of a description of this run")
    return found


def _label(line: Mapping[str, Any], where: str, known: Sequence[str]) -> dict[str, Any] | None:
    if any(line.get(name) is None for name in ("id", "informative", "visual", "families")):
        raise InputError(f"{where}: the columns must be {', '.join(COLUMNS)}")
    informative = _yes_or_no(line["informative"], f"{where}: informative")
    if informative is None:
        return None
    if not informative:
        return {"informative": False, "visual": None, "families": []}
    families = line["families"].replace(",", " ").lower().split()
    if unknown := sorted(set(families) - set(known)):
        allowed = " ".join(known)
        raise InputError(f"{where}: families has '{unknown[0]}'; allowed: {allowed}")
    visual = _yes_or_no(line["visual"], f"{where}: visual")
    return {"informative": True, "visual": visual, "families": sorted(families)}


def _yes_or_no(text: str, where: str) -> bool | None:
    word = text.strip().lower()
    if word and word not in (*TRUE, *FALSE):
        raise InputError(f"{where} is '{text}'; write yes or no, or leave it empty")
    return None if not word else word in TRUE
