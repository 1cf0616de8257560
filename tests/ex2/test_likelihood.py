"""Log-probabilities of whole responses, against one token after the other in float64."""

import copy
import itertools
import math

import pytest
import torch
from vlminterp_ex2.likelihood import log_likelihoods

from tests.ex2.letters import letter_model, letter_tokenizer

PROMPTS = [[5, 6, 7], [9], [5, 6, 7, 8, 9, 10], [4, 4]]
RESPONSES = [[11, 2], [3, 12, 13, 14], [6], [7, 7, 2]]


@pytest.fixture(scope="module")
def model():
    return letter_model(letter_tokenizer())


def slow(model, prompt, response):
    exact = copy.deepcopy(model).double()
    total, said = 0.0, list(prompt)
    for token in response:
        logits = exact(torch.tensor([said])).logits[0, -1]
        total += torch.log_softmax(logits, -1)[token].item()
        said.append(token)
    return total


@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_equals_one_token_after_the_other(model, batch_size):
    found = log_likelihoods(model, PROMPTS, RESPONSES, batch_size)
    expected = [slow(model, *pair) for pair in zip(PROMPTS, RESPONSES, strict=True)]
    assert found.tolist() == pytest.approx(expected, abs=1e-4)


def test_all_responses_of_two_tokens_have_probability_one(model):
    words = range(model.config.vocab_size)
    pairs = [list(pair) for pair in itertools.product(words, words)]
    found = log_likelihoods(model, [PROMPTS[0]] * len(pairs), pairs, 256)
    assert math.fsum(found.double().exp().tolist()) == pytest.approx(1, abs=1e-4)


def test_no_responses_are_no_values(model):
    assert log_likelihoods(model, [], [], 4).shape == (0,)
