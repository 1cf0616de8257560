"""Finds open_clip's checkpoints: in a folder, on the hub, or by a tag of its own list."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import open_clip
from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, HFTokenizer

from vlminterp.adapters.checkpoint import TOKENIZER, read_json, require_files
from vlminterp.adapters.hub import loading, local_copy
from vlminterp.adapters.settings import ModelConfig
from vlminterp.errors import ModelError

CONFIG = "open_clip_config.json"
NEEDED = (
    (CONFIG,),
    (
        "open_clip_model.safetensors",
        "open_clip_pytorch_model.safetensors",
        "open_clip_pytorch_model.bin",
        "open_clip_pytorch_model.pth",
        "model.safetensors",
        "pytorch_model.bin",
        "pytorch_model.pth",
        "model.pth",
    ),
)
"""Files of a whole checkpoint: one of each group; open_clip reads the first weights it finds."""
NEEDED_TOKENIZER = (("tokenizer_config.json", *TOKENIZER), TOKENIZER)
HUB, LOCAL = "hf-hub:", "local-dir:"


def find_checkpoint(config: ModelConfig) -> tuple[str, str | None]:
    """Returns the model name and the pretrained tag as open_clip takes them.

    Args:
        config: The model's options; a checkpoint on the hub is downloaded first.

    Raises:
        ModelError: It can't be found, or is not whole.
    """
    checkpoint, revision = config.checkpoint, config.revision
    if not checkpoint.startswith(HUB):
        if revision is not None:
            raise ModelError(f"model.revision is for the hub; checkpoint '{checkpoint}' has none")
        return split_checkpoint(checkpoint)
    repository = checkpoint.removeprefix(HUB)
    other = f"; if it is transformers', use model=hf model.checkpoint={repository}"
    with loading(repository):
        folder = local_copy(repository, revision, NEEDED, other)
    _require_colours(folder / CONFIG)
    return (f"{LOCAL}{folder}", None) if revision is None else split_checkpoint(str(folder))


def split_checkpoint(checkpoint: str) -> tuple[str, str | None]:
    """Returns the model name and the pretrained tag as open_clip takes them.

    Args:
        checkpoint: A folder or `ARCHITECTURE/TAG`.

    Raises:
        ModelError: The folder is not whole, or open_clip lists no such tag.
    """
    folder = Path(checkpoint)
    if folder.is_dir():
        require_files(folder, NEEDED)
        config = read_json(folder / CONFIG).get("model_cfg")
        if config is None:
            raise ModelError(f"{folder / CONFIG} has no 'model_cfg'")
        if config.get("text_cfg", {}).get("hf_tokenizer_name"):
            require_files(folder, [TOKENIZER])
        _require_colours(folder / CONFIG)
        return f"{LOCAL}{checkpoint}", None
    architecture, _, tag = checkpoint.partition("/")
    known = open_clip.list_pretrained_tags_by_model(architecture)
    if tag not in known:
        listed = ", ".join(known) or "none; see open_clip.list_pretrained()"
        raise ModelError(f"open_clip has no weights '{tag}' for '{architecture}'; it has: {listed}")
    return architecture, tag


def text_tower(architecture: str, config: ModelConfig) -> dict[str, Any]:
    """Returns the options of `create_model` for a text tower that another repository describes.

    Args:
        architecture: The model's name in open_clip.
        config: The model's options; `text_tower` may say where that description is.

    Returns:
        The options; none where open_clip's own configuration describes the tower.

    Raises:
        ModelError: That repository can't be found, or `text_tower` is set but not needed.
    """
    text: dict[str, Any] = open_clip.get_model_config(architecture)["text_cfg"]
    where = config.text_tower or text.get("hf_model_name")
    if "hf_model_name" not in text or where is None:
        if config.text_tower is not None:
            raise ModelError(
                f"{config.checkpoint} has its own text tower; leave out model.text_tower"
            )
        return {}
    needed = [("config.json",)]
    try:
        if (folder := Path(where)).is_dir():
            require_files(folder, needed)
        else:
            with loading(where, "model.text_tower"):
                folder = local_copy(where, None, needed)
    except ModelError as error:
        raise ModelError(
            f"checkpoint {config.checkpoint} has its text tower in '{where}': {error}"
        ) from error
    # The checkpoint holds the weights of both towers.
    return {"text_cfg": {**text, "hf_model_name": str(folder), "hf_model_pretrained": False}}


@contextmanager
def naming_tower(options: Mapping[str, Any]) -> Iterator[None]:
    """Adds the place of the text tower, which may be at fault, to errors of the `with` block.

    Args:
        options: The options that `text_tower` returned.

    Raises:
        ModelError: The block raised one; it names the place of the text tower.
    """
    try:
        yield
    except ModelError as error:
        if not options:
            raise
        tower = options["text_cfg"]["hf_model_name"]
        raise ModelError(f"{error} (its text tower is in {tower})") from error


def _require_colours(path: Path) -> None:
    """Checks that a configuration says how colours are normalised.

    Where it doesn't, open_clip takes OpenAI's mean and deviation for any architecture, and a SigLIP
    or MobileCLIP would go on with wrong numbers.

    Raises:
        ModelError: The mean or the deviation is missing.
    """
    config = read_json(path).get("preprocess_cfg") or {}
    missing = [key for key in ("mean", "std") if config.get(key) is None]
    if missing:
        raise ModelError(
            f"{path} has no preprocess_cfg.{' and no preprocess_cfg.'.join(missing)}, and "
            "OpenAI's may not be this model's; write there what it was trained with"
        )


def load_tokenizer(architecture: str, config: ModelConfig) -> Any:
    """Returns open_clip's tokenizer.

    A folder, or a repository with `revision`, has its own; the configuration of any other
    checkpoint may name one elsewhere.

    Args:
        architecture: The model's name in open_clip.
        config: The model's options.

    Raises:
        ModelError: It can't be loaded; the message names the place where it should be.
    """
    text = open_clip.get_model_config(architecture)["text_cfg"]
    named = text.get("hf_tokenizer_name")
    if not named:
        return open_clip.get_tokenizer(architecture)
    own = not config.checkpoint.startswith(HUB) or config.revision is not None
    where = architecture.removeprefix(LOCAL) if architecture.startswith(LOCAL) and own else named
    with loading(where):
        folder = where if Path(where).is_dir() else local_copy(where, None, NEEDED_TOKENIZER)
        return HFTokenizer(
            str(folder),
            text.get("context_length", DEFAULT_CONTEXT_LENGTH),
            tokenizer_mode=text.get("tokenizer_mode"),
            **text.get("tokenizer_kwargs", {}),
        )
