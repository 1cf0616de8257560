"""Loading from the hub: quick and quiet when it can't be reached, one clear line when it fails."""

import logging
import pickle
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import constants
from safetensors import SafetensorError

from vlminterp.errors import ModelError

PROBE_SECONDS = 5.0
_FAILURES = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    SafetensorError,
    UserWarning,
    pickle.UnpicklingError,
)


@contextmanager
def loading(checkpoint: str, key: str = "model.checkpoint") -> Iterator[None]:
    """Everything that reads a checkpoint happens in here.

    An unreachable hub would be retried for a minute, file by file; one probe finds out, and then
    only the local cache is used.

    Args:
        checkpoint: A folder, or something on the hub.
        key: The option that names it, for messages.

    Raises:
        ModelError: It can't be loaded; one line, from whatever the backend raised.
    """
    offline = not Path(checkpoint).is_dir() and not _reachable()
    try:
        with _quiet(), _offline(offline=offline):
            yield
    except _FAILURES as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if offline:
            raise ModelError(
                f"the hub can't be reached and '{checkpoint}' is not in its cache; "
                f"point {key}=/local/folder at its files"
            ) from error
        raise ModelError(f"checkpoint '{checkpoint}' can't be loaded: {reason}") from error


def _reachable() -> bool:
    if constants.HF_HUB_OFFLINE:
        return False
    probe = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        urllib.request.urlopen(probe, timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError:
        return True  # it answered
    except OSError:
        return False
    return True


@contextmanager
def _offline(*, offline: bool) -> Iterator[None]:
    """What HF_HUB_OFFLINE=1 does, for as long as the block lasts."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or offline
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextmanager
def _quiet() -> Iterator[None]:
    """What the backends log about a failure is in the exception that they raise."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)
