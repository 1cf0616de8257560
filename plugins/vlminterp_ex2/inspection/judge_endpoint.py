"""A judge behind an OpenAI-compatible endpoint, asked about many descriptions at once."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from vlminterp_ex2.inspection.judge import Answer, JudgeUnavailableError, Told
from vlminterp_ex2.inspection.judge_prompt import Message
from vlminterp_ex2.inspection.judge_settings import JudgeConfig, ResponseFormat

NO_KEY = "none"
"""Stands for a key: one's own server wants none, but the client must send something."""
GIVEN_UP = 3
"""Number of descriptions in a row without any answer after which asking stops."""


class EndpointJudge:
    """A judge behind an OpenAI-compatible endpoint.

    Args:
        config: Model, address and limits.
        schema: JSON Schema of an answer.

    Raises:
        JudgeUnavailableError: The client isn't installed, or there is no key.
    """

    def __init__(self, config: JudgeConfig, schema: Mapping[str, Any]) -> None:
        if find_spec("openai") is None:
            raise JudgeUnavailableError("openai is not installed; pip install 'vlminterp[judge]'")
        key = os.environ.get(config.api_key_env, "")
        if not key and config.base_url is None:
            raise JudgeUnavailableError(f"no key in the environment variable {config.api_key_env}")
        self._config, self._key, self._schema = config, key or NO_KEY, schema

    @property
    def name(self) -> str:
        """Endpoint, model and response format: all that verdicts depend on besides the question."""
        config = self._config
        return f"{config.base_url or 'openai'} {config.model} {config.response_format.value}"

    def answer(self, conversations: Sequence[Sequence[Message]], told: Told) -> None:
        """Answers conversations, `concurrency` of them at once; see `Judge`."""
        asyncio.run(self._answer_all(conversations, told))

    async def _answer_all(self, conversations: Sequence[Sequence[Message]], told: Told) -> None:
        from openai import AsyncOpenAI

        client = AsyncOpenAI(
            api_key=self._key,
            base_url=self._config.base_url,
            timeout=self._config.timeout,
            max_retries=self._config.retries,  # with backoff, after 408, 409, 429, 5xx, no answer
        )
        waiting = iter(enumerate(conversations))
        row: list[str] = []  # reasons of the latest failures in a row

        async def work() -> None:
            for number, messages in waiting:
                answer = await self._answer(client, messages, row)
                told(number, answer)

        async with client:
            workers = [asyncio.create_task(work()) for _ in range(self._config.concurrency)]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    async def _answer(
        self, client: Any, messages: Sequence[Mapping[str, str]], row: list[str]
    ) -> Answer:
        import openai

        try:
            found = await client.chat.completions.create(
                model=self._config.model,
                messages=list(messages),
                temperature=0.0,
                max_tokens=self._config.max_tokens,
                **self._format(),
            )
            answer = _answer_of(found)
        except (openai.RateLimitError, openai.InternalServerError, openai.APITimeoutError) as error:
            return self._given_up(_reason(error), row)
        except openai.APIConnectionError as error:
            raise JudgeUnavailableError(self._at(_reason(error))) from None
        except openai.APIStatusError as error:
            raise JudgeUnavailableError(self._at(_reason(error))) from None
        except (openai.OpenAIError, ValueError) as error:
            return self._given_up(_reason(error), row)
        row.clear()
        return answer

    def _given_up(self, reason: str, row: list[str]) -> Answer:
        row.append(reason)
        if len(row) >= GIVEN_UP:
            raise JudgeUnavailableError(self._at(reason)) from None
        return Answer(None)

    def _at(self, reason: str) -> str:
        return f"{self._config.base_url or 'api.openai.com'}: {reason}"

    def _format(self) -> dict[str, Any]:
        kind = self._config.response_format
        if kind is ResponseFormat.text:
            return {}
        if kind is ResponseFormat.json_object:
            return {"response_format": {"type": "json_object"}}
        schema = {"name": "verdict", "strict": True, "schema": self._schema}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _answer_of(found: Any) -> Answer:
    """Reads a server's response; some servers leave out the text or the token counts."""
    choices = getattr(found, "choices", None) or []
    text = choices[0].message.content if choices else None
    usage = getattr(found, "usage", None)
    return Answer(
        text or "",
        int(getattr(usage, "prompt_tokens", 0) or 0),
        int(getattr(usage, "completion_tokens", 0) or 0),
    )


def _reason(error: Exception) -> str:
    """Names the kind of error in a few words, without its message, which may quote the key."""
    status = getattr(error, "status_code", None)
    words = {401: "the key is refused", 403: "access is refused", 404: "no such model or address"}
    if status is not None:
        return f"HTTP {status}" + (f" ({words[status]})" if status in words else "")
    kinds = {"APITimeoutError": "no answer in time", "APIConnectionError": "can't be reached"}
    return kinds.get(type(error).__name__, type(error).__name__)
