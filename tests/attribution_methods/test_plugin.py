"""`+plugin=attribution`: several methods, one pass, one page with a column for each."""

import re
import sys
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from PIL import Image
from vlminterp_attribution.listing import main
from vlminterp_attribution.method import Needs
from vlminterp_attribution.page import content, score_tables
from vlminterp_attribution.plugin import (
    Asked,
    AttributionConfig,
    AttributionPlugin,
    Sides,
    make_methods,
)
from vlminterp_attribution.registry import OWN
from vlminterp_attribution.support import able, provided, require_able

import vlminterp
from tests.adapters.tiny_open_clip import KINDS, build
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.rows import explained_pairs, methods_of
from vlminterp.errors import ConfigError, ModelError
from vlminterp.report.page import render
from vlminterp.results.run_folder import RunFolder

CHEAP = ["saliency", "gae", "consensus", "gradcam"]
OPTIONS = ["consensus.members=[saliency,gae]"]
CONTRAST = {"target": Asked.contrast, "against": ["a whale"]}


def test_methods_side_by_side(run):
    results = run(methods=CHEAP, options=OPTIONS)
    rows = results.parts.rows()
    assert len(rows) == 3 * (4 + 3)  # gradcam has no text side
    assert methods_of(results) == CHEAP
    units = rows.groupby("method")["unit"].unique().map(list).to_dict()
    assert units == {"saliency": ["cosine"], "gae": ["cosine"], "gradcam": ["cosine"]} | {
        "consensus": ["share"]
    }
    assert rows.loc[rows["method"] == "consensus", "agreement"].notna().all()
    assert rows.loc[rows["method"] != "consensus", "agreement"].isna().all()
    metrics = results.summary["metrics"]
    assert {name.rsplit(".", 1)[0] for name in metrics} >= {f"image.{name}" for name in CHEAP}
    for method in CHEAP:
        pairs = list(explained_pairs(results, method))
        assert [pair.pair for pair in pairs] == [0, 1, 2]
        assert all(pair.image.map.shape == (4, 4) for pair in pairs)
        assert all((results.path / pair.image.row["overlay"]).is_file() for pair in pairs)
    first = [pair.image.map for pair in explained_pairs(results)]
    for ours, saliency in zip(first, explained_pairs(results, "saliency"), strict=True):
        assert (ours == saliency.image.map).all(), "by default the first method's"


def test_rows_are_those_of_each_method_alone(run):
    together = run(methods=["saliency", "gae"]).parts.rows()
    alone = run("alone", method="gae").parts.rows()
    ours = together[together["method"] == "gae"].reset_index(drop=True)
    assert list(ours["total"]) == list(alone["total"])
    assert list(ours["pointing_game"].dropna()) == list(alone["pointing_game"].dropna())


def test_every_map_has_a_passport(run):
    results = run(methods=["saliency", "gae"])
    rows = results.parts.rows().set_index("side")
    for column in ("passport", "trust", "nothing", "foresight"):
        assert rows.loc["image", column].notna().all()
        assert rows.loc["text", column].isna().all()
    assert rows.loc["image", "trust"].between(0, 1).all()
    page = render(results)
    assert page.count('class="passport" title="Probability that') == 2 * 3
    images = rows.loc["image"]
    said = images.groupby("method")["passport"].value_counts().to_dict()
    counted = {(m, w): n for m, own in results.summary["passports"].items() for w, n in own.items()}
    assert {key: number for key, number in counted.items() if number} == said
    told = images["passport"].value_counts()
    told = ", ".join(f"{word} {told.get(word, 0)}" for word in ("trust", "doubt", "nothing there"))
    assert f"{told} of 6 maps" in page


def test_pairs_are_sorted_by_their_least_sure_map(run):
    results = run(methods=["saliency", "gae"], pairs=6)
    order = ["doubt", "trust", "nothing there"]
    rows = results.parts.rows().query("side == 'image'")
    number = rows["nothing"].where(rows["passport"] == "nothing there", rows["trust"])
    places = rows.assign(place=list(zip(rows["passport"].map(order.index), number, strict=True)))
    worst = places.groupby("id")["place"].min().sort_values()
    page = render(results)
    assert re.findall(r'<article aria-label="([^:]+):', page) == list(worst.index)
    groups = [order[word].replace(" ", "-") for word, _ in worst]
    assert re.findall(r'id="maps-([^"]+)"', page) == list(dict.fromkeys(groups))


