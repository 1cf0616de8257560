"""Random weights under which a block does nothing are noticed, and enlivened ones are not such."""

import pytest
import torch
from torch import nn

from experiments.studies.any_clip.coverage import ALIKE
from experiments.studies.any_clip.trial import enlivened
from tests.adapters.test_any_open_clip import pixels_of
from tests.adapters.tiny_open_clip import KINDS, TEXT, build, timm_tower
from vlminterp.adapters.dual_encoder import Geometry, Pixels
from vlminterp.adapters.law import least_drop
from vlminterp.adapters.replay_towers import ImageFacts, ReplayVision

CONVNEXT = {"depths": (1, 2, 1, 1), "dims": (8, 8, 16, 16)}
FASTVIT = {"layers": (1, 1, 1, 1), "embed_dims": (8, 16, 16, 32)}


class Turn(nn.Module):
    """Turns the stream of two channels by an angle."""

    def __init__(self, angle):
        super().__init__()
        self.angle = nn.Parameter(torch.tensor(angle))

    def forward(self, stream):
        cosine, sine = self.angle.cos(), self.angle.sin()
        x, y = stream[..., 0], stream[..., 1]
        return torch.stack([cosine * x - sine * y, sine * x + cosine * y], -1)


@pytest.mark.parametrize("angles", [(0.3, 0.1, 1.0), (0.3, 0.0, 1.0)])
def test_of_turns_the_smallest_counts(angles):
    """Closed form: without a turn by a, (cos t, sin t) becomes (cos(t - a), sin(t - a))."""
    blocks = nn.ModuleList(map(Turn, angles))

    def encode(values):
        stream = torch.tensor([[1.0, 0.0]]).expand(len(values), 1, 2)
        for block in blocks:
            stream = block(stream)
        return stream[:, 0]

    tower = ReplayVision(encode, list(blocks), ImageFacts((1, 1), grid=(1, 1)))
    total = torch.tensor(sum(angles))
    expected = min(
        float(max((total.cos() - left.cos()).abs(), (total.sin() - left.sin()).abs()))
        for left in (total - angle for angle in angles)
    )
    found = least_drop(tower, Pixels(torch.zeros(1, 3, 1, 1), (Geometry((1, 1), (0, 0, 1, 1)),)))
    assert found == pytest.approx(expected, abs=1e-6)


def raw(kind, tmp_path):
    """A tower as its library initialises it, whose residual branches do next to nothing."""
    if kind == "ResNet":
        vision, text, more = KINDS[kind]
        vision = vision | {"layers": [2, 2, 1, 1]}
    else:
        name, options, more = {
            "ConvNeXt": ("convnext_atto", CONVNEXT, {}),
            "FastViT": ("fastvit_t8", FASTVIT, {"custom_text": True}),
        }[kind]
        vision, text = timm_tower(name, 64, "" if kind == "ConvNeXt" else "avg", **options), TEXT
    return build(vision, text, more, tmp_path, weights=lambda model: model)


@pytest.mark.parametrize("kind", ["ConvNeXt", "FastViT", "ResNet"])
def test_dead_branches_are_noticed_and_enlivened(kind, tmp_path):
    torch.manual_seed(0)
    encoder = raw(kind, tmp_path)
    assert least_drop(encoder.vision, pixels_of(encoder)) < ALIKE / 10
    enlivened(encoder.model)
    assert least_drop(encoder.vision, pixels_of(encoder)) > ALIKE
