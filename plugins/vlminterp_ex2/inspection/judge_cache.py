"""Judges' answers on disk, found again by all that they depend on: nothing is asked twice."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vlminterp.results.atomic import write_whole


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
        try:
            return self._file(messages).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def write(self, messages: Sequence[Mapping[str, str]], answer: str) -> None:
        """Keeps an answer."""
        path = self._file(messages)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, answer.encode("utf-8", "replace"))

    def _file(self, messages: Sequence[Mapping[str, str]]) -> Path:
        key = json.dumps([self.judge, [dict(message) for message in messages]], sort_keys=True)
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest[2:34]}.json"
