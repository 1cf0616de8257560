"""What can be chosen about the judge, a language model that is asked what descriptions say."""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from vlminterp.errors import ConfigError


class Backend(Enum):
    """Where the judge is."""

    none = "none"
    """There is none: lexicon and ablation alone."""
    local = "local"
    """A language model on this machine, a folder or from the hub (transformers)."""
    endpoint = "endpoint"
    """Any server that speaks OpenAI's chat completions."""


class ResponseFormat(Enum):
    """How an endpoint is made to answer in JSON; not all know all."""

    json_schema = "json_schema"
    json_object = "json_object"
    text = "text"


@dataclass
class JudgeConfig:
    """The judge; a group, `plugin/judge=NAME`.

    Attributes:
        backend: Where it is.
        model: A folder or hub id (`pkg://PACKAGE/PATH` too) if local, else the endpoint's name of
            it.
        gguf: Of a local one, the file that holds the weights, or a pattern.
        base_url: Of an endpoint, such as http://localhost:8000/v1; null is OpenAI's.
        api_key_env: The environment variable that holds the endpoint's key. The key itself is
            nowhere else: not in configs, logs or caches.
        response_format: How an endpoint is made to answer in JSON.
        prompts: A file of instructions and shots; null for our own.
        limit: At most so many descriptions are judged, spread evenly over models and concepts;
            0 for all.
        attempts: How often one is asked until its answer is valid, ≥ 1.
        retries: How often an endpoint is tried again after 429, 5xx, or no answer in time, ≥ 0.
        timeout: Seconds to wait for an endpoint's answer, > 0.
        concurrency: Questions asked at once; of a local model, its batch, ≥ 1.
        max_tokens: Of an answer, ≥ 16.
        cache: A folder that keeps answers for all runs; null keeps them in the run folder.
    """

    free_text: ClassVar = ("gguf", "prompts", "cache")

    backend: Backend = Backend.none
    model: str = ""
    gguf: str | None = None
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    response_format: ResponseFormat = ResponseFormat.json_schema
    prompts: str | None = None
    limit: int = 0
    attempts: int = 3
    retries: int = 5
    timeout: float = 60.0
    concurrency: int = 8
    max_tokens: int = 300
    cache: str | None = None

    def __post_init__(self) -> None:
        """Checks ranges.

        Raises:
            ConfigError: A value is out of range, or the judge has no model.
        """
        lows = {"limit": 0, "attempts": 1, "retries": 0, "concurrency": 1, "max_tokens": 16}
        for name, low in lows.items():
            if getattr(self, name) < low:
                raise ConfigError(f"judge.{name}={getattr(self, name)} must be at least {low}")
        if not self.timeout > 0:
            raise ConfigError(f"judge.timeout={self.timeout} must be above 0")
        if self.backend is not Backend.none and not self.model:
            raise ConfigError(
                f"judge.backend={self.backend.value} needs a model; add plugin.judge.model=NAME"
            )
