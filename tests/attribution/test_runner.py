"""The runner scores what methods say against planted truth, whatever the method."""

import json
import zlib
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

import vlminterp
from tests.adapters.folders import write_folder
from tests.attribution.truth import GRID, PAIRS, FromTruth
from vlminterp.adapters.dual_encoder import Geometry, Pixels
from vlminterp.attribution.batch_scores import BatchScores
from vlminterp.attribution.explanation import Explanation, Side
from vlminterp.attribution.heatmap import place_on_image
from vlminterp.attribution.options import ExplainingConfig
from vlminterp.attribution.rows import explained_pairs
from vlminterp.attribution.runner import explain_pairs
from vlminterp.data.manifest import ManifestConfig, ManifestSource
from vlminterp.data.pairs import unusable
from vlminterp.drawing.figure import figure
from vlminterp.errors import ResultsError
from vlminterp.metrics.curves import deletion
from vlminterp.metrics.localisation import average_precision, energy_in_mask
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.plugin import Context
from vlminterp.progress import Progress
from vlminterp.report.page import render
from vlminterp.results import parts as parts_module
from vlminterp.results.headline import pairs_with_truth
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.stages import Stages


def test_truth_scores_high_and_its_opposite_low(explain, load_tiny, source):
    encoder = load_tiny("hf")
    scores = {}
    for sign in (1, -1):
        sides = [FromTruth(encoder, source, side, sign) for side in Side]
        metrics = explain(*sides, name=str(sign)).summary["metrics"]
        scores[sign] = {name: metric["mean"] for name, metric in metrics.items()}
        baselines = metrics["image.pointing_game"]["baselines"]
        assert set(baselines) == {"shuffled", "random", "centre", "constant", "blurred-edges"}
        assert set(metrics["text.word_pointing"]["baselines"]) == {"shuffled", "random"}
        assert baselines["constant"]["mean"] < 0.2
    assert scores[1]["image.pointing_game"] > 0.9
    assert scores[1]["image.average_precision"] > 0.6
    assert scores[1]["text.word_pointing"] == 1
    assert scores[1]["text.word_average_precision"] == 1
    assert scores[-1]["image.pointing_game"] < 0.1
    assert scores[-1]["text.word_pointing"] == 0
    assert scores[-1]["image.average_precision"] < 0.2


def test_what_is_named_is_kept_beside_its_picture(explain, load_tiny, source):
    results = explain(FromTruth(load_tiny("hf"), source, Side.image))
    rows = results.parts.rows()
    for pair, name in zip(source.pairs(), rows["mask"], strict=True):
        kept = np.asarray(Image.open(results.path / name).convert("L"))
        assert set(np.unique(kept)) == {0, 255}
        truth = Image.fromarray(pair.load_mask()).resize(kept.shape[::-1], 0)
        assert ((kept > 0) == np.asarray(truth)).all()


def test_rows_do_not_depend_on_batches(explain, load_tiny, source):
    encoder = load_tiny("hf")
    frames = [
        explain(FromTruth(encoder, source, Side.image), batch_size=size, name=str(size))
        .parts.rows()
        .select_dtypes("number")
        for size in (1, 5)
    ]
    np.testing.assert_allclose(*frames, rtol=1e-4, atol=1e-4)


@pytest.fixture
def growing(monkeypatch):
    """Parts of one batch, then of two, then of three."""
    monkeypatch.setattr("vlminterp.results.part_sizes.SIZES", ((0, 1), (1, 2), (2, 3)))


def test_larger_parts_hold_the_same_rows_and_arrays(explain, load_tiny, source, monkeypatch):
    encoder = load_tiny("hf")
    plain = explain(FromTruth(encoder, source, Side.image), batch_size=1, name="plain")
    monkeypatch.setattr("vlminterp.results.part_sizes.SIZES", ((0, 1), (1, 2), (2, 3)))
    grown = explain(FromTruth(encoder, source, Side.image), batch_size=1, name="grown")
    assert [grown.parts.table(part).num_rows for part in range(3)] == [1, 2, 3]
    assert len(grown.parts) < len(plain.parts)
    assert grown.summary == plain.summary | {"parts": len(grown.parts)}
    pd.testing.assert_frame_equal(grown.parts.rows(), plain.parts.rows())
    for pair, other in zip(explained_pairs(grown), explained_pairs(plain), strict=True):
        np.testing.assert_array_equal(pair.image.map, other.image.map)
    assert [pair.pair for pair in explained_pairs(grown, places=[0, 4])] == [0, 4]


