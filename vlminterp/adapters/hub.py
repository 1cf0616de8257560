"""Loads from the hub: quick and quiet when it can't be reached, one clear line when it fails."""

import logging
import os
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
)
from transformers import dynamic_module_utils

from vlminterp.adapters.checkpoint import Needed, files_read, missing_files
from vlminterp.adapters.unloadable import told_in_words
from vlminterp.errors import ModelError, UserError

PROBE_SECONDS = 5.0
_CONVERSION = "DISABLE_SAFETENSORS_CONVERSION"
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")


@contextmanager
def loading(checkpoint: str, key: str = "model.checkpoint") -> Iterator[None]:
    """Turns errors of reading a checkpoint in the `with` block into a one-line ModelError.

    Backends retry an unreachable hub for a minute, file by file. So one probe looks first, and if
    it fails only the local cache is used.

    Args:
        checkpoint: A folder, or something on the hub.
        key: The option that names it, for messages.

    Raises:
        ModelError: The checkpoint can't be loaded.
    """
    offline = not Path(checkpoint).is_dir() and not _reachable()
    with told_in_words(checkpoint):
        try:
            with _quiet(), _offline(offline=offline), _no_conversion(), _no_questions():
                yield
        except UserError:
            raise
        except Exception as error:
            if offline and _not_cached(error):
                raise ModelError(
                    f"{_unreachable()} and '{checkpoint}' is not in its cache; "
                    f"point {key}=/local/folder at its files"
                ) from error
            raise


def local_copy(repository: str, revision: str | None, needed: Needed, hint: str = "") -> Path:
    """Downloads the missing files of a checkpoint; returns its folder in the hub's cache.

    Reading that folder makes no further requests: transformers neither looks for converted weights
    nor has them converted, and all files are of one revision. Call it under `loading`.

    Args:
        repository: Its name on the hub.
        revision: Branch, tag or commit; None for the main branch.
        needed: Files of a whole checkpoint; one of the first group tells the commit.
        hint: Advice for the message if none of that group is there.

    Raises:
        ModelError: The repository, or the cache where the hub can't be reached, lacks files.
    """
    folder = _snapshot(repository, revision, needed[0], hint)
    offline = constants.HF_HUB_OFFLINE
    if offline:
        names = [path.name for path in folder.iterdir()]
    else:
        listed = HfApi().model_info(repository, revision=folder.name).siblings or []
        names = [file.rfilename for file in listed]
    missing = missing_files(names, needed)
    if missing:
        known = f"; {_unreachable()}, and its cache holds no more" if offline else ""
        raise ModelError(f"checkpoint {repository} lacks {', '.join(missing)}{known}")
    if not offline:
        for name in files_read(names, needed):
            hf_hub_download(repository, name, revision=folder.name)  # its name is the commit
    return folder


def _snapshot(repository: str, revision: str | None, names: Sequence[str], hint: str) -> Path:
    """Returns a commit's folder in the hub's cache, found by the first of the files that exists."""
    unknown: LocalEntryNotFoundError | None = None
    for name in names:
        try:
            return Path(hf_hub_download(repository, name, revision=revision)).parent
        except LocalEntryNotFoundError as error:  # subclass of the next; the hub was not asked
            unknown = error
        except EntryNotFoundError:
            continue
    if unknown is not None:
        raise unknown
    raise ModelError(f"{repository} has no {' or '.join(names)}{hint}")


def _not_cached(error: BaseException | None) -> bool:
    """Tells whether an error was caused by a file that is not in the cache."""
    if error is None or isinstance(error, LocalEntryNotFoundError | OfflineModeIsEnabled):
        return error is not None
    return _not_cached(error.__cause__ or error.__context__)


def _unreachable() -> str:
    asked = next((name for name in _OFFLINE if os.environ.get(name)), None)
    return "the hub can't be reached" + (f" ({asked} is set)" if asked else "")


def _reachable() -> bool:
    if constants.HF_HUB_OFFLINE:
        return False
    probe = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        urllib.request.urlopen(probe, timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError:
        return True  # an error is an answer too
    except OSError:
        return False
    return True


@contextmanager
def _offline(*, offline: bool) -> Iterator[None]:
    """Acts as HF_HUB_OFFLINE=1 does in the `with` block, if `offline`."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or offline
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


@contextmanager
def _no_conversion() -> Iterator[None]:
    """Keeps transformers from asking a bot, in a thread, to convert a repository of pickles."""
    before = os.environ.get(_CONVERSION)
    os.environ[_CONVERSION] = "1"
    try:
        yield
    finally:
        os.environ.pop(_CONVERSION)
        if before is not None:
            os.environ[_CONVERSION] = before


@contextmanager
def _no_questions() -> Iterator[None]:
    """Keeps transformers from asking on stdin whether a repository's code may be run.

    Our own calls say that it may not; calls by libraries, such as open_clip, leave it open.
    """
    before = dynamic_module_utils.TIME_OUT_REMOTE_CODE
    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0
    try:
        yield
    finally:
        dynamic_module_utils.TIME_OUT_REMOTE_CODE = before


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences the backends' logs and warnings: the exceptions that they raise say the same."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # adapters.room calls torch's functions, so that torch's warnings point at it
            names = r"torch\b|transformers\b|vlminterp\.adapters\.room\b"
            warnings.filterwarnings("ignore", module=names)
            yield
    finally:
        logging.disable(before)
