"""What of a config no one else may see."""

import re
from collections.abc import Mapping
from typing import Any

from vlminterp.results.plain import plain

SECRET = re.compile(
    r"(^|_|-)(api_?key|token|password|passwd|secret|credentials?|authorization)$", re.IGNORECASE
)
LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
"""User and password in an address: `https://user:password@host`."""


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config without its keys and passwords, however deep they are.

    Example:
        >>> without_secrets({"judge": {"api_key": "x", "model": "m"}, "tokenizer": "t"})
        {'judge': {'model': 'm'}, 'tokenizer': 't'}
        >>> without_secrets({"hosts": [{"url": "https://me:x@host/v1", "HF_TOKEN": "x"}]})
        {'hosts': [{'url': 'https://host/v1'}]}
    """
    public: dict[str, Any] = _public(plain(config))
    return public


def _public(value: Any) -> Any:
    match value:
        case dict():
            return {key: _public(item) for key, item in value.items() if not SECRET.search(key)}
        case list():
            return [_public(item) for item in value]
        case str():
            return LOGIN.sub("", value)
    return value
