"""Trains the describer from scratch: `python -m experiments.recipes.planted.describer`.

A causal language model of a few MB that writes what the planted world's grammar can write; EX2's
embedded policy. If killed and started again, it continues from its last checkpoint with the same
trajectory, since a step's data depend only on the seed and the step's number.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from experiments.recipes.planted.describer_data import (
    LONGEST_TEXT,
    NOT_LEARNT,
    Batch,
    draw,
    load_templates,
    make_batch,
    train_tokenizer,
)
from experiments.recipes.planted.training import Checkpoint, update
from vlminterp.progress import Progress

WIDTH, BLOCKS, HEADS, HIDDEN = 128, 4, 4, 320
LONGEST_DESCRIPTION = 32  # Tokens; EX2 samples no more.


@dataclass(frozen=True)
class Recipe:
    """Settings of the describer's training.

    Attributes:
        steps: Optimiser steps: a warm-up and a half cosine to 0.
        batch: Examples a step.
        learning_rate: Peak learning rate.
        warmup: Steps until the peak.
        weight_decay: Weight decay of AdamW.
        seed: Seed of tokenizer, weights and examples.
    """

    steps: int = 1000
    batch: int = 96
    learning_rate: float = 3e-3
    warmup: int = 100
    weight_decay: float = 0.01
    seed: int = 0

    def learning_rate_at(self, step: int) -> float:
        """Returns the learning rate of a step: linear warm-up, then a half cosine to 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        share = (step - self.warmup) / max(self.steps - self.warmup, 1)
        return self.learning_rate * (1 + float(np.cos(np.pi * share))) / 2


def new_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> LlamaForCausalLM:
    """Returns a model with random weights and the tokenizer's special ids."""
    ends = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=HIDDEN,
        num_hidden_layers=BLOCKS,
        num_attention_heads=HEADS,
        max_position_embeddings=LONGEST_TEXT,
        tie_word_embeddings=True,
        **ends,
    )
    model = LlamaForCausalLM(config)
    # Temperature 1 over the whole vocabulary, so that samples show what it has learnt.
    model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        max_new_tokens=LONGEST_DESCRIPTION,
        **ends,
    )
    return model


def description_loss(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Returns the mean cross-entropy, in nats per token, of descriptions given the prompts."""
    hidden = model.model(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
    target = batch.labels[:, 1:]
    learnt = target != NOT_LEARNT
    # Only at learnt positions, which saves half of the products with the vocabulary.
    return cross_entropy(model.lm_head(hidden[:, :-1][learnt]), target[learnt])


class Trainer:
    """A describer in training, with the checkpoint that lets it continue after a kill."""

    def __init__(self, recipe: Recipe, checkpoint: Path) -> None:
        """Starts from scratch, or from the checkpoint if there is one."""
        self.recipe, self.checkpoint = recipe, Checkpoint(checkpoint, str(recipe))
        self.templates = load_templates()
        self.tokenizer = train_tokenizer(recipe.seed)
        self.model = new_model(self.tokenizer, recipe.seed).train()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), betas=(0.9, 0.98), weight_decay=recipe.weight_decay
        )
        self.done = self.checkpoint.load(self.model, self.optimizer)

    def step(self) -> float:
        """Makes the next step; returns its loss."""
        rng = np.random.default_rng((self.recipe.seed, self.done))
        examples = [draw(rng, self.templates) for _ in range(self.recipe.batch)]
        loss = description_loss(self.model, make_batch(self.tokenizer, examples))
        update(self.optimizer, loss, self.recipe.learning_rate_at(self.done))
        self.done += 1
        return loss.item()

    def save(self) -> None:
        """Writes the checkpoint."""
        self.checkpoint.save(self.done, self.model, self.optimizer)


def main() -> None:
    """Reads the command line, trains and saves."""
    work = Path(__file__).parent / "work" / "describer"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--batch", type=int, default=Recipe.batch)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--out", type=Path, help="the model's folder; WORK/model by default")
    parser.add_argument("--work", type=Path, default=work, help="folder of the checkpoint")
    parser.add_argument("--every", type=int, default=100, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    recipe = Recipe(options.steps, options.batch, seed=options.seed)
    trainer = Trainer(recipe, options.work / "checkpoint.pt")
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
    out = options.out or options.work / "model"
    trainer.model.save_pretrained(out)
    trainer.tokenizer.save_pretrained(out)
    print(f"{out}: steps {first} to {recipe.steps} in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
