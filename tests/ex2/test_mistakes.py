"""What users get wrong, by the command line: one clear line, or a run that goes on and says so."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from vlminterp_ex2.journal import rows_of

import vlminterp
from tests.ex2.letters import save_policy
from tests.report.test_page import Page, words
from vlminterp.data.class_folder import ClassFolderConfig, ClassFolderSource


def spoil(folder):
    """Makes a class's pictures unreadable."""
    for path in folder.iterdir():
        path.write_bytes(b"no picture")


def keep_one(folder):
    for path in sorted(folder.iterdir())[1:]:
        path.unlink()


def concepts_in(folder, table="describe"):
    return {row["concept"] for row in rows_of(folder.table(table))}


def test_a_class_that_cannot_be_read_is_left_out_and_counted(finish, class_folder):
    spoil(class_folder / "bus")
    folder, _ = finish()
    assert concepts_in(folder) == concepts_in(folder, "inspect") == {"cat", "owl", "whale"}
    skips = [skip for skip in folder.skips() if skip.id == "bus"]
    assert folder.summary["skipped"] == len(folder.skips()) == len(skips) == 3
    assert skips[-1].reason == "none of its 2 images can be read"
    page = words(Page((folder.path / "report.html").read_text()).text)
    assert "bus none of its 2 images can be read" in page
    assert folder.summary["metrics"]["reward"]["n"] == 3


def test_a_class_without_a_file_is_left_out_and_named(finish, class_folder):
    for path in (class_folder / "bus").iterdir():
        path.unlink()
    folder, err = finish()
    note = "classes without a picture, left out: 1 (bus)"
    assert f"vlminterp: data=class_folder: {note}" in err
    assert folder.summary["notes"] == [note]
    assert f"The data: {note}." in (folder.path / "report.html").read_text()
    assert concepts_in(folder) == {"cat", "owl", "whale"}


def test_concepts_that_share_an_id(refused, monkeypatch):
    concepts = ClassFolderSource.concepts
    monkeypatch.setattr(
        ClassFolderSource, "concepts", lambda self: [*concepts(self), next(concepts(self))]
    )
    assert "two concepts have the id 'bus'; ids must differ" in refused()


def test_too_few_classes_are_one_line(refused, class_folder):
    for name in ("bus", "cat", "owl"):
        spoil(class_folder / name)
    told = refused("plugin.reward=contrastive")
    assert "fewer than 2 of 4 concepts have an image that can be read; the first without: " in told
    assert "concept 'bus' (bus): none of its 2 images can be read; the first: " in told
    spoil(class_folder / "whale")
    assert "no concept has an image that can be read; the first without: " in refused()


def test_one_class_is_enough_for_the_papers_reward(finish, class_folder):
    for name in ("bus", "cat", "owl"):
        shutil.rmtree(class_folder / name)
    folder, _ = finish()
    assert concepts_in(folder) == {"whale"}
    assert folder.summary["finding"] == "too little said"


@pytest.mark.parametrize("reward", ["own", "contrastive"])
def test_a_class_with_one_picture_is_not_checked_and_the_others_are(finish, class_folder, reward):
    keep_one(class_folder / "bus")
    folder, err = finish(f"plugin.reward={reward}")
    assert "classes without a picture to hold out: 1 (bus)" in err
    said = [row for row in rows_of(folder.table("describe")) if not row["empty"]]
    assert {row["concept"] for row in said if row["held_out"] is None} == {"bus"}
    assert all(row["held_out"] is not None for row in said if row["concept"] != "bus")
    metrics = folder.summary["metrics"]
    assert (metrics["reward"]["n"], metrics["held_out"]["n"]) == (4, 3)
    assert metrics["held_out"]["baselines"]["best of n"]["n"] == 3


def test_a_held_out_picture_that_cannot_be_read_costs_only_the_check(finish, class_folder):
    source = ClassFolderSource(ClassFolderConfig(path=str(class_folder)))
    (held_out,) = next(c for c in source.concepts() if c.id == "bus").held_out
    held_out.args[0].write_bytes(b"no picture")
    folder, _ = finish()
    metrics = folder.summary["metrics"]
    assert (metrics["reward"]["n"], metrics["held_out"]["n"]) == (4, 3)
    assert [skip.id for skip in folder.skips()] == ["bus", "bus"]
    assert folder.skips()[-1].reason == "none of its 1 held-out images can be read"


