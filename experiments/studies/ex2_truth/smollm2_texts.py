"""Lets SmolLM2-135M-Instruct describe the planted concepts, for texts of a real base policy.

`python -m experiments.studies.ex2_truth.smollm2_texts` writes
`tests/ex2_inspection/smollm2_english.jsonl`: one response to
each of EX2's templates numbered by `TEMPLATES`, sampled and cut as EX2 does. About six minutes on
two cores.
"""

import json
from pathlib import Path

from vlminterp_ex2.prompts import all_prompts, load_templates
from vlminterp_ex2.sampling import sample
from vlminterp_ex2.texts import complete

from experiments.recipes.planted.free_english import load_smollm2
from vlminterp.planted.facts import load_facts
from vlminterp.progress import Progress

FILE = Path(__file__).parents[3] / "tests" / "ex2_inspection" / "smollm2_english.jsonl"
TEMPLATES = range(0, 25, 2)
BATCH = 32
MAX_TOKENS = 40


def main() -> None:
    """Asks the model, and writes every response that isn't empty."""
    model, tokenizer = load_smollm2()
    names = list(load_facts().concepts)
    prompts = [p for p in all_prompts(names, load_templates()) if p.template in TEMPLATES]
    rows = []
    with Progress() as progress, progress.track("asking", len(prompts), 0, "prompts") as stage:
        for start in range(0, len(prompts), BATCH):
            some = prompts[start : start + BATCH]
            asked = [
                tokenizer.apply_chat_template(
                    [{"role": "user", "content": prompt.text}],
                    add_generation_prompt=True,
                    return_dict=True,
                )["input_ids"]
                for prompt in some
            ]
            for prompt, response in zip(
                some, sample(model, tokenizer, asked, MAX_TOKENS, seed=start), strict=True
            ):
                if text := complete(response.text, finished=response.finished):
                    row = {"concept": names[prompt.concept], "template": prompt.template}
                    rows.append({**row, "text": text})
            stage.advance(len(some))
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
