"""Bank runs in seconds: one opening of the planted grammar as a csv, few scenes."""

import csv
import json
from pathlib import Path

import pytest

from vlminterp.cli.main import run
from vlminterp.planted.oracle import planted_rows
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.planted.wordings import THINGS
from vlminterp.results.run_folder import RunFolder

COLUMNS = ("concept", "family", "text", "frame")


@pytest.fixture(scope="session")
def write_bank(tmp_path_factory):
    """Writes rows of concept, family, text and frame as a csv of its own."""
    folder = tmp_path_factory.mktemp("banks")

    def write(rows, columns=COLUMNS) -> Path:
        path = folder / f"{len(list(folder.iterdir()))}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([columns, *rows])
        return path

    return write


@pytest.fixture(scope="session")
def planted_bank(write_bank):
    """What the planted grammar says in held-out wordings after one opening: 1,360 rows."""
    rows = planted_rows(THINGS.held_out[:1], held_out=True)
    return write_bank([(row.concept, row.family, row.text, row.frame) for row in rows])


@pytest.fixture(scope="session")
def class_folder(tmp_path_factory) -> Path:
    """Nine planted concepts as folders of pictures: with fewer than eight, no p is below .01."""
    folder = tmp_path_factory.mktemp("classes")
    wanted = {"owl", "whale", "penguin", "camel", "tractor", "cat", "eagle", "bus", "book"}
    for concept in PlantedSource(PlantedConfig(images=3)).concepts():
        if concept.name in wanted:
            own = folder / concept.name
            own.mkdir()
            for number, load in enumerate(concept.images):
                load().save(own / f"{number}.png")
    return folder


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs a command line; returns exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run_line(*overrides):
        defaults = {
            "model": "planted-habitat",
            "data": "planted",
            "data.images": "2",
            "tracking": "disabled",
            "device": "cpu",
            "console": "json",
        }
        given = {override.partition("=")[0] for override in overrides}
        if "data" in given:
            defaults.pop("data.images")
        arguments = [f"{k}={v}" for k, v in defaults.items() if k not in given]
        capsys.readouterr()
        code = run(["+plugin=bank", *arguments, *overrides])
        return code, *capsys.readouterr()

    return run_line


@pytest.fixture
def finish(command):
    """Runs a command line that must end well; returns the run folder, read anew."""

    def run_line(*overrides):
        code, out, err = command(*overrides)
        assert code == 0, err
        return RunFolder.read(Path(json.loads(out)["path"]))

    return run_line
