"""Resizing, cropping and normalising pictures as a checkpoint's own backend does it."""

from vlminterp.adapters.preprocessing.pipeline import Preprocessing

__all__ = ["Preprocessing"]
