"""The describer prefers no family, tells the truth in training wordings, and any text is text."""

import math
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from experiments.recipes.planted import describer, describer_check, describer_measures
from experiments.recipes.planted.describer_data import (
    CLAUSES,
    NOT_LEARNT,
    draw,
    load_templates,
    make_batch,
    to_prompt,
)
from tests.warm import Warm
from vlminterp.planted import describer_dir
from vlminterp.planted.descriptions import descriptions
from vlminterp.planted.facts import load_facts
from vlminterp.planted.families import FAMILIES
from vlminterp.planted.reading import read

ROOT = Path(__file__).parents[2]
EVEN = 1 / len(FAMILIES)


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(describer_dir())


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(describer_dir())


@pytest.fixture(scope="module")
def measured(model, tokenizer):
    asked = describer_check.every(1)[::3]
    return describer_measures.measure(describer_check.sample(model, tokenizer, asked, seed=1))


@pytest.fixture(scope="module")
def examples():
    rng, templates = np.random.default_rng(5), load_templates()
    return [draw(rng, templates) for _ in range(2000)]


def test_no_family_is_preferred(measured):
    for family, (share, low, high) in measured["families"].items():
        assert share == pytest.approx(EVEN, abs=0.07), family
        assert low < share < high
    assert measured["dispersion_of_concepts"] < 1.5
    assert measured["dispersion_of_templates"] < 1.8  # 25 groups: less certain.
    assert measured["clause_counts"] == pytest.approx(CLAUSES, abs=0.07)


def test_descriptions_are_true_fluent_and_name_their_concept(measured):
    assert measured["named"] >= 0.98
    assert measured["in_grammar"] >= 0.9
    assert measured["true"] >= 0.95
    assert measured["ended"] >= 0.98
    assert measured["distinct"] >= 0.9


def test_held_out_wordings_are_not_written(measured):
    assert measured["held_out"] <= 0.01


def test_what_it_learns_from(examples):
    """Training wordings alone, families evenly, whatever the template."""
    sentences = [read(one.description.text, one.description.concept) for one in examples]
    assert all(describer_measures.in_grammar(parts) for parts in sentences)
    families = [family for one in examples for family in one.description.families]
    for family in FAMILIES:
        assert families.count(family) / len(families) == pytest.approx(EVEN, abs=0.03)
    counts = [len(one.description.families) for one in examples]
    shares = [counts.count(n) / len(counts) for n in range(len(CLAUSES))]
    assert shares == pytest.approx(CLAUSES, abs=0.03)


def test_the_template_does_not_tell_what_is_said():
    templates = load_templates()
    both = [
        [draw(np.random.default_rng(seed), order) for seed in range(200)]
        for order in (templates, templates[::-1])
    ]
    assert [one.description for one in both[0]] == [one.description for one in both[1]]
    assert sum(one.prompt != other.prompt for one, other in zip(*both, strict=True)) > 150


def test_templates_are_of_the_papers_kinds():
    templates = load_templates()
    assert len(set(templates)) == len(templates) == 25
    assert all(template.count("{concept}") == 1 for template in templates)
    assert sum("photo" in one or "image" in one for one in templates) == 19
    assert to_prompt("Describe {concept}.", "umbrella") == "Describe an umbrella.\n\n"


def test_the_grammars_probabilities_add_up():
    for concept in list(load_facts().concepts.values())[::9]:  # All would take long.
        chances = map(describer_measures.log_probability, descriptions(concept))
        assert math.fsum(map(math.exp, chances)) == pytest.approx(CLAUSES[0] + CLAUSES[1])


def test_it_is_near_the_grammar(model, tokenizer, examples):
    assert 0 < describer_measures.divergence(model, tokenizer, examples[:200]) < 0.5


def test_loss_counts_the_description_and_its_end_alone(tokenizer, examples):
    """A slow twin: one example at a time, without padding, in float64."""
    few = sorted(examples[:50], key=lambda one: len(one.description.text))[::10]
    model = describer.new_model(tokenizer, seed=3).double()
    losses = []
    for one in few:
        start = tokenizer(one.prompt).input_ids
        rest = tokenizer(one.description.text, add_special_tokens=False).input_ids
        ids = [*start, *rest, tokenizer.eos_token_id]
        log_p = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
        losses += [-log_p[i - 1, ids[i]] for i in range(len(start), len(ids))]
    batch = make_batch(tokenizer, few)
    assert torch.allclose(describer.description_loss(model, batch), torch.stack(losses).mean())
    learnt = [row[row != NOT_LEARNT] for row in batch.labels]
    texts = tokenizer.batch_decode(learnt)
    assert texts == [one.description.text + tokenizer.eos_token for one in few]


def test_files(model, tokenizer):
    assert type(model) is LlamaForCausalLM
    assert (describer_dir() / "model.safetensors").stat().st_size < 4e6
    assert sum(file.stat().st_size for file in describer_dir().iterdir()) < 4.2e6
    ids = (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id)
    assert len(set(ids)) == 3
    for config in (model.config, model.generation_config):
        assert (config.pad_token_id, config.bos_token_id, config.eos_token_id) == ids
    assert model.config.vocab_size == len(tokenizer)
    assert model.config.max_position_embeddings == tokenizer.model_max_length
    assert model.generation_config.do_sample
    assert model.generation_config.temperature == 1


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_read_and_written_back(tokenizer, text):
    assume("<|" not in text)  # Special tokens, spelt out, are special tokens.
    ids = tokenizer(text).input_ids
    assert ids[0] == tokenizer.bos_token_id
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_prompt_and_description_have_the_same_tokens_apart(tokenizer, examples):
    for one in examples[:200]:
        prompt = tokenizer(one.prompt).input_ids
        rest = tokenizer(one.description.text, add_special_tokens=False).input_ids
        assert tokenizer(one.prompt + one.description.text).input_ids == prompt + rest


def test_descriptions_are_short_enough_for_ex2(tokenizer, examples):
    texts = [one.description.text for one in examples]
    lengths = [len(ids) + 1 for ids in tokenizer(texts, add_special_tokens=False).input_ids]
    assert np.mean(np.array(lengths) <= describer.LONGEST_DESCRIPTION) > 0.99


@torch.no_grad()
def test_padding_changes_nothing(model, tokenizer):
    prompts = [to_prompt(template, "owl") for template in load_templates()]
    padded = model(**tokenizer(prompts, padding=True, return_tensors="pt")).logits[:, -1]
    for prompt, expected in zip(prompts, padded, strict=True):
        alone = model(**tokenizer(prompt, return_tensors="pt")).logits[0, -1]
        assert torch.allclose(alone, expected, atol=1e-3)


def start(folder: Path) -> Warm:
    options = ["--steps=6", "--batch=8", "--every=2", f"--work={folder}"]
    return Warm("experiments.recipes.planted.describer", options, ROOT)


def finish(process: Warm) -> str:
    code, out, err = process.finish()
    assert code == 0, err
    return out


@pytest.mark.slow
def test_a_killed_training_goes_on(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finish(start(whole))
    process = start(broken)
    process.wait_to_say("step 2:")
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert "step 2:" not in finish(start(broken))
    weights = "model/model.safetensors"
    assert (whole / weights).read_bytes() == (broken / weights).read_bytes()
