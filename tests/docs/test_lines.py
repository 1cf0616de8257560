"""Every line that README and docs show is one that the product takes."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from omegaconf import OmegaConf

import vlminterp
from tests.docs.documented import ROOT, begun_by, commands
from vlminterp.cli.job import Job
from vlminterp.cli.main import run
from vlminterp.planted.source import PlantedConfig, PlantedSource

RUNS = begun_by("python -m vlminterp") + [
    ["+plugin=ex2", *rest] for rest in begun_by("…") if rest[0].startswith("plugin")
]
TOOLS = ["report", "export", "tracking", "dashboard"]
CHEAP = ("m2ib", "attribution")
"""The plugins whose planted lines run here as they stand, on one pair."""


def ids(arguments):
    return " ".join(arguments) or "alone"


@pytest.fixture
def jobs(monkeypatch, tmp_path):
    """The jobs that lines come to, composed and checked as for a run, but not run."""
    found = []

    class Composed(Job):
        def run(self):
            found.append(OmegaConf.to_object(self._config))

    monkeypatch.setattr("vlminterp.cli.main.Job", Composed)
    monkeypatch.setattr("vlminterp.cli.main.write_sweep_report", lambda folder: folder)
    monkeypatch.chdir(tmp_path)
    Path("captions.txt").write_text("a cat, sitting\na dog\n", "utf-8")
    return found


@pytest.mark.parametrize("line", RUNS, ids=ids)
def test_a_run_composes(line, jobs, capsys):
    # Launchers would compose in other processes.
    code = run([one for one in line if not one.startswith("hydra/launcher=")])
    told = capsys.readouterr().err
    if "-m" in line:
        assert jobs, told
        assert " failed" not in told
    else:
        assert code == 0, told
        assert len(jobs) == any("plugin=" in one or "experiment=" in one for one in line) * (
            "--help" not in line
        )


def test_a_line_that_is_wrong_is_seen(jobs, capsys):
    assert run(["+plugin=m2ib", "plugin.image.bta=1"]) == 1
    assert "bta" in capsys.readouterr().err


def planted(line):
    models = [one for one in line if one.startswith("model=")]
    data = [one for one in line if one.startswith("data=")]
    return (
        "-m" not in line
        and all(one.startswith("model=planted-") for one in models)
        and data in ([], ["data=planted"])
        and any(f"+plugin={name}" in line for name in CHEAP)
    )


@pytest.mark.slow
@pytest.mark.parametrize("line", list(filter(planted, RUNS)), ids=ids)
def test_a_cheap_planted_line_runs(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    little = ["data.pairs=1", "tracking=disabled", "console=quiet"]
    assert run([*line, *little]) == 0, capsys.readouterr().err
    (folder,) = capsys.readouterr().out.splitlines()
    assert (Path(folder) / "report.html").exists()


@pytest.mark.parametrize("line", begun_by("vlminterp look"), ids=ids)
def test_a_look_answers(line, tmp_path, monkeypatch, capsys):
    """The models of the hub are stood in for by a planted one."""
    (pair,) = PlantedSource(PlantedConfig(pairs=1)).pairs()
    encoder = vlminterp.load("planted-base", "cpu")
    monkeypatch.setattr(vlminterp, "load", lambda *_: encoder)
    monkeypatch.chdir(tmp_path)
    pair.load_image().save(line[0])
    assert run(["look", *line]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(".html")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_takes_its_arguments(tool, capsys):
    """What it can't find is told in one line; wrong arguments would end in argparse's exit."""
    main = import_module(f"vlminterp.{tool}.__main__").main
    lines = [one for one in begun_by(f"python -m vlminterp.{tool}") if one]
    assert lines
    for line in lines:
        assert main(line) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "line", [one for one in commands() if one.startswith("python -m experiments.")]
)
def test_an_experiment_has_its_options(line):
    module, *arguments = line.removeprefix("python -m ").split("#")[0].split()
    path = ROOT / module.replace(".", "/")
    source = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__main__.py"
    text = source.read_text("utf-8")
    assert [one for one in arguments if one.startswith("--") and f'"{one}"' not in text] == []


def test_make_has_every_target():
    asked = {line[0] for line in begun_by("make") if line}
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert asked <= targets
    assert asked >= {"demo", "test", "docs", "pictures"}


def test_extras_are_there():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = "\n".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("*.md"))
    asked = set(re.findall(r"pip install '(?:vlminterp|\.)\[(\w+)\]'", text))
    assert asked
    assert asked <= set(extras["optional-dependencies"])


def test_files_of_other_programs_are_there():
    for line in begun_by("pip install ."):
        assert all((ROOT / one).exists() for one in line if one.startswith("requirements/"))
    assert begun_by("docker build")
    assert (ROOT / "Dockerfile").exists()
