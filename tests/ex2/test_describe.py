"""Both models speak: what they say depends on seeds alone, and every number can be checked."""

import math
from collections import Counter

import pytest
import torch
from peft import get_peft_model
from vlminterp_ex2.chat import PromptFormatter
from vlminterp_ex2.describe import (
    ALIGNED,
    BASE,
    DescriptionSampler,
    Draw,
    batches_of,
    descriptions,
    further_draws,
)
from vlminterp_ex2.journal import rows_of
from vlminterp_ex2.likelihood import log_likelihoods
from vlminterp_ex2.policy import PolicyAndReference, load_model, load_tokenizer, lora_config
from vlminterp_ex2.quiet import quietly

from tests.ex2.letters import LetterEncoder

CPU = torch.device("cpu")


@pytest.fixture
def pair(tiny_config):
    policy = tiny_config().policy
    torch.manual_seed(1)
    with quietly():
        model = get_peft_model(load_model(policy, CPU), lora_config(policy.lora))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    return PolicyAndReference(model.train(mode=False))


@pytest.fixture
def describer_in(tmp_path, context_in, tiny_config, scorer, pair):
    """Calls a function with a describer and a table in a run folder of that name."""

    def call(name, use):
        config = tiny_config()
        questioner = PromptFormatter(load_tokenizer(config.policy), config.policy.chat)
        with context_in(tmp_path / name, config) as context:
            return use(
                DescriptionSampler(context, scorer, questioner, pair),
                context.results,
            )

    return call


def written(describer, results, batches):
    return list(describer.write(results, "describe", batches)), rows_of(results.table("describe"))


def test_draws_are_all_there_and_batches_are_of_one_model(prompts):
    draws = descriptions(prompts, 2)
    assert Counter(draw.policy for draw in draws) == {BASE: 12, ALIGNED: 12}
    batches = batches_of(draws, 5)
    assert [draw for batch in batches for draw in batch] == draws
    assert [len(batch) for batch in batches] == [5, 5, 2, 5, 5, 2]
    assert all(len({draw.policy for draw in batch}) == 1 for batch in batches)


def test_further_draws_are_no_draws_of_the_table(prompts):
    further = further_draws(prompts, 2, 5)
    assert len(further) == 3 * len(prompts) == len(set(further))
    assert not set(further) & set(descriptions(prompts, 2))
    assert further_draws(prompts, 2, 2) == []


def test_numbers_are_those_of_the_texts(describer_in, prompts, scorer, pair):
    batches = batches_of(descriptions(prompts, 2), 6)
    _, rows = describer_in("run", lambda one, results: written(one, results, batches))
    assert len(rows) == 24
    said = [row for row in rows if not row["empty"]]
    assert said
    for row in rows:
        own = scorer.ids.index(row["concept"])
        scores = scorer.scores([row["text"]], [own])
        assert row["reward"] == pytest.approx(scores.rewards[0])
        assert row["held_out"] == pytest.approx(scores.held_out[0])
        assert row["empty"] == (row["text"] == "") == (row["reward"] is None)
        assert row["response"].strip().startswith(row["text"])
        assert row["cut"] == (row["response"].strip() != row["text"])
        assert row["tokens"] <= 8
        assert row["kl"] == 0 if row["policy"] == BASE else row["kl"] != 0
    aligned = [row["kl"] for row in rows if row["policy"] == ALIGNED]
    assert len(aligned) == 12


def test_what_the_vlm_cannot_read_to_its_end_is_noted(describer_in, prompts, monkeypatch):
    monkeypatch.setattr(LetterEncoder, "context", 4)
    rows = describer_in("run", lambda one, _: one.rows([Draw(BASE, p, 0) for p in prompts]))
    assert [row["truncated"] for row in rows] == [len(row["text"]) > 4 for row in rows]
    assert {row["truncated"] for row in rows} == {True, False}


def test_kl_and_perplexity_are_those_of_the_two_models(describer_in, prompts, pair, tiny_config):
    draws = [Draw(ALIGNED, prompt, 0) for prompt in prompts]
    rows = describer_in("run", lambda one, _: one.rows(draws))
    policy = tiny_config().policy
    tokenizer = load_tokenizer(policy)
    asked = PromptFormatter(tokenizer, policy.chat).tokens([prompt.text for prompt in prompts])
    base = load_model(policy, CPU)
    for row, prompt in zip(rows, asked, strict=True):
        ids = tokenizer(row["response"], add_special_tokens=False).input_ids
        if len(ids) != row["tokens"]:  # ended, or with special tokens in it
            continue
        own = log_likelihoods(pair.aligned, [prompt], [ids], 1).item()
        reference = log_likelihoods(base, [prompt], [ids], 1).item()
        assert row["kl"] == pytest.approx(own - reference, abs=1e-4)
        assert row["perplexity"] == pytest.approx(math.exp(-reference / len(ids)), rel=1e-4)


def test_the_base_model_says_what_it_says_without_any_adapter(describer_in, prompts, tiny_config):
    draws = [Draw(BASE, prompt, 0) for prompt in prompts]
    beside = describer_in("beside", lambda one, _: one.rows(draws))

    def alone(one, _):
        one._pair = PolicyAndReference(None, load_model(tiny_config().policy, CPU))
        return one.rows(draws)

    assert describer_in("alone", alone) == beside


def test_goes_on_where_it_was_ended(describer_in, prompts):
    batches = batches_of(descriptions(prompts, 1), 4)
    whole = describer_in("whole", lambda one, results: written(one, results, batches))
    assert whole[0] == [4, 2, 4, 2]

    def some(one, results):
        for _, _ in zip(range(2), one.write(results, "describe", batches), strict=False):
            pass

    describer_in("killed", some)
    resumed = describer_in("killed", lambda one, results: written(one, results, batches))
    assert sum(resumed[0]) < 12
    assert resumed[1] == whole[1]


def test_seeds_are_of_the_batch(describer_in, prompts):
    batches = batches_of(descriptions(prompts, 2), 6)
    _, rows = describer_in("run", lambda one, results: written(one, results, batches))
    seeds = [row["seed"] for row in rows]
    assert len(set(seeds)) == len(batches)
    responses = {tuple(row["response"] for row in rows[at : at + 6]) for at in range(0, 24, 6)}
    assert len(responses) == 4
