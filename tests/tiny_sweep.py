"""A sweep as small as can be of all plugins, with real runs that have mirrored themselves."""

import csv

import pytest

from vlminterp.cli.main import run
from vlminterp.planted.captions import THINGS
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.results.sweep import Sweep

SHOWN = ("owl", "whale", "cat", "bus")
SWEEP = "0123456789ab"


def _classes(folder):
    """One picture to look at, and one held out, of a few planted concepts."""
    ids = set()
    for concept in PlantedSource(PlantedConfig(images=2)).concepts():
        if concept.name in SHOWN:
            ids.add(concept.id)
            (folder / concept.name).mkdir(parents=True)
            for number, load in enumerate(concept.images):
                load().save(folder / concept.name / f"{number}.png")
    return ids


def _bank(path, ids):
    """What the planted grammar says of them after one opening."""
    rows = planted_rows(THINGS.held_out[:1], held_out=True)
    said = [(r.concept, r.family, r.text, r.frame) for r in rows if r.concept in (*ids, "")]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("concept", "family", "text", "frame"), *said])


@pytest.fixture(scope="session")
def tiny_sweep(tmp_path_factory):
    """The sweep's folder: m2ib on pairs with masks, ex2 and bank on four classes."""
    root = tmp_path_factory.mktemp("tiny")
    _bank(root / "bank.csv", _classes(root / "classes"))
    (root / "templates.txt").write_text("Describe {concept}.\n")
    classes = ("data=class_folder", f"data.path={root / 'classes'}")
    steps = ("plugin.steps=2", "plugin.completions=8", "plugin.generations=4", "plugin.pool=1")
    lines = {
        "m2ib": ("data.pairs=2", "plugin.image.steps=2", "plugin.text.steps=2"),
        "bank": (*classes, f"plugin.bank={root / 'bank.csv'}"),
        "ex2": (*classes, *steps, f"plugin.templates={root / 'templates.txt'}"),
    }
    sweep = Sweep(root / "outputs" / "sweeps" / SWEEP)
    for plugin, own in lines.items():
        line = (f"+plugin={plugin}", "model=planted-habitat", *own)
        every = ("tracking=offline", f"tracking.group={SWEEP}", "device=cpu", "console=quiet")
        assert run([*line, *every, f"output={root / 'outputs'}"]) == 0
        (file,) = (root / "outputs" / plugin).glob("*/*/config.yaml")
        sweep.note(" ".join(line), {"plugin": plugin, "path": str(file.parent)})
    return sweep.folder
