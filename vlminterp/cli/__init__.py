"""The command line: from arguments to a finished run."""
