"""Names that a VLM does not know: here, those of other things."""

from shutil import copytree

from tests.audit.conftest import rows, run_line
from vlminterp.results.run_folder import RunFolder

CYCLE = {"owl": "bus", "bus": "whale", "whale": "owl"}


def test_names_of_other_things_are_unknown_though_objects_move_their_scores(classes, tmp_path):
    for kind in ("pictures", "masks"):
        for name, shown in CYCLE.items():
            copytree(classes / kind / shown, tmp_path / kind / name)
    options = ("plugin.bank=null", "plugin.pictures=3", "plugin.draws=1")
    run = RunFolder.read(run_line("planted-base", tmp_path, tmp_path / "out", *options))
    assert {row["concept"] for row in rows(run, "flags")} == set(CYCLE)
    assert {row["flag"] for row in rows(run, "flags")} == {"unknown name"}
    assert run.summary["flags"]["unknown name"] == 3
    assert "It does not know 3 names." in run.summary["verdict"]
