"""Turns whatever backends raise about a checkpoint into one line."""

import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from safetensors import SafetensorError, safe_open

from vlminterp.errors import ModelError, UserError

REPLACE = "replace it by the original"
FOREIGN = (
    "it needs code that comes with it, which is not run; only a policy's may be, by "
    "plugin.policy.trust_remote_code=true"
)
LONGEST = 300
"""Characters that are kept of a backend's message; some list all that they know."""
_REASONS: dict[type[Exception], str] = {
    GatedRepoError: "its terms have to be accepted on its page, then log in with `hf auth login`",
    RepositoryNotFoundError: (
        "the hub has no such repository, or a private one; log in with `hf auth login`"
    ),
    RevisionNotFoundError: "its repository has no such revision; see model.revision",
    LocalEntryNotFoundError: "the hub did not deliver all its files; the same line tries again",
    pickle.UnpicklingError: (
        "its weights are a pickle of more than tensors, and only tensors are read; have them "
        "converted to safetensors"
    ),
    torch.OutOfMemoryError: "the device has too little memory for it; choose a smaller dtype",
    MemoryError: "there is too little memory for it; choose a smaller dtype",
}
"""Reasons given in place of an exception's own message; the first that fits is taken."""
_WORDS = (OSError, RuntimeError, SafetensorError, UserWarning, ValueError)
"""Exceptions that libraries raise with a sentence for people; others name a key or a type."""


@contextmanager
def told_in_words(checkpoint: str) -> Iterator[None]:
    """Turns errors of reading or using a checkpoint in the `with` block into one line.

    Libraries trust what they read, so that a damaged file may raise anything, anywhere. So every
    exception is caught, and the damaged file is named if one is found.

    Args:
        checkpoint: Where it is, for messages.

    Raises:
        ModelError: Anything was raised, except other kinds of UserError, which pass.
    """
    try:
        yield
    except ModelError as error:
        if checkpoint in str(error):
            raise
        raise ModelError(f"checkpoint '{checkpoint}': {error}") from error
    except UserError:
        raise
    except Exception as error:
        raise ModelError(
            f"checkpoint '{checkpoint}' can't be loaded: {_reason(error, Path(checkpoint))}"
        ) from error


def _reason(error: Exception, folder: Path) -> str:
    for kind, reason in _REASONS.items():
        if isinstance(error, kind):
            return reason
    if "trust_remote_code" in str(error):
        return FOREIGN
    if isinstance(error, ImportError):
        return f"a library that it needs is missing or of another version ({in_words(error)})"
    damage = next(_damages(folder), None) if folder.is_dir() else None
    if damage is not None:
        return f"{damage}; {REPLACE}"
    if is_sentence(error):
        return f"{in_words(error)}; if a file of it is damaged, {REPLACE}"
    return f"one of its files does not hold what its name says ({in_words(error)}); {REPLACE}"


def is_sentence(error: Exception) -> bool:
    """Tells whether an exception's message is a sentence for people, not a key or a type."""
    odd = isinstance(error, RecursionError) or not isinstance(error, _WORDS)
    return not odd and " " in str(error).strip()


def in_words(error: Exception) -> str:
    """Returns an exception's message in one line, with its type where that is no sentence.

    Example:
        >>> in_words(KeyError(99)), in_words(ValueError("sizes must be above 0"))
        ('KeyError: 99', 'sizes must be above 0')
    """
    words, kind = _first_sentence(error), type(error).__name__
    if is_sentence(error):
        return words
    return f"{kind}: {words}" if words else kind


def _first_sentence(error: Exception) -> str:
    """Returns a message's first line, joined with the next one where it ends in a colon."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    words = ""
    for line in lines:
        words = f"{words} {line}".strip()
        if not words.endswith(":"):
            break
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def _damages(folder: Path) -> Iterator[str]:
    """Yields what is wrong with files of a folder that are not what their suffix says."""
    for path in sorted(folder.iterdir()):
        try:
            if path.suffix == ".json":
                if not isinstance(json.loads(path.read_text("utf-8")), dict):
                    yield f"{path.name} holds no JSON object"
            elif path.suffix == ".safetensors":
                with safe_open(path, framework="pt"):
                    pass
        except RecursionError:
            yield f"{path.name} is nested too deeply"
        except (OSError, ValueError, SafetensorError) as error:
            yield f"{path.name} is damaged ({error})"
