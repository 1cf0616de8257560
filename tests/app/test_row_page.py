"""The page of one row, of each kind of run."""

import pytest
from PIL import Image
from vlminterp_app.row_page import row_page
from vlminterp_app.rows import MAIN, read_rows

from tests.report.test_page import Page
from tests.results.fake_run import SCENES, make_run
from vlminterp.errors import ResultsError
from vlminterp.results.run_folder import RunFolder

SCENE = Image.new("RGB", (32, 32), "orange")


@pytest.mark.parametrize("methods", [(), ("ig", "gae")])
def test_a_pair_with_its_maps(methods, tmp_path):
    run = RunFolder.read(make_run(tmp_path / "run", methods=methods, passports=True))
    frame = read_rows(run, MAIN)
    place = int(frame.loc[frame["pair"] == 4, "row"].iloc[0])
    html = row_page(run, MAIN, place)
    page = Page(html)
    assert "лимон" in page.text
    assert SCENES[0][4] not in page.text, "no other pair"
    heats = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(heats) == 3  # the picture, and a map by each method or on two scales
    assert "<script" not in html
    assert "<b>black" not in html


def test_a_row_of_a_table_with_its_picture(tmp_path):
    with RunFolder.open(tmp_path / "run", {"names": {"plugin": "any"}}) as run:
        picture = run.save_picture("owl", SCENE)
        run.table("concepts").write(0, [{"concept": "owl", "picture": picture}], {})
        rows = [{"concept": "owl", "text": "<b>an owl</b>", "own": 0.25}]
        run.parts.write(0, [*rows, {"concept": "cat", "text": "a cat"}], {})
        run.finish({"plugin": "any"})
    page = Page(row_page(RunFolder.read(tmp_path / "run"), MAIN, 0))
    assert "<b>an owl</b>" in page.text
    assert "0.25" in page.text
    assert [tag for tag, _ in page.tags].count("img") == 1
    without = Page(row_page(RunFolder.read(tmp_path / "run"), MAIN, 1))
    assert "img" not in [tag for tag, _ in without.tags]


def test_what_the_data_calls_a_picture_is_not_read(tmp_path):
    SCENE.save(tmp_path / "secret.png")
    with RunFolder.open(tmp_path / "run", {"names": {"plugin": "any"}}) as run:
        saved = run.save_picture("owl", SCENE)
        foreign = "../secret.png"
        run.parts.write(0, [{"text": "a", "picture": foreign}, {"text": "b", "shown": saved}], {})
        run.finish({"plugin": "any"})
    pages = [Page(row_page(RunFolder.read(tmp_path / "run"), MAIN, place)) for place in (0, 1)]
    assert [[tag for tag, _ in page.tags].count("img") for page in pages] == [0, 1]


def test_a_row_that_is_gone_is_one_line(tmp_path):
    run = RunFolder.read(make_run(tmp_path / "run"))
    with pytest.raises(ResultsError, match="no longer there"):
        row_page(run, MAIN, 99)
