"""Agreement with the authors' released code where that is right; see tests/golden/README.md."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPModel
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Scale, Settings

from vlminterp.adapters.dual_encoder import Geometry, Pixels, Tokens
from vlminterp.adapters.hf.clip import HFCLIP

GOLDEN = Path(__file__).parent.parent / "golden"
SEEDS = 8


def golden_inputs(folder):
    images = torch.from_numpy(np.load(GOLDEN / "images.npy")).permute(0, 3, 1, 2)
    geometry = (Geometry((64, 64), (0.0, 0.0, 64.0, 64.0)),) * len(images)
    pixels = Pixels((images / 255 - 0.5) / 0.5, geometry)
    ids = torch.tensor(json.loads((folder / "captions.json").read_text())["ids"])
    mask = torch.ones_like(ids, dtype=torch.bool)
    return pixels, Tokens(ids, mask, ~mask, ((),) * len(ids), (False,) * len(ids))


CASES = [
    (".", "image", 1, 0.1),
    (".", "image", 3, 1.0),
    (".", "text", 1, 0.1),
    (".", "text", 0, 1.0),
    ("eos", "text", 1, 0.1),
    ("eos", "text", 0, 1.0),
]


@pytest.mark.parametrize(("model", "side", "layer", "beta"), CASES)
def test_agrees_with_the_authors(model, side, layer, beta):
    """Their noise differs from ours, so means over eight seeds are compared, in standard errors."""
    folder = GOLDEN / model
    reference = np.load(folder / "reference.npz")
    name = f"{side}_layer{layer}_beta{beta}"
    encoder = HFCLIP(CLIPModel.from_pretrained(folder / "model"))
    inputs = golden_inputs(folder)
    settings = Settings(layer=layer, beta=beta, scale=Scale.plain, copies=10, antithetic=False)
    runs = [M2IB(encoder, side, settings, seed).attribute(*inputs) for seed in range(SEEDS)]
    np.testing.assert_allclose(runs[0].similarity, reference["cosine"], atol=1e-5)

    maps = np.stack([run.scores.double().numpy() for run in runs])
    mean, deviation = maps.mean(0), maps.std(0, ddof=1)
    theirs, spread = reference[f"{name}_mean"], reference[f"{name}_std"]
    # Where noise changes nothing there is no deviation, only rounding, of some 1e-4 nats.
    z = (mean - theirs) / np.sqrt((deviation**2 + spread**2) / SEEDS + 1e-8)
    # An independent twin got 1.03 to 1.16; a wrong β, layer or update count gives 5 and more.
    assert np.sqrt((z**2).mean()) < 1.4
    for ours, golden in zip(mean, theirs, strict=True):
        assert np.corrcoef(ours, golden)[0, 1] > 0.99
    fits = np.stack([run.curves["fit"][:, -1].numpy() for run in runs]).mean(0)
    np.testing.assert_allclose(fits, reference[f"{name}_fit"], atol=0.025)


def test_nine_updates_not_ten():
    """One step more is told apart: the reference's map is read after nine updates."""
    reference = np.load(GOLDEN / "reference.npz")["image_layer3_beta1.0_mean"]
    encoder = HFCLIP(CLIPModel.from_pretrained(GOLDEN / "model"))
    inputs = golden_inputs(GOLDEN)
    distances = []
    for steps in (9, 10, 11):
        settings = Settings(
            layer=3, beta=1.0, steps=steps, scale=Scale.plain, copies=10, antithetic=False
        )
        runs = [M2IB(encoder, "image", settings, seed).attribute(*inputs) for seed in range(4)]
        mean = np.stack([run.scores.numpy() for run in runs]).mean(0)
        distances.append(np.abs(mean - reference).mean())
    assert distances[1] < min(distances[0], distances[2]) / 5
