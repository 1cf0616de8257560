"""Passwords and keys: refused where a user writes one, and taken out of everything we write."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from vlminterp.errors import ConfigError

SECRET_KEY = re.compile(
    r"(^|[_.-])(api_?key|passw(or)?d|secret(_?key)?|credentials?|authorization)$"
    r"|(^|[_.-])(access|api|auth|bearer|hf|github|refresh|session|wandb)_?token$|(^|\.)token$",
    re.IGNORECASE,
)
"""Names of options that hold a secret; `pooled_token` and `max_tokens` are none."""
LOGIN = re.compile(r"([a-z][a-z0-9+.-]+:/{1,2})[^/@\s]+@", re.IGNORECASE)
"""User and password in an address: `https://user:password@host`; a `Path` has lost a slash."""
QUERY_SECRET = re.compile(
    r"(?<=[?&])((?:[\w.-]*[_.-])?(?:api_?key|key|token|passw(?:or)?d|secret|signature|sig))"
    r"=[^&#\s'\"]+",
    re.IGNORECASE,
)
"""A secret in an address's query: `?api_key=…`."""
HIDDEN = "REDACTED"


def redacted(text: str) -> str:
    """Returns a text without the passwords and keys of the addresses in it.

    Example:
        >>> redacted("https://me:x@host/v1?api_key=x&page=2 refused the connection")
        'https://host/v1?api_key=REDACTED&page=2 refused the connection'
    """
    if ":/" not in text:
        return text
    return QUERY_SECRET.sub(rf"\1={HIDDEN}", LOGIN.sub(r"\1", text))


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a config of plain types without its keys and passwords, however deep they are.

    Example:
        >>> without_secrets({"judge": {"api_key": "x", "model": "m"}, "tokenizer": "t"})
        {'judge': {'model': 'm'}, 'tokenizer': 't'}
        >>> without_secrets({"hosts": [{"url": "https://me:x@host/v1", "HF_TOKEN": "x"}]})
        {'hosts': [{'url': 'https://host/v1'}]}
    """
    public: dict[str, Any] = _public(config)
    return public


def refuse_secrets(settings: Iterable[tuple[str, Any]]) -> None:
    """Refuses options that hold a password or a key, before anything is written.

    Args:
        settings: Names of options, and their values.

    Raises:
        ConfigError: One of them holds a secret; the message does not repeat it.
    """
    for key, value in settings:
        text = str(value)
        if redacted(text) != text:
            raise ConfigError(
                f"{key} holds a password or a key, and options are written to the run folder and "
                "to W&B; give the address without it, and the key in an environment variable "
                "(the judge reads the one that plugin.judge.api_key_env names)"
            )
        if value not in (None, "", "null") and SECRET_KEY.search(key):
            raise ConfigError(
                f"{key} looks like a key or a password, and options are written to the run folder "
                "and to W&B; keep it in an environment variable, where libraries look for it"
            )


def leaves(config: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    """Yields the options of a nested config by their dotted names.

    Example:
        >>> list(leaves({"judge": {"urls": ["a", "b"]}, "seed": 0}))
        [('judge.urls', 'a'), ('judge.urls', 'b'), ('seed', 0)]
    """
    if isinstance(config, Mapping):
        for name, value in config.items():
            yield from leaves(value, f"{key}.{name}" if key else str(name))
    elif isinstance(config, list):
        for value in config:
            yield from leaves(value, key)
    else:
        yield key, config


def _public(value: Any) -> Any:
    match value:
        case Mapping():
            return {k: _public(item) for k, item in value.items() if not SECRET_KEY.search(str(k))}
        case list():
            return [_public(item) for item in value]
        case str():
            return redacted(value)
    return value
