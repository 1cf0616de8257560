"""Builds a W&B workspace and report of a sweep."""
