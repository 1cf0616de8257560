"""Versions of all that a run's numbers may depend on."""

import platform
from importlib.metadata import PackageNotFoundError, version

from vlminterp.results.identity import package_version

LIBRARIES = ("torch", "transformers", "open_clip_torch", "captum", "trl", "peft", "numpy", "pillow")


def versions() -> dict[str, str]:
    """Returns the versions of vlminterp, Python, the libraries and the platform, by name."""
    found = {"vlminterp": package_version(), "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return {**found, "platform": platform.platform()}
