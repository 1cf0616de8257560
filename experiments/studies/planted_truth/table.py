"""Writes the truth as Markdown tables."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from experiments.studies.planted_truth.checks import CONTROL, PREFERENCES, Check, margin, shown
from experiments.studies.planted_truth.truth import Row, Triple
from vlminterp.drawing.numbers import NOTHING, decimals
from vlminterp.planted.families import FAMILIES

BEGIN, END = "<!-- table -->", "<!-- end of table -->"
SHARES = ("right", "background changes", "object changes")


def summary(rows: Mapping[str, Row]) -> str:
    """Returns a line for each VLM: its preference's gains, the others', and its answers."""
    head = (
        "planted",
        "presence, own",
        "content, own",
        "presence, contrastive",
        "content, contrastive",
        "largest of the others",
        "right",
        "answer changes with the background",
        "with the object",
    )
    return _markdown(head, ((name, *_summary(name, row)) for name, row in rows.items()))


def tables(rows: Mapping[str, Row], checks: Sequence[Check]) -> str:
    """Returns all tables: gains of each score and kind, answers, the oracle, the checks."""
    parts = ["Written by `python -m experiments.studies.planted_truth.measure`.", "## Summary"]
    parts.append(summary(rows))
    for score, kinds in rows[CONTROL]["gains"].items():
        for kind, known in kinds.items():
            families = [family for family in FAMILIES if family in known]
            nothing = margin(rows, score, kind)
            parts.append(f"## Gain by {kind}, {score} score (nothing: within ±{nothing:.4f})")
            lines = ((name, *_gains(name, row, score, kind)) for name, row in rows.items())
            parts.append(_markdown(families, lines))
    shares = list(rows[CONTROL]["answers"])
    parts.append("## Answers, shares of scenes")
    parts.append(
        _markdown(
            shares,
            ((name, *(shown(row["answers"][s]) for s in shares)) for name, row in rows.items()),
        )
    )
    parts.append("## Of what the best description tells: share of concepts (own score)")
    told = [*FAMILIES, ""]
    lines = (
        (name, *(decimals(row["oracle"]["best_tells_of"].get(f, 0.0), 2) for f in told))
        for name, row in rows.items()
    )
    parts.append(_markdown([*FAMILIES, "the name alone"], lines))
    parts.append("## Checks")
    said = ((one.model, one.what, one.found, "yes" if one.passed else "**no**") for one in checks)
    parts.append(_markdown(("must be true", "found", "passed"), said))
    return "\n\n".join(parts) + "\n"


def fill_in(page: Path, rows: Mapping[str, Row]) -> None:
    """Puts the summary between a page's marks, if the page exists and has them."""
    if not page.exists():
        return
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        text = f"{before}{begin}\n\n{summary(rows)}\n\n{end}{after}"
        page.write_text(text, encoding="utf-8")


def _summary(name: str, row: Row) -> list[str]:
    family = PREFERENCES.get(name)
    planted, others = [], []
    for kinds in row["gains"].values():
        for families in kinds.values():
            others += [abs(triple[0]) for other, triple in families.items() if other != family]
            has = family in families if family else False
            planted.append(_interval(families[family]) if family and has else NOTHING)
    answers = (decimals(100 * row["answers"][share][0], 1) for share in SHARES)
    return [family or NOTHING, *planted, decimals(max(others), 3), *(f"{a} %" for a in answers)]


def _gains(name: str, row: Row, score: str, kind: str) -> list[str]:
    gains = row["gains"][score][kind]
    cells = {family: _interval(triple) for family, triple in gains.items()}
    return [
        f"**{cells[family]}**" if PREFERENCES.get(name) == family else cells[family]
        for family in FAMILIES
        if family in cells
    ]


def _interval(triple: Triple) -> str:
    mean, low, high = (decimals(value, 3) for value in triple)
    return f"{mean} [{low}, {high}]"


def _markdown(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    columns = ["", *head]
    lines = [columns, ["-"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
