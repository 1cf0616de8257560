"""What the bank finds where the truth was planted, and every number by another way."""

import numpy as np
import pytest
import torch
from PIL import Image

import vlminterp
from vlminterp.data.concepts import article

FAMILIES = {"visual", "habitat", "diet", "kind", "behaviour", "spurious"}
FULL = pytest.mark.slow


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("planted-habitat", "habitat"),
        ("planted-name", None),
        pytest.param("planted-visual", "visual", marks=FULL),
        pytest.param("planted-diet", "diet", marks=FULL),
        pytest.param("planted-spurious", "spurious", marks=FULL),
        pytest.param("planted-shortcut", None, marks=FULL),
        pytest.param("planted-base", None, marks=FULL),
    ],
)
def test_the_verdict_is_what_was_planted(finish, planted_bank, model, family):
    summary = finish(f"model={model}", f"plugin.bank={planted_bank}").summary
    assert summary["preferred"] == family
    assert summary["finding"] == ("preferred" if family else "nothing found")
    assert set(summary["ranking"]) == FAMILIES
    assert summary["verdict"].startswith(f"{model} prefers {family or 'none'}")
    assert (summary["descriptions"], summary["concepts"], summary["skipped"]) == (1360, 40, 0)


@pytest.mark.slow
def test_without_a_bank_it_is_all_that_the_grammar_says(finish):
    summary = finish("plugin.score=contrastive").summary
    assert summary["descriptions"] == 8160
    assert (summary["preferred"], summary["score"]) == ("habitat", "contrastive")


CLASSES = ("owl", "whale", "penguin", "camel", "tractor", "cat", "eagle", "bus", "book")


def said_of(name):
    """A bank's rows about a concept: two neutral texts, two families."""
    homes = {"owl": "in the forest", "whale": "in the sea", "penguin": "in the snow"}
    homes |= {"camel": "in the desert", "tractor": "in the meadow", "cat": "in the room"}
    homes |= {"eagle": "in the sky", "bus": "in the city", "book": "in the room"}
    return [
        (name, "habitat", f"this is {{concept}}. it is at home {homes[name]}.", ""),
        (name, "habitat", f"{{Concept}}. its home is {homes[name]}.", ""),
    ]


@pytest.fixture(scope="module")
def small_bank(write_bank):
    rows = [row for name in CLASSES for row in said_of(name)]
    everywhere = [
        ("", "", "this is {concept}.", ""),
        ("", "", "a photo of {concept}.", ""),
        ("", "shop", "this is {concept}. add to cart.", ""),
    ]
    return write_bank(rows + everywhere)


def test_a_users_bank_on_a_users_pictures(finish, small_bank, class_folder):
    data = ("data=class_folder", f"data.path={class_folder}", "data.held_out=0")
    found = finish(*data, f"plugin.bank={small_bank}")
    summary, rows = found.summary, found.parts.rows()
    assert (summary["preferred"], summary["concepts"], summary["descriptions"]) == (
        "habitat",
        9,
        45,
    )
    assert set(rows["family"]) == {"", "habitat", "shop"}

    # The same by hand.
    encoder = vlminterp.load("planted-habitat", device="cpu")
    means = {}
    for folder in sorted(class_folder.iterdir()):
        images = [Image.open(path) for path in sorted(folder.iterdir())]
        with torch.no_grad():
            means[folder.name] = encoder.encode_image(encoder.preprocess(images)).mean(0)
    for row in rows.to_dict("records"):
        with torch.no_grad():
            text = encoder.encode_text(encoder.tokenize([row["text"]]))[0]
        cosines = {name: float(mean @ text) for name, mean in means.items()}
        own = cosines.pop(row["concept"])
        assert row["own"] == pytest.approx(own, abs=1e-5)
        assert row["contrastive"] == pytest.approx(own - np.mean([*cosines.values()]), abs=1e-5)
        assert f"{article(row['concept'])} {row['concept']}" in row["text"].lower()

    gains = []
    for _, own in rows.groupby("concept"):
        neutral = own.loc[own["family"] == "", "own"].mean()
        gains.append(own.loc[own["family"] == "habitat", "own"].mean() - neutral)
    assert summary["metrics"]["habitat.presence"]["mean"] == pytest.approx(np.mean(gains))
    # Under shuffled classes every text meets each of the other concepts.
    null = []
    for _, own in rows.groupby("concept"):
        other = own["own"] - own["contrastive"]
        home = other[own["family"] == "habitat"].mean()
        null.append(home - other[own["family"] == ""].mean())
    assert summary["gains"]["shuffled"]["habitat"]["mean"] == pytest.approx(np.mean(null))
    kept = found.table("gains").rows().set_index(["concept", "family"])
    assert kept.loc[("owl", "habitat"), "presence"] == pytest.approx(
        gains[sorted(CLASSES).index("owl")]
    )
    # The shop's words are the same for all: nobody else's could take their place.
    assert "shop.content" not in summary["metrics"]
    assert summary["metrics"]["habitat.content"]["mean"] > 0.1


def test_the_bank_is_part_of_a_runs_identity(finish, write_bank, class_folder):
    rows = [("", "", "{concept}", ""), ("", "shop", "{concept}, add to cart", "")]
    path = write_bank(rows)
    line = ("data=class_folder", f"data.path={class_folder}", f"plugin.bank={path}")
    first = finish(*line).path
    assert finish(*line).path == first
    path.write_text(path.read_text().replace("cart", "tart"))
    assert finish(*line).path != first


def test_one_concept_decides_nothing(finish, write_bank, class_folder):
    rows = [("owl", "", "{concept}", ""), ("owl", "home", "{concept} in the forest", "")]
    summary = finish(
        "data=class_folder", f"data.path={class_folder}", f"plugin.bank={write_bank(rows)}"
    ).summary
    assert (summary["finding"], summary["preferred"]) == ("too little said", None)
    assert summary["metrics"]["home.presence"]["low"] is None
    assert summary["verdict"].startswith("Too little said to tell: no family is told of 8 concepts")
