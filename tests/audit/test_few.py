"""An audit of two concepts, as of waterbirds: the pictures of the other one are the units."""

from shutil import copyfile, copytree

from tests.audit.conftest import rows, run_line
from vlminterp.results.run_folder import RunFolder


def test_words_that_any_name_likes_are_flagged_with_two_concepts(classes, tmp_path):
    for kind in ("pictures", "masks"):
        for name in ("owl", "bus"):
            copytree(classes / kind / name, tmp_path / kind / name)
    copyfile(classes / "bank.csv", tmp_path / "bank.csv")
    path = run_line("planted-spurious", tmp_path, tmp_path / "out", "plugin.draws=1")
    run = RunFolder.read(path)
    flagged = [row for row in rows(run, "flags") if row["flag"] == "spurious phrase"]
    assert {row["concept"] for row in flagged} == {"owl", "bus"}
    assert all(row["transfer_low"] is not None for row in rows(run, "phrases"))
    assert all(row["elsewhere_low"] is not None for row in rows(run, "phrases"))
    (note,) = (note for note in run.summary["notes"] if "bank" in note)
    assert note.startswith("concepts of the bank that are not in the data: 6 (")
