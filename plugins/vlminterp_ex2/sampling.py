"""Samples responses from a language model as it is: temperature 1, no top-k, no top-p."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

SAMPLING = {
    "do_sample": True,
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 0,
    "repetition_penalty": 1.0,
}
"""These override the checkpoint's own generation config."""


@dataclass(frozen=True)
class Response:
    """One response of a model.

    Attributes:
        ids: Its token ids, up to and including the end token.
        text: Its text, without special tokens.
        finished: Whether the model ended it, rather than the limit.
    """

    ids: tuple[int, ...]
    text: str
    finished: bool


@torch.no_grad()
def sample(
    model: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], max_tokens: int, seed: int
) -> list[Response]:
    """Samples one response to each prompt.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer, with a padding token.
        prompts: Token ids of each prompt.
        max_tokens: The longest response, in tokens.
        seed: Seed of the draws: the same prompts and seed give the same responses. No other
            randomness is touched.
    """
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), longest), tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):  # padded on the left: all continue at one place
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    ends = end_tokens(model, tokenizer)
    with seeded(seed, model.device):
        written = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            max_new_tokens=max_tokens,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=ends,
            **SAMPLING,
        )
    return [_response(tokenizer, row, ends) for row in written[:, longest:].tolist()]


def end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Returns the tokens that end a response: the tokenizer's, and others the model declares."""
    declared = model.generation_config.eos_token_id
    declared = [declared] if isinstance(declared, int) else declared or []
    return list(dict.fromkeys([tokenizer.eos_token_id, *declared]))


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seeds torch within a `with` block, and restores its random state afterwards."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


def _response(tokenizer: Any, ids: list[int], ends: Sequence[int]) -> Response:
    stop = next((place for place, token in enumerate(ids) if token in ends), None)
    kept = ids if stop is None else ids[: stop + 1]
    text: str = tokenizer.decode(kept, skip_special_tokens=True)
    return Response(tuple(kept), text, stop is not None)
