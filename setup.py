"""Finds the packages, and leads README's links to the repository; all else is in pyproject.toml.

The core lies at the top, each plugin under `plugins/`, and `conf/` is installed inside the core.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

REPOSITORY = "https://github.com/vlminterp/vlminterp"
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")
"""Pattern of a link or picture whose address is relative, which means nothing on an index."""


def absolute(match: re.Match[str]) -> str:
    """Returns a link whose address is absolute; pictures are asked for as files, not pages."""
    picture, words, path = match.groups()
    return f"{picture}[{words}]({REPOSITORY}/{'raw' if picture else 'blob'}/main/{path})"


core = find_packages(include=["vlminterp", "vlminterp.*"])
plugins = find_packages("plugins")
homes = {name: f"plugins/{name}" for name in plugins if "." not in name}
setup(
    packages=[*core, "vlminterp.conf", *plugins],
    package_dir={"": ".", "vlminterp.conf": "conf", **homes},
    long_description=LINK.sub(absolute, Path(__file__).with_name("README.md").read_text("utf-8")),
    long_description_content_type="text/markdown",
)
