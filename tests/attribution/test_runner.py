"""The runner scores what methods say against planted truth, whatever the method."""

import numpy as np
import pytest
import torch
from PIL import Image

from vlminterp.attribution.runner import explain_pairs
from vlminterp.errors import ResultsError
from vlminterp.explanation import Explanation, Side
from vlminterp.metrics.words import named
from vlminterp.planted.source import PlantedConfig, PlantedSource
from vlminterp.plugin import Context
from vlminterp.progress import Progress
from vlminterp.results.run_folder import RunFolder
from vlminterp.results.stages import Stages

PAIRS, GRID = 12, 16


class FromTruth:
    """An attributor that knows the truth: `sign` 1 tells it, -1 tells the opposite."""

    def __init__(self, encoder, source, side, sign=1):
        self.encoder, self.side, self.sign = encoder, side, sign
        self.pairs = source.pairs()

    def attribute(self, pixels, tokens):
        batch = [next(self.pairs) for _ in range(len(pixels))]
        similarity = self.encoder.encode_image(pixels) * self.encoder.encode_text(tokens)
        rows = map(self._image if self.side is Side.image else self._text, batch, tokens.words)
        width = GRID * GRID + 1 if self.side is Side.image else tokens.ids.shape[1]
        scores = torch.stack([torch.nn.functional.pad(r, (0, width - len(r))) for r in rows])
        image = self.side is Side.image
        return Explanation(
            side=self.side,
            scores=self.sign * scores,
            unit="truth",
            layer=0,
            similarity=similarity.sum(-1),
            prefix_tokens=1 if image else 0,
            grids=((GRID, GRID),) * len(pixels) if image else (),
            geometry=pixels.geometry if image else (),
            words=() if image else tokens.words,
        )

    def _image(self, pair, _):
        size = 128 // GRID
        share = pair.load_mask().reshape(GRID, size, GRID, size).mean((1, 3))
        return torch.cat([torch.zeros(1), torch.from_numpy(share).float().flatten()])

    def _text(self, pair, words):
        scores = torch.zeros(words[-1].stop + 1)
        for word, true in zip(words, named(words, pair.named_words), strict=True):
            scores[word.start : word.stop] = float(true)
        return scores


@pytest.fixture
def source():
    return PlantedSource(PlantedConfig(pairs=PAIRS))


@pytest.fixture
def explain(load_tiny, source, tmp_path):
    encoder = load_tiny("hf")

    def run(*attributors, batch_size=5, name="run", seed=0):
        config = {"names": {"plugin": "truth", "model": "tiny", "data": "planted"}}
        with RunFolder.open(tmp_path / name, config) as results:
            context = Context(
                None,
                encoder,
                source,
                results,
                Progress(quiet=True),
                seed,
                torch.device("cpu"),
                Stages(tmp_path / "stages", "inputs"),
            )
            explain_pairs(context, attributors, batch_size)
        return results

    return run


def test_truth_scores_high_and_its_opposite_low(explain, load_tiny, source):
    encoder = load_tiny("hf")
    scores = {}
    for sign in (1, -1):
        sides = [FromTruth(encoder, source, side, sign) for side in Side]
        metrics = explain(*sides, name=str(sign)).summary["metrics"]
        scores[sign] = {name: metric["mean"] for name, metric in metrics.items()}
        controls = metrics["image.pointing_game"]["controls"]
        assert set(controls) == {"random", "centre", "constant"}
        assert controls["constant"]["mean"] < 0.2
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


def test_controls_follow_the_seed(explain, load_tiny, source):
    encoder = load_tiny("hf")
    first, second = (
        explain(FromTruth(encoder, source, Side.image), name=str(seed), seed=seed).parts.rows()
        for seed in (0, 1)
    )
    assert (first["energy_in_mask"] == second["energy_in_mask"]).all()
    assert (first["energy_in_mask.random"] != second["energy_in_mask.random"]).all()


def test_out_of_memory_says_what_to_lower(explain):
    class Greedy:
        def attribute(self, pixels, tokens):
            raise torch.OutOfMemoryError("tried to allocate")

    with pytest.raises(ResultsError, match=r"5 pairs at once.*lower plugin\.batch_size"):
        explain(Greedy())
