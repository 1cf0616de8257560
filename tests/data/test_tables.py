"""Tables as people's programs write them; pandas is the judge of what they say."""

import csv
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlminterp.data.rows import count_rows, header_of, read_rows
from vlminterp.errors import InputError


def read(path):
    """Each row's values, or what is wrong with it and where."""
    return [
        row.values if not row.problem else f"{row.place}: {row.problem}" for row in read_rows(path)
    ]


def as_pandas_has_them(path, **options):
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, **options)
    return frame.to_dict("records")


CAPTIONS = ['"a cat', 'a "cat" sits', '"a cat" sits', 'a cat"', "it's", "a, b; c", "", '""', "é 🐕"]


def test_an_unquoted_tsv_keeps_its_quotes_and_rows(tmp_path):
    path = tmp_path / "pairs.tsv"
    captions = [caption for caption in CAPTIONS if caption not in ("", '""')]
    lines = [f"{index}.jpg\t{caption}\n" for index, caption in enumerate(captions)]
    path.write_text("image\ttext\n" + "".join(lines))
    rows = read(path)
    assert rows == as_pandas_has_them(path, sep="\t", quoting=csv.QUOTE_NONE)
    assert [row["text"] for row in rows] == captions
    assert count_rows(path, None) == len(captions)


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_what_pandas_writes_comes_back(tmp_path, suffix, quoting):
    path = tmp_path / f"pairs.{suffix}"
    captions = [*CAPTIONS, "two\nlines", 'two "quoted"\nlines\n', "with\ttab", "with\r\nwindows"]
    frame = pd.DataFrame({"image": [f"{i}.jpg" for i in range(len(captions))], "text": captions})
    frame.to_csv(path, sep="," if suffix == "csv" else "\t", index=False, quoting=quoting)
    assert [row["text"] for row in read(path)] == captions


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12), min_size=1
    ),
    st.sampled_from([",", ";", "\t"]),
)
def test_whatever_the_captions_a_written_table_comes_back(tmp_path_factory, captions, delimiter):
    path = tmp_path_factory.mktemp("tables") / "pairs.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([("image", "text"), *(("a.jpg", caption) for caption in captions)])
    rows = read(path)
    # A caption of lines that look like rows themselves is beyond telling in a table of tabs.
    if delimiter != "\t" or not any("\n" in caption for caption in captions):
        assert [row["text"] for row in rows] == captions


def test_a_quote_that_is_never_closed_costs_its_own_row(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text('image,text\na.jpg,"broken\nb.jpg,fine\nc.jpg,"also, fine"\nd.jpg,"open\n')
    first, second, third, fourth = read(path)
    assert first.startswith("line 2: malformed row: a quote is not closed")
    assert (second["text"], third["text"]) == ("fine", "also, fine")
    assert fourth.startswith("line 5: malformed row")


def test_an_unclosed_quote_in_a_long_table_takes_no_longer(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("image\ttext\n" + '0.jpg\t"a cat\n' * 20_000)
    rows = read(path)
    assert len(rows) == 20_000
    assert {row["text"] for row in rows} == {'"a cat'}


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_semicolons(tmp_path, suffix):
    path = tmp_path / f"pairs.{suffix}"
    path.write_text('image;text;id\na.jpg;a cat, sitting;1\nb.jpg;"a; b";2\n')
    assert read(path) == as_pandas_has_them(path, sep=";")
    assert header_of(path).columns == ("image", "text", "id")


def test_tabs_in_a_csv_and_commas_in_a_tsv(tmp_path):
    (tmp_path / "a.csv").write_text("image\ttext\na.jpg\ta cat, sitting\n")
    (tmp_path / "a.tsv").write_text('image,text\na.jpg,"a cat, sitting"\n')
    for name in ("a.csv", "a.tsv"):
        assert read(tmp_path / name) == [{"image": "a.jpg", "text": "a cat, sitting"}]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_encodings(tmp_path, suffix, encoding):
    rows = [{"image": "a.jpg", "text": "“ein” Käfer 🐞"}, {"image": "b.jpg", "text": "二"}]
    path = tmp_path / f"pairs.{suffix}"
    if suffix == "jsonl":
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        text = pd.DataFrame(rows).to_csv(sep="," if suffix == "csv" else "\t", index=False)
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    path.write_bytes((mark + text).encode(encoding))
    assert read(path) == rows


def test_utf_16_without_its_mark_is_told(tmp_path):
    for suffix in ("csv", "jsonl"):
        path = tmp_path / f"pairs.{suffix}"
        path.write_bytes('image,text\n{"image": 1}'.encode("utf-16-le"))
        with pytest.raises(InputError, match=r"null characters.*save it as UTF-8") as raised:
            read(path)
        assert "\n" not in str(raised.value)


def test_damaged_utf_16_is_one_line(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_bytes("image,text\na.jpg,a cat\n".encode("utf-16")[:-1])
    with pytest.raises(InputError, match="is damaged; it begins as utf-16"):
        read(path)


def test_conceptual_captions_have_no_header(tmp_path):
    """The layout of Train_GCC-training.tsv: caption, tab, address."""
    path = tmp_path / "Train_GCC-training.tsv"
    path.write_text(
        "a very typical bus station\thttp://lh6.example.com/-IvRtNLNcG8o/IMG_2696.JPG?imgmax=800\n"
        '"sierra" looked stunning in this top\thttp://example.com/i/pix/2014/11/05/14.jpg\n'
        '"young confused girl standing\thttps://thumb7.example.com/display_pic.jpg\n'
    )
    rows = read(path)
    frame = as_pandas_has_them(
        path, sep="\t", header=None, quoting=csv.QUOTE_NONE, names=["text", "image"]
    )
    assert rows == frame
    assert header_of(path).columns == ("text", "image")
    assert not header_of(path).written
    assert count_rows(path, None) == 3


def test_a_table_of_pictures_and_captions_without_header(tmp_path):
    (tmp_path / "a.csv").write_text('cat.jpg,"a cat, sitting"\ndog.PNG,a dog\n')
    assert read(tmp_path / "a.csv")[0] == {"image": "cat.jpg", "text": "a cat, sitting"}
    (tmp_path / "b.csv").write_text("cat.jpg,dog.jpg\n")  # which is the caption?
    with pytest.raises(InputError, match=r"columns found: cat\.jpg, dog\.jpg"):
        read(tmp_path / "b.csv")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_two_columns_of_one_name(tmp_path, suffix):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / f"pairs.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.table([["a"], ["b"], ["c"]], ["image", "text", "text"]), path)
    else:
        comma = "," if suffix == "csv" else "\t"
        path.write_text(comma.join(["image", "text", " text"]) + "\n" + comma.join("abc") + "\n")
    with pytest.raises(InputError, match="two columns are called text; rename one of them"):
        read(path)


def test_two_values_of_one_name_and_columns_that_mean_nothing(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"image": "a", "text": "b"}\n{"image": "a", "text": "b", "text": "c"}\n')
    assert read(path)[1] == "line 2: two values are called text"
    (tmp_path / "a.csv").write_text("image,text,note,note\na,b,c,d\n")
    assert read(tmp_path / "a.csv")[0]["text"] == "b"
