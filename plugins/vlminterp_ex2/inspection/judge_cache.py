"""Keeps judges' answers on disk, by all that they depend on, so that nothing is asked twice."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlminterp.results.sealed import read_sealed, write_sealed


@dataclass(frozen=True)
class JudgeCache:
    """A folder of valid answers, each in a file of its own.

    Attributes:
        folder: Created on first writing; runs and judges may share it.
        judge: Everything an answer depends on besides the conversation: model, endpoint, options.
    """

    folder: Path
    judge: str

    def read(self, messages: Sequence[Mapping[str, str]]) -> str | None:
        """Returns the answer to a conversation; None if there is none, or its file is damaged."""
        content = read_sealed(self._file(messages))
        return None if content is None else content.decode("utf-8")

    def write(self, messages: Sequence[Mapping[str, str]], answer: str) -> None:
        """Writes an answer to a file of the cache."""
        write_sealed(self._file(messages), answer.encode("utf-8", "replace"))

    def _file(self, messages: Sequence[Mapping[str, str]]) -> Path:
        key = json.dumps([self.judge, [dict(message) for message in messages]], sort_keys=True)
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest[2:34]}.answer"
