"""Presets of the plugin."""
