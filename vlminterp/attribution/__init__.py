"""Runs any attribution method over image-text pairs, and scores it against baselines."""
