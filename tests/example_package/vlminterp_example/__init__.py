"""A third party's package: a plugin, a model of a new family, and a source."""