def test_a_run_goes_on_at_once_and_what_is_damaged_is_found_before_it_ends(
    explain, load_tiny, source, growing, monkeypatch
):
    encoder, events = load_tiny("hf"), []
    whole = explain(Brightness(encoder, events), batch_size=1)
    before = files(whole.path)
    (whole.path / "summary.json").unlink()
    (whole.path / "rows/000003.parquet").unlink()
    damaged = whole.path / "arrays/000001.safetensors"
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    read = parts_module._read_rows
    monkeypatch.setattr(
        parts_module, "_read_rows", lambda path: events.append("read") or read(path)
    )
    events.clear()
    explain(Brightness(encoder, events), batch_size=1)
    assert events[0] == "explained"
    assert events.count("explained") == 3 + 2  # the batches of part 3, and those of part 1
    assert files(whole.path) == before


class Brightness:
    """The brightness of patches, a method that knows no pair from another."""

    def __init__(self, encoder, events):
        self.encoder, self.events = encoder, events

    def attribute(self, pixels, tokens):
        self.events.append("explained")
        image, text = self.encoder.encode_image(pixels), self.encoder.encode_text(tokens)
        patches = torch.nn.functional.adaptive_avg_pool2d(pixels.values.mean(1), GRID).flatten(1)
        return Explanation(
            side=Side.image,
            scores=patches,
            unit="brightness",
            layer=0,
            similarity=(image * text).sum(-1),
            prefix_tokens=0,
            grids=((GRID, GRID),) * len(pixels),
            geometry=pixels.geometry,
            words=(),
        )


def files(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in (".parquet", ".safetensors", ".json", ".png")
    }


def test_a_thorough_run_tries_explanations_out(explain, load_tiny, source):
    """Its rows have what the metrics themselves say of the same pair, in whatever batch it is."""
    encoder = load_tiny("hf")
    runs = [
        explain(
            *(FromTruth(encoder, source, side) for side in Side),
            batch_size=size,
            name=str(size),
            thorough=True,
        )
        for size in (3, 12)
    ]
    frames = [run.parts.rows() for run in runs]
    tried = ["insertion", "deletion", "keep_minus_delete", "road", "sensitivity_n", "word_deletion"]
    columns = [column for name in tried for column in (name, f"{name}.shuffled")]
    np.testing.assert_allclose(*(rows[columns] for rows in frames), rtol=1e-3, atol=1e-3)
    assert {f"image.{name}" for name in tried[:-1]} < set(runs[0].summary["metrics"])
    assert "text.word_deletion" in runs[0].summary["metrics"]
    image = frames[0][frames[0]["side"] == "image"].iloc[4]
    pair = list(source.pairs())[4]
    pixels, tokens = encoder.preprocess([pair.load_image()]), encoder.tokenize([pair.text])
    text = encoder.encode_text(tokens)
    shares = pair.load_mask().reshape(GRID, 8, GRID, 8).mean((1, 3))
    seed = zlib.crc32(f"0 {pair.id}".encode())

    def score(values):
        versions = Pixels(values, pixels.geometry * len(values))
        return (encoder.encode_image(versions) @ text.T)[:, 0]

    curve = deletion(
        score,
        pixels.of(0),
        torch.from_numpy(shares).float(),
        torch.zeros_like(pixels.of(0)),
        seed=seed,
    )
    assert image["deletion"] == pytest.approx(100 * curve.area, abs=1e-3)
    assert image["keep_minus_delete"] == pytest.approx(image["insertion"] - image["deletion"])


