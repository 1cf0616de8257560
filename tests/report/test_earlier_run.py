"""A run folder of 28 November 2026, before modules moved and baselines were called that."""

import shutil
from pathlib import Path

from vlminterp.report.page import write_report
from vlminterp.results.__main__ import main as check
from vlminterp.results.run_folder import RunFolder

EARLIER = Path(__file__).with_name("earlier_run")


def test_an_earlier_run_opens_and_makes_its_page(tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(EARLIER, folder)
    run = RunFolder.read(folder)
    assert run.finished
    assert set(run.summary["metrics"]["image.pointing_game"]["baselines"]) == {
        "random",
        "centre",
        "constant",
    }
    page = write_report(run).read_text("utf-8")
    assert page.count("<article") == 1
    assert check(["check", str(folder)]) == 0
