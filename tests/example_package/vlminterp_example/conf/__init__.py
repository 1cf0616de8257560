"""Configurations that this package brings."""
