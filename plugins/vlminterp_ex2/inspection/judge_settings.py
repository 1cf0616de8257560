"""Options of the judge, a language model that is asked what descriptions say."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vlminterp.errors import ConfigError

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
TAKEN = ("judge", "lexicon", "people", "cost")
"""Names that raters and their tables have already."""


class Backend(Enum):
    """The place where the judge runs."""

    none = "none"
    """No judge: lexicon and ablation alone."""
    local = "local"
    """A language model on this machine, a folder or from the hub (transformers)."""
    endpoint = "endpoint"
    """Any server that offers OpenAI's chat completions API."""


class ResponseFormat(Enum):
    """The ways to make an endpoint answer in JSON; not every server supports all."""

    json_schema = "json_schema"
    json_object = "json_object"
    text = "text"


@dataclass
class JudgeConfig:
    """Options of the judge, chosen as a group by `plugin/judge=NAME`.

    Attributes:
        backend: The place where the judge runs.
        model: A folder or hub id (`pkg://PACKAGE/PATH` too) if local, else the model's name at the
            endpoint.
        gguf: The file that holds a local model's weights, or a pattern.
        base_url: The endpoint's address, such as http://localhost:8000/v1; null is OpenAI's.
        api_key_env: The environment variable that holds the endpoint's key. The key is never
            written to configs, logs or caches.
        response_format: The way to make an endpoint answer in JSON.
        prompts: A file of instructions, shots and, if it differs from ours, the answer's schema;
            `ex2-paper` for the paper's question; null for our own.
        limit: Highest number of descriptions that are judged, spread evenly over models and
            concepts; 0 for all.
        attempts: Highest number of times a judge is asked until its answer is valid, ≥ 1.
        retries: Number of times a request is repeated after 429, 5xx, or no answer in time, ≥ 0.
        timeout: Seconds to wait for an endpoint's answer, > 0.
        concurrency: Questions asked at once; a local model's batch size, ≥ 1.
        max_tokens: Longest answer in tokens, ≥ 16.
        cache: A folder that keeps answers for all runs; null keeps them beside the stages that runs
            share.
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
        """Checks the options' ranges.

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


def further_judge(name: str, options: Any) -> JudgeConfig:
    """Returns the checked options of a judge beside the first.

    Args:
        name: Name of its table and column: lower-case letters, digits, "-" and "_".
        options: The judge's options by name, or a checked `JudgeConfig`.

    Raises:
        ConfigError: The name is taken or malformed, or an option is unknown or out of range.
    """
    if not NAME.fullmatch(name) or name in TAKEN:
        raise ConfigError(
            f"judges.{name} is no name for a judge: lower-case letters, digits, - and _; "
            f"not {', '.join(TAKEN)}"
        )
    if isinstance(options, JudgeConfig):
        return options
    try:
        checked: JudgeConfig = OmegaConf.to_object(  # type: ignore[assignment]
            OmegaConf.merge(OmegaConf.structured(JudgeConfig), options)
        )
    except OmegaConfBaseException as error:
        raise ConfigError(f"judges.{name}: {str(error).splitlines()[0]}") from error
    return checked
