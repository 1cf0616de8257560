"""Captions and paths arrive as they are written on the command line."""

import json
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from vlminterp.cli.free_text import _declared, as_written, free_text_options
from vlminterp.cli.main import run
from vlminterp.cli.multirun import planned
from vlminterp.data.pair import PairConfig
from vlminterp.errors import ConfigError, InputError
from vlminterp.results.sweep import Sweep

HARD = (
    "a cat, sitting",
    "what's that?",
    "a (red) cat",
    "1.50",
    "IMG (1), copy.jpg",
    "null",
    "true",
    "'tis a cat's \"tail\"",
    "a=b",
    "[a cat]",
    "{a: cat}",
    "back\\slash, \\'quote\\",
    " kept ",
    "choice(a,b)",
    "@home",
    "#1 cat: the #2",
    "猫が好き、とても",
    "a\tcat\nsleeps",
    "$5 or 5$",
)


OPTIONS = {"data.text": False, "data.path": False, "plugin.bank": True}


def arrived(argument):
    """What an option of text holds after Hydra has read the argument."""
    value = OverridesParser.create().parse_override(argument).value()
    options = OmegaConf.structured(PairConfig(image="x", text="x"))
    return OmegaConf.merge(options, {"text": value}).text


@pytest.mark.parametrize("text", HARD)
def test_a_caption_arrives_as_written(text):
    assert arrived(*as_written([f"data.text={text}"], OPTIONS, multirun=False)) == text


@pytest.mark.parametrize("text", [text for text in HARD if text != "@home"])
def test_a_caption_arrives_as_written_in_a_multirun(text):
    """And is no axis, whatever commas are in it."""
    (line,) = planned(as_written([f"data.text={text}"], OPTIONS, multirun=True))
    assert arrived(line) == text


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_without_interpolation(text):
    if "${" in text or text == "???" or (len(text) > 1 and text[0] == text[-1] in "'\""):
        return
    try:
        if isinstance(json.loads(text), list):
            return
    except ValueError:
        pass
    (argument,) = as_written([f"data.text={text}"], OPTIONS, multirun=False)
    assert arrived(argument) == text


@pytest.mark.parametrize("written", ["'a cat, sitting'", '"a cat, sitting"'])
def test_what_is_quoted_already_stays(written):
    (argument,) = as_written([f"data.text={written}"], OPTIONS, multirun=False)
    assert arrived(argument) == "a cat, sitting"


def test_what_hydra_reads_as_it_stands_is_left_alone():
    line = ["data.path=pictures", "data.text=a cat", "seed=0,1", "-m", "model=a,b", "data.limit=3"]
    assert as_written(line, OPTIONS, multirun=True) == line


def test_null_is_none_where_an_option_may_be_empty():
    assert as_written(["plugin.bank=null"], OPTIONS, multirun=False) == ["plugin.bank=null"]


def test_a_list_is_a_sweep():
    (argument,) = as_written(
        ['data.text=["a cat, sitting", "what\'s that?"]'], OPTIONS, multirun=True
    )
    assert [arrived(line) for line in planned([argument])] == ["a cat, sitting", "what's that?"]


def test_quoted_choices_are_still_a_sweep():
    (argument,) = as_written(["data.text='a, b','c'"], OPTIONS, multirun=True)
    assert [arrived(line) for line in planned([argument])] == ["a, b", "c"]


def test_a_file_is_a_sweep(tmp_path):
    file = tmp_path / "captions.txt"
    file.write_text("a cat, sitting\n\n1.50\n", encoding="utf-8-sig")
    (argument,) = as_written([f"data.text=@{file}"], OPTIONS, multirun=True)
    assert [arrived(line) for line in planned([argument])] == ["a cat, sitting", "1.50"]
    with pytest.raises(InputError, match=r"no text file .* written data\.text="):
        as_written(["data.text=@home"], OPTIONS, multirun=True)


def test_mistakes_are_one_line():
    with pytest.raises(ConfigError, match="a list of 2; add -m"):
        as_written(['data.text=["a", "b"]'], OPTIONS, multirun=False)
    with pytest.raises(ConfigError, match="the list is empty"):
        as_written(["data.text=[]"], OPTIONS, multirun=True)


def test_one_value_with_commas_is_told_in_a_multirun(capsys):
    as_written(["data.path=birds,pets"], OPTIONS, multirun=True)
    assert "is one value; several are written data.path='[" in capsys.readouterr().err


def test_options_of_free_text():
    options = free_text_options([])
    assert {"data.text", "data.image", "data.path", "output", "model.checkpoint"} <= options.keys()
    assert {"data.within", "model.text_tower"} <= options.keys()
    assert {"plugin.bank", "plugin.templates", "plugin.judge.prompts"} <= options.keys()
    assert "data.split" not in options


@pytest.mark.parametrize("line", ["+plugin=bank", "plugin=bank", "experiment=bank/planted"])
def test_an_option_that_is_a_list_for_this_plugin_is_no_text(line):
    assert free_text_options(["+plugin=ex2"])["plugin.families"]
    assert "plugin.families" not in free_text_options([line])


def test_a_third_partys_options_are_found_by_its_dataclass():
    @dataclass
    class Inner:
        free_text: ClassVar = ("prompt",)
        prompt: str | None = None

    @dataclass
    class Outer:
        inner: Inner = field(default_factory=Inner)

    assert list(_declared(Outer, "plugin.")) == [("plugin.inner.prompt", True)]


def test_from_the_command_line_to_the_rows(hf_folder, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures[0].save(tmp_path / "IMG (1), copy.png")
    texts = ["what's that, a (red) cat?", "1.50"]
    line = [
        *("+plugin=m2ib", "plugin.sides=text", "plugin.text.steps=2", "model=hf", "data=pair"),
        *("tracking=disabled", "device=cpu", "console=quiet", "output=my results, all (new)"),
        *(f"model.checkpoint={hf_folder}", "data.image=IMG (1), copy.png"),
    ]
    assert run(["-m", *line, f"data.text={json.dumps(texts)}"]) == 0
    (folder,) = (tmp_path / "my results, all (new)" / "sweeps").iterdir()
    runs = Sweep(folder).runs()
    assert [one.folder.parts.rows()["text"].tolist() for one in runs] == [[text] for text in texts]
