"""Phrases from a finished EX2 run: found by its model, data and seed, and cut into clauses."""

from shutil import rmtree

import pytest

from tests.audit.conftest import CONCEPTS, line, rows, run_line
from vlminterp.cli.main import run
from vlminterp.results.run_folder import RunFolder

LIKED = "You see it in the forest. It hunts at night. Click to see more."
OPTIONS = ("plugin.describe=ex2", "plugin.bank=null", "plugin.pictures=2", "plugin.draws=1")


@pytest.fixture
def write_run(audits):
    """Writes an EX2 run of the same model, data and seed as `audits("planted-base")`."""
    config = audits("planted-base").config

    def write(output, *, finished=True, text=LIKED, **changed):
        path = output / "ex2" / "planted-base" / f"run{len(list(output.rglob('config.yaml')))}"
        names = {**config["names"], "plugin": "ex2"}
        with RunFolder.open(path, {**config, "names": names, **changed}) as folder:
            said = [
                {"concept": concept, "policy": policy, "text": told, "reward": reward}
                for concept in CONCEPTS
                for policy, told, reward in (
                    ("base", "A base model says this.", 0.9),
                    ("aligned", f"The {concept} is here. {text}", 0.8),
                    ("aligned", "It is somewhere.", 0.1),
                )
            ]
            folder.table("describe").write(0, said, {})
            if finished:
                folder.finish({"kind": "ex2"})
        return path

    return write


def tried(folder):
    return {row["text"] for row in rows(folder, "phrases")}


def test_clauses_of_the_aligned_model_are_tried_without_those_that_name_the_thing(
    write_run, classes, tmp_path
):
    write_run(tmp_path)
    folder = RunFolder.read(run_line("planted-base", classes, tmp_path, *OPTIONS))
    found = {row["text"]: row["family"] for row in rows(folder, "phrases")}
    assert found["Click to see more."] == "spurious"
    assert found["You see it in the forest."] == "habitat"
    assert not any("is here" in text or "base model" in text for text in found)


def test_a_run_of_another_seed_or_an_unfinished_one_does_not_count(
    write_run, classes, tmp_path, capsys
):
    write_run(tmp_path, seed=7)
    write_run(tmp_path, finished=False)
    assert run(line("planted-base", classes, tmp_path, *OPTIONS)) == 1
    assert "no finished EX2 run of this model, data and seed" in capsys.readouterr().err


def test_a_run_can_be_given_by_its_folder(write_run, classes, tmp_path, capsys):
    other = write_run(tmp_path / "elsewhere", seed=7, text="It purrs.")
    options = (*OPTIONS, f"plugin.run={other}")
    folder = RunFolder.read(run_line("planted-base", classes, tmp_path / "out", *options))
    assert tried(folder) <= {"It purrs.", "It is somewhere."}
    assert "phrases come from an EX2 run of another seed" in folder.summary["notes"]
    broken = write_run(tmp_path / "elsewhere", finished=False)
    options = (*OPTIONS, f"plugin.run={broken}")
    assert run(line("planted-base", classes, tmp_path / "out", *options)) == 1
    assert "is no finished run of ex2" in capsys.readouterr().err


def test_a_resumed_audit_keeps_the_run_that_it_began_with(write_run, classes, tmp_path, capsys):
    first = write_run(tmp_path)
    folder = RunFolder.read(run_line("planted-base", classes, tmp_path, *OPTIONS))
    said = tried(folder)
    write_run(tmp_path, text="It purrs.")
    killed(folder)
    run_line("planted-base", classes, tmp_path, *OPTIONS)
    assert tried(folder) == said
    killed(folder)
    rmtree(first)
    assert run(line("planted-base", classes, tmp_path, *OPTIONS)) == 1
    assert "the EX2 run that this audit began with, is gone" in capsys.readouterr().err


def killed(folder):
    """Takes back the end of an audit, and its last concepts."""
    (folder.path / "summary.json").unlink()
    for part in sorted(folder.path.glob("rows/*.parquet"))[-2:]:
        part.unlink()
