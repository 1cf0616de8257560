"""Where image-text pairs come from: one file per source, found by name in `registry`."""
