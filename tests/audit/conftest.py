"""Audits in seconds: few planted concepts as folders of pictures, with masks in a folder beside."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vlminterp.cli.main import run
from vlminterp.planted.facts import load_facts
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.scenes import World
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.planted.wordings import THINGS
from vlminterp.results.run_folder import RunFolder

CONCEPTS = ("owl", "whale", "camel", "tractor", "penguin", "bus", "cat", "eagle")
"""One of each habitat."""
AT_HOME, ELSEWHERE = 3, 2
"""Pictures of each on its own habitat, and on others."""


@pytest.fixture(scope="session")
def classes(tmp_path_factory) -> Path:
    """A folder `pictures`, one of `masks`, and a `bank.csv` about eight planted concepts."""
    root = tmp_path_factory.mktemp("audited")
    for concept in PlantedSource(PlantedConfig()).concepts():
        if concept.name in CONCEPTS:
            for kind in ("pictures", "masks"):
                (root / kind / concept.name).mkdir(parents=True)
            for number, load in enumerate(chosen(concept)):
                load().save(root / "pictures" / concept.name / f"{number}.png")
                mask = concept.facts(load).load_mask().astype(np.uint8) * 255
                Image.fromarray(mask).save(root / "masks" / concept.name / f"{number}.png")
    rows = planted_rows(THINGS.held_out[:1], held_out=True)
    with (root / "bank.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("concept", "family", "text", "frame"))
        writer.writerows(
            (r.concept, r.family, r.text, r.frame) for r in rows if r.concept in CONCEPTS
        )
    return root


@pytest.fixture(scope="session")
def audits(classes, tmp_path_factory):
    """Runs an audit, and each line once; returns the run folder, read anew."""
    known = {}

    def audit(model, *overrides, output=None):
        key = (model, *overrides, output)
        if key not in known:
            folder = output or tmp_path_factory.mktemp("audits")
            known[key] = RunFolder.read(run_line(model, classes, folder, *overrides))
        return known[key]

    return audit


def chosen(concept):
    """Loaders of the first pictures on the concept's own habitat, and of the first on others."""
    own = load_facts().concepts[concept.name].habitat
    home: dict[bool, list] = {True: [], False: []}
    for load in (*concept.images, *concept.held_out):
        home[World().habitat(int(concept.facts(load).name)) == own].append(load)
    return home[True][:AT_HOME] + home[False][:ELSEWHERE]


def line(model, classes, folder, *overrides):
    defaults = {
        "+plugin": "audit",
        "model": model,
        "data": "class_folder",
        "data.path": str(classes / "pictures"),
        "data.held_out": "0",
        "plugin.regions": str(classes / "masks"),
        "plugin.bank": str(classes / "bank.csv"),
        "plugin.method": "gradeclip",
        "plugin.pictures": "4",
        "plugin.draws": "2",
        "tracking": "disabled",
        "device": "cpu",
        "console": "json",
        "output": str(folder),
    }
    given = {override.partition("=")[0] for override in overrides}
    return [*(f"{k}={v}" for k, v in defaults.items() if k not in given), *overrides]


def run_line(model, classes, folder, *overrides) -> Path:
    assert run(line(model, classes, folder, *overrides)) == 0
    (path,) = (p for p in Path(folder).glob("audit/*/*") if p.parent.name != "stages")
    return path


def rows(run, table=None):
    found = (run.parts if table is None else run.table(table)).rows()
    return json.loads(found.to_json(orient="records"))
