"""Score-CAM against a slow twin, one masked picture after the other, in float64."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize
from vlminterp_attribution.batch import Batches
from vlminterp_attribution.registry import make_method

from tests.adapters import test_any_open_clip as oc
from tests.adapters.tiny_open_clip import KINDS, build
from vlminterp.attribution.explanation import Side
from vlminterp.attribution.targets import ClassProbability, Similarity


def enlarged(channel, size):
    """Linear between the centres of cells, first down, then across; constant beyond them."""
    for _ in range(2):
        cells, length = len(channel), size
        at = (np.arange(length) + 0.5) * cells / length - 0.5
        channel = np.stack([np.interp(at, np.arange(cells), line) for line in channel.T])
    return channel


def twin(image, channels, logit):
    """Each channel's mask, score and weight by hand; `logit` scores one picture."""
    scores = []
    for channel in channels:
        mask = enlarged(channel, image.shape[1])
        mask = (mask - mask.min()) / (np.ptp(mask) or 1)
        scores.append(logit(image * torch.from_numpy(mask)))
    weights = np.exp(scores) / np.exp(scores).sum()
    return np.maximum((weights[:, None, None] * channels).sum(0), 0)


@torch.no_grad()
@pytest.mark.parametrize("layer", [None, 1])
def test_patches_of_a_transformer(method_of, inputs, encoder, layer):
    model, index = deepcopy(encoder.model), 1
    text = encoder.encode_text(inputs[1])[index]
    image = inputs[0].values[index].double()
    hidden = model.vision_model(image[None], output_hidden_states=True).hidden_states
    scale = model.logit_scale.exp()

    def logit(masked):
        embedding = model.visual_projection(model.vision_model(masked[None]).pooler_output)[0]
        return (scale * normalize(embedding, dim=-1) @ text).item()

    read = hidden[-2 if layer is None else layer + 1]  # the first is the input of block 0
    channels = read[0, 1:].T.reshape(-1, 4, 4).numpy()
    expected = torch.from_numpy(twin(image, channels, logit))
    found = method_of("scorecam", layer=layer).attribute(*inputs)
    torch.testing.assert_close(found.map(index).double(), expected, rtol=1e-4, atol=1e-7)
    assert expected.std() > 0.01
    assert found.unit == "activation"


@torch.no_grad()
def test_channels_of_a_feature_map(tmp_path):
    """A ResNet's last stage; with a target in nats there is no further scale."""
    encoder = build(*deepcopy(KINDS["ResNet"]), tmp_path)
    pixels, tokens = oc.pixels_of(encoder), oc.tokens_of(encoder)
    encoder.tokenize = lambda texts: tokens
    seen = []
    visual = encoder.model.visual
    handle = visual.layer4.register_forward_hook(lambda _, __, out: seen.append(out))
    visual(pixels.values)
    handle.remove()
    text, scale = encoder.encode_text(tokens), encoder.scale_and_bias[0]
    image = pixels.values[1]

    def cosine(masked):
        return normalize(encoder.model.encode_image(masked[None]), dim=-1)[0] @ text.T

    asked = {
        Similarity(): lambda masked: (scale * cosine(masked)[1]).item(),
        ClassProbability(["one", "other"]): lambda masked: (
            (scale * cosine(masked)).log_softmax(0)[1].item()
        ),
    }
    for target, logit in asked.items():
        method = make_method("scorecam", Side.image, Batches(encoder, target, 0))
        expected = torch.from_numpy(twin(image, seen[0][1].numpy(), logit))
        found = method.attribute(pixels, tokens).map(1).double()
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)
