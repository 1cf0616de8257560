"""One clear line for every mistake, before anything slow begins where that can be."""

import pytest

NEUTRAL = ("", "", "a photo of {concept}", "")
COLOUR = ("owl", "colour", "a brown {name}", "")


@pytest.fixture
def refused(command):
    """Runs a command line that must fail; returns its one line."""

    def run_line(*overrides):
        code, out, err = command(*overrides)
        assert code == 1
        assert out == ""
        told = [line for line in err.splitlines() if line.startswith("vlminterp:")]
        assert len(told) == 1
        assert "Traceback" not in err
        return told[0]

    return run_line


@pytest.mark.parametrize(
    ("rows", "columns", "told"),
    [
        ([("owl", "a brown owl")], ("concept", "text"), "no column family; columns found: concept"),
        (
            [NEUTRAL, ("owll", "colour", "brown", "")],
            None,
            "no concept 'owll' in the data; nearest: owl",
        ),
        ([NEUTRAL], None, "no families; fill in the column family"),
        ([COLOUR], None, "concept 'owl' has no neutral description"),
        ([NEUTRAL, ("owl", "colour", "brown", "seen")], None, "in the frame 'seen'"),
        ([NEUTRAL, ("owl", "colour", "a {colour} owl", "")], None, "unknown placeholder {colour}"),
        ([NEUTRAL, ("owl", "colour", "", "")], None, "line 3: the text is empty"),
        ([], None, "has no rows"),
    ],
)
def test_banks_that_cannot_be_used(refused, write_bank, rows, columns, told):
    path = write_bank(rows, columns) if columns else write_bank(rows)
    assert told in refused(f"plugin.bank={path}")


def test_a_bank_that_is_not_there(refused, tmp_path):
    assert f"{tmp_path}/none.csv" in refused(f"plugin.bank={tmp_path}/none.csv")


def test_a_family_that_the_bank_lacks(refused, write_bank):
    path = write_bank([NEUTRAL, COLOUR])
    told = refused(f"plugin.bank={path}", "plugin.families=[color]")
    assert "no rows of family 'color'; nearest: colour" in told


def test_the_planted_bank_needs_the_planted_world(refused, class_folder):
    told = refused("data=class_folder", f"data.path={class_folder}")
    assert "plugin.bank" in told
    assert "data=planted" in told


def test_data_without_concepts(refused, write_bank, picture_folder):
    path = write_bank([NEUTRAL, COLOUR])
    told = refused("data=folder", f"data.path={picture_folder}", f"plugin.bank={path}")
    assert "has pairs but no concepts" in told


def test_a_contrast_needs_two(refused, write_bank, class_folder):
    line = ("data=class_folder", f"data.path={class_folder}", "data.limit=1")
    path = write_bank([NEUTRAL, ("", "colour", "a brown {name}", "")])
    told = refused(*line, f"plugin.bank={path}", "plugin.score=contrastive")
    assert "two concepts" in told


@pytest.mark.parametrize(
    "override", ["others=0", "batch_size=0", "margin=0", "margin=-1", "score=best"]
)
def test_options_out_of_range(refused, override):
    assert override.partition("=")[0] in refused(f"plugin.{override}")


def test_pictures_that_cannot_be_read_are_counted(finish, write_bank, class_folder, tmp_path):
    import shutil

    broken = tmp_path / "classes"
    shutil.copytree(class_folder, broken)
    for number in (3, 4):
        (broken / "owl" / f"{number}.png").write_bytes(b"no picture")
    path = write_bank([NEUTRAL, COLOUR])
    line = ("data=class_folder", f"data.path={broken}", "data.held_out=0")
    found = finish(*line, f"plugin.bank={path}")
    assert found.summary["skipped"] == 2
    page = (found.path / "report.html").read_text()
    assert "3.png" in page
    assert "4.png" in page
