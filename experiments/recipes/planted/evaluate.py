"""Measures a planted VLM on held-out scenes: `python -m experiments.recipes.planted.evaluate`."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch.nn.functional import normalize
from transformers import AutoTokenizer, CLIPImageProcessor, CLIPModel

from vlminterp.planted import models_dir
from vlminterp.planted.scenes import SMALLEST_OBJECT, World
from vlminterp.planted.zero_shot import Embedder, Embeddings, zero_shot


def load_embedder(folder: Path) -> Embedder:
    """Loads a model directory by transformers alone, preprocessor and tokenizer included."""
    model = CLIPModel.from_pretrained(folder).train(mode=False)
    processor = CLIPImageProcessor.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)

    @torch.no_grad()
    def images(pictures: Sequence[Image.Image]) -> Embeddings:
        pixels = processor(images=list(pictures), return_tensors="pt").pixel_values
        features = model.visual_projection(model.vision_model(pixels).pooler_output)
        return np.asarray(normalize(features, dim=-1))

    @torch.no_grad()
    def texts(captions: Sequence[str]) -> Embeddings:
        tokens = tokenizer(list(captions), padding=True, truncation=True, return_tensors="pt")
        features = model.text_projection(model.text_model(**tokens).pooler_output)
        return np.asarray(normalize(features, dim=-1))

    return Embedder(images, texts)


def main() -> None:
    """Reads the command line, measures, prints and writes the accuracies."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=models_dir() / "planted-base")
    parser.add_argument("--scenes", type=int, default=2000)
    parser.add_argument("--split", default="test")
    parser.add_argument("--smallest", type=int, default=SMALLEST_OBJECT, help="object, in pixels")
    parser.add_argument("--out", type=Path, default=here / "metrics.json")
    options = parser.parse_args()
    world = World(0, options.split, options.smallest)
    accuracy = zero_shot(load_embedder(options.model), world, options.scenes)
    title = f"{options.model.name}, {options.scenes} {options.split} scenes"
    table = Table("accuracy", "%", title=title)
    for name, share in asdict(accuracy).items():
        table.add_row(name, f"{100 * share:.1f}")
    Console().print(table)
    record = {
        "scenes": options.scenes,
        "split": options.split,
        "smallest": options.smallest,
        **asdict(accuracy),
    }
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
