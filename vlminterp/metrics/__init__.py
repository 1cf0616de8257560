"""What explanations are judged by: pure functions, each beside the baselines it must beat."""
