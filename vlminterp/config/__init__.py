"""The configuration of a run: its keys, how Hydra composes it, and what can be wrong with it."""
