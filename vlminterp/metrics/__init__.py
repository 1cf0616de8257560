"""What explanations are judged by: pure functions, each beside the controls it must beat."""
