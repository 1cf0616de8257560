"""Responses are drawn from the model as it is, whatever its generation config says."""

from collections import Counter

import pytest
import torch
from vlminterp_ex2.sampling import end_tokens, sample

from tests.ex2.letters import letter_model, letter_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return letter_tokenizer(padding_side="left")


@pytest.fixture(scope="module")
def model(tokenizer):
    return letter_model(tokenizer)


def test_frequencies_are_the_models_probabilities(model, tokenizer):
    # the model's own config says top_k=3 and temperature=0.2
    count, prompt = 4000, [5, 6, 7]
    drawn = sample(model, tokenizer, [prompt] * count, 1, seed=0)
    with torch.no_grad():
        expected = model(torch.tensor([prompt])).logits[0, -1].softmax(-1)
    found = Counter(one.ids[0] for one in drawn)
    frequencies = torch.tensor([found[token] / count for token in range(len(expected))])
    deviations = (frequencies - expected) / (expected * (1 - expected) / count).sqrt()
    assert deviations.abs().max() < 4.5
    assert len(found) > 20


def test_padding_of_others_does_not_matter(model, tokenizer):
    """A prompt's next-token frequencies are the same beside a much longer one."""
    short, long = [9], [5, 6, 7, 8, 9, 10, 11, 12]
    drawn = sample(model, tokenizer, [short, long] * 1500, 1, seed=1)
    with torch.no_grad():
        likely = model(torch.tensor([short])).logits[0, -1].softmax(-1)
    found = Counter(one.ids[0] for one in drawn[::2])
    top = int(likely.argmax())
    assert found[top] / 1500 == pytest.approx(likely[top].item(), abs=0.05)


def test_same_seed_same_responses_and_no_other_randomness_is_touched(model, tokenizer):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = sample(model, tokenizer, [[5, 6]] * 4, 6, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    assert first == sample(model, tokenizer, [[5, 6]] * 4, 6, seed=3)
    assert first != sample(model, tokenizer, [[5, 6]] * 4, 6, seed=4)


def test_responses_end_with_their_end_token_or_with_the_limit(model, tokenizer):
    drawn = sample(model, tokenizer, [[5, 6]] * 60, 12, seed=0)
    assert {one.finished for one in drawn} == {True, False}
    for one in drawn:
        assert one.finished == (one.ids[-1] == tokenizer.eos_token_id)
        assert tokenizer.eos_token_id not in one.ids[:-1]
        assert one.finished or len(one.ids) == 12
        assert "<eos>" not in one.text


def test_what_the_model_declares_ends_a_response_too(model, tokenizer):
    stop = tokenizer.convert_tokens_to_ids(".")
    model.generation_config.eos_token_id = [stop, tokenizer.eos_token_id]
    try:
        assert set(end_tokens(model, tokenizer)) == {stop, tokenizer.eos_token_id}
        drawn = sample(model, tokenizer, [[5, 6]] * 60, 12, seed=0)
    finally:
        model.generation_config.eos_token_id = tokenizer.eos_token_id
    assert any(one.ids[-1] == stop and one.finished for one in drawn)
