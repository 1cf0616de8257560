"""Data for the describer: prompts, and descriptions in all families equally.

A prompt names the concept and says nothing of what to tell about it, so that no template
prefers a family.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from vlminterp.data.concepts import article
from vlminterp.planted.descriptions import PlantedClause, PlantedDescription, openings, write
from vlminterp.planted.facts import ConceptFacts, load_facts
from vlminterp.planted.families import FAMILIES, clauses

TEMPLATES = Path(__file__).parents[3] / "plugins" / "vlminterp_ex2" / "templates.txt"
PAD, BOS, EOS = "<|pad|>", "<|startoftext|>", "<|endoftext|>"
VOCABULARY, TOKENIZER_EXAMPLES, LONGEST_TEXT = 1536, 10_000, 512
CLAUSES = (0.15, 0.7, 0.15)  # Shares of the descriptions with none, one and two.
NOT_LEARNT = -100  # PyTorch's label for positions that no loss counts.


@dataclass(frozen=True)
class Example:
    """A prompt and the description that a language model should continue it with.

    Attributes:
        prompt: A filled template and two newlines.
        description: Description in wordings that models are trained on.
    """

    prompt: str
    description: PlantedDescription


def load_templates() -> list[str]:
    """Reads EX2's prompts, with `{concept}` for an article and a name."""
    return TEMPLATES.read_text(encoding="utf-8").splitlines()


def to_prompt(template: str, concept: str) -> str:
    """Fills a template with a concept's name.

    Example:
        >>> to_prompt("Describe {concept}.", "owl")
        'Describe an owl.\\n\\n'
    """
    return template.format(concept=f"{article(concept)} {concept}") + "\n\n"


def draw(rng: np.random.Generator, templates: Sequence[str]) -> Example:
    """Draws a concept, a template, and a description independent of the template."""
    concepts = list(load_facts().concepts.values())
    concept = concepts[rng.integers(len(concepts))]
    template = templates[int(rng.integers(len(templates)))]
    return Example(to_prompt(template, concept.name), draw_description(rng, concept))


def draw_description(rng: np.random.Generator, concept: ConceptFacts) -> PlantedDescription:
    """Draws a description; families are equally likely, and so are the clauses within one."""
    families = rng.permutation(FAMILIES)[: rng.choice(len(CLAUSES), p=CLAUSES)]
    choices = _openings(concept.name)
    opening = choices[rng.integers(len(choices))]
    said = []
    for family in families.tolist():
        texts = _clauses(concept, family)
        said.append(PlantedClause(family, texts[rng.integers(len(texts))]))
    return write(concept.name, opening, said)


@cache
def _openings(name: str) -> list[str]:
    return openings(name)


@cache
def _clauses(concept: ConceptFacts, family: str) -> list[str]:
    return clauses(concept, family)


def train_tokenizer(seed: int) -> PreTrainedTokenizerFast:
    """Trains a byte-level BPE on training examples only.

    A newline is always a token of its own, so that a prompt's and a description's tokens are also
    those of both together, as policy gradients need. Every byte is a token, so nothing is unknown.
    """
    rng, templates = np.random.default_rng(seed), load_templates()
    examples = [draw(rng, templates) for _ in range(TOKENIZER_EXAMPLES)]
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex("\n"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [text for one in examples for text in (one.prompt, one.description.text)]
    backend.train_from_iterator(texts, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, backend.token_to_id(BOS))]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        padding_side="left",
        model_max_length=LONGEST_TEXT,
        clean_up_tokenization_spaces=False,
    )


@dataclass(frozen=True)
class Batch:
    """The data that one step learns from.

    Attributes:
        ids: Prompt, description, end token, then padding; int64 `[B, T]`.
        mask: 1 except at padding, int64 `[B, T]`.
        labels: `ids` in the description and at the end token, else `NOT_LEARNT`; int64 `[B, T]`.
    """

    ids: Tensor
    mask: Tensor
    labels: Tensor


def make_batch(tokenizer: PreTrainedTokenizerFast, examples: Sequence[Example]) -> Batch:
    """Tokenizes examples; padding is on the right, where a causal model can't see it."""
    prompts = tokenizer([one.prompt for one in examples]).input_ids
    texts = [one.description.text for one in examples]
    answers = tokenizer(texts, add_special_tokens=False).input_ids
    length = max(map(len, prompts)) + max(map(len, answers)) + 1
    ids = torch.full((len(examples), length), int(tokenizer.pad_token_id))
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, NOT_LEARNT)
    for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        whole = torch.tensor([*prompt, *answer, tokenizer.eos_token_id])
        ids[row, : len(whole)] = whole
        mask[row, : len(whole)] = 1
        labels[row, len(prompt) : len(whole)] = whole[len(prompt) :]
    used = int(mask.sum(1).max())
    return Batch(ids[:, :used], mask[:, :used], labels[:, :used])
