r"""Measures the truth about the planted VLMs.

    python -m experiments.studies.planted_truth.measure
    python -m experiments.studies.planted_truth.measure \
        --compare experiments/recipes/planted/work/planted-habitat

The second line measures one newly trained VLM instead, and compares it with the known truth.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TypedDict

import vlminterp
from experiments.studies.planted_truth.checks import MODELS, PREFERENCES, Check, check, shown
from experiments.studies.planted_truth.compare import compare
from experiments.studies.planted_truth.figure import draw_gains
from experiments.studies.planted_truth.material import Material, draw
from experiments.studies.planted_truth.table import fill_in, tables
from experiments.studies.planted_truth.truth import Row, measure
from vlminterp.errors import nearest
from vlminterp.progress import Progress

HERE = Path(__file__).parent
IMAGES, SCENES, OTHERS = 32, 1200, 3


class Truth(TypedDict):
    """The content of `truth.json`.

    Attributes:
        images: Number of scenes of each concept.
        scenes: Number of scenes that were asked about.
        others: Number of other concepts that each description's counterparts come from.
        models: The truth about each VLM, by name.
    """

    images: int
    scenes: int
    others: int
    models: dict[str, Row]


def measure_all(options: argparse.Namespace) -> bool:
    """Measures the shipped VLMs, writes all results, returns whether all checks passed."""
    with Progress() as progress:
        material = _draw(options.images, options.scenes, OTHERS, progress)
        rows = {}
        for number, name in enumerate(MODELS, start=1):
            encoder = vlminterp.load(name)
            title = f"{name} ({number} of {len(MODELS)})"
            rows[name] = measure(encoder, PREFERENCES.get(name), material, progress, title)
    truth: Truth = {
        "images": options.images,
        "scenes": options.scenes,
        "others": OTHERS,
        "models": rows,
    }
    checks = check(rows)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    (out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    (out / "table.md").write_text(tables(rows, checks), encoding="utf-8")
    draw_gains(rows, out / "gains.png")
    fill_in(out / "README.md", rows)
    return _report(checks)


def compare_one(folder: Path) -> bool:
    """Measures a newly trained VLM, returns whether it matches the known one."""
    truth: Truth = json.loads((HERE / "truth.json").read_text(encoding="utf-8"))
    rows, name = truth["models"], folder.name
    if name not in rows:
        raise SystemExit(f"{folder}: no truth is known about '{name}'; {nearest(name, rows)}")
    encoder = vlminterp.load("hf", checkpoint=str(folder))
    with Progress() as progress:
        material = _draw(truth["images"], truth["scenes"], truth["others"], progress)
        row = measure(encoder, PREFERENCES.get(name), material, progress, name)
    compared = compare(row, rows[name])
    for one in compared:
        verdict = "within" if one.within else "OUTSIDE"
        print(f"{verdict:8} {one.number:40} {one.anew:8.4f}, known {shown(one.known, 4)}")
    within = sum(one.within for one in compared)
    print(f"{name}: {within} of {len(compared)} numbers within the known intervals")
    passed = _report([one for one in check(rows | {name: row}) if one.model == name])
    return passed and within == len(compared)


def _draw(images: int, scenes: int, others: int, progress: Progress) -> Material:
    with progress.track("scenes are drawn", None):
        return draw(images, scenes, others=others)


def _report(checks: list[Check]) -> bool:
    for one in checks:
        print(f"{'pass' if one.passed else 'FAIL'}  {one.model:17} {one.what}: {one.found}")
    passed = sum(one.passed for one in checks)
    print(f"{passed} of {len(checks)} checks passed")
    return passed == len(checks)


def main() -> None:
    """Reads the command line; exits with 0 only if everything is as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--compare", type=Path, metavar="FOLDER", help="a retrained VLM")
    parser.add_argument("--images", type=int, default=IMAGES, help="scenes of each concept")
    parser.add_argument("--scenes", type=int, default=SCENES, help="scenes to ask about")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the results")
    options = parser.parse_args()
    good = compare_one(options.compare) if options.compare else measure_all(options)
    sys.exit(not good)


if __name__ == "__main__":
    main()
