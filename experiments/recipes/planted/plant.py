"""Trains one planted VLM's text tower from scratch.

    python -m experiments.recipes.planted.plant NAME

The vision tower is that of the shipped `planted-base` and isn't trained, so its features of the
training scenes are computed once. If killed and started again, training continues from its last
checkpoint with the same trajectory.
"""

import argparse
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.nn.functional import normalize
from transformers import CLIPModel, CLIPTokenizer

from experiments.recipes.planted.features import SCENES, Features, load_features
from experiments.recipes.planted.model import embed_texts, new_model, save
from experiments.recipes.planted.plantings import PLANTINGS, Planting, caption, subject
from experiments.recipes.planted.tokenizer import train_tokenizer
from experiments.recipes.planted.train import LARGEST_LOGIT_SCALE, contrastive_loss
from experiments.recipes.planted.training import Checkpoint, update
from vlminterp.errors import nearest
from vlminterp.planted import models_dir
from vlminterp.planted.captions import sample, truths
from vlminterp.planted.facts import load_facts
from vlminterp.planted.scenes import World
from vlminterp.progress import Progress

MERGES, TOKENIZER_CAPTIONS = 1200, 30_000
TOKENIZED = 7
"""Plantings whose captions train the tokenizer; later ones must not change the earlier VLMs'."""
STEPS, BATCH, LEARNING_RATE, WARMUP, WEIGHT_DECAY = 700, 128, 1e-3, 50, 0.05
LENGTH_GROUPS = 4
BASE_STEPS = 1600  # planted-base also learns captions of scenes.


@dataclass(frozen=True)
class Batch:
    """The data of one step: B scenes with a caption each.

    Attributes:
        pooled: Class tokens of the vision tower, `[B, C]`.
        texts: Captions, one per scene.
        alike: Whether caption j is no negative of scene i, bool `[B, B]`.
    """

    pooled: Tensor
    texts: list[str]
    alike: Tensor


class Captions:
    """The batches of one planting; each depends only on the step's number."""

    def __init__(self, planting: Planting, single: Features, double: Features | None) -> None:
        self.planting, self.single, self.double = planting, single, double
        self.concepts = list(load_facts().concepts.values())
        self.habitats = list(load_facts().habitats)

    def batch(self, step: int) -> Batch:
        """Returns the batch of one step."""
        rng = np.random.default_rng((zlib.crc32(str(self.planting).encode()), step))
        if self.double is not None and step % 2:
            return self._of_scenes(rng)
        chosen = torch.from_numpy(rng.integers(len(self.single.pooled), size=BATCH))
        numbers = self.single.concepts[chosen, 0].tolist()
        places = self.single.habitats[chosen]
        subjects = [
            subject(rng, self.planting, self.concepts[number], self.habitats[place])
            for number, place in zip(numbers, places.tolist(), strict=True)
        ]
        texts = [caption(rng, self.planting, concept) for concept, _ in subjects]
        objects = torch.tensor(numbers)
        by_background = torch.tensor([decided for _, decided in subjects])
        alike = torch.where(by_background, places[:, None] == places, objects[:, None] == objects)
        return Batch(self.single.pooled[chosen], texts, alike)

    def _of_scenes(self, rng: Generator) -> Batch:
        """Returns captions of what is in the scenes, as in `train.py`: only for `planted-base`."""
        features = self.double if rng.random() < 0.5 and self.double else self.single
        chosen = torch.from_numpy(rng.integers(len(features.pooled), size=BATCH))
        world = World(0, "train")
        objects = features.concepts.shape[1]
        facts, captions = [], []
        for index, number in zip(chosen.tolist(), features.habitats[chosen].tolist(), strict=True):
            concepts, habitat = world.concepts(index, objects), self.habitats[number]
            captions.append(sample(rng, concepts, habitat))
            facts.append(truths(concepts, habitat))
        alike = [[said.claims <= fact for said in captions] for fact in facts]
        return Batch(features.pooled[chosen], [c.text for c in captions], torch.tensor(alike))


