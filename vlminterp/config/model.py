"""The configuration of one model for the library, like `model=NAME` on the command line."""

from collections.abc import Mapping
from typing import Any

from hydra import compose
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vlminterp.adapters.settings import ModelConfig
from vlminterp.config.composition import composing
from vlminterp.config.messages import one_line
from vlminterp.config.named_model import is_checkpoint
from vlminterp.errors import ConfigError


def composed_model(name: str, overrides: Mapping[str, Any]) -> ModelConfig:
    """Composes the configuration of one model.

    Args:
        name: Name of its YAML; or where the model is, as `named_model` takes it.
        overrides: Keys and values that replace the YAML's.

    Raises:
        ConfigError: There is no such model or key, or a value does not fit.
    """
    with composing():
        try:
            config = (
                OmegaConf.structured(ModelConfig(checkpoint=name))
                if is_checkpoint(name)
                else compose(config_name="config", overrides=[f"model={name}"]).model
            )
            merged = OmegaConf.merge(config, dict(overrides))
            model: ModelConfig = OmegaConf.to_object(merged)  # type: ignore[assignment]
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(one_line(error)) from error
    return model