def test_controls_follow_the_seed(explain, load_tiny, source):
    encoder = load_tiny("hf")
    first, second = (
        explain(FromTruth(encoder, source, Side.image), name=str(seed), seed=seed).parts.rows()
        for seed in (0, 1)
    )
    assert (first["energy_in_mask"] == second["energy_in_mask"]).all()
    assert (first["energy_in_mask.random"] != second["energy_in_mask.random"]).all()


class Spoiled:
    """Another attributor, some of whose pairs have come out as no numbers."""

    def __init__(self, own, *places, value=float("nan")):
        self.own, self.places, self.value, self.seen = own, places, value, 0

    def attribute(self, pixels, tokens):
        found = self.own.attribute(pixels, tokens)
        scores = found.scores.clone()
        for index in range(len(scores)):
            if self.seen + index in self.places:
                scores[index, 1] = self.value
        self.seen += len(scores)
        return replace(found, scores=scores)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_map_that_is_not_finite_costs_its_pair(explain, load_tiny, source, value):
    """Batches of 5: one pair of the first is lost, and all of the last."""
    encoder = load_tiny("hf")
    places = (2, 10, 11)
    whole = explain(*(FromTruth(encoder, source, side) for side in Side), name="whole")
    image = Spoiled(FromTruth(encoder, source, Side.image), *places, value=value)
    results = explain(image, FromTruth(encoder, source, Side.text))
    assert results.finished
    assert (results.summary["pairs"], results.summary["skipped"]) == (PAIRS, 3)
    assert [skip.reason for skip in results.skips()] == [
        "the scores of its image are not finite: a number grew too large for model.dtype, "
        "or a setting of plugin is too large"
    ] * 3
    rows = results.parts.rows()
    assert rows[rows["skipped"].notna()]["pair"].tolist() == list(places)
    kept, expected = (
        frame[~frame["pair"].isin(places)].select_dtypes("number").reset_index(drop=True)
        for frame in (rows, whole.parts.rows())
    )
    assert len(kept) == 2 * (PAIRS - 3)
    np.testing.assert_allclose(kept[expected.columns], expected, rtol=1e-4, atol=1e-4)


def test_a_similarity_that_is_not_finite_costs_its_pair_too(explain, load_tiny, source):
    class Overflowed(FromTruth):
        def attribute(self, pixels, tokens):
            found = super().attribute(pixels, tokens)
            return replace(found, similarity=found.similarity / 0)

    results = explain(Overflowed(load_tiny("hf"), source, Side.text))
    assert results.summary["skipped"] == PAIRS


def test_a_batch_that_does_not_fit_is_halved_from_then_on_and_gives_the_same(
    explain, load_tiny, source
):
    sizes = []

    class Greedy(FromTruth):
        def attribute(self, pixels, tokens):
            sizes.append(len(pixels))
            if len(pixels) > 2:
                raise torch.OutOfMemoryError("tried to allocate")
            return super().attribute(pixels, tokens)

    expected = explain(FromTruth(load_tiny("hf"), source, Side.image)).parts.rows()
    found = explain(Greedy(load_tiny("hf"), source, Side.image), name="halved").parts.rows()
    assert sizes == [5, 2, 2, 1, 2, 2, 1, 2], "it is tried once, and remembered"
    numbers = expected.select_dtypes("number").columns
    assert list(found["id"]) == list(expected["id"])
    np.testing.assert_allclose(found[numbers], expected[numbers], rtol=1e-4, atol=1e-4)


def test_a_pair_that_does_not_fit_alone_says_what_to_lower(explain):
    class Greedy:
        def attribute(self, pixels, tokens):
            raise torch.OutOfMemoryError("tried to allocate")

    with pytest.raises(ResultsError, match=r"one pair alone is too much.*copies or steps"):
        explain(Greedy())


class Blank(PlantedSource):
    """Its second caption is invisible: WordPiece leaves nothing of it."""

    def pairs(self):
        for number, pair in enumerate(super().pairs()):
            yield replace(pair, text="\u200b", named_words=None) if number == 1 else pair


