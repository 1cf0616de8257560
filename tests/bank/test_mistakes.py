"""One clear line for every mistake, before anything slow begins where that can be."""

import shutil

import pytest

from vlminterp.planted.source import PlantedSource

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


@pytest.fixture
def broken(class_folder, tmp_path):
    """The classes, some of which a test spoils."""
    return shutil.copytree(class_folder, tmp_path / "classes")


def spoil(folder, numbers=(0, 1, 2)):
    for number in numbers:
        (folder / f"{number}.png").write_bytes(b"no picture %d" % number)  # no copies


def test_pictures_that_cannot_be_read_are_counted(finish, write_bank, broken):
    spoil(broken / "owl", (3, 4))
    path = write_bank([NEUTRAL, COLOUR])
    line = ("data=class_folder", f"data.path={broken}", "data.held_out=0")
    found = finish(*line, f"plugin.bank={path}")
    assert found.summary["skipped"] == 2
    page = (found.path / "report.html").read_text()
    assert "3.png" in page
    assert "4.png" in page


def test_a_class_that_cannot_be_read_is_left_out_with_its_rows(finish, write_bank, broken):
    spoil(broken / "owl")
    path = write_bank([NEUTRAL, COLOUR, ("cat", "colour", "a gray {name}", "")])
    found = finish("data=class_folder", f"data.path={broken}", f"plugin.bank={path}")
    rows = found.parts.rows()
    assert set(rows["concept"]) == {p.name for p in broken.iterdir()} - {"owl"}
    assert found.summary["concepts"] == 8
    reasons = [skip.reason for skip in found.skips() if skip.id == "owl"]
    assert len(reasons) == found.summary["skipped"] == 2, reasons
    assert reasons[-1] == "none of its 1 held-out images can be read"
    # what is left is what it would be without that class
    shutil.rmtree(broken / "owl")
    rest = write_bank([NEUTRAL, ("cat", "colour", "a gray {name}", "")])
    alone = finish("data=class_folder", f"data.path={broken}", f"plugin.bank={rest}")
    assert alone.parts.rows()["own"].tolist() == rows["own"].tolist()


def test_too_few_classes_that_can_be_read(refused, write_bank, broken):
    line = ("data=class_folder", f"data.path={broken}", "data.limit=2", "data.held_out=0")
    line += (f"plugin.bank={write_bank([NEUTRAL, ('', 'colour', 'a gray {name}', '')])}",)
    spoil(broken / "book")
    told = refused(*line, "plugin.score=contrastive")
    assert "1 of 2 concepts have a picture that can be read, and 2 must" in told
    assert "the first without: book" in told
    spoil(broken / "bus")
    assert "0 of 2 concepts have a picture that can be read, and 1 must" in refused(*line)


def test_a_class_with_one_picture_leaves_the_others_their_held_out_ones(finish, write_bank, broken):
    for number in (1, 2):
        (broken / "owl" / f"{number}.png").unlink()
    path = write_bank([NEUTRAL, COLOUR])
    found = finish("data=class_folder", f"data.path={broken}", f"plugin.bank={path}")
    concepts = found.table("concepts").rows().set_index("concept")
    assert concepts["held_out"].to_dict() == {p.name: p.name != "owl" for p in broken.iterdir()}
    assert set(concepts["pictures"]) == {1}
    note = "classes without a picture to hold out: 1 (owl)"
    assert found.summary["notes"] == [note]
    assert f"The data: {note}." in (found.path / "report.html").read_text()


def test_concepts_that_share_an_id(refused, planted_bank, monkeypatch):
    concepts = PlantedSource.concepts
    monkeypatch.setattr(
        PlantedSource, "concepts", lambda self: [*concepts(self), next(concepts(self))]
    )
    told = refused(f"plugin.bank={planted_bank}")
    assert "two concepts have the id 'owl'; ids must differ" in told


def test_descriptions_that_the_model_cannot_read_to_their_end(finish, write_bank, class_folder):
    long = "a brown {name} " + "and a brown hat " * 40
    path = write_bank([NEUTRAL, COLOUR, ("owl", "colour", long, ""), ("cat", "colour", long, "")])
    found = finish("data=class_folder", f"data.path={class_folder}", f"plugin.bank={path}")
    assert found.summary["truncated"] == 2
    page = (found.path / "report.html").read_text()
    assert "2 captions were cut, and the model did not read the rest" in page
