"""Finds the folders of a checkpoint of transformers: its model's, and its PEFT adapter's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub.errors import EntryNotFoundError
from transformers.integrations import peft as transformers_peft
from transformers.utils import logging as transformers_logging

from vlminterp.adapters.checkpoint import (
    ADAPTER_CONFIG,
    HF_WEIGHTS,
    TOKENIZER,
    base_of,
    missing_files,
    require_files,
    resolve_checkpoint,
)
from vlminterp.adapters.hub import loading, local_copy
from vlminterp.adapters.settings import ModelConfig
from vlminterp.errors import ModelError

NEEDED = (
    ("config.json",),
    HF_WEIGHTS,
    ("preprocessor_config.json", "processor_config.json"),
    TOKENIZER,
)
"""Files of a whole checkpoint: one of each group."""
ADAPTER = ((ADAPTER_CONFIG,), ("adapter_model.safetensors", "adapter_model.bin"))
"""Files of an adapter: one of each group."""
_LACKING = (ModelError, EntryNotFoundError)
"""Exceptions for a file that the hub, or offline its cache, does not have."""


@dataclass(frozen=True)
class Folders:
    """The folders of a checkpoint; they are in the hub's cache if it is on the hub.

    Attributes:
        model: Folder of the model: configuration, weights, preprocessor and tokenizer.
        adapter: Folder of the adapter that is put into it, perhaps the same; None if there is none.
    """

    model: Path
    adapter: Path | None = None


def located(config: ModelConfig) -> Folders:
    """Finds a checkpoint's folders, and for an adapter alone the folder of its base.

    Raises:
        ModelError: Files are missing, the hub can't be reached, or an option does not apply.
    """
    checkpoint, folder = config.checkpoint, Path(config.checkpoint)
    if config.text_tower is not None:
        raise ModelError("model.text_tower is for open_clip; adapter hf reads the checkpoint's own")
    if not folder.is_dir():
        folder = _downloaded(checkpoint, config.revision)
    elif config.revision is not None:
        raise ModelError(f"model.revision is for the hub; checkpoint '{checkpoint}' has none")
    if not (folder / ADAPTER_CONFIG).is_file():
        require_files(folder, NEEDED)
        return Folders(folder)
    if missing := missing_files([path.name for path in folder.iterdir()], ADAPTER):
        raise ModelError(
            f"checkpoint {checkpoint} has {ADAPTER_CONFIG} but no {', '.join(missing)}; remove the "
            "one or add the other"
        )
    if (base := base_of(folder)) is None:
        require_files(folder, NEEDED)
        return Folders(folder, folder)
    return Folders(_base(checkpoint, base), folder)


def _base(checkpoint: str, base: str) -> Path:
    """Finds the folder of the model that an adapter was trained on."""
    try:
        if not base:
            raise ModelError("it names no base")
        place = Path(resolve_checkpoint(base, "base_model_name_or_path"))
        if not place.is_dir():
            with loading(base, "base_model_name_or_path"), no_progress_bar():
                place = local_copy(base, None, NEEDED)
        require_files(place, NEEDED)
    except ModelError as error:
        raise ModelError(f"{ADAPTER_CONFIG} of checkpoint {checkpoint}: {error}") from error
    return place


def _downloaded(repository: str, revision: str | None) -> Path:
    """Downloads a repository, which is a whole checkpoint or an adapter alone."""
    other = f"; if it is open_clip's, use model=open-clip model.checkpoint=hf-hub:{repository}"
    with loading(repository), no_progress_bar():
        try:
            return local_copy(repository, revision, NEEDED, other)
        except _LACKING as whole:
            try:
                return local_copy(repository, revision, ADAPTER)
            except _LACKING:
                raise whole from None


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Hides transformers' progress bar, which would break into the run's own."""
    logging: Any = transformers_logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@contextmanager
def weights_alone() -> Iterator[None]:
    """Keeps transformers from applying an adapter that stands beside the weights it reads.

    It would report the adapter's tensors alone, so that missing weights went unnoticed.
    """
    applying: Any = transformers_peft
    before = applying.is_peft_available
    applying.is_peft_available = lambda: False
    try:
        yield
    finally:
        applying.is_peft_available = before
