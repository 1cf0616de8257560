"""Mirrors a run folder to Weights & Biases; importing this imports no wandb."""

from vlminterp.tracking.config import Mode, TrackingConfig
from vlminterp.tracking.run import check_login, mirror

__all__ = ["Mode", "TrackingConfig", "check_login", "mirror"]