def test_a_caption_of_which_nothing_is_left_costs_its_pair(tmp_path):
    write_folder(tmp_path / "model", "chinese_clip")
    encoder = vlminterp.load(str(tmp_path / "model"), device="cpu")
    config = {"names": {"plugin": "m2ib", "model": "tiny", "data": "blank"}}
    with RunFolder.open(tmp_path / "run", config) as results:
        source = Blank(PlantedConfig(pairs=3))
        progress, device = Progress(quiet=True), torch.device("cpu")
        stages = Stages(tmp_path / "stages", "")
        context = Context(None, encoder, source, results, progress, 0, device, stages)
        methods = [M2IB(encoder, side, Settings(steps=1, copies=2)) for side in ("image", "text")]
        explain_pairs(context, methods, ExplainingConfig(batch_size=2, passport=False), figure)
        rows = results.parts.rows()
    assert sorted(rows["pair"]) == [0, 0, 1, 2, 2]
    (reason,) = rows.loc[rows["pair"] == 1, "skipped"]
    assert reason == "this model's tokenizer leaves nothing of the caption"


class Some(PlantedSource):
    """The planted pairs; of the first the truth is lacking, the second can't be read."""

    def pairs(self):
        for index, pair in enumerate(super().pairs()):
            if index == 0:
                yield replace(pair, load_mask=None)
            elif index == 1:
                yield unusable(pair.id, pair.text, "broken")
            else:
                yield pair

    def notes(self):
        return ["the first has no truth"]


def test_it_is_said_how_many_pairs_have_truth(load_tiny, tmp_path):
    encoder, source = load_tiny("hf"), Some(PlantedConfig(pairs=PAIRS))
    usable = [pair for pair in Some(PlantedConfig(pairs=PAIRS)).pairs() if pair.load_mask]
    config = {"names": {"plugin": "m2ib", "model": "tiny", "data": "planted"}}

    class Flat:
        def attribute(self, pixels, tokens):
            ones = torch.ones(len(pixels), GRID * GRID)
            return Explanation(
                Side.image,
                ones,
                "truth",
                0,
                ones[:, 0],
                grids=((GRID, GRID),) * len(pixels),
                geometry=pixels.geometry,
            )

    with RunFolder.open(tmp_path, config) as results:
        progress, device = Progress(quiet=True), torch.device("cpu")
        stages = Stages(tmp_path / "stages", "")
        context = Context(None, encoder, source, results, progress, 0, device, stages)
        explain_pairs(context, [Flat()], ExplainingConfig(batch_size=5, passport=False), figure)
    assert len(usable) == PAIRS - 2
    assert results.summary["with_truth"] == PAIRS - 2
    assert pairs_with_truth(results.summary) == f"{PAIRS - 2} of {PAIRS - 1}"
    page = render(results)
    assert f"{PAIRS - 2} of {PAIRS - 1}" in page
    assert "The data: the first has no truth." in page


