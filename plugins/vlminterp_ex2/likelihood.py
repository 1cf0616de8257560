"""How likely a language model finds responses: log-probabilities summed over the sequence.

Letters in shapes: B responses, T tokens of prompt and response, V vocabulary.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

NOT_COUNTED = -100


@torch.no_grad()
def log_likelihoods(
    model: Any,
    prompts: Sequence[Sequence[int]],
    responses: Sequence[Sequence[int]],
    batch_size: int,
) -> Tensor:
    """Log π(response | prompt) in nats, at temperature 1.

    Padding stands to the right, where a causal model can't see it, so that positions are those of
    the text alone.

    Args:
        model: A causal language model, in whatever mode it is.
        prompts: Token ids, each at least one.
        responses: Token ids as sampled, the end token included.
        batch_size: Sequences at once.

    Returns:
        float32 `[B]`, on the CPU.
    """
    pairs = list(zip(prompts, responses, strict=True))
    found = [
        _batch(model, pairs[start : start + batch_size])
        for start in range(0, len(pairs), batch_size)
    ]
    return torch.cat(found) if found else torch.zeros(0)


def _batch(model: Any, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Tensor:
    longest = max(len(prompt) + len(response) for prompt, response in pairs)
    ids = torch.zeros((len(pairs), longest), dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, NOT_COUNTED)
    for row, (prompt, response) in enumerate(pairs):
        length = len(prompt) + len(response)
        ids[row, :length] = torch.tensor([*prompt, *response])
        mask[row, :length] = 1
        labels[row, len(prompt) : length] = ids[row, len(prompt) : length]
    # Logits are made only from the first token on that predicts one of a response.
    kept = longest - min(len(prompt) for prompt, _ in pairs) + 1
    ids, mask, labels = (tensor.to(model.device) for tensor in (ids, mask, labels))
    logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=kept).logits  # [B, kept, V]
    losses = cross_entropy(
        logits[:, :-1].float().transpose(1, 2),
        labels[:, longest - kept + 1 :],
        ignore_index=NOT_COUNTED,
        reduction="none",
    )
    return -losses.sum(1).cpu()
