"""The parts of a sweep's page, each made from finished runs alone."""
