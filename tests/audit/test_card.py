"""The section of a model card, and the files of flags: odd names, and no flags at all."""

import csv
from shutil import copytree

from vlminterp_audit.markdown import model_card
from vlminterp_audit.page import concept_reports

from tests.audit.conftest import run_line
from vlminterp.export.__main__ import main as export
from vlminterp.results.run_folder import RunFolder

NAMES = {"owl": "R&D <b>owl", "bus": "bus"}


def test_names_neither_end_cells_nor_begin_tags_and_flags_have_a_header(classes, tmp_path):
    for kind in ("pictures", "masks"):
        for shown, name in NAMES.items():
            copytree(classes / kind / shown, tmp_path / kind / name)
    options = ("plugin.bank=null", "plugin.draws=1")
    folder = RunFolder.read(run_line("planted-base", tmp_path, tmp_path / "out", *options))
    card = model_card(folder, concept_reports(folder))
    assert "| R&amp;D &lt;b>owl" in card
    assert "<b>" not in card
    assert "those of 1 other picture (" in card
    assert export([str(folder.path), "--format", "flags", "--to", str(tmp_path / "files")]) == 0
    with (tmp_path / "files" / "flags.csv").open(encoding="utf-8", newline="") as file:
        head, *flags = csv.reader(file)
    assert head == ["concept", "flag", "sure", "bad", "weight", "phrase", "says"]
    assert flags == []
