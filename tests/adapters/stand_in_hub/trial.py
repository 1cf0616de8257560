"""Loads every repository and puts each through a whole run, in a process of its own.

`python -m tests.adapters.stand_in_hub.trial REPOSITORIES ANSWERS online` keeps what each answers,
and compares it with the backend's own pipeline and with the repository's folder; `offline` loads
from the cache alone, and compares with what was kept. One line of JSON a repository.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from vlminterp_m2ib.attribution import M2IB
from vlminterp_m2ib.settings import Settings

import vlminterp
from tests.adapters.stand_in_hub import own_pipeline
from tests.adapters.stand_in_hub.open_clip_kinds import shallow
from tests.adapters.stand_in_hub.repositories import REPOSITORIES

CAPTIONS = ["a photo of a small brown dog", "two birds, one tree"]
SHAPES = [(640, 427), (333, 500)]


def pictures():
    """Returns smooth random pictures, one wide and one tall."""
    generator = np.random.default_rng(0)
    small = [generator.integers(0, 256, (9, 9, 3), dtype=np.uint8) for _ in SHAPES]
    resized = zip(small, SHAPES, strict=True)
    return [Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC) for grid, size in resized]


def answers(encoder):
    """Returns pixels and embeddings, and maps of both sides of the first pair."""
    pixels, tokens = encoder.preprocess(pictures()), encoder.tokenize(CAPTIONS)
    first = encoder.preprocess(pictures()[:1]), encoder.tokenize(CAPTIONS[:1])
    found = {
        "pixels": pixels.values,
        "image": encoder.encode_image(pixels),
        "text": encoder.encode_text(tokens),
    }
    for side in ("image", "text"):
        explained = M2IB(encoder, side, Settings(steps=1, copies=1, antithetic=False)).attribute(
            *first
        )
        found[f"{side} map"] = explained.scores
    return {name: tensor.detach().numpy() for name, tensor in found.items()}


def apart(first, second):
    """Returns the largest difference of what two loads answer; infinite if one is not finite."""
    if any(not np.isfinite(values).all() for values in second.values()):
        return float("inf")
    return max(float(np.abs(first[name] - second[name]).max()) for name in second)


def online(repository, root, kept):
    """Loads from the hub, then from the folder, and asks the backend itself."""
    asked = repository.checkpoint or repository.name
    encoder = vlminterp.load(repository.adapter, checkpoint=asked)
    ours = answers(encoder)
    np.savez(kept, **ours)
    options = {key: str(root / value) for key, value in repository.options.items()}
    folder = root / repository.name
    again = answers(vlminterp.load(repository.adapter, checkpoint=str(folder), **options))
    found = {"folder": apart(ours, again)}
    if repository.adapter == "hf":
        theirs = own_pipeline.of_transformers(folder, repository.architecture, pictures(), CAPTIONS)
    else:
        theirs = own_pipeline.of_open_clip(asked, pictures(), CAPTIONS)
    return found | compared(ours, theirs)


def compared(ours, theirs):
    """Returns how far we are from the backend's own pipeline."""
    ours["similarity"] = ours["image"] @ ours["text"].T
    found = {"pixels": own_pipeline.grey_levels(ours["pixels"], theirs["pixels"])}
    for name in theirs.keys() - {"pixels"}:
        found[name] = float(np.abs(ours[name] - theirs[name]).max())
    maps = [ours["image map"], ours["text map"]]
    return found | {"finite": bool(all(np.isfinite(scores).all() for scores in maps))}


def offline(repository, kept):
    """Loads from the cache alone."""
    encoder = vlminterp.load(
        repository.adapter, checkpoint=repository.checkpoint or repository.name
    )
    with np.load(kept) as before:
        return {"offline": apart(dict(before), answers(encoder))}


def main():
    """Tries every repository; an error is what was found of one."""
    root, place, mode = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    for number, repository in enumerate(REPOSITORIES):
        kept = place / f"{number}.npz"
        try:
            with shallow():
                if mode == "online":
                    found = online(repository, root, kept)
                else:
                    found = offline(repository, kept)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is the finding)
            found = {"failed": f"{type(error).__name__}: {error}".splitlines()[0]}
        row = {"number": number, **found}
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
