"""Metrics of explanations as pure functions, and the baselines that they must beat."""
