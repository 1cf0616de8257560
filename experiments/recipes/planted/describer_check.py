"""Tests by sampling whether the describer's prior is neutral and its descriptions are right:
`python -m experiments.recipes.planted.describer_check`.

As many draws from the grammar itself are measured in the same way, to show what a perfect
describer would reach.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from transformers import AutoModelForCausalLM, AutoTokenizer

from experiments.recipes.planted.describer import LONGEST_DESCRIPTION
from experiments.recipes.planted.describer_data import (
    draw,
    draw_description,
    load_templates,
    to_prompt,
)
from experiments.recipes.planted.describer_measures import Sample, divergence, measure
from vlminterp.planted import describer_dir
from vlminterp.planted.facts import load_facts

AT_ONCE, TIMED, DRAWN = 500, 128, 1000


@torch.no_grad()
def generate(model: Any, tokenizer: Any, prompts: Sequence[str]) -> list[tuple[str, bool]]:
    """Samples one description per prompt with the model's own settings, at temperature 1.

    Returns:
        Pairs of a text and whether it ended within `LONGEST_DESCRIPTION` tokens.
    """
    written: list[tuple[str, bool]] = []
    for start in range(0, len(prompts), AT_ONCE):
        some = list(prompts[start : start + AT_ONCE])
        tokens = tokenizer(some, padding=True, return_tensors="pt")
        made = model.generate(**tokens)[:, tokens.input_ids.shape[1] :]  # [B, T]
        ended = (made == tokenizer.eos_token_id).any(dim=1).tolist()
        texts = tokenizer.batch_decode(made, skip_special_tokens=True)
        written += zip(texts, ended, strict=True)
    return written


def every(each: int) -> list[tuple[str, int]]:
    """Returns every pair of a concept's name and a template's number, `each` times."""
    names, templates = load_facts().concepts, range(len(load_templates()))
    return [(name, template) for name in names for template in templates for _ in range(each)]


def sample(model: Any, tokenizer: Any, asked: Sequence[tuple[str, int]], seed: int) -> list[Sample]:
    """Samples a description for each name and template number."""
    torch.manual_seed(seed)
    templates = load_templates()
    prompts = [to_prompt(templates[template], concept) for concept, template in asked]
    written = generate(model, tokenizer, prompts)
    return [Sample(*key, *answer) for key, answer in zip(asked, written, strict=True)]


def draw_samples(asked: Sequence[tuple[str, int]], seed: int) -> list[Sample]:
    """Draws a description from the grammar for each name and template number."""
    rng, concepts = np.random.default_rng(seed), load_facts().concepts
    return [
        Sample(name, template, draw_description(rng, concepts[name]).text)
        for name, template in asked
    ]


def measure_model(model: Any, tokenizer: Any, seed: int) -> dict[str, float]:
    """Measures what needs the model: distance from the grammar, lengths in tokens, speed."""
    rng, templates = np.random.default_rng(seed), load_templates()
    examples = [draw(rng, templates) for _ in range(DRAWN)]
    texts = [one.description.text for one in examples]
    lengths = [len(ids) + 1 for ids in tokenizer(texts, add_special_tokens=False).input_ids]
    prompts = [one.prompt for one in examples[:TIMED]]
    tokens = tokenizer(prompts, padding=True, return_tensors="pt")
    start = time.process_time()
    model.generate(**tokens, min_new_tokens=LONGEST_DESCRIPTION)
    seconds = time.process_time() - start
    return {
        "nats_from_grammar": divergence(model, tokenizer, examples),
        "grammar_fits": float(np.mean(np.array(lengths) <= LONGEST_DESCRIPTION)),
        "mean_tokens": float(np.mean(lengths)),
        "parameters": model.num_parameters(),
        f"cpu_seconds_for_{TIMED}_samples": seconds,
    }


def show(describer: dict[str, Any], ideal: dict[str, Any], rest: dict[str, float]) -> None:
    """Prints the measurements."""
    table = Table("", "describer", "grammar", title="descriptions at temperature 1")
    for key, value in describer.items():
        if key == "families":
            for family, (mean, low, high) in value.items():
                other = f"{ideal[key][family][0]:.3f}"
                table.add_row(f"share of {family}", f"{mean:.3f} [{low:.3f}, {high:.3f}]", other)
        elif isinstance(value, list):
            rows = [" ".join(f"{share:.3f}" for share in shares) for shares in (value, ideal[key])]
            table.add_row(key, *rows)
        else:
            table.add_row(key, f"{value:.4g}", f"{ideal[key]:.4g}")
    for key, value in rest.items():
        table.add_row(key, f"{value:.4g}", "")
    Console().print(table)


def main() -> None:
    """Reads the command line, samples, measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=describer_dir())
    parser.add_argument("--each", type=int, default=16, help="samples per concept and template")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("describer.json"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = AutoModelForCausalLM.from_pretrained(options.model)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    asked = every(options.each)
    describer = measure(sample(model, tokenizer, asked, options.seed))
    ideal = measure(draw_samples(asked, options.seed))
    rest = measure_model(model, tokenizer, options.seed)
    show(describer, ideal, rest)
    record = {"seed": options.seed, "describer": describer, "grammar": ideal, "model": rest}
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