def test_a_run_of_one_method_counts_words_alone(run):
    counts = run(method="gae").summary["passports"]
    assert list(counts) == ["trust", "doubt", "nothing there"]
    assert sum(counts.values()) == 3


@pytest.mark.parametrize("asked", [{"passport": False}, CONTRAST], ids=["off", "contrast"])
def test_without_passports(run, asked):
    results = run(method="gae", **asked)
    assert not {"passport", "trust", "nothing"} & set(results.parts.rows().columns)
    assert "passports" not in results.summary
    assert 'class="passport"' not in render(results)


def test_page_has_a_column_for_each_method(run):
    results = run(methods=CHEAP, options=OPTIONS)
    page = render(results)
    scores = page[page.index(">Scores</h2>") :]
    for method in CHEAP:
        assert page.count(f"<figcaption><b>{method}</b>") == 3
        assert scores.count(f'<th scope="row">{method}</th>') == (1 if method == "gradcam" else 2)
    assert page.count('<th scope="row">centre</th>') == 1
    assert page.count('<th scope="row">gae, shuffled</th>') == 2  # each method's own, on each side
    assert page.count('<th scope="row">gradcam, shuffled</th>') == 1
    assert "members agree" in page


def test_page_of_a_contrast_is_signed(run):
    results = run(method="saliency", target=Asked.contrast, against=["an owl", "a cat"])
    assert "blue counts against" in render(results)
    assert "blue counts against" not in render(run("plain", method="saliency"))


def test_metrics_of_one_method_are_named_as_those_of_others(run):
    """So that a sweep over methods has them in one column."""
    names = set(run(method="saliency").summary["metrics"])
    assert names == set(run("other", method="gae").summary["metrics"])
    assert "image.pointing_game" in names
    page = render(run("again", method="gae"))
    assert page.count('<th scope="row">gae</th>') == 2


def test_page_of_a_run_that_is_not_finished(run, tmp_path):
    results = run(methods=["saliency", "gae"])
    (results.path / "summary.json").unlink(missing_ok=True)
    assert content(RunFolder(results.path)).counts["methods"] == "saliency, gae"


def test_best_of_a_column():
    metrics = {
        f"image.{method}.deletion": {"mean": mean, "low": None, "high": None}
        for method, mean in {"ig": 2.0, "gae": 1.0}.items()
    }
    (table,) = score_tables(metrics, ["ig", "gae"])
    assert table["best"] == {"deletion": "gae"}, "lower is better"


def test_metrics_that_mislead_are_named_and_crown_no_method():
    metrics = {
        f"{side}.{method}.confidence_drop": {"mean": mean, "low": None, "high": None}
        for side in ("image", "text")
        for method, mean in {"ig": 2.0, "gae": 1.0}.items()
    }
    image, text = score_tables(metrics, ["ig", "gae"])
    assert (image["best"], text["best"]) == ({"confidence_drop": None}, {"confidence_drop": "gae"})
    assert "upside down" in image["misleading"]["confidence_drop"]
    assert text["misleading"] == {}, "it was measured on maps alone"


def test_page_says_what_misleads_and_how_many_comparisons_there_were(run):
    page = render(run(methods=["saliency", "gae"]))
    for name in ("drop", "increase"):
        assert page.count(f'<p class="misleads"><b>Confidence {name}.</b>') == 1
    # 3 metrics with truth and the drop beyond the shuffled map's; 2 with truth, and 2, of captions
    assert "correction for the 8 comparisons of this page" in page
    assert page.count("Beyond that of the shuffled map") == 1
    alone = render(run("alone", method="gae"))
    assert "Holm" not in alone
    assert "upside down" in alone


def test_signed_picture():
    import numpy as np

    from vlminterp.drawing.signed import signed_overlay

    heat = np.array([[1.0, -1.0], [0.0, np.nan]], np.float32)
    drawn = np.asarray(signed_overlay(Image.new("RGB", (2, 2), "white"), heat, 1.0)).astype(int)
    red, _, blue = drawn[0, 0]
    assert red > blue
    red, _, blue = drawn[0, 1]
    assert blue > red
    assert (drawn[1, 0] == 255).all()
    assert len(set(drawn[1, 1])) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "at least 1"),
        ({"methods": ["ig", "ig"]}, "names one twice"),
        ({"against": ["a cat"]}, "says nothing with target=similarity"),
        ({"target": Asked.image}, "needs one picture"),
        ({"options": ["steps=3"]}, "not written as METHOD.OPTION=VALUE"),
        ({"options": ["ig.steps=3"]}, "method ig is not run"),
    ],
)
def test_config_that_says_nothing(options, message):
    with pytest.raises(ConfigError, match=message):
        AttributionConfig(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": Asked.contrast}, "target=contrast needs captions"),
        ({"target": Asked["class"]}, "target=class needs the names"),
        ({"method": "gradcam", "sides": Sides.text}, "does not explain the text side"),
        ({"method": "gae", "options": ["gae.layer=3"]}, "options of gae"),
    ],
)
def test_run_that_can_not_be(load_tiny, options, message):
    with pytest.raises(ConfigError, match=message):
        make_methods(load_tiny("hf"), AttributionConfig(**options), 0)


