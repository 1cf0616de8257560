"""Judges, the lexicon and people on the same descriptions: agreement, labels out and in."""

import csv
import json

import pytest
from sklearn.metrics import cohen_kappa_score
from vlminterp_ex2.inspection.people import COLUMNS, blinded, label_id, read_labels
from vlminterp_ex2.inspection.raters import by_place, kappas
from vlminterp_ex2.inspection.seeds import our_families

from vlminterp.errors import InputError
from vlminterp.export.__main__ import main
from vlminterp.results.run_folder import RunFolder


def row(place, informative, visual=None, families=(), **more):
    return {
        "place": place,
        "concept": f"c{place % 3}",
        "valid": True,
        "informative": informative,
        "visual": visual,
        "families": list(families) if families is not None else None,
        **more,
    }


KNOWN = our_families().informative
LEXICON = [row(n, n % 3 != 0, n % 2 == 0 if n % 3 else None, ["visual"]) for n in range(12)]
JUDGE = [row(n, n % 4 != 0, n % 2 == 0 if n % 4 else None, ["habitat"]) for n in range(12)]


def test_kappas_are_those_of_scikit_learn_on_what_both_have_labelled():
    missing = [one for one in JUDGE if one["place"] not in (2, 5)]
    found = kappas({"lexicon": by_place(LEXICON), "judge": by_place(missing)}, KNOWN)
    (kappa,) = found["informative"]
    kept = [n for n in range(12) if n not in (2, 5)]
    expected = cohen_kappa_score(
        [LEXICON[n]["informative"] for n in kept], [JUDGE[n]["informative"] for n in kept]
    )
    assert kappa["mean"] == pytest.approx(expected)
    assert (kappa["first"], kappa["second"], kappa["n"]) == ("lexicon", "judge", 10)


def test_every_two_raters_are_compared_on_what_both_were_asked():
    asked_less = [row(n, n % 2 == 0, None, None) for n in range(12)]
    raters = {"lexicon": LEXICON, "judge": JUDGE, "second": asked_less}
    found = kappas({name: by_place(rows) for name, rows in raters.items()}, KNOWN)
    pairs = [(one["first"], one["second"]) for one in found["informative"]]
    assert pairs == [("lexicon", "judge"), ("lexicon", "second"), ("judge", "second")]
    assert [(o["first"], o["second"]) for o in found["habitat"]] == [("lexicon", "judge")]


def test_answers_by_the_same_other_schema_are_compared():
    def told(n, tone):
        return row(n, None, None, None, labels=json.dumps({"tone": tone}))

    one = [told(n, "dry" if n < 6 else "warm") for n in range(12)]
    other = [told(n, "dry" if n < 8 else "warm") for n in range(12)]
    found = kappas({"one": by_place(one), "other": by_place(other)}, KNOWN)
    assert set(found) == {"tone"}
    assert found["tone"][0]["mean"] == pytest.approx(
        cohen_kappa_score(["a"] * 6 + ["b"] * 6, ["a"] * 8 + ["b"] * 4)
    )


