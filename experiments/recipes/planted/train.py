"""Trains a vision tower of the planted world, with a text tower, from scratch.

    python -m experiments.recipes.planted.train [planted-base | planted-strong]

If killed and started again, it continues from its last checkpoint with the same trajectory, since
a step's data depend only on the seed and the step's number.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import CLIPModel, CLIPTokenizer

from experiments.recipes.planted.model import (
    PATCHES,
    embed_images,
    embed_texts,
    new_model,
    save,
    to_pixels,
)
from experiments.recipes.planted.tokenizer import train_tokenizer
from experiments.recipes.planted.training import Checkpoint, update
from vlminterp.planted.captions import sample, truths
from vlminterp.planted.facts import load_facts
from vlminterp.planted.scenes import SMALLEST_OBJECT, World
from vlminterp.progress import Progress

MERGES, TOKENIZER_CAPTIONS = 600, 20_000
LARGEST_LOGIT_SCALE = 4.6052  # ln 100, as in CLIP.


@dataclass(frozen=True)
class Stage:
    """A part of the training, with a warm-up and a half cosine to 0.

    Attributes:
        steps: Optimiser steps.
        captions: Captions per scene and step; pictures cost six times what captions do.
        half_patches: Share of the steps, from the first, that see a random half of the patches and
            take half as long (FLIP, Li et al. 2023).
        smallest: Least length of an object's longer side, in pixels.
    """

    steps: int
    captions: int
    half_patches: float
    smallest: int = SMALLEST_OBJECT


STAGES = (
    Stage(2000, captions=1, half_patches=0.75, smallest=32),
    Stage(1200, captions=3, half_patches=0.0, smallest=32),
    Stage(1200, captions=3, half_patches=0.0),
)


@dataclass(frozen=True)
class Recipe:
    """Settings of a model's training.

    Attributes:
        stages: Stages in order.
        batch: Scenes a step.
        learning_rate: Peak learning rate of each stage.
        warmup: Steps until the peak.
        weight_decay: Weight decay of AdamW.
        seed: Seed of weights, scenes and captions.
        two_objects: Share of scenes with two objects.
    """

    stages: tuple[Stage, ...] = STAGES
    batch: int = 128
    learning_rate: float = 1e-3
    warmup: int = 150
    weight_decay: float = 0.05
    seed: int = 0
    two_objects: float = 0.4

    @property
    def steps(self) -> int:
        """Number of steps in all stages."""
        return sum(stage.steps for stage in self.stages)

    def stage(self, step: int) -> tuple[Stage, int]:
        """Returns the stage of a step, and the step's number in it."""
        for stage in self.stages:
            if step < stage.steps:
                return stage, step
            step -= stage.steps
        raise IndexError(f"no step {step} after the last stage")


RECIPES = {
    "planted-base": Recipe(),
    # All patches and three captions from the first step on, in one run from nothing.
    "planted-strong": Recipe((Stage(4000, captions=3, half_patches=0.0),), two_objects=0.5),
}


@dataclass(frozen=True)
class Batch:
    """The data of one step: B scenes, and for each of K rounds a caption of every scene.

    Attributes:
        pixels: Pixels, float32 `[B, 3, SIZE, SIZE]`, in −1…1.
        texts: Captions, K·B, round by round.
        true: Whether caption j of round k is true of scene i, bool `[K, B, B]`.
    """

    pixels: Tensor
    texts: list[str]
    true: Tensor


def make_batch(recipe: Recipe, step: int) -> Batch:
    """Returns the scenes and captions of one step."""
    world = World(recipe.seed, "train", recipe.stage(step)[0].smallest)
    rng = np.random.default_rng((recipe.seed, step))
    first = step * recipe.batch
    objects = 1 + (rng.random(recipe.batch) < recipe.two_objects)
    scenes = [world.scene(first + i, int(count)) for i, count in enumerate(objects)]
    rounds = range(recipe.stage(step)[0].captions)
    captions = [[sample(rng, scene.concepts, scene.habitat) for scene in scenes] for _ in rounds]
    facts = [truths(scene.concepts, scene.habitat) for scene in scenes]
    true = [[[caption.claims <= fact for caption in row] for fact in facts] for row in captions]
    texts = [caption.text for row in captions for caption in row]
    return Batch(to_pixels([scene.image for scene in scenes]), texts, torch.tensor(true))


