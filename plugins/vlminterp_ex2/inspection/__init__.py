"""Sorts what descriptions say: informative or spurious, visual or not, by attribute family."""
