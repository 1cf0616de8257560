"""Silences the progress bars, warnings and telemetry of trl, peft and transformers."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import constants
from transformers.utils import logging as transformers_logging

LIBRARIES = ("trl", "transformers", "accelerate", "peft")


@contextmanager
def quietly() -> Iterator[None]:
    """Turns off progress bars, warnings of one library about another, and TRL's telemetry.

    Errors are raised as usual.
    """
    loggers = [logging.getLogger(name) for name in LIBRARIES]
    levels = [logger.level for logger in loggers]
    telemetry, constants.HF_HUB_DISABLE_TELEMETRY = constants.HF_HUB_DISABLE_TELEMETRY, True
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        constants.HF_HUB_DISABLE_TELEMETRY = telemetry
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