def contrastive_loss(logits: Tensor, true: Tensor) -> Tensor:
    """Returns the loss that contrasts scenes and captions with those that don't fit.

    Args:
        logits: Logits of K rounds of scenes by captions, `[K, B, B]`.
        true: Whether caption j is true of scene i, bool `[K, B, B]`. True pairs off the diagonal
            count neither as right nor as wrong.
    """
    rounds, scenes, _ = logits.shape
    own = torch.eye(scenes, dtype=torch.bool)
    logits = logits.masked_fill(true & ~own, -torch.inf)
    target = torch.arange(scenes).expand(rounds, scenes)
    # Classes go second: of each scene's captions, and of each caption's scenes.
    return (cross_entropy(logits.mT, target) + cross_entropy(logits, target)) / 2


def kept_patches(recipe: Recipe, step: int) -> Tensor | None:
    """Returns the patches that a step sees, `[B, N / 2]`; None if it sees all."""
    stage, number = recipe.stage(step)
    if number >= stage.half_patches * stage.steps:
        return None
    dice = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    order = torch.rand(recipe.batch, PATCHES, generator=dice).argsort(dim=1)
    return order[:, : PATCHES // 2]


def learning_rate(recipe: Recipe, step: int) -> float:
    """Returns the learning rate of a step: in each stage, warm-up and a half cosine to 0."""
    stage, number = recipe.stage(step)
    if number < recipe.warmup:
        return recipe.learning_rate * (number + 1) / recipe.warmup
    share = (number - recipe.warmup) / max(stage.steps - recipe.warmup, 1)
    return recipe.learning_rate * (1 + float(np.cos(np.pi * share))) / 2


def new_tokenizer(world: World, seed: int) -> CLIPTokenizer:
    """Trains a tokenizer on training captions only."""
    rng = np.random.default_rng(seed)
    habitats = list(load_facts().habitats)
    texts = [
        sample(rng, world.concepts(i, 1 + i % 2), habitats[i % len(habitats)]).text
        for i in range(TOKENIZER_CAPTIONS)
    ]
    return train_tokenizer(texts, MERGES)


class Trainer:
    """A model in training, with the checkpoint that lets it continue after a kill."""

    def __init__(self, recipe: Recipe, checkpoint: Path) -> None:
        """Starts from scratch, or from the checkpoint if there is one."""
        self.recipe, self.checkpoint = recipe, Checkpoint(checkpoint, str(recipe))
        self.tokenizer = new_tokenizer(World(recipe.seed, "train"), recipe.seed)
        self.model: CLIPModel = new_model(self.tokenizer, recipe.seed).train()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), betas=(0.9, 0.98), weight_decay=recipe.weight_decay
        )
        self.done = self.checkpoint.load(self.model, self.optimizer)

    def step(self) -> float:
        """Makes the next step; returns its loss."""
        batch = make_batch(self.recipe, self.done)
        images = embed_images(self.model, batch.pixels, kept_patches(self.recipe, self.done))
        texts = embed_texts(self.model, self.tokenizer, batch.texts)  # [K·B, D]
        texts = texts.reshape(-1, *images.shape)  # [K, B, D]
        scale = self.model.logit_scale
        loss = contrastive_loss(scale.exp() * images @ texts.mT, batch.true)
        update(self.optimizer, loss, learning_rate(self.recipe, self.done))
        scale.data.clamp_(max=LARGEST_LOGIT_SCALE)
        self.done += 1
        return loss.item()

    def save(self) -> None:
        """Writes the checkpoint."""
        self.checkpoint.save(self.done, self.model, self.optimizer)


def main() -> None:
    """Reads the command line, trains and saves."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="planted-base", choices=RECIPES)
    parser.add_argument("--steps", type=int, help="train one short stage instead, to try things")
    parser.add_argument("--batch", type=int, default=Recipe.batch)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--out", type=Path, help="default: WORK/NAME")
    parser.add_argument("--work", type=Path, default=here / "work", help="folder of the checkpoint")
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    recipe = replace(RECIPES[options.name], batch=options.batch, seed=options.seed)
    if options.steps:
        recipe = replace(recipe, stages=(Stage(options.steps, 3, 0.0),))
    trainer = Trainer(recipe, options.work / f"{options.name}-towers.pt")
    out = options.out or options.work / options.name
    start, first = time.monotonic(), trainer.done
    with (
        Progress() as progress,
        progress.track("training", recipe.steps, trainer.done, "steps") as stage,
    ):
        while trainer.done < recipe.steps:
            loss = trainer.step()
            stage.advance(1)
            if trainer.done % options.every == 0 or trainer.done == recipe.steps:
                trainer.save()
                print(f"step {trainer.done}: loss {loss:.3f}", flush=True)
    save(trainer.model, trainer.tokenizer, out)
    seconds = time.monotonic() - start
    print(f"{out}: steps {first} to {recipe.steps} in {seconds:.0f} s")


if __name__ == "__main__":
    main()