def test_scores_are_those_of_what_is_kept(load_tiny, tmp_path):
    """A large picture's row, mask and map agree; its row speaks of the original's pixels."""
    size, box = (1500, 1000), (300, 200, 900, 800)
    Image.effect_noise(size, 60).convert("RGB").save(tmp_path / "a.png")
    (tmp_path / "pairs.jsonl").write_text(
        json.dumps({"image": "a.png", "text": "a cat", "boxes": [box]}) + "\n"
    )
    source = ManifestSource(ManifestConfig(str(tmp_path / "pairs.jsonl")))
    encoder = load_tiny("hf")
    grid = torch.arange(16.0).reshape(1, 16)

    class Rising:
        def attribute(self, pixels, tokens):
            return Explanation(
                Side.image, grid, "truth", 0, grid[:, 0], grids=((4, 4),), geometry=pixels.geometry
            )

    config = {"names": {"plugin": "m2ib", "model": "tiny", "data": "manifest"}}
    rows = []
    for name, least in (("whole", 2**25), ("reduced", 1500 * 1000 // 4)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("vlminterp.data.images.REDUCED_ABOVE", least)
            with RunFolder.open(tmp_path / name, config) as results:
                progress, device = Progress(quiet=True), torch.device("cpu")
                stages = Stages(tmp_path / "stages", "")
                context = Context(None, encoder, source, results, progress, 0, device, stages)
                explain_pairs(
                    context, [Rising()], ExplainingConfig(batch_size=5, passport=False), figure
                )
        rows.append(results.parts.rows().iloc[0])
    for row in rows:
        assert (row["width"], row["height"]) == size
        np.testing.assert_allclose(row["box"], [250, 0, 1250, 1000], atol=1)
        kept = np.asarray(Image.open(results.path / row["mask"]).convert("L")) > 0
        heat = place_on_image(
            grid.reshape(4, 4).numpy(), Geometry((1000, 1500), tuple(row["box"])), kept.shape
        )
        assert row["energy_in_mask"] == pytest.approx(energy_in_mask(heat, kept), abs=1e-3)
        whole = place_on_image(
            grid.reshape(4, 4).numpy(), Geometry((1000, 1500), (250, 0, 1250, 1000))
        )
        mask = np.zeros((1000, 1500), bool)
        mask[200:800, 300:900] = True
        assert row["energy_in_mask"] == pytest.approx(energy_in_mask(whole, mask), abs=0.01)
        assert row["average_precision"] == pytest.approx(average_precision(whole, mask), abs=0.01)


def _of_grid(name):
    """Tells whether a column is of a baseline that knows nothing of the method either."""
    return "." in name and not name.endswith(".shuffled")


def test_baselines_are_scored_once_for_all_methods(load_tiny, pictures, captions):
    encoder = load_tiny("hf")
    pixels, tokens = encoder.preprocess(pictures), encoder.tokenize(captions)
    unknown = [None] * len(pictures)
    passes = []

    def encode(pixels, forward=encoder.encode_image):
        passes.append(len(pixels))
        return forward(pixels)

    score = BatchScores(encoder, pixels, tokens, unknown, unknown, range(len(pictures)))
    found = [
        M2IB(encoder, "image", Settings(steps=steps)).attribute(pixels, tokens) for steps in (1, 3)
    ]
    with patch.object(encoder, "encode_image", encode):
        first, second = map(score, found)
    assert len(passes) == 2 * 2 + 4  # two maps and these shuffled, four baselines
    assert [list(row) for row in first] == [list(row) for row in second]
    for one, other in zip(first, second, strict=True):
        same, again = (
            {name: value for name, value in row.items() if _of_grid(name)} for row in (one, other)
        )
        assert same == again
        assert one["coverage"] != other["coverage"]


def test_a_share_of_the_pairs_is_scored(explain, load_tiny, source):
    """Which pairs these are depends on their ids; maps are made of all."""
    encoder = load_tiny("hf")
    options = {"batch_size": 5, "keep": 0, "passport": True}
    whole = explain(Brightness(encoder, []), name="whole", **options).parts.rows()
    results = explain(Brightness(encoder, []), name="half", scored=0.5, **options)
    some = results.parts.rows().set_index("pair")
    scored = some["confidence_drop"].notna()
    assert 0 < scored.sum() < PAIRS
    assert (some["trust"].notna() == scored).all()
    assert some["similarity"].notna().all()
    same = whole.set_index("pair")[scored]
    np.testing.assert_allclose(
        some[scored].select_dtypes("number"),
        same[some.columns].select_dtypes("number"),
        rtol=1e-4,
        atol=1e-5,
    )
    assert results.summary["metrics"]["image.confidence_drop"]["n"] == scored.sum()
    assert sum(results.summary["passports"].values()) == scored.sum()
    none = explain(Brightness(encoder, []), name="none", scored=0.0, **options)
    assert "confidence_drop" not in none.parts.rows()
    assert none.summary["pairs"] == PAIRS
    assert not none.summary["metrics"]
    assert ">Scores<" not in render(none)