def test_no_held_out_pictures_at_all(finish):
    folder, _ = finish("data.held_out=0")
    assert all(row["held_out"] is None for row in rows_of(folder.table("describe")))
    assert "held_out" not in folder.summary["metrics"]


def test_descriptions_that_the_model_cannot_read_to_their_end(finish, monkeypatch):
    adapter = type(vlminterp.load("planted-habitat", device="cpu"))
    tokenize = adapter.tokenize

    def short(self, texts):
        """As if the context were eight words."""
        tokens = tokenize(self, texts)
        return replace(tokens, truncated=tuple(len(text.split()) > 8 for text in texts))

    monkeypatch.setattr(adapter, "tokenize", short)
    folder, _ = finish()
    said = rows_of(folder.table("describe"))
    long = sum(len(row["text"].split()) > 8 for row in said)
    assert 0 < long < len(said)
    assert folder.summary["truncated"] == long
    page = (folder.path / "report.html").read_text()
    assert f"{long} {'captions were' if long > 1 else 'caption was'} cut, and the model" in page


def test_a_policy_without_chat_template(refused, finish, tiny_policy):
    told = refused("plugin.policy.chat=template")
    assert "plugin.policy.chat=template, but this language model has no chat template" in told
    assert "choose chat=plain or chat=auto" in told


def test_a_policy_without_padding_token_pads_with_its_end(finish, tmp_path):
    folder = save_policy(tmp_path / "unpadded", pad_token=None)
    run, _ = finish(f"plugin.policy.checkpoint={folder}", "plugin.policy.max_tokens=8")
    assert len(rows_of(run.table("describe"))) == 16


def test_a_policy_without_an_end(refused, tmp_path, tiny_policy):
    folder = shutil.copytree(tiny_policy, tmp_path / "endless")
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "eos_token": None}))
    told = refused(f"plugin.policy.checkpoint={folder}")
    assert f"plugin.policy.checkpoint={folder}: its tokenizer has no end-of-text token" in told


def test_a_policy_that_says_nothing_of_anything(finish, tiny_policy):
    """Random letters: no word of any family, and many responses without a whole sentence."""
    tiny = (f"plugin.policy.checkpoint={tiny_policy}", "plugin.policy.max_tokens=8")
    folder, _ = finish(*tiny)
    assert ": too little is said of any family to tell" in folder.summary["verdict"]
    assert (folder.summary["finding"], folder.summary["ranking"]) == ("too little said", [])
    assert "too little" in (folder.path / "report.html").read_text()


def test_a_policy_that_never_ends_a_sentence(finish, tiny_policy):
    tiny = (f"plugin.policy.checkpoint={tiny_policy}", "plugin.policy.max_tokens=2")
    folder, _ = finish(*tiny, "plugin.policy.learning_rate=1e-9")
    said = rows_of(folder.table("describe"))
    empty = [row["empty"] for row in said]
    assert sum(empty) > len(said) / 2
    told = folder.summary["empty"]
    assert (told["aligned"]["mean"] + told["base"]["mean"]) / 2 == pytest.approx(np.mean(empty))
    assert {row["names_concept"] for row in said if row["empty"]} == {None}
    assert folder.summary["finding"] == "too little said"


def test_a_gpu_config_without_a_gpu(refused):
    told = refused("plugin/policy=mistral-7b")
    assert "plugin.policy.quantisation=int8 needs a CUDA GPU and this run is on cpu" in told
    assert "choose quantisation=none" in told


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there(refused, monkeypatch, device):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    told = refused(f"device={device}")
    assert f"device={device} is not on this machine; it has: cpu" in told


@pytest.mark.parametrize("algorithm", ["rloo", "grpo"])
def test_too_few_responses_to_each_prompt(refused, algorithm):
    told = refused(f"plugin.algorithm={algorithm}", "plugin.generations=1")
    assert "generations=1 must be at least 2: responses to one prompt are each other's" in told


def test_responses_that_make_no_whole_groups(refused):
    told = refused("plugin.completions=10")
    assert "completions=10 must be a multiple of generations=4" in told


def test_stages_out_of_order(refused, finish, command):
    assert "not aligned yet; run stage=align first" in refused("plugin.stage=inspect")
    assert command("plugin.stage=align")[0] == 0
    assert "not all is described yet; run stage=describe first" in refused("plugin.stage=inspect")
    assert finish()[0].finished