@pytest.fixture
def run(tmp_path):
    """A run with descriptions of both models, one of which both wrote."""
    rows = [
        {
            "concept": f"c{n % 3}",
            "name": ("owl", "bus", "cat")[n % 3],
            "policy": ("base", "aligned")[n // 6],
            "text": f"Text {n % 3 if n in (0, 6) else n}.",
            "reward": float(n),
        }
        for n in range(12)
    ]
    names = {"plugin": "ex2", "model": "m", "data": "d"}
    with RunFolder.open(tmp_path / "run", {"names": names}) as folder:
        folder.table("inspect").write(0, rows, {})
        folder.table("describe").write(0, rows, {})
    return RunFolder.read(tmp_path / "run"), rows


def exported(run, to, *more):
    arguments = [str(run.path), "--format", "labels", "--to", str(to), *more]
    assert main(arguments) == 0
    with (to / "labels.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_people_get_blinded_rows_in_random_order(run, tmp_path, capsys):
    folder, rows = run
    lines = exported(folder, tmp_path / "out")
    assert tuple(lines[0]) == COLUMNS
    assert len(lines) == 11  # what both wrote is asked once
    assert {line["text"] for line in lines} == {one["text"] for one in rows}
    assert [line["text"] for line in lines] != [one["text"] for one in rows][:11]
    assert "aligned" not in (tmp_path / "out" / "labels.csv").read_text()
    assert "plugin.labels=" in (tmp_path / "out" / "guide.txt").read_text()
    assert len(exported(folder, tmp_path / "few", "--rows", "4")) == 4


def filled(path, lines, answer):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({**line, **answer(line)} for line in lines)


def test_labels_come_back_to_every_description_they_are_of(run, tmp_path):
    folder, rows = run
    lines = exported(folder, tmp_path / "out")
    path = tmp_path / "labels.csv"

    def answer(line):
        if line["text"] == "Text 1.":
            return {"informative": "", "visual": "", "families": ""}
        informative = line["concept"] == "owl"
        told = ("yes", "No", "habitat, visual") if informative else ("no", "", "")
        return dict(zip(("informative", "visual", "families"), told, strict=True))

    filled(path, lines, answer)
    found = {one["place"]: one for one in read_labels(path, rows, KNOWN)}
    assert set(found) == {n for n, one in enumerate(rows) if one["text"] != "Text 1."}
    for place, one in found.items():
        owl = rows[place]["name"] == "owl"
        assert one["informative"] is owl
        assert one["visual"] is (False if owl else None)
        assert one["families"] == (["habitat", "visual"] if owl else [])


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ({"informative": "maybe"}, r"line 2: informative is 'maybe'; write yes or no"),
        ({"informative": "yes", "families": "colour"}, "line 2: families has 'colour'; allowed"),
        ({"id": "other", "informative": "yes"}, "has no label of a description of this run"),
    ],
)
def test_labels_that_are_none_are_one_line(run, tmp_path, answer, what):
    _, rows = run
    path = tmp_path / "labels.csv"
    line = {"id": label_id("owl", "Text 0."), "concept": "owl", "text": "Text 0."}
    filled(path, [line], lambda _: {"visual": "", "families": "", **answer})
    with pytest.raises(InputError, match=what) as raised:
        read_labels(path, rows, KNOWN)
    assert "\n" not in str(raised.value)


def test_a_run_without_descriptions_has_nothing_to_label(tmp_path):
    with (
        RunFolder.open(tmp_path / "run", {"names": {"plugin": "ex2"}}) as folder,
        pytest.raises(InputError, match="has no descriptions to label"),
    ):
        blinded(folder, tmp_path)


def test_an_unfinished_run_does_not_tell_families_of_its_own(run, tmp_path):
    folder, rows = run
    config = {"names": folder.names, "plugin": {"families": "mine.yaml"}}
    with RunFolder.open(tmp_path / "own", config) as own:
        own.table("inspect").write(0, rows, {})
        with pytest.raises(InputError, match="has not ended, and only then tells its families"):
            blinded(own, tmp_path)


def test_descriptions_are_lists_of_texts_by_class(run, tmp_path, capsys):
    folder, _ = run
    to = tmp_path / "out"
    assert main([str(folder.path), "--format", "descriptions", "--to", str(to), "--rows", "1"]) == 0
    aligned = json.loads((to / "aligned.json").read_text())
    assert aligned == {"owl": ["Text 9."], "bus": ["Text 10."], "cat": ["Text 11."]}
    assert set(json.loads((to / "base.json").read_text())) == {"owl", "bus", "cat"}


def test_an_unknown_format_names_those_that_there_are(run, tmp_path, capsys):
    folder, _ = run
    assert main([str(folder.path), "--format", "xlsx", "--to", str(tmp_path / "o")]) == 2
    told = capsys.readouterr().err
    assert "this run has no such format; choose from coco, descriptions, " in told
