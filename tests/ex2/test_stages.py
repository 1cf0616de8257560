"""EX2 as users run it: from end to end, stage by stage, and killed in each of them."""

import json
import signal

import pandas as pd
import pytest
import torch

import vlminterp
from tests.warm import Warm
from vlminterp.cli.main import run
from vlminterp.description.class_means import class_means
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.report.page import render
from vlminterp.results.run_folder import RunFolder

pytestmark = pytest.mark.slow

TABLES = ("align", "describe", "inspect", "pool", "samples")


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A short run: two questions, two steps, four images a concept."""
    templates = tmp_path_factory.mktemp("templates") / "two.txt"
    templates.write_text("Describe {concept}.\nWhat is {concept}?\n")
    return [
        *("+plugin=ex2", "model=planted-habitat"),
        *("data.images=4", f"plugin.templates={templates}", "plugin.steps=4"),
        *("plugin.completions=16", "plugin.pool=2", "plugin.save_every=2"),
        *("plugin.policy.micro_batch=8", "tracking=disabled", "device=cpu", "console=quiet"),
    ]


def finish(line, folder):
    code, out, err = Warm("vlminterp", line, folder).finish()
    assert code == 0, err
    return folder / out.split()[-1]


def rows_of(path, table):
    parts = sorted(path.glob(f"rows/{table}/*.parquet"))
    return pd.concat([pd.read_parquet(part) for part in parts], ignore_index=True)


@pytest.fixture(scope="module")
def whole(line, tmp_path_factory):
    return finish(line, tmp_path_factory.mktemp("whole"))


def test_what_a_run_leaves(whole):
    steps, said = rows_of(whole, "align"), rows_of(whole, "describe")
    assert steps["step"].tolist() == [1, 2, 3, 4]
    assert said.groupby("policy").size().to_dict() == {"aligned": 80, "base": 80}
    assert len(rows_of(whole, "pool")) == 80
    inspected = rows_of(whole, "inspect")
    assert inspected["text"].tolist() == said["text"].tolist()
    summary = json.loads((whole / "summary.json").read_text())
    assert summary["preferred"] == "habitat"
    assert summary["steps"] == 4
    for told in (summary, *summary["by_texts"].values()):
        assert set(told["gains"]) == {"presence", "deletion", "content", "shuffled"}
    own = inspected.drop_duplicates(["concept", "text"]).groupby("concept")["deletion_habitat"]
    assert summary["gains"]["deletion"]["habitat"]["mean"] == pytest.approx(own.mean().mean())


def test_losses_are_those_of_the_texts_by_hand(whole):
    """Deletes the habitat sentence itself and asks the encoder again."""
    encoder = vlminterp.load("planted-habitat", device="cpu")
    classes = class_means(encoder, list(PlantedSource(PlantedConfig(images=4)).concepts()))
    rows = rows_of(whole, "inspect")
    checked = 0
    for row in rows.to_dict("records"):
        sentences = [part + "." for part in row["text"].removesuffix(".").split(". ")]
        if list(row["families"]) != ["habitat"] or len(sentences) != 2:
            continue
        mean = classes.means[classes.ids.index(row["concept"])]
        with torch.no_grad():
            said = encoder.encode_text(encoder.tokenize([row["text"], sentences[0]])) @ mean
        assert row["score"] == pytest.approx(float(said[0]), abs=1e-5)
        assert row["deletion_habitat"] == pytest.approx(float(said[0] - said[1]), abs=1e-5)
        checked += 1
    assert checked > 5


def test_stages_one_by_one_are_the_whole(line, whole, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for stage in ("align", "describe", "inspect"):
        assert run([*line, f"plugin.stage={stage}"]) == 0
        path = tmp_path / capsys.readouterr().out.split()[-1]
        assert (path / "summary.json").exists() == (stage == "inspect")
    assert path.name == whole.name
    for table in TABLES:
        pd.testing.assert_frame_equal(rows_of(path, table), rows_of(whole, table))


def test_nothing_can_be_described_before_it_is_aligned(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run([*line, "plugin.stage=describe"]) == 1
    assert (
        "plugin.stage=describe: this run is not aligned yet; run stage=align first"
        in capsys.readouterr().err.splitlines()[-1]
    )


def test_killed_in_every_stage_it_ends_the_same(line, whole, tmp_path):
    for table in ("align", "describe", "inspect"):
        process = Warm("vlminterp", line, tmp_path)
        process.wait_for_files(tmp_path, f"outputs/ex2/stages/{table}/*/rows/{table}/*.parquet")
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    path = finish(line, tmp_path)
    assert path.name == whole.name
    for table in TABLES:
        pd.testing.assert_frame_equal(rows_of(path, table), rows_of(whole, table))
    killed, undisturbed = (files_of(run.parents[2]) for run in (path, whole))
    assert set(killed) == set(undisturbed)
    assert [name for name in killed if killed[name] != undisturbed[name]] == []
    assert any(name.endswith("adapter_model.safetensors") for name in killed)


def files_of(folder):
    """Every file of all runs and stages by its path, less the one that holds clocks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("timings.jsonl", ".lock")
    }


def test_the_page_says_the_answer_first_and_asks_no_host(whole):
    page = render(RunFolder.read(whole))
    assert page.index("planted-habitat likes to hear where things are at home") < page.index("<svg")
    for arm in ("Over a neutral phrase", "Under shuffled classes", "Over nothing"):
        assert f"<em>{arm}</em>" in page
    assert "What the language model came to say" in page
    assert 'src="http' not in page
    assert 'href="http' not in page


def test_words_on_the_page_are_escaped(whole, tmp_path):
    names = {"plugin": "ex2", "model": "<i>model</i>", "data": "planted"}
    row = rows_of(whole, "inspect").to_dict("records")[0]
    row |= {"text": "<script>", "policy": "aligned", "name": "<b>owl</b>", "families": []}
    row |= {"clauses": [], "words": [{"start": 0, "stop": 8, "loss": 0.5}], "reward": 1.0}
    with RunFolder.open(tmp_path / "run", {"names": names}) as folder:
        folder.table("inspect").write(0, [row], {})
        page = render(folder)
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "<b>owl" not in page
    assert "<i>model" not in page
