"""The language model in two states: before training (the reference), and aligned."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from vlminterp.adapters.checkpoint import resolve_checkpoint
from vlminterp.adapters.hf.report import require_all
from vlminterp.adapters.hub import loading
from vlminterp.adapters.room import RoomFor
from vlminterp.adapters.strict import require_finite_weights
from vlminterp.errors import ConfigError, ModelError
from vlminterp_ex2.chat import prompt_formatter, stop_clock
from vlminterp_ex2.quiet import quietly
from vlminterp_ex2.settings import Lora, PolicyConfig, Quantisation

KEY = "plugin.policy.checkpoint"
ALL_LINEAR = "all-linear"


class PolicyAndReference:
    """A policy and its reference.

    Args:
        aligned: The model that is or was trained.
        reference: The model before training; None if that is `aligned` without its adapter.
    """

    def __init__(self, aligned: Any, reference: Any = None) -> None:
        self.aligned = aligned
        self._reference = reference

    @contextmanager
    def reference(self) -> Iterator[Any]:
        """Yields the reference; until the end of the block `aligned` may be without its adapter."""
        off = self.aligned.disable_adapter() if self._reference is None else nullcontext()
        with off:
            yield self.aligned if self._reference is None else self._reference


def check_policy(config: PolicyConfig, device: torch.device) -> None:
    """Checks a policy before anything slow begins.

    Raises:
        ConfigError: The device can't do what the config asks for, or a chat template is asked for
            and there is none.
        ModelError: Its tokenizer can't be loaded, or has no end token.
    """
    _quantisation(config, device)
    prompt_formatter(config, load_tokenizer(config))


def load_tokenizer(config: PolicyConfig) -> Any:
    """Loads the policy's tokenizer; one without a padding token pads with its end token.

    Raises:
        ModelError: It can't be loaded, or has no end token.
    """
    folder, options = _place(config)
    with loading(config.checkpoint, KEY), quietly():
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", **options)
    if tokenizer.eos_token is None:
        raise ModelError(f"{KEY}={config.checkpoint}: its tokenizer has no end-of-text token")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    stop_clock(tokenizer)
    return tokenizer


def load_model(config: PolicyConfig, device: torch.device) -> Any:
    """Loads the language model as published, in evaluation mode.

    Raises:
        ConfigError: The device can't do what the config asks for.
        ModelError: It can't be loaded.
    """
    quantisation = _quantisation(config, device)
    folder, options = _place(config)
    if quantisation is not None:
        options |= {"quantization_config": quantisation, "device_map": {"": device}}
    dtype = getattr(torch, config.dtype.value)
    room = RoomFor(config.checkpoint, [Path(folder)])
    with loading(config.checkpoint, KEY), quietly(), room:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=dtype,
            weights_only=True,
            ignore_mismatched_sizes=True,  # the report lists them, and they are refused
            output_loading_info=True,
            **options,
        )
        model, report = loaded
        require_all(report, config.checkpoint, type(model).__name__)
    require_finite_weights(model, f"{KEY}={config.checkpoint}")
    if config.gguf is not None:
        _forget_gguf(model)
    return (model if quantisation is not None else model.to(device)).train(mode=False)


def load_aligned(
    config: PolicyConfig, device: torch.device, checkpoint: Path
) -> PolicyAndReference:
    """Loads the trained policy and its reference, both in evaluation mode.

    Args:
        config: The policy's configuration.
        device: Device to load both models to.
        checkpoint: Folder that training has saved.
    """
    base = load_model(config, device)
    with loading(str(checkpoint), KEY), quietly():
        if config.lora is not None:
            return PolicyAndReference(
                PeftModel.from_pretrained(base, str(checkpoint)).train(mode=False)
            )
        dtype = getattr(torch, config.dtype.value)
        aligned: Any = AutoModelForCausalLM.from_pretrained(
            checkpoint, dtype=dtype, trust_remote_code=config.trust_remote_code
        )
    return PolicyAndReference(aligned.to(device).train(mode=False), base)


def lora_config(lora: Lora) -> LoraConfig:
    """Converts the options of adapters to peft's."""
    targets = lora.targets[0] if lora.targets == [ALL_LINEAR] else list(lora.targets)
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]  # peft divides it by the rank
        lora_dropout=lora.dropout,
        target_modules=targets,
        bias="none",
        task_type="CAUSAL_LM",
    )


def local_folder(config: PolicyConfig) -> Path | None:
    """Returns the folder of the policy's files; None if they are on the hub.

    Raises:
        ModelError: A folder is named that does not exist.
    """
    found = Path(resolve_checkpoint(config.checkpoint, KEY, config.install))
    return found if found.is_dir() else None


def _place(config: PolicyConfig) -> tuple[str, dict[str, Any]]:
    """Returns the place of the files, and the options that transformers needs to read them."""
    folder = resolve_checkpoint(config.checkpoint, KEY, config.install)
    options: dict[str, Any] = {"trust_remote_code": config.trust_remote_code}
    if config.revision is not None:
        options["revision"] = config.revision
    if config.gguf is not None:
        options["gguf_file"] = _gguf_file(folder, config)
    return folder, options


def _forget_gguf(model: Any) -> None:
    """Removes the marks of quantisation, with which no trainer takes a model.

    Weights read from GGUF are plain tensors.
    """
    model.is_quantized = False
    model.hf_quantizer = None
    for mark in ("quantization_method", "_is_quantized_training_enabled"):
        if hasattr(model, mark):
            delattr(model, mark)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config


def _gguf_file(folder: str, config: PolicyConfig) -> str:
    if find_spec("gguf") is None:
        cure = config.install or "pip install gguf"
        raise ModelError(f"{KEY}={config.checkpoint}: reading GGUF needs a package; {cure}")
    pattern = str(config.gguf)
    if not Path(folder).is_dir():
        return pattern
    files = sorted(Path(folder).glob(pattern))
    if len(files) != 1:
        raise ModelError(
            f"{folder} holds {len(files)} files like {pattern}; name one by plugin.policy.gguf="
        )
    return files[0].name


def _quantisation(config: PolicyConfig, device: torch.device) -> BitsAndBytesConfig | None:
    if config.quantisation is Quantisation.none:
        return None
    asked = f"plugin.policy.quantisation={config.quantisation.name}"
    if device.type != "cuda":
        raise ConfigError(
            f"{asked} needs a CUDA GPU and this run is on {device.type}; choose quantisation=none, "
            "or a smaller plugin/policy="
        )
    if find_spec("bitsandbytes") is None:
        raise ConfigError(f"{asked} needs a package; pip install bitsandbytes")
    if config.quantisation is Quantisation.int8:
        return BitsAndBytesConfig(load_in_8bit=True)  # type: ignore[no-untyped-call]
    dtype = getattr(torch, config.dtype.value)
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )
