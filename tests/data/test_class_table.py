"""Classes in a table: names from its texts, masks and boxes with their pictures."""

import csv
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from tests.data.classed import colours, put, shown
from vlminterp.data.class_table import ClassTableConfig, ClassTableSource
from vlminterp.errors import ConfigError, InputError


def write(path, columns, *rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def source(path, **options):
    return ClassTableSource(ClassTableConfig(str(path), **options))


def fill(folder, **counts):
    """Pictures, and a row for each."""
    rows = []
    for name, count in counts.items():
        put(*(folder / f"{name}{number}.png" for number in range(count)))
        rows += [(f"{name}{number}.png", name) for number in range(count)]
    return rows


def test_rows_of_one_text_are_a_class(tmp_path):
    rows = fill(tmp_path, owl=5, persian_cat=4)
    made = source(write(tmp_path / "a.csv", ("image", "text"), *rows[::2], *rows[1::2]))
    owl, cat = made.concepts()
    assert (owl.id, owl.name, cat.id, cat.name) == ("owl", "owl", "persian_cat", "persian cat")
    paths = [tmp_path / f"owl{number}.png" for number in range(5)]
    assert sorted(shown(owl.images + owl.held_out)) == sorted(colours(paths))
    assert len(owl.held_out) == 1
    assert list(made.files()) == [tmp_path / "a.csv"]
    assert {owl.facts(load).name for load in owl.images + owl.held_out} == {p.name for p in paths}


def test_masks_and_boxes_come_with_their_pictures(tmp_path):
    rows = fill(tmp_path, owl=3)
    width, height = 3, 2
    marked = np.zeros((height, width), np.uint8)
    marked[: height // 2] = 255
    Image.fromarray(marked).save(tmp_path / "mask.png")
    table = write(
        tmp_path / "a.csv",
        ("image", "text", "mask", "bbox"),
        (*rows[0], "mask.png", ""),
        (*rows[1], "", f"[0, 0, {width}, 1]"),
        (*rows[2], "", ""),
    )
    with pytest.raises(ConfigError, match="bbox is written in different ways"):
        source(table)
    (owl,) = source(table, boxes="xyxy", held_out=0).concepts()
    by_mask, by_box, neither = (owl.facts(load).load_mask for load in owl.images)
    assert np.array_equal(by_mask(), marked > 0)
    assert by_box().sum() == width
    assert neither is None


def test_rows_for_each_box_are_one_picture_with_all_of_them(tmp_path):
    fill(tmp_path, owl=2)
    table = write(
        tmp_path / "a.csv",
        ("image", "text", "boxes"),
        ("owl0.png", "owl", "[[0, 0, 1, 1]]"),
        ("owl1.png", "owl", ""),
        ("./owl0.png", "owl", "[[2, 1, 3, 2]]"),
        ("owl0.png", "cat", "[[1, 0, 2, 1]]"),
        ("owl1.png", "owl", "[[0, 0, 1, 1]]"),
        ("owl1.png", "cat", ""),
    )
    owl, cat = source(table, held_out=0, boxes="xyxy").concepts()
    assert len(owl.images) == len(cat.images) == 2
    first, second = (owl.facts(load).load_mask().astype(int).tolist() for load in owl.images)
    assert first == [[1, 0, 0], [0, 0, 1]]
    assert second == [[1, 0, 0], [0, 0, 0]]
    assert cat.facts(cat.images[0]).load_mask().astype(int).tolist() == [[0, 1, 0], [0, 0, 0]]
    assert cat.facts(cat.images[1]).load_mask is None


def test_a_picture_in_two_classes_is_not_on_both_sides(tmp_path):
    rows = fill(tmp_path, owl=4, cat=4)
    rows += [("owl0.png", "cat"), ("cat1.png", "owl")]
    made = source(write(tmp_path / "a.csv", ("image", "text"), *rows), held_out=0.5)
    concepts = list(made.concepts())
    rewarding = {colour for one in concepts for colour in shown(one.images)}
    checking = {colour for one in concepts for colour in shown(one.held_out)}
    assert rewarding
    assert checking
    assert not rewarding & checking


def test_a_row_without_a_name_is_told_and_a_broken_one_fails_when_it_is_read(tmp_path):
    rows = fill(tmp_path, owl=3)
    table = write(tmp_path / "a.csv", ("image", "text"), *rows, ("x.png", ""), ("", "owl"))
    made = source(table, held_out=0)
    (owl,) = made.concepts()
    with pytest.raises(InputError, match=r"a\.csv, line 6: no image"):
        owl.images[3]()
    assert "rows without a name, left out: 1" in made.notes()


def test_the_identity_changes_with_a_mask(tmp_path):
    rows = [(*row, "mask.png") for row in fill(tmp_path, owl=2)]
    table = write(tmp_path / "a.csv", ("image", "text", "mask"), *rows)
    before = source(table).listing()
    assert source(table).listing() == before
    (tmp_path / "mask.png").write_bytes(b"new")
    assert source(table).listing() != before


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a.png", "an owl"), ("b.png", "a cat at night")], "2 different texts for 2 pictures"),
        ([("a.png", "")], "none of its 0 classes"),
    ],
)
def test_captions_are_no_names(tmp_path, rows, message):
    table = write(tmp_path / "a.csv", ("image", "text"), *rows)
    with pytest.raises(InputError, match=message):
        source(table)


def test_many_boxes_take_the_memory_of_two_masks(tmp_path):
    side, boxes = 1000, 40
    Image.new("1", (side, side)).save(tmp_path / "owl.png")
    rows = [("owl.png", "owl", f"[[{place}, 0, {place + 1}, 5]]") for place in range(boxes)]
    made = source(write(tmp_path / "a.csv", ("image", "text", "boxes"), *rows), held_out=0)
    (owl,) = made.concepts()
    load = owl.facts(owl.images[0]).load_mask
    tracemalloc.start()
    assert load().sum() == 5 * boxes
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * side**2


@pytest.mark.parametrize("place", ["../out.png", "{root}/out.png", "link.png"])
@pytest.mark.parametrize("column", ["image", "mask"])
def test_neither_pictures_nor_masks_lie_outside_of_within(column, place, tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    for file in (tmp_path / "out.png", inside / "owl.png", inside / "cat.png"):
        Image.new("L", (4, 4), 255).save(file)
    (inside / "link.png").symlink_to(tmp_path / "out.png")
    row = {"image": "owl.png", "text": "owl", "mask": ""}
    row[column] = place.format(root=tmp_path)
    rows = [tuple(row.values()), ("cat.png", "owl", ""), ("cat.png", "owl", "")]
    made = source(
        write(inside / "a.csv", ("image", "text", "mask"), *rows), within=str(inside), held_out=0
    )
    (owl,) = made.concepts()
    told = []
    for load in owl.images:
        try:
            load()
            (owl.facts(load).load_mask or load)()
        except InputError as error:
            told.append(str(error))
    (line,) = told
    assert "lies outside of data.within" in line