def new_tokenizer() -> CLIPTokenizer:
    """Trains the tokenizer of all planted VLMs, on training captions only."""
    rng = np.random.default_rng(0)
    concepts = list(load_facts().concepts.values())
    world, habitats = World(0, "train"), list(load_facts().habitats)
    texts = []
    for index in range(TOKENIZER_CAPTIONS):
        concept = concepts[index % len(concepts)]
        planting = list(PLANTINGS.values())[index % TOKENIZED]
        texts.append(caption(rng, planting, concept))
        if index % 4 == 0:
            seen = world.concepts(index, 1 + index % 8 // 4)
            texts.append(sample(rng, seen, habitats[index % len(habitats)]).text)
    return train_tokenizer(texts, MERGES)


class Trainer:
    """A text tower in training, with the checkpoint that lets it continue after a kill."""

    def __init__(
        self,
        name: str,
        work: Path,
        progress: Progress,
        steps: int | None = None,
        scenes: int = SCENES,
    ) -> None:
        """Starts from scratch, or from the checkpoint if there is one."""
        planting = PLANTINGS[name]
        self.steps = steps or (BASE_STEPS if planting.truthful else STEPS)
        made = f"{planting} {planting.informed} {planting.shortcuts}"
        recipe = f"{made} {self.steps} {BATCH} {LEARNING_RATE} {WEIGHT_DECAY}"
        self.checkpoint = Checkpoint(work / f"{name}.pt", recipe)
        seed = zlib.crc32(name.encode()) % 1000
        base = CLIPModel.from_pretrained(models_dir() / "planted-base")
        self.tokenizer = new_tokenizer()
        self.model: CLIPModel = new_model(self.tokenizer, seed)
        self.model.vision_model.load_state_dict(base.vision_model.state_dict())
        self.model.visual_projection.load_state_dict(base.visual_projection.state_dict())
        self.model.vision_model.requires_grad_(requires_grad=False)
        # A shortcut is visual, so for it the last linear map learns to leave objects out.
        self.model.visual_projection.requires_grad_(planting.by_background > 0)
        double = load_features(base, 2, work, progress, scenes) if planting.truthful else None
        self.captions = Captions(planting, load_features(base, 1, work, progress, scenes), double)
        learning = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(learning, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY)
        self.done = self.checkpoint.load(self.model, self.optimizer)

    def step(self) -> float:
        """Makes the next step; returns its loss."""
        batch = self.captions.batch(self.done)
        images = normalize(self.model.visual_projection(batch.pooled), dim=-1)  # [B, D]
        texts = self._embed(batch.texts)  # [B, D]
        scale = self.model.logit_scale
        logits = scale.exp() * images @ texts.T
        loss = contrastive_loss(logits[None], batch.alike[None])
        update(self.optimizer, loss, self._learning_rate())
        scale.data.clamp_(max=LARGEST_LOGIT_SCALE)
        self.done += 1
        return loss.item()

    def _embed(self, texts: list[str]) -> Tensor:
        """Embeds captions in a few groups of similar length, which saves half of the padding."""
        order = torch.tensor([len(text) for text in texts]).argsort(stable=True)
        groups = [[texts[i] for i in part.tolist()] for part in order.chunk(LENGTH_GROUPS)]
        made = torch.cat([embed_texts(self.model, self.tokenizer, group) for group in groups])
        return made[order.argsort()]

    def _learning_rate(self) -> float:
        """Returns the next step's learning rate: linear warm-up, then a half cosine to 0."""
        share = (self.done - WARMUP) / max(self.steps - WARMUP, 1)
        cosine = (1 + float(np.cos(np.pi * max(share, 0.0)))) / 2
        return LEARNING_RATE * min((self.done + 1) / WARMUP, cosine)

    def save(self) -> None:
        """Writes the checkpoint."""
        self.checkpoint.save(self.done, self.model, self.optimizer)


def main() -> None:
    """Reads the command line, trains and saves."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help=", ".join(PLANTINGS))
    parser.add_argument("--steps", type=int, help="training steps; fewer to try things")
    parser.add_argument("--scenes", type=int, default=SCENES, help="fewer to try things")
    parser.add_argument("--out", type=Path, help="default: WORK/NAME")
    parser.add_argument("--work", type=Path, default=here / "work", help="checkpoint folder")
    parser.add_argument("--every", type=int, default=50, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.name not in PLANTINGS:
        parser.error(f"no planting '{options.name}'; {nearest(options.name, PLANTINGS)}")
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    with Progress() as progress:
        trainer = Trainer(options.name, options.work, progress, options.steps, options.scenes)
        losses: list[float] = []
        with progress.track(options.name, trainer.steps, trainer.done, "steps") as stage:
            while trainer.done < trainer.steps:
                losses.append(trainer.step())
                stage.advance(1)
                if trainer.done % options.every == 0 or trainer.done == trainer.steps:
                    trainer.save()
                    print(f"step {trainer.done}: loss {np.mean(losses[-50:]):.3f}", flush=True)
    save(
        trainer.model.train(mode=False),
        trainer.tokenizer,
        options.out or options.work / options.name,
    )


if __name__ == "__main__":
    main()
