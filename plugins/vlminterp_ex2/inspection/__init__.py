"""What descriptions say: informative or spurious, visual or not, of which attribute families."""
