"""The page of a sweep: VLMs side by side, failures first."""

import re

import pytest

from vlminterp.errors import ResultsError
from vlminterp.report.__main__ import main
from vlminterp.report.sweep_page import write_sweep_report
from vlminterp.results.run_folder import RunFolder
from vlminterp.sweep import Sweep


def gain(mean):
    return {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "n": 40}


def finished(path, model, gains):
    names = {"plugin": "ex2", "model": model, "data": "planted"}
    with RunFolder.open(path, {"names": names}) as folder:
        folder.finish(
            {
                "verdict": f"{model} likes <b>something</b>",
                "preferred": max(gains, key=gains.get),
                "margin": 0.02,
                "gains": {"presence": {family: gain(mean) for family, mean in gains.items()}},
                "metrics": {"reward": gain(45.5)},
            }
        )
        (path / "report.html").write_text("")


@pytest.fixture
def sweep(tmp_path):
    found = Sweep(tmp_path / "sweeps" / "abc")
    for place, model in enumerate(("vlm-one", "vlm-two")):
        path = tmp_path / "runs" / str(place)
        finished(path, model, {"habitat": 0.2 - 0.2 * place, "visual": 0.2 * place})
        names = {"plugin": "ex2", "model": model, "data": "planted"}
        found.note(f"model={model}", {**names, "path": str(path), "failed": None})
    return found


def noted_failure(sweep):
    names = {"plugin": "ex2", "model": "broken", "data": "planted"}
    sweep.note("model=broken", {**names, "path": None, "failed": "no such <model>"})


def test_vlms_stand_side_by_side(sweep):
    page = write_sweep_report(sweep.folder).read_text("utf-8")
    for model, means in (("vlm-one", ("0.20", "0.00")), ("vlm-two", ("0.00", "0.20"))):
        assert f"{model} likes &lt;b&gt;something&lt;/b&gt;" in page
        assert model in re.search(r'aria-label="([^"]*)"', page).group(1)
        assert all(mean in page for mean in means)
    assert "45.5" in page
    assert 'href="../../runs/0/report.html"' in page
    assert "Failed" not in page
    assert not re.search(r'(?:src|href)="https?:', page)


def test_failures_come_first(sweep):
    noted_failure(sweep)
    page = write_sweep_report(sweep.folder).read_text("utf-8")
    assert page.index("no such &lt;model&gt;") < page.index("What each VLM likes to hear")
    assert "no such <model>" not in page


def test_more_vlms_than_colours_stand_in_a_table(sweep, tmp_path):
    for number in range(4):
        path = tmp_path / "runs" / f"more-{number}"
        finished(path, f"more-{number}", {"habitat": 0.1234, "visual": 0.0})
        names = {"plugin": "ex2", "model": f"more-{number}", "data": "planted"}
        sweep.note(f"model=more-{number}", {**names, "path": str(path), "failed": None})
    page = write_sweep_report(sweep.folder).read_text("utf-8")
    assert page.count("0.123") == 4
    assert "<svg" not in page


def test_the_command_line_knows_a_sweep_from_a_run(sweep, tmp_path, capsys):
    assert main([str(sweep.folder)]) == 0
    assert capsys.readouterr().out.strip() == str(sweep.folder / "report.html")
    assert main([str(tmp_path)]) == 2
    with pytest.raises(ResultsError, match="is no sweep"):
        write_sweep_report(tmp_path)
