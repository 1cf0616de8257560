"""Samples descriptions from the aligned and the base model, each with its numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vlminterp.plugin import Context
from vlminterp.results.run_folder import RunFolder
from vlminterp_ex2.chat import PromptFormatter
from vlminterp_ex2.likelihood import log_likelihoods
from vlminterp_ex2.measures import perplexity
from vlminterp_ex2.policy import PolicyAndReference
from vlminterp_ex2.prompts import Prompt
from vlminterp_ex2.reward import Scorer
from vlminterp_ex2.sampling import Response, sample
from vlminterp_ex2.settings import EX2Config
from vlminterp_ex2.texts import names_concept, scored

DESCRIBE, POOL = "describe", "pool"
BASE, ALIGNED = "base", "aligned"
POLICIES = (BASE, ALIGNED)

Row = dict[str, Any]


@dataclass(frozen=True)
class Draw:
    """One response to be drawn.

    Attributes:
        policy: The model: `base` or `aligned`.
        prompt: The prompt to answer.
        number: 0 for the first response to that prompt, and so on.
    """

    policy: str
    prompt: Prompt
    number: int


class DescriptionSampler:
    """Draws and measures responses, in batches that are each seeded by their first draw.

    Args:
        context: The run's context, with the plugin's `EX2Config`.
        scorer: The scorer of texts.
        questioner: The policy's prompt formatter.
        pair: The aligned and the base model.
    """

    def __init__(
        self,
        context: Context[EX2Config],
        scorer: Scorer,
        questioner: PromptFormatter,
        pair: PolicyAndReference,
    ) -> None:
        self._config = context.config
        self._seed = context.seed
        self._scorer, self._questioner, self._pair = scorer, questioner, pair

    def write(
        self, results: RunFolder, table: str, batches: Sequence[Sequence[Draw]]
    ) -> Iterator[int]:
        """Writes the batches that no other process has written, each as a part.

        Args:
            results: The stage's folder.
            table: The name of the table to write to.
            batches: All batches, each of one policy.

        Yields:
            The number of responses of each batch, once it is written.
        """
        for number in results.unmade(range(len(batches)), table):
            results.table(table).write(number, self.rows(batches[number]), {})
            yield len(batches[number])

    def rows(self, batch: Sequence[Draw]) -> list[Row]:
        """Draws and measures one batch.

        Args:
            batch: The draws, at least one, all of one policy.
        """
        prompts = self._questioner.tokens([draw.prompt.text for draw in batch])
        seed = _seed(self._seed, batch[0])
        responses = self._sample(batch[0].policy, prompts, seed)
        reference, log_ratios = self._likelihoods(batch[0].policy, prompts, responses)
        raw = self._config.raw
        texts = [scored(one.text, finished=one.finished, raw=raw) for one in responses]
        scores = self._scorer.scores(texts, [draw.prompt.concept for draw in batch])
        truncated = self._scorer.truncated(texts)
        return [
            {
                "concept": self._scorer.ids[draw.prompt.concept],
                "name": self._scorer.names[draw.prompt.concept],
                "template": draw.prompt.template,
                "policy": draw.policy,
                "draw": draw.number,
                "seed": seed,
                "text": texts[place],
                "response": responses[place].text,
                "reward": scores.rewards[place],
                "held_out": scores.held_out[place],
                "kl": log_ratios[place],
                "perplexity": perplexity(reference[place], len(responses[place].ids)),
                "tokens": len(responses[place].ids),
                "cut": texts[place].strip() != responses[place].text.strip(),
                "empty": not texts[place],
                "truncated": truncated[place],
                "names_concept": names_concept(
                    texts[place], self._scorer.names[draw.prompt.concept]
                )
                if texts[place]
                else None,
            }
            for place, draw in enumerate(batch)
        ]

    def _sample(self, policy: str, prompts: list[list[int]], seed: int) -> list[Response]:
        tokenizer, limit = self._questioner.tokenizer, self._config.policy.max_tokens
        if policy == ALIGNED:
            return sample(self._pair.aligned, tokenizer, prompts, limit, seed)
        with self._pair.reference() as model:
            return sample(model, tokenizer, prompts, limit, seed)

    def _likelihoods(
        self, policy: str, prompts: list[list[int]], responses: Sequence[Response]
    ) -> tuple[list[float], list[float]]:
        """Returns log π_ref of each response, and log π − log π_ref, 0 for the reference's own."""
        ids, size = [list(one.ids) for one in responses], self._config.policy.micro_batch
        with self._pair.reference() as model:
            reference = log_likelihoods(model, prompts, ids, size)
        if policy == BASE:
            return reference.tolist(), [0.0] * len(ids)
        own = log_likelihoods(self._pair.aligned, prompts, ids, size)
        return reference.tolist(), (own - reference).tolist()


def batches_of(draws: Sequence[Draw], size: int) -> list[Sequence[Draw]]:
    """Cuts draws, sorted by policy, into batches of one policy each."""
    return [
        own[start : start + size]
        for policy in POLICIES
        for own in [[draw for draw in draws if draw.policy == policy]]
        for start in range(0, len(own), size)
    ]


def descriptions(prompts: Sequence[Prompt], samples: int) -> list[Draw]:
    """Returns the draws of the table `describe`: `samples` to each prompt, of both models."""
    return [
        Draw(policy, prompt, number)
        for policy in POLICIES
        for number in range(samples)
        for prompt in prompts
    ]


def further_draws(prompts: Sequence[Prompt], samples: int, pool: int) -> list[Draw]:
    """Returns the draws of the table `pool`: the base model's further ones, up to `pool` in all."""
    return [Draw(BASE, prompt, number) for number in range(samples, pool) for prompt in prompts]


def _seed(seed: int, first: Draw) -> int:
    """Returns a batch's own seed, from its first draw."""
    key = (
        seed,
        POLICIES.index(first.policy),
        first.number,
        first.prompt.concept,
        first.prompt.template,
    )
    return int(np.random.SeedSequence(key).generate_state(1)[0])