def test_target_image(load_tiny, tmp_path, pictures, captions):
    """A picture is most like itself; its text side is not explained."""
    file = tmp_path / "other.png"
    pictures[1].save(file)
    config = AttributionConfig(method="saliency", target=Asked.image, against=[str(file)])
    encoder = load_tiny("hf")
    methods = make_methods(encoder, config, 0)
    assert [method.side for method in methods] == [Side.image]
    found = methods[0].attribute(encoder.preprocess(pictures), encoder.tokenize(captions))
    assert found.scores[1].abs().max() < 1e-4 * found.scores[0].abs().max() + 1e-5
    assert list(AttributionPlugin().files(config)) == [file]


def test_tower_that_can_not_names_those_which_can(tmp_path, load_tiny):
    tokens = load_tiny("open-clip").tokenize(["a cat"])
    encoder = build(*deepcopy(KINDS["ConvNeXt"]), tmp_path)
    encoder._preprocessing = lambda images: _pixels(encoder, len(images))
    offers = provided(encoder, Side.image)
    assert offers == {Needs.forward, Needs.gradients}
    names = able(Side.image, offers)
    assert {"ig", "gradcam", "m2ib", "rise"} <= set(names)
    assert not {"gae", "rollout", "maskclip"} & set(names)
    methods = make_methods(encoder, AttributionConfig(method="gae", sides=Sides.image), 0)
    with pytest.raises(ModelError, match="method gae needs attention over all tokens") as error:
        require_able(encoder, methods)
    assert "use one of: banzhaf, exclip, fixlip, gradcam" in str(error.value)
    encoder.tokenize = lambda _: replace(tokens, ids=tokens.ids.clamp_max(9))  # a tiny vocabulary
    with pytest.raises(ModelError, match="use one of: banzhaf, exclip, fixlip, gradcam"):
        vlminterp.explain(encoder, Image.new("RGB", (8, 8)), "a cat", method="gae")


def _pixels(encoder, count):
    from vlminterp.adapters.dual_encoder import Geometry, Pixels

    size = (encoder.model.visual.image_size,) * 2
    size = size if isinstance(size[0], int) else size[0]
    return Pixels(torch.zeros(count, 3, *size).double(), (Geometry(size, (0, 0, 1, 1)),) * count)


def test_list_of_methods(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["methods"])
    assert main() == 0
    printed = capsys.readouterr().out
    for name in OWN:
        assert f"\n{name}: " in "\n" + printed
    assert printed.count("needs: ") == len(OWN)


def test_list_of_methods_of_no_model(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["methods", "clip-vit-b23"])
    assert main() == 1
    assert "nearest: clip-vit-b32" in capsys.readouterr().err


def test_consensus_can_do_what_its_members_can(tmp_path):
    encoder = build(*deepcopy(KINDS["ConvNeXt"]), tmp_path)
    encoder._preprocessing = lambda images: _pixels(encoder, len(images))
    for members, fits in (("[ig,saliency]", True), ("[ig,gae]", False)):
        options = [f"consensus.members={members}"]
        config = AttributionConfig(method="consensus", sides=Sides.image, options=options)
        methods = make_methods(encoder, config, 0)
        with nullcontext() if fits else pytest.raises(ModelError, match="method gae needs"):
            require_able(encoder, methods)


def test_rows_say_which_maps_are_signed(run):
    results = run(methods=["ig", "gae"], target=Asked.contrast, against=["a fox"])
    rows = results.parts.rows()
    told = rows[rows["method"] == "ig"]["signed"]
    assert told.eq(True).all()
    assert rows[rows["method"] == "gae"]["signed"].isna().all()


def test_an_option_of_a_method_that_is_no_member_is_refused():
    with pytest.raises(ConfigError, match="method gea is not run"):
        AttributionConfig(methods=["consensus"], options=["gea.steps=3"])
    AttributionConfig(methods=["consensus"], options=["ig.steps=3"])
