"""A W&B workspace and a report of a sweep, built by program."""
