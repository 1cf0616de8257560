"""Features of training scenes by the frozen vision tower, computed once for all plantings."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPModel

from experiments.recipes.planted.model import to_pixels
from vlminterp.planted.facts import load_facts
from vlminterp.planted.scenes import World
from vlminterp.progress import Progress

SCENES = 12_000  # With one object, and again with two.
BATCH = 100


@dataclass(frozen=True)
class Features:
    """The vision tower's features of training scenes.

    Attributes:
        pooled: The class token before the projection, float32 `[scenes, C]`.
        concepts: Numbers of the objects' concepts, int64 `[scenes, objects]`.
        habitats: Numbers of the backgrounds, int64 `[scenes]`.
    """

    pooled: Tensor
    concepts: Tensor
    habitats: Tensor


@torch.no_grad()
def compute(model: CLIPModel, objects: int, progress: Progress, scenes: int) -> Features:
    """Draws scenes and computes their features with a model's vision tower."""
    world = World(0, "train")
    names, places = list(load_facts().concepts), list(load_facts().habitats)
    pooled, concepts, habitats = [], [], []
    with progress.track(f"scenes with {objects}", scenes, 0, "scenes") as stage:
        for start in range(0, scenes, BATCH):
            some = [world.scene(i, objects) for i in range(start, min(start + BATCH, scenes))]
            pixels = to_pixels([scene.image for scene in some])
            pooled.append(model.vision_model(pixels).pooler_output)
            concepts += [[names.index(o.concept.name) for o in scene.objects] for scene in some]
            habitats += [places.index(scene.habitat) for scene in some]
            stage.advance(len(some))
    return Features(torch.cat(pooled), torch.tensor(concepts), torch.tensor(habitats))


def load_features(
    model: CLIPModel, objects: int, work: Path, progress: Progress, scenes: int = SCENES
) -> Features:
    """Reads the features of training scenes; computes and writes them if there are none."""
    file = work / f"features-{objects}-{scenes}.npz"
    if not file.exists():
        made = compute(model, objects, progress, scenes)
        unfinished = file.with_suffix(".new.npz")
        np.savez(unfinished, **{name: value.numpy() for name, value in vars(made).items()})
        unfinished.replace(file)
    with np.load(file) as arrays:
        return Features(**{name: torch.from_numpy(arrays[name]) for name in arrays.files})
