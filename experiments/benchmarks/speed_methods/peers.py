"""The packages that people would take instead, each used as its documentation shows.

    pip install grad-cam legrad-torch shapiq

They are no dependencies of the product: what is not installed has no time in the table.
"""

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import open_clip
import torch
from captum.attr import LayerIntegratedGradients
from captum.attr import Occlusion as CaptumOcclusion
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPModel

from experiments.benchmarks.speed_methods.plain import Maps, Plain
from vlminterp.adapters.dual_encoder import Pixels, Tokens

PACKAGES = {"gradcam": "pytorch_grad_cam", "legrad": "legrad", "kernelshap": "shapiq"}
"""Modules of packages that may be missing, by method."""
OPEN_CLIP = {"ViT-B/32": "ViT-B-32", "ViT-L/14": "ViT-L-14"}
TOGETHER = 64
"""Coalitions that are played in one forward pass."""
Contender = Callable[[Pixels, Tokens], Maps]


def peer(method: str, size: str, model: CLIPModel, cost: int) -> tuple[str, Contender] | None:
    """Returns a package's name and its way, or None where there is none, or it is not installed.

    Args:
        method: A method's name.
        size: A size of `random_clip`.
        model: The model to explain.
        cost: Number of steps or samples.
    """
    if method in PACKAGES and importlib.util.find_spec(PACKAGES[method]) is None:
        return None
    makers: dict[str, Callable[[], tuple[str, Contender]]] = {
        "gradcam": lambda: ("grad-cam", partial(_gradcam, model)),
        "legrad": lambda: ("legrad-torch", _legrad(OPEN_CLIP[size])),
        "ig": lambda: ("captum", partial(_ig, model, cost)),
        "occlusion": lambda: ("captum", partial(_occlusion, model)),
        "kernelshap": lambda: ("shapiq", partial(_kernelshap, model, cost)),
    }
    return makers[method]() if method in makers else None


class _Embedder(nn.Module):
    """The image tower as a plain classifier: pixels to unit embeddings."""

    def __init__(self, model: CLIPModel) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, values: Tensor) -> Tensor:
        image = self.model.get_image_features(pixel_values=values).pooler_output
        return functional.normalize(image, dim=-1)


def _gradcam(model: CLIPModel, pixels: Pixels, tokens: Tokens) -> Maps:
    from pytorch_grad_cam import GradCAM

    texts, side = _texts(model, tokens), Plain(model).grid

    def as_map(hidden: Tensor) -> Tensor:
        return hidden[:, 1:].mT.reshape(len(hidden), -1, side, side)

    def target(text: Tensor) -> Callable[[Tensor], Any]:
        return lambda embedding: embedding @ text

    layers: Any = model.vision_model.encoder.layers
    with GradCAM(_Embedder(model), [layers[-2]], reshape_transform=as_map) as cam:
        found = cam(input_tensor=pixels.values, targets=[target(text) for text in texts])
    return list(functional.adaptive_avg_pool2d(torch.from_numpy(found), side).flatten(1))


def _legrad(name: str) -> Contender:
    """Returns LeGrad's own code on open_clip's model of a size; it takes a pair at a time."""
    from legrad import LeWrapper

    torch.manual_seed(0)
    model = open_clip.create_model(name)
    model.train(mode=False)
    wrapped = LeWrapper(model, layer_index=0)

    def maps(pixels: Pixels, tokens: Tokens) -> Maps:
        found = []
        for values, ids in zip(pixels.values, tokens.ids, strict=True):
            padded = functional.pad(ids, (0, 77 - len(ids)))[None]
            with torch.no_grad():
                text = wrapped.encode_text(padded, normalize=True)
            heat = wrapped.compute_legrad(text_embedding=text, image=values[None])
            found.append(heat.detach().flatten())
        return found

    return maps


def _ig(model: CLIPModel, steps: int, pixels: Pixels, tokens: Tokens) -> Maps:
    embed, layers = _Embedder(model), model.vision_model.encoder.layers

    def score(values: Tensor, texts: Tensor) -> Tensor:
        cosines: Tensor = (embed(values) * texts).sum(1)
        return cosines

    found = LayerIntegratedGradients(score, layers[0]).attribute(
        pixels.values,
        additional_forward_args=(_texts(model, tokens),),
        n_steps=steps,
        internal_batch_size=max(32, len(pixels)),
    )
    return list(found.detach().sum(2)[:, 1:])


def _occlusion(model: CLIPModel, pixels: Pixels, tokens: Tokens) -> Maps:
    embed, plain = _Embedder(model), Plain(model)
    texts, patch = _texts(model, tokens), pixels.values.shape[-1] // plain.grid
    with torch.no_grad():
        found = CaptumOcclusion(lambda values: (embed(values) * texts).sum(1)).attribute(
            pixels.values,
            sliding_window_shapes=(3, 2 * patch, 2 * patch),
            strides=(3, patch, patch),
        )
    return list(functional.adaptive_avg_pool2d(found.mean(1), plain.grid).flatten(1))


def _kernelshap(model: CLIPModel, budget: int, pixels: Pixels, tokens: Tokens) -> Maps:
    import shapiq

    plain, maps = Plain(model), []
    for values, text in zip(pixels.values, _texts(model, tokens), strict=True):

        def game(coalitions: Any, values: Tensor = values, text: Tensor = text) -> Any:
            kept = torch.from_numpy(np.asarray(coalitions)).view(-1, 1, plain.grid, plain.grid)
            masks = functional.interpolate(kept.float(), values.shape[-1], mode="nearest")
            with torch.no_grad():
                some = [plain.score(values * few, text) for few in torch.split(masks, TOGETHER)]
            return torch.cat(some).numpy()

        approximator = shapiq.KernelSHAP(n=plain.grid**2, random_state=0)
        found = approximator.approximate(budget=budget, game=game)
        maps.append(torch.from_numpy(found.get_n_order_values(1)).float())
    return maps


def _texts(model: Any, tokens: Tokens) -> Tensor:
    """Returns unit embeddings of the captions, `[B, D]`."""
    with torch.no_grad():
        text = model.get_text_features(input_ids=tokens.ids).pooler_output
    return functional.normalize(text, dim=-1)
