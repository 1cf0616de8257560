"""Samples responses from a language model, as it is: temperature 1, nothing cut off."""

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
"""What a checkpoint's own generation config says otherwise does not count."""


@dataclass(frozen=True)
class Response:
    """What a model wrote.

    Attributes:
        ids: Its tokens, the end token included.
        text: Without special tokens.
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
        prompts: Token ids.
        max_tokens: Of a response.
        seed: The same prompts with the same seed get the same responses; no other randomness is
            touched.
    """
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.full((len(prompts), longest), tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):  # padded on the left: all go on at the same place
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
    """The tokens that end a response: the tokenizer's, and what the model declares besides."""
    declared = model.generation_config.eos_token_id
    declared = [declared] if isinstance(declared, int) else declared or []
    return list(dict.fromkeys([tokenizer.eos_token_id, *declared]))


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Seeds torch for as long as the block lasts."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


def _response(tokenizer: Any, ids: list[int], ends: Sequence[int]) -> Response:
    stop = next((place for place, token in enumerate(ids) if token in ends), None)
    kept = ids if stop is None else ids[: stop + 1]
    text: str = tokenizer.decode(kept, skip_special_tokens=True)
    return Response(tuple(kept), text, stop is not None)
