"""Log-likelihoods of responses by a language model, summed over the sequence.

Letters in shapes: B responses, T tokens of prompt and response, V vocabulary.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

NOT_COUNTED = -100


class Overheard:
    """Log-probabilities that TRL computes before it asks for rewards, so that none is made twice.

    TRL does not publish them, so this listens to the one method that makes them. With a version of
    TRL that lacks the method, training is only slower.

    Args:
        trainer: TRL's RLOO or GRPO trainer, with a reference (β > 0).
    """

    def __init__(self, trainer: Any) -> None:
        self._heard: list[Tensor] = []
        compute = getattr(trainer, "_get_per_token_logps_and_entropies", None)
        # TRL pads on the left, which shifts positions in models that number them absolutely
        if compute is None or not _is_rotary(trainer.model.config):
            return

        def listening(*args: Any, **kwargs: Any) -> Any:
            found = compute(*args, **kwargs)
            if not torch.is_grad_enabled():
                self._heard.append(found[0].detach())
            return found

        trainer._get_per_token_logps_and_entropies = listening

    def take(self, lengths: Sequence[int]) -> tuple[Tensor | None, Tensor | None]:
        """Returns log π and log π_ref of each response, as heard since the last call.

        Args:
            lengths: Tokens of each response.

        Returns:
            float32 `[B]` each, on the CPU; None for those that TRL has not computed.
        """
        sums = [_summed(logps, lengths) for logps in self._heard if len(logps) == len(lengths)]
        self._heard.clear()
        if len(sums) == 2:  # RLOO, and GRPO where responses are used more than once
            return sums[0], sums[1]
        return None, sums[0] if len(sums) == 1 else None


def _is_rotary(config: Any) -> bool:
    return bool(getattr(config.get_text_config(), "rope_parameters", None))


def _summed(logps: Tensor, lengths: Sequence[int]) -> Tensor:
    """Sums log-probabilities `[B, T]` over each response's own tokens."""
    counted = torch.arange(logps.shape[1])[None] < torch.tensor(lengths)[:, None]  # [B, T]
    return torch.where(counted, logps.float().cpu(), 0.0).sum(1)


@torch.no_grad()
def log_likelihoods(
    model: Any,
    prompts: Sequence[Sequence[int]],
    responses: Sequence[Sequence[int]],
    batch_size: int,
) -> Tensor:
    """Returns log π(response | prompt) in nats, at temperature 1.

    Padding stands to the right, where a causal model can't see it, so that positions are those of
    the text alone.

    Args:
        model: A causal language model; its mode, training or evaluation, stays as it is.
        prompts: Token ids of each prompt, at least one.
        responses: Token ids of each response as sampled, the end token included.
        batch_size: Sequences per pass.

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
    # Logits are made only from the first token that predicts a response's token.
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
