"""Writes the table of what works with which architecture, and why not."""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.studies.any_clip.hf_models import WHY_NOT, candidates

TOLERANCE, ALIKE = 1e-5, 1e-4
"""For unit embeddings in float32: the largest error, and the least difference of two inputs, or
of a model without one of its blocks, that makes a test meaningful."""
Result = dict[str, Any]
HEAD = (
    "| {what} | millions of parameters | image: tower, depth, grid at block 0, pooling "
    "| text: tower, depth, pooling | cuts tried | worst error | goes around the cut "
    "| least that a block moves | M2IB | bfloat16 cosine | own size, 3 cuts a side | |\n"
    "|-|-|-|-|-|-|-|-|-|-|-|-|"
)


def write_coverage(rows: Sequence[Result], path: Path) -> None:
    """Writes the table of coverage.

    Args:
        rows: Rows that `measure.py` has written.
        path: Path of the Markdown file.
    """
    found: dict[tuple[str, str], dict[str, Result]] = {}
    for row in rows:
        backend, name, size = row["key"].split(" ")
        found.setdefault((backend, name), {})[size] = row
    ours = {name: trial for (backend, name), trial in found.items() if backend == "open_clip"}
    theirs = {name: trial for (backend, name), trial in found.items() if backend != "open_clip"}
    lines = [
        "# Which dual encoders work",
        "",
        "Made by `python -m experiments.studies.any_clip.measure`; [README](README.md) says how it "
        "is measured.",
        "",
        f"**open_clip {importlib.metadata.version('open_clip_torch')}: "
        f"{sum(map(works, ours.values()))} of {len(ours)} architectures. "
        f"transformers {importlib.metadata.version('transformers')}: "
        f"{sum(map(works, theirs.values()))} of {len(theirs)} families of image-text dual "
        "encoders.**",
        "",
        "## transformers",
        "",
        HEAD.format(what="model_type"),
        *(_line(name, trial, next(iter(trial))) for name, trial in sorted(theirs.items())),
        "",
        "Other types of this version that embed text beside something else:",
        "",
        *(f"- `{name}`: {WHY_NOT.get(name, '**not looked at**')}" for name in _others(theirs)),
        "",
        "Models that mix both inputs in one tower (BridgeTower, ViLT, LXMERT), that compare many "
        "vectors an input (ColPali, BLIP-2) or that generate (LLaVA) are no dual encoders.",
        "",
        "## open_clip",
        "",
        HEAD.format(what="architecture"),
        *(_line(name, trial, "shrunk") for name, trial in ours.items()),
    ]
    path.write_text("\n".join(lines) + "\n")


def works(trial: dict[str, Result]) -> bool:
    """Tells whether everything that was tried of an architecture came out right."""
    return not any(_why_not(row) for row in trial.values())


def _why_not(row: Result) -> str:
    if "failed" in row:
        return str(row["failed"])
    for side in ("image", "text"):
        measured = row.get(side, {})
        if measured.get("error", 0) > TOLERANCE:
            return f"{side}: error {measured['error']:.1e}"
        if measured.get("leak", 0) > TOLERANCE:
            return f"{side}: {measured['leak']:.1e} goes around the cut"
        if measured.get("apart", 1) < ALIKE:
            return f"{side}: two random inputs have the same embedding; nothing is tested"
        if measured.get("drop", 1) < ALIKE:
            return f"{side}: a block can be left out unnoticed; it is not tested"
        if not measured.get("m2ib", True):
            return f"{side}: M2IB is not finite"
    return ""


def _line(name: str, trial: dict[str, Result], size: str) -> str:
    row = trial.get(size, {})
    why = "; ".join(filter(None, map(_why_not, trial.values())))
    if "image" not in row:
        return f"| {name} | {row.get('parameters', 0) / 1e6:.0f} |" + " |" * 9 + f" {why} |"
    image, text = row["image"], row["text"]
    grid = "×".join(map(str, image["grid"])) if image["grid"] else "–"
    own = trial.get("own", {}) if size == "shrunk" else {}
    exact = (
        f"{max(own['image']['error'], own['text']['error']):.0e}"
        if "image" in own
        else "shrunk only"
        if size == "shrunk"
        else "all cuts"
    )
    cells = (
        name,
        f"{row['parameters'] / 1e6:.0f}",
        f"{image['tower']}, {image['depth']}, {grid}, {image['pools']}",
        f"{text['tower']}, {text['depth']}, {text['pools']}",
        f"{image['cuts']} + {text['cuts']}",
        f"{max(image['error'], text['error']):.0e}",
        f"{max(image['leak'], text['leak']):.0e}",
        f"{min(image['drop'], text['drop']):.0e}",
        "yes" if image["m2ib"] and text["m2ib"] else "no",
        f"{row['bfloat16']:.3f}",
        exact,
        why,
    )
    return "| " + " | ".join(cells) + " |"


def _others(known: dict[str, Any]) -> list[str]:
    return [name for name in candidates() if name not in known]
