"""Judges' answers on disk, found again by all that they depend on: nothing is asked twice."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlminterp.results.sealed import read_sealed, write_sealed


@dataclass(frozen=True)
class JudgeCache:
    """Keeps valid answers, each in a file of its own.

    Attributes:
        folder: Made when first written to; may be shared by runs and judges.
        judge: What an answer depends on besides the conversation: model, endpoint, its options.
    """

    folder: Path
    judge: str

    def read(self, messages: Sequence[Mapping[str, str]]) -> str | None:
        """Returns the answer to a conversation; None if there is none, or its file is damaged."""
        content = read_sealed(self._file(messages))
        return None if content is None else content.decode("utf-8")

    def write(self, messages: Sequence[Mapping[str, str]], answer: str) -> None:
        """Keeps an answer."""
        write_sealed(self._file(messages), answer.encode("utf-8", "replace"))

    def _file(self, messages: Sequence[Mapping[str, str]]) -> Path:
        key = json.dumps([self.judge, [dict(message) for message in messages]], sort_keys=True)
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest[2:34]}.answer"
