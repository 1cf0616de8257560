"""A judge on this machine: any chat model that transformers can load."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import GenerationConfig

from vlminterp.errors import UserError
from vlminterp_ex2.inspection.judge import Answer, JudgeUnavailableError, Told
from vlminterp_ex2.inspection.judge_prompt import Message
from vlminterp_ex2.inspection.judge_settings import JudgeConfig


class LocalJudge:
    """A language model on this machine, asked in batches, with greedy decoding.

    Args:
        config: Model and limits.
        tokenizer: Tokenizer that pads on the left.
        model: Language model in evaluation mode.
    """

    def __init__(self, config: JudgeConfig, tokenizer: Any, model: Any) -> None:
        self._config, self._tokenizer, self._model = config, tokenizer, model
        self._templated = bool(getattr(tokenizer, "chat_template", None))

    @property
    def name(self) -> str:
        """The model and its weights file, on which verdicts depend besides the question."""
        return f"local {self._config.model} {self._config.gguf or ''}"

    def answer(self, conversations: Sequence[Sequence[Message]], told: Told) -> None:
        """Answers conversations, `concurrency` of them in a batch; see `Judge`."""
        size = self._config.concurrency
        for start in range(0, len(conversations), size):
            answers = self._batch(conversations[start : start + size])
            for number, answer in enumerate(answers, start):
                told(number, answer)

    @torch.no_grad()
    def _batch(self, conversations: Sequence[Sequence[Message]]) -> list[Answer]:
        asked = [self._text(messages) for messages in conversations]
        # a chat template has written the special tokens already
        inputs = self._tokenizer(
            asked, padding=True, return_tensors="pt", add_special_tokens=not self._templated
        ).to(self._model.device)
        written = self._model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            generation_config=self._likeliest(),
        )[:, inputs["input_ids"].shape[1] :]
        texts = self._tokenizer.batch_decode(written, skip_special_tokens=True)
        read = inputs["attention_mask"].sum(1).tolist()
        kept = (written != self._tokenizer.pad_token_id).sum(1).tolist()
        return [Answer(*one) for one in zip(texts, read, kept, strict=True)]

    def _likeliest(self) -> GenerationConfig:
        """Returns settings for greedy decoding, whatever the checkpoint recommends."""
        ends = self._model.generation_config.eos_token_id
        return GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=self._config.max_tokens,
            do_sample=False,
            pad_token_id=self._tokenizer.pad_token_id,
            eos_token_id=self._tokenizer.eos_token_id if ends is None else ends,
        )

    def _text(self, messages: Sequence[Message]) -> str:
        if self._templated:
            text: str = self._tokenizer.apply_chat_template(
                list(messages), add_generation_prompt=True, tokenize=False
            )
            return text
        return "\n\n".join(message["content"] for message in messages) + "\n\n"


def load_local(config: JudgeConfig, device: torch.device) -> LocalJudge:
    """Loads the judge's model and tokenizer.

    Raises:
        JudgeUnavailableError: The model can't be loaded.
    """
    from vlminterp_ex2.policy import KEY, load_model, load_tokenizer
    from vlminterp_ex2.settings import PolicyConfig

    place = PolicyConfig(checkpoint=config.model, gguf=config.gguf)
    try:
        return LocalJudge(config, load_tokenizer(place), load_model(place, device))
    except UserError as error:
        raise JudgeUnavailableError(str(error).replace(KEY, "plugin.judge.model")) from error
