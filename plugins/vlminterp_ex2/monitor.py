"""Watches training: rewards each batch, notes each step, ends what has gone wrong.

TRL sees two things of it: a reward function and a callback.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import TrainerCallback

from vlminterp.progress import Stage
from vlminterp_ex2.checkpoints import mark_whole
from vlminterp_ex2.journal import Journal
from vlminterp_ex2.likelihood import log_likelihoods
from vlminterp_ex2.measures import Batch, measure
from vlminterp_ex2.policy import Pair, Questioner
from vlminterp_ex2.reward import Scorer, with_penalty
from vlminterp_ex2.stopping import Rules
from vlminterp_ex2.texts import complete


@dataclass(frozen=True)
class Watch:
    """How closely training is watched.

    Attributes:
        group: Responses to each prompt.
        batch_size: Sequences at once when likelihoods are computed.
        shown: Responses of each step that are kept.
        rules: What ends training early.
        seed: Of all that a step draws.
    """

    group: int
    batch_size: int
    shown: int
    rules: Rules
    seed: int


class Monitor(TrainerCallback):
    """Rewards, notes and stops one training.

    Args:
        watch: How closely.
        scorer: What rewards.
        questioner: Of the policy.
        journal: Where steps are noted.
        progress: Is told of every step.

    Attributes:
        pair: Policy and reference; must be set before training begins.
        ends: Tokens that end a response; likewise.
    """

    pair: Pair
    ends: Sequence[int]

    def __init__(
        self,
        watch: Watch,
        scorer: Scorer,
        questioner: Questioner,
        journal: Journal,
        progress: Stage,
    ) -> None:
        self._watch, self._scorer, self._questioner = watch, scorer, questioner
        self._journal, self._progress = journal, progress
        self._measured: dict[str, Any] = {}
        self._responses: list[dict[str, Any]] = []
        self._began = 0.0

    def reward(
        self,
        completions: Sequence[Any],
        completion_ids: Sequence[list[int]],
        concept: Sequence[int],
        template: Sequence[int],
        question: Sequence[str],
        **_: Any,
    ) -> list[float]:
        """TRL's reward function; measures the batch besides.

        Args:
            completions: Texts, or lists of one message each.
            completion_ids: Their tokens.
            concept: Of each, the concept's number.
            template: Of each, the template's number.
            question: Of each, the prompt's text.
            _: What else TRL knows.

        Returns:
            A reward for each.
        """
        began = time.perf_counter()
        batch = self._batch(completions, completion_ids, concept)
        values = torch.tensor([0.0 if value is None else value for value in batch.rewards])
        empty = torch.tensor([not text for text in batch.texts])
        rewards: list[float] = with_penalty(values, empty, self._scorer.scale).tolist()
        seconds = time.perf_counter() - began
        reference, log_ratios = self._likelihoods(question, completion_ids)
        self._measured = {
            **measure(batch, reference, log_ratios, self._watch.group),
            "reward_seconds": seconds,
        }
        self._responses = [
            {
                "concept": self._scorer.ids[concept[place]],
                "template": template[place],
                "text": batch.texts[place],
                "reward": batch.rewards[place],
                "kl": log_ratios[place],
                "cut": batch.cut[place],
            }
            for place in np.linspace(0, len(concept) - 1, self._watch.shown).round().astype(int)
        ]
        return rewards

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Seeds each step by its number, so that a resumed training draws what it would have."""
        drawn = np.random.SeedSequence((self._watch.seed, state.global_step))
        torch.manual_seed(int(drawn.generate_state(1)[0]))
        self._began = time.perf_counter()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Notes the step that has just been made, and ends training if it must."""
        if logs is None or "loss" not in logs:  # the summary after the last step
            return
        row = {
            "step": state.global_step,
            **self._measured,
            "loss": logs["loss"],
            "gradient": logs["grad_norm"],
            "seconds": time.perf_counter() - self._began,
        }
        row["stopped"] = self._watch.rules.reason([*self._journal.steps, row])
        self._journal.add(row, self._responses)
        self._progress.advance()
        if row["stopped"] is not None:
            control.should_training_stop = control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Writes the rows that belong to the checkpoint which has just been written."""
        self._journal.write()
        mark_whole(Path(args.output_dir), state.global_step)

    def _batch(
        self, completions: Sequence[Any], ids: Sequence[list[int]], concept: Sequence[int]
    ) -> Batch:
        written = [c if isinstance(c, str) else c[0]["content"] for c in completions]
        clipped = [not (tokens and tokens[-1] in self.ends) for tokens in ids]
        texts = [
            complete(text, finished=not limit) for text, limit in zip(written, clipped, strict=True)
        ]
        return Batch(
            texts=texts,
            names=[self._scorer.names[number] for number in concept],
            rewards=self._scorer.scores(texts, concept).rewards,
            lengths=[len(tokens) for tokens in ids],
            clipped=clipped,
            cut=[text != whole.strip() for text, whole in zip(texts, written, strict=True)],
        )

    def _likelihoods(
        self, questions: Sequence[str], responses: Sequence[list[int]]
    ) -> tuple[list[float], list[float]]:
        """Log π_ref and log π − log π_ref of each response."""
        prompts, size = self._questioner.tokens(questions), self._watch.batch_size
        own = log_likelihoods(self.pair.aligned, prompts, responses, size)
        with self.pair.reference() as model:
            reference = log_likelihoods(model, prompts, responses, size)
        return reference.tolist(), (own - reference).tolist()
