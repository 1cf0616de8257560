"""Measures the time and the memory of audits.

python -m experiments.benchmarks.audit_speed.measure
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
from PIL import Image

from experiments.benchmarks.apart import Cost, cost
from experiments.benchmarks.random_clip import EDGE, random_clip
from experiments.benchmarks.results import keep, machine
from vlminterp.planted import models_dir
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.planted.wordings import THINGS
from vlminterp.results.run_folder import RunFolder

HERE = Path(__file__).parent
TOKENIZER = ("merges.txt", "tokenizer.json", "tokenizer_config.json")
FEW, PICTURES = 4, 8
"""Concepts that the large model is asked about, and pictures of each."""


def main() -> None:
    """Runs all audits, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true", help="write into the README")
    save = parser.parse_args().save
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        found = {
            name: audited(line, root / str(number))
            for number, (name, line) in enumerate(lines(root).items())
        }
    table = ["| audit | pictures tested | CPU s | CPU s a picture | memory, MB |", "|-|-|-|-|-|"]
    table += [
        f"| {name} | {tested} | {one.seconds:.0f} | {one.seconds / tested:.2f} | {one.most:.0f} |"
        for name, (tested, one) in found.items()
    ]
    numbers = {name: {"tested": tested, **vars(one)} for name, (tested, one) in found.items()}
    keep(HERE, {"audits": numbers, **machine()}, table, save=save)


def lines(root: Path) -> dict[str, tuple[str, ...]]:
    """Returns the command lines; the large model and its pictures are written below a folder."""
    write_large(root / "random-b32")
    write_classes(root)
    planted = ("model=planted-base", "data=planted")
    return {
        "planted-base, 40 concepts × 8": (*planted, "data.images=8"),
        "planted-base, 40 concepts × 32": (*planted, "data.images=32", "plugin.pictures=32"),
        f"ViT-B/32, random, {FEW} concepts × 8": (
            *("model=hf", f"model.checkpoint={root / 'random-b32'}"),
            *("data=class_table", f"data.path={root / 'pictures.csv'}", "data.held_out=0"),
            f"plugin.bank={root / 'bank.csv'}",
        ),
    }


def audited(line: Sequence[str], output: Path) -> tuple[int, Cost]:
    """Runs one audit; returns the number of pictures that names were tested on, and the cost."""
    shared = ("+plugin=audit", "tracking=disabled", "device=cpu", "console=quiet")
    found = cost([*shared, *line, f"output={output}"])
    (summary,) = output.glob("audit/*/*/summary.json")
    tested = RunFolder.read(summary.parent).table("pictures").rows()
    return int(tested["score"].notna().sum()), found


def write_large(folder: Path) -> None:
    """Writes a CLIP of ViT-B/32's size with random weights, with planted-base's tokenizer."""
    own, model = models_dir() / "planted-base", random_clip("ViT-B/32")
    settings = json.loads((own / "config.json").read_text())
    text: Any = model.config.text_config
    text.eos_token_id = settings["text_config"]["eos_token_id"]
    model.save_pretrained(folder)
    for name in TOKENIZER:
        copyfile(own / name, folder / name)
    pictures = (own / "preprocessor_config.json").read_text()
    (folder / "preprocessor_config.json").write_text(pictures.replace("128", str(EDGE)))


def write_classes(root: Path) -> None:
    """Writes a table of planted scenes with their masks, and a bank of words about them."""
    concepts = list(PlantedSource(PlantedConfig(images=PICTURES)).concepts())[:FEW]
    rows = []
    for concept in concepts:
        for number, load in enumerate(concept.images):
            picture, mask = (root / f"{concept.id}-{number}{end}.png" for end in ("", "-mask"))
            load().resize((EDGE, EDGE)).save(picture)
            marked = concept.facts(load).load_mask
            assert marked is not None
            pixels = Image.fromarray(marked().astype(np.uint8) * 255)
            pixels.resize((EDGE, EDGE), Image.Resampling.NEAREST).save(mask)
            rows.append((picture, concept.name, mask))
    write_table(root / "pictures.csv", ("image", "text", "mask"), rows)
    names = {concept.id for concept in concepts}
    said = [
        (row.concept, row.family, row.text, row.frame)
        for row in planted_rows(THINGS.held_out[:1], held_out=True)
        if row.concept in names
    ]
    write_table(root / "bank.csv", ("concept", "family", "text", "frame"), said)


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Writes a csv."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])


if __name__ == "__main__":
    main()
