"""Watches training: rewards each batch, records each step, and stops if something goes wrong.

TRL uses it in two ways: as a reward function and as a callback.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import TrainerCallback

from vlminterp.progress import Tracker
from vlminterp.results.timings import note_time
from vlminterp_ex2.chat import PromptFormatter
from vlminterp_ex2.checkpoints import mark_whole
from vlminterp_ex2.journal import Journal
from vlminterp_ex2.likelihood import Overheard, log_likelihoods
from vlminterp_ex2.measures import Batch, measure
from vlminterp_ex2.penalty import adapted
from vlminterp_ex2.policy import PolicyAndReference
from vlminterp_ex2.reward import Scorer, with_penalty
from vlminterp_ex2.stopping import Rules
from vlminterp_ex2.texts import scored


@dataclass(frozen=True)
class Watch:
    """The options of a monitor.

    Attributes:
        group: Responses to each prompt.
        batch_size: Sequences per pass when likelihoods are computed.
        shown: Responses kept from each step.
        rules: Rules that end training early.
        seed: Seed of everything that a step draws.
        updates: Optimiser steps made from the responses of a step.
        raw: Whether responses are scored as they are.
        adaptive_kl: KL that β is adapted to, in nats per response; None to hold β.
    """

    group: int
    batch_size: int
    shown: int
    rules: Rules
    seed: int
    updates: int = 1
    raw: bool = False
    adaptive_kl: float | None = None


class Monitor(TrainerCallback):
    """Rewards, records and, if it must, stops one training.

    Args:
        watch: The monitor's options.
        scorer: The scorer that gives rewards.
        questioner: The policy's prompt formatter.
        journal: Journal that steps are recorded in.
        progress: Tracker that is advanced by every step.

    Attributes:
        trainer: TRL's trainer; must be set before training begins.
        pair: Policy and reference; likewise.
        ends: Tokens that end a response; likewise.
        overheard: Log-probabilities that TRL has computed; likewise.
    """

    trainer: Any
    pair: PolicyAndReference
    ends: Sequence[int]
    overheard: Overheard

    def __init__(
        self,
        watch: Watch,
        scorer: Scorer,
        questioner: PromptFormatter,
        journal: Journal,
        progress: Tracker,
    ) -> None:
        self._watch, self._scorer, self._questioner = watch, scorer, questioner
        self._journal, self._progress = journal, progress
        self._measured: dict[str, Any] = {}
        self._responses: list[dict[str, Any]] = []
        self._losses: list[dict[str, Any]] = []
        self._began = self._rewarding = 0.0

    def reward(
        self,
        completions: Sequence[Any],
        completion_ids: Sequence[list[int]],
        concept: Sequence[int],
        template: Sequence[int],
        question: Sequence[str],
        **_: Any,
    ) -> list[float]:
        """Rewards a batch, as TRL's reward function, and measures it.

        Args:
            completions: Texts, or lists of one message each.
            completion_ids: Token ids of each.
            concept: Number of each one's concept.
            template: Number of each one's template.
            question: Text of each one's prompt.
            _: Further arguments that TRL passes.

        Returns:
            A reward for each completion.
        """
        began = time.perf_counter()
        batch = self._batch(completions, completion_ids, concept)
        values = torch.tensor([0.0 if value is None else value for value in batch.rewards])
        empty = torch.tensor([not text for text in batch.texts])
        rewards: list[float] = with_penalty(values, empty, self._scorer.scale).tolist()
        self._rewarding = time.perf_counter() - began
        reference, log_ratios = self._likelihoods(question, completion_ids)
        self._measured = measure(batch, reference, log_ratios, self._watch.group)
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

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Restores an adapted β from the last step of an earlier process."""
        if self._watch.adaptive_kl is not None and self._journal.steps:
            self.trainer.beta = self._next_beta(self._journal.steps[-1])

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Seeds each step by its number, so that resuming a training does not change its draws."""
        drawn = np.random.SeedSequence((self._watch.seed, state.global_step))
        torch.manual_seed(int(drawn.generate_state(1)[0]))
        if state.global_step % self._watch.updates == 0:
            self._began, self._losses = time.perf_counter(), []

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Records the step that was just made, and ends training if a rule says so."""
        if logs is None or "loss" not in logs:  # the summary after the last step
            return
        self._losses.append(logs)
        if state.global_step % self._watch.updates:
            return
        row = {
            "step": state.global_step // self._watch.updates,
            **self._measured,
            "loss": float(np.mean([entry["loss"] for entry in self._losses])),
            "gradient": float(np.mean([entry["grad_norm"] for entry in self._losses])),
            "beta": self.trainer.beta,
        }
        seconds = time.perf_counter() - self._began
        note_time(
            Path(args.output_dir),
            step=row["step"],
            seconds=seconds,
            reward_seconds=self._rewarding,
        )
        row["stopped"] = self._watch.rules.reason([*self._journal.steps, row])
        self._journal.add(row, self._responses)
        self._progress.advance()
        if self._watch.adaptive_kl is not None:
            self.trainer.beta = self._next_beta(row)
        if row["stopped"] is not None:
            control.should_training_stop = control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Writes the rows that belong to the checkpoint just written, and marks it as whole."""
        self._journal.write()
        mark_whole(Path(args.output_dir), state.global_step)

    def _next_beta(self, row: Mapping[str, Any]) -> float:
        assert self._watch.adaptive_kl is not None
        responses = self.trainer.args.generation_batch_size
        return adapted(row["beta"], row["kl"], self._watch.adaptive_kl, responses)

    def _batch(
        self, completions: Sequence[Any], ids: Sequence[list[int]], concept: Sequence[int]
    ) -> Batch:
        written = [c if isinstance(c, str) else c[0]["content"] for c in completions]
        clipped = [not (tokens and tokens[-1] in self.ends) for tokens in ids]
        texts = [
            scored(text, finished=not limit, raw=self._watch.raw)
            for text, limit in zip(written, clipped, strict=True)
        ]
        return Batch(
            texts=texts,
            names=[self._scorer.names[number] for number in concept],
            rewards=self._scorer.scores(texts, concept).rewards,
            lengths=[len(tokens) for tokens in ids],
            clipped=clipped,
            cut=[text.strip() != whole.strip() for text, whole in zip(texts, written, strict=True)],
        )

    def _likelihoods(
        self, questions: Sequence[str], responses: Sequence[list[int]]
    ) -> tuple[list[float], list[float]]:
        """Returns log π_ref and log π − log π_ref of each response, in nats."""
        own, reference = self.overheard.take([len(response) for response in responses])
        prompts, size = self._questioner.tokens(questions), self._watch.batch_size
        if own is None:
            own = log_likelihoods(self.pair.aligned, prompts, responses, size)
        if reference is None:
            with self.pair.reference() as model:
                reference = log_likelihoods(model, prompts, responses, size)
        return reference.tolist(), (own - reference).tolist()
